# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""nhrpd from outside: its questions on the event socket, its cache, and how shortcuts are cleared."""

from __future__ import annotations

import asyncio
import json
from asyncio.subprocess import DEVNULL, PIPE
from dataclasses import dataclass
from ipaddress import AddressValueError, IPv4Address
from typing import Any

VTYSH_SECONDS = 5.0


class FrrError(Exception):
    """nhrpd did not do, or say, what it was asked."""


@dataclass(frozen=True, slots=True)
class Request:
    """One event of nhrpd. Addresses are None where it sends none, or none that makes sense.

    ``remote`` is the tunnel address that a peer claims, ``nbma`` where nhrpd will send its packets (the
    NAT's address for a peer behind one), ``local`` the NBMA address of this router on that tunnel.
    """

    eventid: int
    event: str
    interface: str
    remote: IPv4Address | None
    nbma: IPv4Address | None
    local: IPv4Address | None


@dataclass(frozen=True, slots=True)
class Binding:
    """A tunnel address and the NBMA address that nhrpd's cache has for it."""

    interface: str
    overlay: str
    nbma: str


def parse_request(block: bytes) -> Request | None:
    """The event in one block of ``key=value`` lines; None if it has no event id to answer."""
    pairs = (line.partition("=") for line in block.decode("ascii", "replace").splitlines())
    values = {key.strip(): value.strip() for key, equals, value in pairs if equals}
    eventid = values.get("eventid", "")
    if not (eventid.isascii() and eventid.isdigit() and len(eventid) <= 10 and 0 < int(eventid) < 2**32):
        return None
    return Request(
        eventid=int(eventid),
        event=values.get("event", ""),
        interface=values.get("interface", ""),
        remote=_address(values.get("remote_addr", "")),
        nbma=_address(values.get("remote_nbma", "")),
        local=_address(values.get("local_nbma", "")),
    )


def answer(eventid: int, accepted: bool) -> bytes:
    """What nhrpd wants to read."""
    return f"eventid={eventid}\nresult={'accept' if accepted else 'deny'}\n\n".encode()


def _address(value: str) -> IPv4Address | None:
    try:
        address = IPv4Address(value)
    except AddressValueError:
        return None
    return None if address.is_unspecified or address.is_multicast else address


async def learnt_bindings(vtysh: str) -> list[Binding]:
    """nhrpd's cache without what is configured and without NHSs. Raises :class:`FrrError`."""
    return await _cache(vtysh, "dynamic")


async def registered(vtysh: str) -> set[tuple[str, str]]:
    """Interface and tunnel address of each NHS that has taken this router. Raises :class:`FrrError`."""
    return {(binding.interface, binding.overlay) for binding in await _cache(vtysh, "nhs")}


async def _cache(vtysh: str, kind: str) -> list[Binding]:
    raw = await run(vtysh, "nhrpd", "show ip nhrp cache json")
    try:
        table: list[dict[str, Any]] = json.loads(raw)["table"]
        return [
            Binding(str(row["interface"]), str(row["protocol"]), str(row["nbma"]))
            for row in table
            if row["type"] == kind
        ]
    except (ValueError, KeyError, TypeError) as error:
        raise FrrError(f"nhrpd's cache is not the JSON that FRR 8.4 to 10.3 write: {error!r}") from error


async def clear_shortcuts(vtysh: str) -> None:
    """Drops all shortcuts and, which FRR does along with them, all learnt bindings of all interfaces."""
    await run(vtysh, "nhrpd", "clear ip nhrp shortcut")


async def clear_binding(vtysh: str, binding: Binding) -> None:
    """Drops one learnt binding, and the shortcuts through it, which nhrpd has no command for.

    A static mapping replaces the learnt one, and leaves nothing behind when it goes.
    """
    line = f"ip nhrp map {binding.overlay} {binding.nbma}"
    commands = ("configure terminal", f"interface {binding.interface}", line, f"no {line}")
    await run(vtysh, "nhrpd", *commands)


async def register_again(vtysh: str, interface: str, overlay: str, nbma: str) -> None:
    """Makes nhrpd register with an NHS now. Raises :class:`FrrError`.

    It has no command for that, but begins at once with an NHS that is new.
    """
    line = f"ip nhrp nhs {overlay} nbma {nbma}"
    await run(vtysh, "nhrpd", "configure terminal", f"interface {interface}", f"no {line}", line)


async def run(vtysh: str, daemon: str, *commands: str) -> bytes:
    """What one of FRR's daemons answers to commands. Raises :class:`FrrError`."""
    told = commands[0] if len(commands) == 1 else f"{len(commands)} commands"
    arguments = [word for command in commands for word in ("-c", command)]
    try:
        process = await asyncio.create_subprocess_exec(
            *(vtysh, "-d", daemon, *arguments), stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL
        )
    except OSError as error:
        raise FrrError(f"vtysh does not start: {error}") from error
    try:
        # Not wait_for: Python 3.11's loses a cancellation that meets vtysh's end, and the daemon never stops.
        async with asyncio.timeout(VTYSH_SECONDS):
            out, _err = await process.communicate()
    except TimeoutError as error:
        raise FrrError(f"{daemon} did not answer '{told}' within {VTYSH_SECONDS:.0f} s") from error
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    # "% No entries" comes with status 1 (CMD_WARNING), and is no failure.
    if process.returncode not in (0, 1):
        raise FrrError(f"'{told}' ended with status {process.returncode}")
    return out
