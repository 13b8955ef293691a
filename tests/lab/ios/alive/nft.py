# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as nftables rules: what IOS does in its forwarding path and Linux does there."""

from __future__ import annotations

from .frr import MULTICAST_GROUP, REDIRECT_GROUP
from .plan import Plan, Tunnel

TABLE = "ios_alive"
NHRP = 0x2001
NHRP_RATE = "50/second burst 100 packets"


def ruleset(plan: Plan) -> str:
    """A table of our own, replaced in one transaction."""
    out, into, forward, sets = [], [], [], []
    for tunnel in plan.tunnels:
        if tunnel.protected and tunnel.source:
            # IOS sends no packet of a protected tunnel in the clear, and takes none.
            out.append(f'oifname "{tunnel.source.device}" {_gre(tunnel)} rt ipsec missing counter drop')
            into.append(f'iifname "{tunnel.source.device}" {_gre(tunnel)} meta ipsec missing counter drop')
    for device in sorted({tunnel.source.device for tunnel in plan.up() if tunnel.source and tunnel.nhrp}):
        # Two nhrpd with different authentication answer each error with an error, hundreds in a second. One
        # that is lost ends it; IOS answers none.
        out.append(f'oifname "{device}" meta l4proto gre @th,16,16 {NHRP} limit rate over {NHRP_RATE} drop')
    for tunnel in plan.up():
        if tunnel.nhrp and tunnel.nhrp.multicast:
            log = f"log group {MULTICAST_GROUP} queue-threshold 1"
            out.append(f'oifname "{tunnel.name}" ip daddr 224.0.0.0/24 {log} drop')
        if tunnel.mss:
            syn = f"tcp flags & (syn | rst) == syn tcp option maxseg size set {tunnel.mss}"
            forward += [f'{side} "{tunnel.name}" {syn}' for side in ("iifname", "oifname")]
        if tunnel.nhrp and tunnel.nhrp.redirect and tunnel.address:
            sets.append(
                f"set told_{tunnel.number} {{ type ipv4_addr . ipv4_addr; size 65535;"
                " flags dynamic,timeout; timeout 1m; }"
            )
            # A packet of each pair of networks goes to nhrpd now and then, which tells its sender.
            forward.append(
                f'iifname "{tunnel.name}" oifname "{tunnel.name}" ip daddr != {tunnel.address.network}'
                f" update @told_{tunnel.number} {{ ip saddr & 255.255.255.0 . ip daddr & 255.255.255.0"
                " limit rate 6/minute burst 1 packets }"
                f" log group {REDIRECT_GROUP} snaplen 128 queue-threshold 1"
            )
    return "\n".join(
        [
            f"add table inet {TABLE}",
            f"delete table inet {TABLE}",
            f"table inet {TABLE} {{",
            *(f"  {text}" for text in sets),
            *_chain("output", out),
            *_chain("input", into),
            *_chain("forward", forward),
            "}",
            "",
        ]
    )


def _gre(tunnel: Tunnel) -> str:
    """GRE of this tunnel: the key is the second word of the header, if there is one."""
    if tunnel.key is None:
        return "meta l4proto gre @th,2,1 0"
    return f"meta l4proto gre @th,2,1 1 @th,32,32 {tunnel.key}"


def _chain(hook: str, rules: list[str]) -> list[str]:
    return [
        f"  chain alive_{hook} {{",
        f"    type filter hook {hook} priority filter - 10; policy accept;",
        *(f"    {rule}" for rule in rules),
        "  }",
    ]
