# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Lines that mean the same whether a router shows them or not, and secrets that it shows encrypted.

Before two trees are compared, the running one is made to say what it means in the words of the other.
Only objects that exist are touched: a new one gets every line, whatever the release takes for granted.
"""

from __future__ import annotations

from hier_config import HConfig, HConfigChild

from ..secret_references import REFERENCE
from .driver import mode_of, once
from .secret_lines import ENCRYPTED, stem

Release = tuple[int, int] | None
# On by default, and then hidden, since 15.7 and IOS-XE 16.6; off by default, and shown when on, up to 15.5.
# Of what is between, no output is known: there both count as the default.
_SINCE = ("ip nhrp shortcut", "ip nhrp map multicast dynamic")
# (mode, line): the value that a router has without the line.
_ALWAYS: tuple[tuple[str, str], ...] = (
    ("interface", "no shutdown"),
    ("interface", "no ip address"),
    ("interface", "ip redirects"),
    ("interface", "bfd echo"),
    ("interface", "tunnel mode gre ip"),
    ("interface", "ip ospf priority 1"),
    ("profile", "lifetime 86400"),
    ("ipsec", "set security-association lifetime seconds 3600"),
    ("ipsec", "set security-association lifetime kilobytes 4608000"),
    ("transform", "mode tunnel"),
    ("bgp", "bgp listen limit 100"),
    ("eigrp-interface", "hello-interval 5"),
    ("eigrp-interface", "hold-time 15"),
    ("eigrp-interface", "split-horizon"),
    ("eigrp-interface", "next-hop-self"),
)


def hidden(mode: str, line: str, release: Release) -> bool:
    """Whether a router that shows no such line behaves as if it were there."""
    if (mode, line) in _ALWAYS:
        return True
    if mode == "bgp" and line.startswith("neighbor ") and line.endswith(" timers 60 180"):
        return True
    if mode != "interface":
        return False
    if line.startswith("ip nhrp holdtime "):
        # 7200 s up to IOS 15, 600 s in IOS-XE 16 and 17; what a 15.9 image takes was not seen.
        defaults = {"600"} if release and release >= (16, 0) else {"600", "7200"}
        return line.split()[-1] in defaults
    plain = line.removeprefix("no ")
    if plain not in _SINCE:
        return False
    if release is None or (15, 6) <= release < (15, 7) or (16, 0) <= release < (16, 6):
        return True
    return line.startswith("no ") == (release < (15, 6))


def equalise(running: HConfig, wanted: HConfig, release: Release, push_secrets: bool = False) -> None:
    """Change ``running`` where it differs from ``wanted`` in writing only.

    A secret that the router shows encrypted (type 6) cannot be compared; it counts as the wanted one, unless
    ``push_secrets`` is set.
    """
    for target in wanted.children:
        if (found := running.children.get(target.text)) is not None:
            _equalise(found, target, release, push_secrets)


def _equalise(found: HConfigChild, target: HConfigChild, release: Release, push_secrets: bool) -> None:
    mode = mode_of(line.text for line in found.lineage())
    if not mode:
        return
    if not push_secrets:
        _read_encrypted(found, target)
    shown = {once(mode, line.text) or line.text for line in found.children}
    meant = {once(mode, line.text) or line.text for line in target.children}
    for line in tuple(found.children):
        # "No" forms of a default that is on are no defaults, and stay.
        if (once(mode, line.text) or line.text) not in meant and hidden(mode, line.text, release):
            line.delete()
    for line in target.children:
        if (once(mode, line.text) or line.text) not in shown and hidden(mode, line.text, release):
            found.add_child(line.text)
        elif (below := found.children.get(line.text)) is not None:
            _equalise(below, line, release, push_secrets)


def _read_encrypted(found: HConfigChild, target: HConfigChild) -> None:
    for line in target.children:
        start = stem(line.text)
        if start is None or not REFERENCE.search(line.text):
            continue
        if (same := found.children.get(f"{start} {ENCRYPTED}")) is not None:
            same.text = line.text
