# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts a difference in an order in which no line leaves a tunnel unprotected or a name without its object.

What is used comes before its users, users go before what they used, and a tunnel whose protection changes is
shut down before and started after everything else.
"""

from __future__ import annotations

import re

from hier_config import HConfig, HConfigChild

from .driver import negated, once
from .order_bgp import added as bgp_added
from .order_bgp import removed as bgp_removed
from .steps import Step
from .walk import additions, lines, removals

# Beginnings of what others refer to, each before those that refer to it.
_DEFINED = (
    "ip prefix-list ",
    "ip access-list ",
    "ip community-list ",
    "route-map ",
    "class-map ",
    "policy-map ",
    "key chain ",
    "crypto ikev2 proposal ",
    "crypto ikev2 policy ",
    "crypto ikev2 keyring ",
    "crypto pki certificate map ",
    "crypto ikev2 profile ",
    "crypto ipsec transform-set ",
    "crypto ipsec profile ",
)
_TUNNEL, _ROUTER, _ROUTE, _BGP = "interface ", "router ", "ip route ", "router bgp "
_PROTECTION = "tunnel protection "
_VIA_TUNNEL = re.compile(r"ip route .* Tunnel\d+ ")
# What may not change while a tunnel is up: in between it could send without protection, or the wrong way.
_UNSAFE = re.compile(r"(?:no )?(?:tunnel (?:protection|mode|source|destination|vrf)|vrf forwarding)(?: |$)")
_ENTRY = re.compile(r"ip prefix-list (\S+) seq \d+ ")
# Says what a prefix-list ends with anyway. Without any line a list would be gone, and let everything through.
_LAST = "ip prefix-list {name} seq 4294967294 deny 0.0.0.0/0 le 32"


class Difference:
    """A running tree, a wanted one, and what hier_config found between them."""

    def __init__(self, running: HConfig, wanted: HConfig) -> None:
        self.running = running
        self.wanted = wanted
        delta = running.config_to_get_to(wanted)
        gone = {negated(child.text): child.text for child in running.children}
        self.removed = [gone[child.text] for child in delta.children if child.text in gone]
        self.changed = [child for child in delta.children if child.text not in gone]

    def of(self, *starts: str) -> list[HConfigChild]:
        """What is new or changed, in the order of the beginnings and then of the wanted configuration."""
        return [node for start in starts for node in self.changed if node.text.startswith(start)]

    def gone(self, *starts: str) -> list[str]:
        return [line for start in starts for line in self.removed if line.startswith(start)]

    def is_new(self, node: HConfigChild) -> bool:
        return self.running.children.get(node.text) is None

    def target(self, node: HConfigChild) -> HConfigChild:
        return self.wanted.children[node.text]


def ordered(difference: Difference) -> list[Step]:
    """All lines of the change."""
    shut, start = _shut(difference)
    routing, unrouting = _routing(difference)
    routes, unroutes = difference.of(_ROUTE), difference.gone(_ROUTE)
    return [
        *(Step((head,), "shutdown") for head in shut),
        *_unprotected(difference),
        *_definitions(difference),
        *(Step((), node.text) for node in routes if not _VIA_TUNNEL.match(node.text)),
        # One that exists may have to share its source before the new one comes.
        *(
            step
            for node in sorted(difference.of(_TUNNEL), key=difference.is_new)
            for step in _tunnel(difference, node)
        ),
        *(Step((), node.text) for node in routes if _VIA_TUNNEL.match(node.text)),
        *routing,
        *(Step((head,), "no shutdown") for head in start),
        *unrouting,
        *(Step((), negated(line)) for line in unroutes if _VIA_TUNNEL.match(line)),
        *(Step((), negated(line)) for line in difference.gone(_TUNNEL)),
        *(Step((), negated(line)) for line in difference.gone(*reversed(_DEFINED))),
        *(Step((), negated(line)) for line in unroutes if not _VIA_TUNNEL.match(line)),
    ]


def _shut(difference: Difference) -> tuple[list[str], list[str]]:
    """Tunnels to shut down first, and to start last."""
    removed = [
        head
        for head in difference.gone(_TUNNEL)
        if "shutdown" not in difference.running.children[head].children
    ]
    shut, start = [], []
    for node in difference.of(_TUNNEL):
        if "shutdown" in difference.target(node).children:
            continue
        if difference.is_new(node):
            start.append(node.text)
            continue
        down = "shutdown" in difference.running.children[node.text].children
        unsafe = any(_UNSAFE.match(line.text) for line in node.children)
        if unsafe and not down:
            shut.append(node.text)
        if unsafe or down:
            start.append(node.text)
    return [*shut, *removed], start


def _unprotected(difference: Difference) -> list[Step]:
    """Protection that goes before other comes, of tunnels that are shut down.

    Tunnels on one source must agree on their profile and on ``shared`` at any time, so where several change
    or go, all of them let go first.
    """
    changing = {
        node.text: line
        for node in difference.of(_TUNNEL)
        if not difference.is_new(node)
        and any(child.text.startswith(_PROTECTION) for child in node.children)
        and (line := _protection(difference.running.children[node.text]))
    }
    going = {
        head: line
        for head in difference.gone(_TUNNEL)
        if (line := _protection(difference.running.children[head]))
    }
    new = any(map(difference.is_new, difference.of(_TUNNEL)))
    first = changing if len(changing) + len(going) > 1 else {}
    first |= going if changing or new else {}
    return [Step((head,), negated(line)) for head, line in first.items()]


def _protection(tunnel: HConfigChild) -> str:
    return next((line.text for line in tunnel.children if line.text.startswith(_PROTECTION)), "")


def _definitions(difference: Difference) -> list[Step]:
    steps = []
    for node in difference.of(*_DEFINED):
        if node.text.startswith("ip prefix-list "):
            continue
        if node.children:
            steps += lines(node, (node.text,), difference.target(node))
        else:
            steps.append(Step((), node.text))
    return [*_prefix_lists(difference), *steps]


def _prefix_lists(difference: Difference) -> list[Step]:
    """A line of a list is not overwritten: it is taken away and added again."""
    steps: list[Step] = []
    by_name: dict[str, list[str]] = {}
    for node in difference.of("ip prefix-list "):
        by_name.setdefault(_name(node.text), []).append(node.text)
    for name, texts in by_name.items():
        held = {
            once("global", line.text): line.text
            for line in difference.running.children
            if line.text.startswith("ip prefix-list ") and _name(line.text) == name
        }
        replaced = {text: old for text in texts if (old := held.get(once("global", text)))}
        empty = bool(held) and len(replaced) == len(held)
        last = _LAST.format(name=name)
        if empty:
            steps.append(Step((), last))
        for text in texts:
            if text in replaced:
                steps.append(Step((), negated(replaced[text])))
            steps.append(Step((), text))
        if empty:
            steps.append(Step((), negated(last)))
    return steps


def _name(line: str) -> str:
    match = _ENTRY.match(line)
    return match[1] if match else line


def _tunnel(difference: Difference, node: HConfigChild) -> list[Step]:
    """The lines of one tunnel. A new one is shut down before it gets anything else."""
    path = (node.text,)
    target = difference.target(node)
    steps = [step for step in lines(node, path, target) if step.line not in ("shutdown", "no shutdown")]
    if difference.is_new(node):
        return [Step(path, "shutdown"), *steps]
    if any(re.match(r"(?:no )?vrf forwarding", step.line) for step in steps):
        # IOS takes the addresses of an interface away when it changes its VRF.
        addresses = [line.text for line in target.children if line.text.startswith("ip address ")]
        steps = [step for step in steps if step.line not in addresses]
        steps += [Step(path, line) for line in addresses]
    return steps


def _routing(difference: Difference) -> tuple[list[Step], list[Step]]:
    """What comes and what goes of the routing protocols. IOS has one BGP process: the old one goes first."""
    come: list[Step] = []
    go: list[Step] = []
    gone = difference.gone(_ROUTER)
    for node in difference.of(_ROUTER):
        target = difference.target(node)
        path = (node.text,)
        if node.text.startswith(_BGP):
            come += [Step((), negated(line)) for line in gone if line.startswith(_BGP)]
            gone = [line for line in gone if not line.startswith(_BGP)]
            come += bgp_added(node, path, target)
            go += bgp_removed(node, path, target)
        elif node.children:
            come += additions(node, path, target)
            go += removals(node, path, target)
        else:
            come.append(Step((), node.text))
    return come, [*go, *(Step((), negated(line)) for line in gone)]
