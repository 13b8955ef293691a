# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The faults that a router can be given on purpose: one row each, what breaks and what puts right.

Commands are lines of a shell script. ``arm`` makes the fault, ``then`` follows once it is there, ``restore``
ends it and harms nothing when it was never made, or twice. All of it lives in the kernel and in running
processes, so that a reboot ends each fault, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

TABLE = "mgre_dmvpn_fault"
FRR, CHARON, EVENTS = "frr.service", "strongswan.service", "mgre-dmvpn-nhrp-events.service"
PROGRAMS = ("nft", "systemd-run", "systemctl")


@dataclass(frozen=True, slots=True)
class Settings:
    """``wans`` are the interfaces to break; ``loss`` is in percent, ``mtu`` in bytes of a whole IP packet."""

    wans: tuple[str, ...]
    loss: int = 30
    mtu: int = 1300


@dataclass(frozen=True, slots=True)
class Script:
    """What a fault does on the router."""

    arm: tuple[str, ...]
    restore: tuple[str, ...]
    then: tuple[str, ...] = ()


def rules(wans: Sequence[str], verdict: str) -> tuple[str, ...]:
    """A table of our own on both directions of the WANs.

    Only packets as they are on the wire are matched: what IPsec still has to encrypt, or has decrypted,
    passes the same hooks once more.
    """
    names = ", ".join(f'"{wan}"' for wan in wans)
    return (
        "nft -f - <<'END'",
        f"table inet {TABLE} {{",
        " chain arriving { type filter hook prerouting priority -400; policy accept;",
        f"  iifname {{ {names} }} meta ipsec missing {verdict}",
        " }",
        " chain leaving { type filter hook postrouting priority 400; policy accept;",
        f"  oifname {{ {names} }} rt ipsec missing {verdict}",
        " }",
        "}",
        "END",
    )


WITHOUT_RULES = (f"! nft list table inet {TABLE} >/dev/null 2>&1 || nft delete table inet {TABLE}",)


def cut(settings: Settings) -> Script:
    """The line is silent in both directions, as behind a modem that lost it: no carrier is lost."""
    return Script(rules(settings.wans, "drop"), WITHOUT_RULES)


def dead(settings: Settings) -> Script:
    """First the lines, so that nobody is told; then everything that forwards forgets what it knew."""
    units = f"{EVENTS} {FRR} {CHARON}"
    return Script(
        rules(settings.wans, "drop"),
        (
            *WITHOUT_RULES,
            f"systemctl reset-failed {units} || true",
            f"systemctl start {CHARON} {FRR} {EVENTS}",
        ),
        then=(f"systemctl stop {units}",),
    )


def brownout(settings: Settings) -> Script:
    """Each packet is lost with the same chance, in each direction."""
    return Script(rules(settings.wans, f"numgen random mod 100 < {settings.loss} drop"), WITHOUT_RULES)


def shrink(settings: Settings) -> Script:
    """Larger packets vanish, and no ICMP tells anybody."""
    return Script(rules(settings.wans, f"meta length > {settings.mtu} drop"), WITHOUT_RULES)


def again(unit: str) -> str:
    """Starts a unit although it was started often of late: FRR's allows three starts in three minutes."""
    return f"systemctl reset-failed {unit} || true; systemctl restart {unit}"


def crashed(daemon: str) -> Callable[[Settings], Script]:
    """One daemon of FRR dies; watchfrr starts it again. If it does not, FRR is restarted at the end."""
    pid = f'"$(cat /run/frr/{daemon}.pid)"'

    def script(settings: Settings) -> Script:
        return Script((f"kill -KILL {pid}",), (f"kill -0 {pid} || {{ {again(FRR)}; }}",))

    return script


def charon(settings: Settings) -> Script:
    """charon dies; systemd starts it again. If it does not, it is started at the end."""
    return Script(
        (f"systemctl kill --signal=KILL {CHARON}",),
        (f"systemctl is-active --quiet {CHARON} || {{ {again(CHARON)}; }}",),
    )


SCRIPTS: dict[str, Callable[[Settings], Script]] = {
    "hub_wan": cut,
    "hub_router": dead,
    "spoke_wan": cut,
    "brownout": brownout,
    "mtu": shrink,
    "nhrpd": crashed("nhrpd"),
    "bgpd": crashed("bgpd"),
    "charon": charon,
}
