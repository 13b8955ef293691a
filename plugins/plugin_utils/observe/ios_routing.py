# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""BGP, OSPF, EIGRP and BFD neighbours as IOS tells them.

Tables are read by ntc-templates, after what its templates do not know was put right: the star of a dynamic
neighbour, headings that repeat, EIGRP's named mode.
"""

from __future__ import annotations

import re

from ...module_utils.state import BfdPeer, BgpNeighbour, EigrpNeighbour, OspfNeighbour
from .ios_text import (
    ADDRESS,
    Unreadable,
    address,
    as_number,
    integer,
    interface_name,
    lines_of,
    seconds,
    template,
)

BGP, NEIGHBORS = "show ip bgp summary", "show ip bgp neighbors | include ^BGP neighbor is|Last reset"
OSPF, EIGRP, BFD = "show ip ospf neighbor", "show ip eigrp neighbors", "show bfd neighbors details"
BGP_STATES = ("Idle", "Connect", "Active", "OpenSent", "OpenConfirm", "Closing", "Clsing", "NoNeg")
# RFC 5880, 4.1, in FRR's words where it has some.
DIAGNOSTICS = (
    "ok",
    "control detection time expired",
    "echo function failed",
    "neighbor signaled session down",
    "forwarding plane reset",
    "path down",
    "concatenated path down",
    "administratively down",
    "reverse concatenated path down",
)


def bgp(summary: str, neighbors: str | None) -> list[BgpNeighbour]:
    """Raises Unreadable. ``neighbors`` tells why sessions fell; without it that is not known."""
    # A router without a BGP process has no neighbours: that is an answer.
    if re.search(r"^% ?BGP not active", summary, re.MULTILINE):
        return []
    lines = [re.sub(r"^\s*\*?(?=\d+\.)", "", line) for line in lines_of(summary, BGP)]
    head = next((match for line in lines if (match := re.match(r"\s*BGP router identifier", line))), None)
    start = next((n for n, line in enumerate(lines) if re.match(r"\s*Neighbor\s+V\s+AS\s", line)), None)
    if head is None:
        raise Unreadable(f"'{BGP}' does not begin with the router's identifier")
    if start is None:
        return []
    lines = [line.strip() for line in lines]
    local = next((m[1] for line in lines if (m := re.search(r"local AS number ([\d.]+)", line))), "")
    # What follows the table tells of listen ranges, whose prefixes look like neighbours.
    table = lines[start:]
    end = next((n for n, line in enumerate(table) if re.match(r"\* ?Dynamically|BGP peergroup", line)), None)
    table = table[:end]
    rows = [line for line in table if line and not re.match(r"Neighbor\s+V\s", line)]
    found, resets = [], _resets(neighbors)
    for row in template(BGP, [*lines[:start], *rows], len(rows)):
        told = row["state_or_prefixes_received"]
        prefixes = integer(told)
        if prefixes is None and not told.startswith(BGP_STATES):
            raise Unreadable(f"'{BGP}': the state '{told}' is not known")
        neighbour = address(row["bgp_neighbor"])
        if neighbour is None:
            raise Unreadable(f"'{BGP}': '{row['bgp_neighbor']}' is no address")
        found.append(
            BgpNeighbour(
                address=neighbour,
                state="Established" if prefixes is not None else told,
                admin_down="(Admin)" in told,
                remote_as=as_number(row["neighbor_as"]),
                local_as=as_number(local),
                uptime=seconds(row["up_down"]),
                prefixes_in=prefixes,
                last_reset=resets.get(neighbour),
            )
        )
    return found


def _resets(neighbors: str | None) -> dict[str, str]:
    """Why sessions fell, by neighbour. Never raises: it is evidence, not a verdict."""
    found: dict[str, str] = {}
    try:
        lines = lines_of(neighbors or "", NEIGHBORS)
    except Unreadable:
        return found
    neighbour = None
    for line in lines:
        if match := re.match(rf"\s*BGP neighbor is \*?({ADDRESS})", line):
            neighbour = match[1]
        elif neighbour and (match := re.match(r"\s*Last reset \S+, due to (.+)", line)):
            found[neighbour] = _reason(match[1])
    return found


def _reason(due: str) -> str:
    """A notification with the end that sent it, else IOS's own words."""
    match = re.match(r"BGP Notification (sent|received)(?: of session \d+)?[,:]?\s*(.*)", due)
    return f"{match[2] or 'BGP notification'} ({match[1]})" if match else due


def ospf(text: str) -> list[OspfNeighbour]:
    """Raises Unreadable. Without neighbours IOS prints nothing at all."""
    lines = [line.strip() for line in lines_of(text, OSPF)]
    rows = [line for line in lines if line and not line.startswith("Neighbor ID")]
    if not rows:
        return []
    return [
        OspfNeighbour(
            router_id=row["neighbor_id"],
            address=row["ip_address"],
            # FRR's form: Full/-, Full/DR.
            state=re.sub(r"^\w+", lambda m: m[0].capitalize(), re.sub(r"\s+", "", row["state"])) or None,
            interface=interface_name(row["interface"]),
        )
        for row in template(OSPF, rows, len(rows))
    ]


def eigrp(text: str) -> list[EigrpNeighbour]:
    """Raises Unreadable. A neighbour that is listed is up; classic and named mode."""
    heading = re.compile(r"\s*(?:IP-)?EIGRP\S*\s.*[Nn]eighbors for (?:process |AS\()(\d+)")
    # Another VRF's neighbours are not those of the tunnels.
    kept: list[str] = []
    rows, foreign = 0, False
    for line in lines_of(text, EIGRP):
        if match := heading.match(line):
            foreign = bool(re.search(r"VRF\((?!default)", line))
            kept.append(f"EIGRP-IPv4 Neighbors for AS({match[1]})")
        elif line.strip() and not re.match(r"\s*H\s+Address|\s*\(sec\)|Max Nbrs", line) and not foreign:
            kept.append(line)
            rows += 1
    found = []
    for row in template(EIGRP, kept, rows) if rows else []:
        neighbour = address(row["ip_address"])
        if neighbour is None:
            raise Unreadable(f"'{EIGRP}': '{row['ip_address']}' is no address")
        interface = interface_name(row["interface"])
        found.append(EigrpNeighbour(neighbour, interface, integer(row["as"]), seconds(row["uptime"])))
    return found


def bfd(text: str) -> list[BfdPeer]:
    """Raises Unreadable. Sessions of IPv6 are passed over."""
    lines = lines_of(text, BFD)
    if not any(line.strip() for line in lines):
        return []
    # One line of the table begins each session: "NeighAddr LD/RD ... Int".
    sessions = sum(bool(re.search(r"(?:^|\s)[\dA-Fa-f.:]+\s+\d+/\d+\s", line)) for line in lines)
    found = []
    for row in template(BFD, lines, sessions):
        neighbour = address(row["neighbor_addr"])
        if neighbour is None and ":" in row["neighbor_addr"]:
            continue
        if neighbour is None or not row["state"]:
            raise Unreadable(f"'{BFD}': a session of '{row['neighbor_addr']}' is of an unknown form")
        diagnostic = integer(row["diagnostic_bit"])
        known = diagnostic is not None and diagnostic < len(DIAGNOSTICS)
        found.append(
            BfdPeer(
                address=neighbour,
                local=address(row["our_addr"]),
                status=row["state"].lower(),
                diagnostic=DIAGNOSTICS[diagnostic] if known and diagnostic is not None else None,
            )
        )
    return found
