# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""NHRP, BGP, OSPF and BFD as FRR's daemons tell them.

One vtysh serves all daemons, and its ``-E`` prints each command before its answer. vtysh gives up at the
first daemon that is dead or command that is unknown, and waits without end for one that hangs: so only
daemons whose process runs are asked, and what is then still missing is asked for one daemon at a time.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from typing import Any

from ..state import BfdPeer, BgpNeighbour, Binding, Nhrp, NhrpInterface, Nhs, OspfNeighbour, Shortcut
from .observe_run import Unreadable, integer, parse, read, rows, run, table, text, truth

RUN_DIRECTORY = "/run/frr"
CONFIGURED = "/etc/frr/daemons"
ALWAYS = ("zebra", "staticd")
RUNNING = "show running-config nhrpd no-header"
APPLIED = "/etc/mgre-dmvpn/frr.conf"
COMMANDS = {
    "show ip nhrp cache json": "nhrpd",
    "show ip nhrp nhs json": "nhrpd",
    "show ip nhrp shortcut json": "nhrpd",
    RUNNING: "nhrpd",
    "show bgp ipv4 unicast summary json": "bgpd",
    "show ip ospf neighbor json": "ospfd",
    "show bfd peers json": "bfdd",
    # The last one: old versions do not know it.
    "show bgp ipv4 unicast summary failed json": "bgpd",
}
Answers = dict[str, str]


def daemons() -> dict[str, str]:
    """All daemons that are enabled or have run, by name: running, stopped (by a signal) or dead."""
    names = set(ALWAYS) | set(re.findall(r"^\s*(\w+d)=yes", read(CONFIGURED) or "", re.MULTILINE))
    if not os.path.isdir(RUN_DIRECTORY):
        raise Unreadable(f"{RUN_DIRECTORY} does not exist: FRR is not running")
    names |= {name[:-4] for name in os.listdir(RUN_DIRECTORY) if name.endswith(".pid")} - {"watchfrr"}
    return {name: _process(name) for name in sorted(names)}


def _process(name: str) -> str:
    pid = read(f"{RUN_DIRECTORY}/{name}.pid")
    status = read(f"/proc/{pid}/stat") if pid and pid.isdecimal() else None
    # pid (name) state ...: a dead daemon's number may belong to another process by now.
    match = re.match(r"\d+ \((.*)\) (\w)", status or "")
    if not match or match[1] != name or match[2] in "ZX":
        return "dead"
    return "stopped" if match[2] in "Tt" else "running"


def ask(running: Iterable[str]) -> Answers:
    """The answers to all commands of the daemons that run; a command without an answer is missing."""
    wanted = [command for command, daemon in COMMANDS.items() if daemon in set(running)]
    answers = _vtysh((), wanted)
    for daemon in dict.fromkeys(COMMANDS[command] for command in wanted if command not in answers):
        missing = [command for command in wanted if COMMANDS[command] == daemon and command not in answers]
        answers.update(_vtysh(("-d", daemon), missing))
    return answers


def _vtysh(options: tuple[str, ...], commands: list[str]) -> Answers:
    if not commands:
        return {}
    argv = ["vtysh", *options, "-E"]
    for command in commands:
        argv += ["-c", command]
    try:
        return split(run(argv, timeout=10, accept=(0, 1, 2)), commands)
    except Unreadable:
        return {}


def split(output: str, commands: Iterable[str]) -> Answers:
    """Cuts the output of ``vtysh -E`` at the prompts. Answers that FRR marks as errors are left out."""
    prompts = {
        command: re.compile(rf"^\S*[#>] {re.escape(command)}[ \t]*$", re.MULTILINE) for command in commands
    }
    found = {command: match for command, prompt in prompts.items() if (match := prompt.search(output))}
    starts = sorted(match.start() for match in found.values())
    answers = {}
    for command, match in found.items():
        until = next((start for start in starts if start > match.start()), len(output))
        answer = output[match.end() : until].strip()
        if answer and not answer.startswith("%") and "is not running" not in answer:
            answers[command] = answer
    return answers


def _answer(answers: Answers, command: str) -> Any:
    if command not in answers:
        raise Unreadable(f"{COMMANDS[command]} did not answer '{command}'")
    return parse(answers[command], COMMANDS[command])


def nhrp(answers: Answers) -> Nhrp:
    """Raises Unreadable."""
    cache, nhs, shortcuts = (
        rows(table(_answer(answers, f"show ip nhrp {what} json")).get("table"))
        for what in ("cache", "nhs", "shortcut")
    )
    return Nhrp(
        nhs=[Nhs(text(r.get("interface")), text(r.get("protocol")), text(r.get("nbma"))) for r in nhs],
        cache=[
            Binding(
                interface=text(row.get("interface")),
                kind=text(row.get("type")),
                overlay=text(row.get("protocol")),
                nbma=text(row.get("nbma")),
                claimed_nbma=text(row.get("claimed_nbma")),
                used=truth(row.get("used")),
                identity=text(row.get("identity")),
            )
            for row in cache
        ],
        shortcuts=[
            Shortcut(text(r.get("type")), text(r.get("prefix")), text(r.get("via")), text(r.get("identity")))
            for r in shortcuts
        ],
        interfaces=nhrp_interfaces(answers[RUNNING], read(APPLIED) or "") if RUNNING in answers else None,
    )


def nhrp_interfaces(running: str, applied: str) -> list[NhrpInterface]:
    """NHRP of each interface in the running configuration; ``applied`` is the fragment that was put there."""
    wanted = _secrets(applied)
    found = []
    for name, lines in _blocks(running).items():
        number = next(
            (line.rpartition(" ")[2] for line in lines if line.startswith("ip nhrp network-id ")), ""
        )
        secret = _secrets_of(lines)
        same = "applied" if secret == wanted.get(name) else "other"
        entry = NhrpInterface(
            name,
            integer(number),
            same if secret else "none",
            "ip nhrp redirect" in lines,
            "ip nhrp shortcut" in lines,
        )
        if any(line.startswith("ip nhrp ") for line in lines):
            found.append(entry)
    return found


def _blocks(config: str) -> dict[str, list[str]]:
    """The lines of each interface."""
    blocks: dict[str, list[str]] = {}
    lines: list[str] = []
    for line in config.splitlines():
        if line.startswith("interface "):
            lines = blocks.setdefault(line.split()[1], [])
        elif line.startswith(" "):
            lines.append(line.strip())
        else:
            lines = []
    return blocks


def _secrets_of(lines: list[str]) -> str | None:
    return next(
        (line.rpartition(" ")[2] for line in lines if line.startswith("ip nhrp authentication ")), None
    )


def _secrets(config: str) -> dict[str, str | None]:
    return {name: _secrets_of(lines) for name, lines in _blocks(config).items()}


def bgp(answers: Answers) -> list[BgpNeighbour]:
    """Raises Unreadable."""
    peers = _peers(table(_answer(answers, "show bgp ipv4 unicast summary json")))
    try:
        failed = _peers(table(_answer(answers, "show bgp ipv4 unicast summary failed json")))
    except Unreadable:
        failed = {}
    found = []
    for address, peer in peers.items():
        state, uptime = text(peer.get("state")), integer(peer.get("peerUptimeMsec"))
        found.append(
            BgpNeighbour(
                address=address,
                state=state,
                admin_down=None if state is None else state == "Idle (Admin)",
                remote_as=integer(peer.get("remoteAs")),
                local_as=integer(peer.get("localAs")),
                uptime=None if uptime is None else uptime / 1000,
                prefixes_in=integer(peer.get("pfxRcd")),
                prefixes_out=integer(peer.get("pfxSnt")),
                dropped=integer(peer.get("connectionsDropped")),
                last_reset=_reset(failed.get(address, {})),
            )
        )
    return found


def _peers(summary: dict[str, Any]) -> dict[str, dict[str, Any]]:
    peers = table(summary.get("peers") or {})
    return {address: peer for address, peer in peers.items() if isinstance(peer, dict)}


def _reset(peer: dict[str, Any]) -> str | None:
    """Why the session fell: the notification with the end that sent it, else FRR's own words."""
    due = text(peer.get("lastResetDueTo"))
    notification = text(peer.get("lastNotificationReason"))
    if notification:
        way = "received" if due and "receive" in due.lower() else "sent"
        return f"{notification.strip()} ({way})"
    return due


def ospf(answers: Answers) -> list[OspfNeighbour]:
    """Raises Unreadable. Versions differ in the names of the fields."""
    answer = table(_answer(answers, "show ip ospf neighbor json"))
    by_id = answer.get("neighbors")
    if by_id is None:
        by_id = (answer.get("default") or {}).get("neighbors")
    found = []
    for router_id, entries in table(by_id or {}).items():
        for row in rows(entries if isinstance(entries, list) else [entries]):
            interface = text(row.get("ifaceName")) or ""
            found.append(
                OspfNeighbour(
                    router_id,
                    text(row.get("ifaceAddress")) or text(row.get("address")),
                    text(row.get("nbrState")) or text(row.get("state")),
                    interface.split(":")[0] or None,
                )
            )
    return found


def bfd(answers: Answers) -> list[BfdPeer]:
    """Raises Unreadable."""
    return [
        BfdPeer(
            address=str(row["peer"]),
            local=text(row.get("local")),
            status=text(row.get("status")),
            diagnostic=text(row.get("diagnostic")),
            remote_diagnostic=text(row.get("remote-diagnostic")),
        )
        for row in rows(_answer(answers, "show bfd peers json"))
        if text(row.get("peer"))
    ]
