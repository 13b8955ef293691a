# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Exec commands: a registry in the same notation as the configuration, and those that change something."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .archive import FlashError
from .notation import Match, Refusal, Syntax, read

if TYPE_CHECKING:
    from .session import Session

_NO_ARCHIVE = "%Turn config archive on before using Rollback Confirmed Change\n"
Handler = Callable[["Session", dict[str, str]], str | Awaitable[str]]


@dataclass(frozen=True, slots=True)
class Exec:
    """One exec command and the privilege that it needs."""

    syntax: Syntax
    handler: Handler
    privilege: int


class Registry:
    """What a router answers in exec mode. A later entry with the same syntax replaces the earlier one."""

    def __init__(self) -> None:
        self._entries: dict[str, Exec] = {}

    def add(self, syntax: str, handler: Handler, privilege: int = 1) -> None:
        """Answer a command. `handler(session, values)` returns the text, or an awaitable of it."""
        self._entries[syntax] = Exec(Syntax(syntax), handler, privilege)

    def find(self, line: str, privilege: int) -> tuple[Exec, Match] | Refusal:
        """The command that a line means. One above the privilege does not exist, as in IOS."""
        allowed = [entry for entry in self._entries.values() if entry.privilege <= privilege]
        match = read(line, [entry.syntax for entry in allowed])
        if isinstance(match, Refusal):
            return match
        return next(entry for entry in allowed if entry.syntax is match.syntax), match


async def answer(entry: Exec, session: Session, values: dict[str, str]) -> str:
    try:
        said = entry.handler(session, values)
        return await said if inspect.isawaitable(said) else said
    except FlashError as error:
        return str(error)


def registry() -> Registry:
    found = Registry()
    found.add("terminal length length:<0-512>", _terminal)
    found.add("terminal width width:<0-512>", _terminal)
    found.add("terminal {monitor | no monitor}", _quiet)
    found.add("terminal no {length | width}", _quiet)
    found.add("enable [<1-15>]", _enable)
    found.add("disable [<0-15>]", _disable)
    found.add("exit", _logout)
    found.add("logout", _logout)
    found.add("quit", _logout)
    found.add("configure terminal [revert timer minutes:<1-120>]", _configure, 15)
    found.add("configure terminal lock", _configure, 15)
    found.add("configure confirm", _confirm, 15)
    found.add("configure revert {now | timer minutes:<1-120>}", _revert, 15)
    found.add("configure replace url:URL [list] [force] [time minutes:<1-120>] [nolock]", _replace, 15)
    found.add("write [memory]", _write, 15)
    found.add("write erase", _erase, 15)
    found.add("copy running-config startup-config", _copy_startup, 15)
    found.add("copy running-config url:URL", _copy_out, 15)
    found.add("archive config", _archive, 15)
    found.add("delete [/force] url:URL", _delete, 15)
    found.add("reload", _reload, 15)
    found.add("clear {counters | logging | line vty <0-31>}", _quiet, 15)
    return found


def _quiet(_unused: Session, __: dict[str, str]) -> str:
    return ""


def _terminal(session: Session, values: dict[str, str]) -> str:
    session.terminal.length = int(values.get("length", session.terminal.length))
    session.terminal.width = int(values.get("width", session.terminal.width))
    return ""


async def _enable(session: Session, _unused: dict[str, str]) -> str:
    if session.privilege == 15:
        return ""
    for _attempt in range(3):
        typed = await session.terminal.line("Password: ", echo=False)
        if session.device.enable(typed):
            session.privilege = 15
            return ""
    return "% Bad secrets\n"


def _disable(session: Session, _unused: dict[str, str]) -> str:
    session.privilege = 1
    return ""


def _logout(session: Session, _unused: dict[str, str]) -> str:
    session.open = False
    return ""


def _configure(session: Session, values: dict[str, str]) -> str:
    device = session.device
    said = ""
    if device.faults.on("lock"):
        return (
            "Configuration mode is locked by process '214' user 'other' from terminal '3'. "
            "Please try later.\n"
        )
    if "minutes" in values:
        if device.archive.pending:
            return "%Existing rollback change already pending\n"
        if not device.archive.path(device.configuration):
            return _NO_ARCHIVE
        name = device.archive.save(device.configuration, device.text())
        device.archive.arm(name, int(values["minutes"]), session.user, session.warn)
        said = f"Rollback Confirmed Change: Backing up current running config to {name}\n\n"
    session.path = ()
    session.configuring = True
    return f"{said}Enter configuration commands, one per line.  End with CNTL/Z."


def _confirm(session: Session, _unused: dict[str, str]) -> str:
    if not session.device.archive.disarm():
        return "%No Rollback Confirmed Change pending\n"
    return ""


def _revert(session: Session, values: dict[str, str]) -> str:
    device = session.device
    if not device.archive.pending:
        return "%No Rollback Confirmed Change pending\n"
    if "minutes" in values:
        device.archive.extend(int(values["minutes"]))
        return ""
    name = device.archive.disarm()
    failed = device.replace(device.flash.read(name))
    return _rolled(failed)


def _rolled(failed: list[tuple[str, str]]) -> str:
    if not failed:
        return "\nTotal number of passes: 1\nRollback Done\n"
    lines = "\n".join(line for line, _unused in failed)
    return (
        "\nFailed to apply command\n"
        f"{lines}\n\nAborting Rollback.\n\nRollback aborted after 5 passes\n"
        f"The following commands are failed to apply to the IOS image.\n********\n{lines}\n********\n"
    )


async def _replace(session: Session, values: dict[str, str]) -> str:
    device = session.device
    text = device.flash.read(values["url"])
    if not session.said("force"):
        session.terminal.write(
            "This will apply all necessary additions and deletions\n"
            "to replace the current running configuration with the\n"
            "contents of the specified configuration file, which is\n"
            "assumed to be a complete configuration, not a partial\n"
            "configuration. Enter Y if you are sure you want to proceed. ? [no]: "
        )
        if (await session.terminal.line("")).strip().lower() not in ("y", "yes"):
            return ""
    if "minutes" in values:
        if not device.archive.path(device.configuration):
            return _NO_ARCHIVE
        name = device.archive.save(device.configuration, device.text())
        device.archive.arm(name, int(values["minutes"]), session.user, session.warn)
    return _rolled(device.replace(text))


def _write(session: Session, _unused: dict[str, str]) -> str:
    session.device.save()
    return "Building configuration...\n[OK]"


async def _copy_startup(session: Session, _unused: dict[str, str]) -> str:
    await session.terminal.line("Destination filename [startup-config]? ")
    session.device.save()
    return "Building configuration...\n[OK]"


async def _copy_out(session: Session, values: dict[str, str]) -> str:
    name = values["url"].partition(":")[2] or "running-config"
    typed = await session.terminal.line(f"Destination filename [{name}]? ")
    text = session.device.text()
    session.device.flash.write(f"flash:{typed.strip() or name}", text)
    return f"{len(text)} bytes copied in 0.412 secs ({int(len(text) / 0.412)} bytes/sec)"


async def _erase(session: Session, _unused: dict[str, str]) -> str:
    await session.terminal.line(
        "Erasing the nvram filesystem will remove all configuration files! Continue? [confirm]"
    )
    if session.device.startup():
        session.device.flash.delete("nvram:startup-config")
    return "[OK]\nErase of nvram: complete"


def _archive(session: Session, _unused: dict[str, str]) -> str:
    device = session.device
    if not device.archive.path(device.configuration):
        return " Archive feature not enabled\n% Error caught by command handler\n"
    device.archive.save(device.configuration, device.text())
    return ""


async def _delete(session: Session, values: dict[str, str]) -> str:
    if not session.said("/force"):
        name = values["url"].partition(":")[2]
        await session.terminal.line(f"Delete filename [{name}]? ")
        await session.terminal.line(f"Delete {values['url']}? [confirm]")
    session.device.flash.delete(values["url"])
    return ""


async def _reload(session: Session, _unused: dict[str, str]) -> str:
    device = session.device
    if device.text() != device.startup():
        answer = await session.terminal.line("\nSystem configuration has been modified. Save? [yes/no]: ")
        if answer.strip().lower() in ("y", "yes"):
            device.save()
    await session.terminal.line("Proceed with reload? [confirm]")
    session.open = False
    device.reload()
    return ""
