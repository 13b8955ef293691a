# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The router: its configuration, its flash, its faults, and the sessions on it."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import execs, secrets, shows, shows_path
from .archive import Archive, Flash, FlashError
from .configuration import Configuration, Facts, Result
from .configuration import Path as Place
from .faults import Faults
from .grammar import grammar
from .journal import Journal
from .tree import Node

RELEASES = ("15.5", "15.7", "15.9", "16.9", "17.3", "17.9", "17.12", "17.15")


@dataclass(slots=True)
class Options:
    """How a device is set up. `minute` is the length of a minute of the rollback timer, in seconds."""

    release: str = "17.15"
    hostname: str = "Router"
    user: str = "admin"
    password: str = "admin"
    secret: str = "enable"
    privilege: int = 1
    minute: float = 60.0
    state: Path | None = None
    faults: tuple[str, ...] = ()
    interfaces: tuple[str, ...] = tuple(f"GigabitEthernet{n}" for n in range(1, 5))
    addresses: dict[str, str] = field(default_factory=dict)
    startup: str = ""
    # Trustpoints that were enrolled, by name: subject common name.
    certificates: dict[str, str] = field(default_factory=dict)
    # Client and own address of every session as the router sees them, where the test's are of no use to it.
    ends: tuple[str, str] | None = None


def _same(typed: str, kept: str) -> bool:
    return hmac.compare_digest(typed.encode(), kept.encode())


def _chain(name: str) -> list[str]:
    """The certificates of a trustpoint, as many lines of digits as a real one has; they say nothing."""
    lines = [f"crypto pki certificate chain {name}"]
    for number, title in (("02", "certificate"), ("01", "certificate ca")):
        digits = "308201" + hashlib.shake_256(f"{name}{number}".encode()).hexdigest(285)
        words = [digits[at : at + 8].upper() for at in range(0, len(digits), 8)]
        lines += [f" {title} {number}"]
        lines += [f"  {' '.join(words[at : at + 8])}" for at in range(0, len(words), 8)]
        lines += ["  \tquit"]
    return lines


class Device:
    """One router. `config` is the tree of its configuration, `execs` what it answers in exec mode."""

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()
        if self.options.release not in RELEASES:
            raise ValueError(f"no release {self.options.release}; there are: {', '.join(RELEASES)}")
        major, minor = self.options.release.split(".")
        self.release = (int(major), int(minor))
        self._scratch: tempfile.TemporaryDirectory[str] | None = None
        if self.options.state is None:
            self._scratch = tempfile.TemporaryDirectory(prefix="ios-")
        directory = self.options.state or Path(self._scratch.name if self._scratch else "")
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.directory = directory
        self.flash = Flash(directory / "flash")
        self.faults = Faults(self.options.faults, directory / "faults")
        self.flash.full = lambda: self.faults.on("archive-full")
        self.journal = Journal(directory)
        self.grammar = grammar(self.release)
        self.vocabulary = self.grammar.keywords() | {"no", "default", "do", "show", "end", "exit"}
        self.on_change: list[Callable[[Device], None]] = []
        self.on_reload: list[Callable[[Device], None]] = []
        self.archive = Archive(self.flash, self.options.minute)
        self.archive.roll = self._roll
        self.execs = execs.registry()
        shows.register(self.execs)
        shows_path.register(self.execs)
        self.booted = time.time()
        self.changed_at = 0.0
        self.changed_by = ""
        self.connections: set[Any] = set()
        self.crashes: list[Exception] = []
        self.loop: asyncio.AbstractEventLoop | None = None
        self.configuration = self._fresh()
        self._boot()

    @property
    def config(self) -> Node:
        """The root of the configuration tree."""
        return self.configuration.root

    def _fresh(self) -> Configuration:
        licences = set() if self.faults.on("licence") else {"securityk9"}
        fresh = Configuration(self.grammar, Facts(list(self.options.interfaces), licences))
        fresh.config_key = getattr(self, "configuration", fresh).config_key
        return fresh

    def _boot(self) -> None:
        self.configuration = self._fresh()
        if self.flash.exists("nvram:startup-config"):
            text = self.flash.read("nvram:startup-config")
        else:
            text = self.options.startup or self._factory()
        self.configuration.load(self._factory_interfaces())
        self.configuration.load(text)
        self.configuration.on_change.append(self._changed)

    def _factory_interfaces(self) -> str:
        return "\n".join(f"interface {name}" for name in self.options.interfaces)

    def _factory(self) -> str:
        options = self.options
        lines = [
            f"version {options.release}",
            "service timestamps debug datetime msec",
            "service timestamps log datetime msec",
            f"hostname {options.hostname}",
            f"enable secret {options.secret}",
        ]
        lines += [f"username {options.user} privilege {options.privilege} secret {options.password}"]
        for name in options.certificates:
            lines += [f"crypto pki trustpoint {name}", " enrollment terminal pem", " revocation-check none"]
            lines += _chain(name)
        for name in options.interfaces:
            lines += [f"interface {name}"]
            if address := options.addresses.get(name):
                lines += [f" ip address {address}"]
        lines += [
            "ip forward-protocol nd",
            "line con 0",
            "line vty 0 4",
            " login local",
            " transport input ssh",
        ]
        return "\n".join(lines)

    @property
    def hostname(self) -> str:
        return self.config.value("hostname", "name", "Router")

    def login(self, user: str, password: str) -> bool:
        """Whether a user may log in: those of the configuration; without any, that of the options."""
        if self.faults.on("auth"):
            return False
        if self.config.get("username") is not None:
            return self._opens(self.config.children.get(("username", user)), password)
        return user == self.options.user and _same(password, self.options.password)

    def privilege_of(self, user: str) -> int:
        node = self.config.children.get(("username", user))
        return int(node.values.get("privilege", "1")) if node else self.options.privilege

    def _opens(self, node: Node | None, typed: str) -> bool:
        """Whether a typed secret is that of a line, however the line shows it."""
        if node is None:
            return False
        kept = node.values.get("secret", "")
        return secrets.is_type9(typed, kept) if kept.startswith("$9$") else _same(typed, self.unmasked(node))

    def unmasked(self, node: Node, name: str = "secret") -> str:
        """The clear text of a secret value of a line, however it is printed (hashes stay what they are)."""
        text = node.values.get(name, "")
        before = node.words[-2] if len(node.words) > 1 else ""
        if before == "7":
            return secrets.clear7(text)
        return secrets.clear6(text, self.configuration.config_key) if before == "6" else text

    def enable(self, secret: str) -> bool:
        """Whether a secret opens privileged mode."""
        if self.faults.on("enable"):
            return False
        node = self.config.get("enable secret") or self.config.get("enable password")
        return self._opens(node, secret) if node else _same(secret, self.options.secret)

    def take(self, place: Place, line: str) -> Result:
        """Take one configuration line."""
        facts = self.configuration.facts
        facts.licences = set() if self.faults.on("licence") else {"securityk9"}
        facts.quirks = {"protection-shuts"} if self.faults.on("protection-shuts") else set()
        return self.configuration.line(place, line)

    def is_on(self, node: Node, line: str) -> bool:
        """Whether a line holds below a node, also when this release hides it because it is the default."""
        words = tuple(line.split())
        found = node.children.get(words)
        if found is not None:
            return found.words == words
        mode = self.configuration.mode(node)
        return any(
            rule.is_on(self.release) and tuple(rule.syntax.split()) == words for rule in self.grammar.of(mode)
        )

    def _changed(self, _unused: Configuration) -> None:
        self.changed_at = time.time()
        for listener in self.on_change:
            listener(self)

    def text(self) -> str:
        """The running configuration without header."""
        return f"{self.configuration.text()}\nend\n"

    def save(self) -> None:
        """`write memory`. Raises FlashError."""
        self.flash.write("nvram:startup-config", self.text())

    def startup(self) -> str:
        return self.flash.read("nvram:startup-config") if self.flash.exists("nvram:startup-config") else ""

    def replace(self, text: str) -> list[tuple[str, str]]:
        """Make the running configuration that of a text; returns the lines that were refused."""
        fresh = self._fresh()
        fresh.load(self._factory_interfaces())
        failed = fresh.load(text)
        fresh.on_change.append(self._changed)
        if failed:
            return failed
        self.configuration = fresh
        self._changed(fresh)
        return []

    def _roll(self, url: str) -> None:
        self.journal.note("system", f"rollback timer expired: rolling back to {url}")
        try:
            self.replace(self.flash.read(url))
        except FlashError as error:
            self.journal.note("system", f"rollback failed: {error}")

    def reload(self) -> None:
        """A power cut: back to what was saved; every session is lost."""
        self.archive.disarm()
        self.journal.note("system", "reload")
        self._boot()
        for hook in list(self.on_reload):
            hook(self)
        self._changed(self.configuration)

    def close(self) -> None:
        self.archive.disarm()
        if self._scratch is not None:
            self._scratch.cleanup()
