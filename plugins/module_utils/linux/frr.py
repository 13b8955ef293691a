# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""FRR on the router: its daemons, its running configuration and its file.

The target is always the running configuration with our lines merged in, so that what somebody configured
without saving stays as well.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from contextlib import suppress

from .frr_config import Node, Path, needs_marks, parse, render
from .frr_delta import delta, differences
from .frr_merge import Merged, merge
from .host import CommandFailed, Host, Result
from .store import STAGING

FRR_CONF = "/etc/frr/frr.conf"
FRR_DAEMONS = "/etc/frr/daemons"
RELOAD = "/usr/lib/frr/frr-reload.py"
SERVICE = "frr.service"
START_TIMEOUT = 30  # seconds, for a daemon to answer on a slow machine
_HEADER = ("Building configuration", "Current configuration")


class NotTaken(Exception):
    """FRR accepted a configuration but does not run it; the message lists the lines."""


def running(host: Host) -> str | None:
    """FRR's running configuration, None while FRR does not run. Raises :class:`CommandFailed`."""
    argv = ("vtysh", "-c", "show running-config")
    result = host.run(*argv)
    if result.status or not result.out.strip():
        return None
    if "\nfrr version " not in result.out:
        # Taking a part for the whole would remove the rest.
        raise CommandFailed(argv, Result(1, err="shows only a part of the running configuration"))
    text = "".join(f"{line}\n" for line in result.out.splitlines() if not line.startswith(_HEADER))
    return without_sessions(text)


def without_sessions(text: str, profiles: Collection[str] = (), *, marked: bool = False) -> str:
    """A configuration without the BFD sessions that the event daemon has entered (docs/nhrp-events.md).

    They come and go with the spokes, and are nobody's configuration; somebody's ``write memory`` may save
    them. Those with one of ``profiles`` stay.
    """
    if "MGRE-" not in text:
        return text
    root = parse(text, marked=marked)
    for bfd in (node for node in root.children if node.key == "bfd"):
        bfd.children = [node for node in bfd.children if _profile(node) in (None, *profiles)]
    return render(root)


def _profile(peer: Node) -> str | None:
    """Ours, if this is a session with one of our profiles."""
    words = [node.key.split() for node in peer.children if node.key.startswith("profile MGRE-")]
    return words[0][1] if words and peer.key.startswith("peer ") else None


def merge_running(current: str, old: str, new: str, foreign: Collection[Path]) -> Merged:
    return merge(current, old, new, foreign)


def merge_file(host: Host, old: str, new: str, foreign: Collection[Path]) -> Merged:
    """Our lines in /etc/frr/frr.conf, comments and all. Raises ``FrrConflict`` and ``CommandFailed``."""
    text = host.read(FRR_CONF) or ""
    marked = needs_marks(text)
    if marked:
        text = host.must("vtysh", "-m", "-f", str(host.at(FRR_CONF)))
    profiles = re.findall(r"^ profile (MGRE-\S+)$", new, re.MULTILINE)
    return merge(without_sessions(text, profiles, marked=marked), old, new, foreign, marked=marked)


def check(host: Host, path: str) -> None:
    """FRR's own check of a whole configuration; raises :class:`CommandFailed`."""
    host.must("vtysh", "-C", "-f", path)


def told(lines: Sequence[Path]) -> str:
    """Lines for the user, contexts in front, without the NHRP secret."""
    return "\n".join(masked(" / ".join(line)) for line in lines)


def masked(text: str) -> str:
    return re.sub(r"(ip nhrp authentication) \S+", r"\1 (secret)", text)


def merge_daemons(text: str, wanted: Collection[str], ours: Collection[str]) -> str:
    """/etc/frr/daemons with the wanted daemons on, and those that only we needed (``ours``) off again."""
    lines = []
    found = set()
    for line in text.splitlines():
        match = re.fullmatch(r"\s*(\w+)=(\w+)\s*(#.*)?", line)
        if match and match[1] in wanted:
            found.add(match[1])
            line = line if match[2] == "yes" else f"{match[1]}=yes"
        elif match and match[1] in ours and match[2] == "yes":
            line = f"{match[1]}=no"
        lines.append(line)
    lines += [f"{daemon}=yes" for daemon in wanted if daemon not in found]
    return "".join(f"{line}\n" for line in lines)


def enabled_daemons(text: str) -> set[str]:
    """The daemons that /etc/frr/daemons turns on."""
    return set(re.findall(r"^\s*(\w+)=yes\b", text, re.MULTILINE))


def run_daemons(host: Host, daemons: str, conf: str, wanted: Sequence[str]) -> None:
    """Start and stop FRR's daemons as ``daemons`` (the file's new text) says; the others keep running.

    FRR's reload restarts only watchfrr, which then starts what is new. It also loads frr.conf, so for that
    moment the file is what runs already.
    """
    host.write(FRR_DAEMONS, daemons)
    if host.run("systemctl", "is-active", "--quiet", SERVICE).status:
        if not wanted:
            return
        host.write(FRR_CONF, conf)
        # Debian's unit allows three starts in three minutes; a run is repeated sooner than that.
        host.run("systemctl", "reset-failed", SERVICE)
        host.must("systemctl", "start", SERVICE)
    else:
        now = running(host)
        saved = host.read(FRR_CONF)
        if now is not None:
            host.write(FRR_CONF, now)
        try:
            host.must("systemctl", "reload", SERVICE)
        finally:
            if saved is not None:
                host.write(FRR_CONF, saved)
    wait(host, wanted)


def wait(host: Host, daemons: Sequence[str]) -> None:
    """Until every daemon answers. Raises :class:`CommandFailed` with vtysh's words when one does not."""
    for daemon in daemons:
        argv = ("vtysh", "-d", daemon, "-c", "show version")
        result = Result(1)
        for _second in range(START_TIMEOUT * 2):
            result = host.run(*argv)
            if not result.status and "is not running" not in result.words:
                break
            host.sleep(0.5)
        else:
            raise CommandFailed(argv, result)


def reload(host: Host, target: str) -> None:
    """Make FRR run ``target``, changing only what differs.

    Raises :class:`NotTaken` with FRR's words, and the lines that it does not have, or still has.
    """
    now = running(host)
    words = ""
    missing, left = differences(now or "", target)
    for attempt in ("delta", "delta", "frr-reload"):
        if now is None:
            raise NotTaken("FRR does not answer")
        if not missing and not left:
            return
        words = _enter(host, delta(now, target)) if attempt == "delta" else _frr_reload(host, target)
        now = running(host)
        missing, left = differences(now or "", target)
        if missing or left:
            _await_daemons(host)
            now = running(host)
            missing, left = differences(now or "", target)
    if not missing and not left:
        return
    parts = [words]
    parts += [f"FRR does not have these lines:\n{told(missing)}"] if missing else []
    parts += [f"FRR still has these lines:\n{told(left)}"] if left else []
    raise NotTaken("\n".join(part for part in parts if part))


def _await_daemons(host: Host) -> None:
    """A daemon may die of a command, and vtysh says no word of it: watchfrr starts it again.

    bgpd 10.3 did, and was back after six seconds. One that stays away is told of by the lines that FRR lacks.
    """
    for daemon in sorted(enabled_daemons(host.read(FRR_DAEMONS) or "")):
        with suppress(CommandFailed):
            wait(host, [daemon])


def _enter(host: Host, commands: str) -> str:
    """Enter commands from a file, which keeps secrets out of the process list; returns FRR's complaints."""
    path = f"{STAGING}/frr-commands.conf"
    host.write(path, commands, 0o600)
    return _complaints(_unlocked(host, "vtysh", "-f", str(host.at(path))))


def _frr_reload(host: Host, target: str) -> str:
    saved = host.read(FRR_CONF)
    path = f"{STAGING}/frr-running.conf"
    host.write(path, target, 0o600)
    try:
        return _complaints(
            _unlocked(host, "/usr/bin/python3", RELOAD, "--reload", "--stdout", str(host.at(path)))
        )
    finally:
        if saved is not None:
            host.write(FRR_CONF, saved)


def _unlocked(host: Host, *argv: str) -> Result:
    """Run, again while another session holds FRR's configuration: a new daemon may still read its own."""
    result = host.run(*argv, timeout=300)
    for _second in range(START_TIMEOUT):
        if "locked by other VTY" not in result.words:
            break
        host.sleep(1)
        result = host.run(*argv, timeout=300)
    return result


def _complaints(result: Result) -> str:
    """What FRR says beyond its progress."""
    noise = re.compile(r"\[\d+\|\w+\] |Waiting for children|MGMTD: No changes|.*\bINFO\b|[ \[]'")
    lines = [line for line in result.words.splitlines() if not noise.match(line)]
    return masked("\n".join(lines)) if result.status else ""
