# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The places in the models that the table knows, and a router's XML read by them.

What a router holds at other places is never looked at and never touched: its own additions to an interface
of ours, a user's access list on it, the rest of BGP.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import cache
from xml.etree import ElementTree

from .paths import NAMESPACE, VALUE, Facts, Path, Step, parse, settled
from .payload import AREAS, NATIVE, table
from .table import Rule

# Never written, but looked at: in which form a key is kept, and what keeps a thing from being ours alone.
SEEN = (
    "crypto/crypto:ikev2/keyring[name=*]/peer[name=*]/pre-shared-key/encryption=6",
    "ip/route/ip-route-interface-forwarding-list[prefix=*][mask=*]/fwd-list-with-track[fwd=*]",
    "router/bgp:bgp[id=*]/address-family/with-vrf/ipv4[af-name=*]",
    "router/bgp:bgp[id=*]/address-family/with-vrf/ipv6[af-name=*]",
    "router/bgp:bgp[id=*]/address-family/no-vrf/ipv6[af-name=*]",
    "router/bgp:bgp[id=*]/address-family/no-vrf/vpnv4[af-name=*]",
    "router/bgp:bgp[id=*]/address-family/no-vrf/l2vpn[af-name=*]",
)
_CHOICE = re.compile(r"\{([a-z_]+):([a-z0-9|-]+)\}")
ANY = "*"


@dataclass(slots=True)
class Place:
    """One node of the models. ``says`` tells whether an element without value means something here."""

    keys: tuple[str, ...] = ()
    children: dict[tuple[str, str], Place] = field(default_factory=dict)
    leaf: bool = False
    says: bool = False
    secret: bool = False

    def child(self, module: str, name: str) -> Place | None:
        return self.children.get((module, name)) or self.children.get((module, ANY))


@cache
def places() -> Place:
    """The node above ``native``."""
    root = Place()
    _section(root, "", NATIVE)
    for text in SEEN:
        _grow(root, *parse(text))
    return root


def _section(root: Place, section: str, base: Path) -> None:
    for rule in table().get(section, ()):
        for template in rule.paths:
            path, value = parse(template, base[-1].module)
            for each in _names(rule, path):
                _grow(root, base[1:] + each, value)
        if rule.section:
            path, _value = parse(rule.below, base[-1].module)
            _section(root, rule.section, base + path)


def _names(rule: Rule, path: Path) -> list[Path]:
    """A path whose element names are placeholders, once for each word that can stand there."""
    choices = {name: words.split("|") for name, words in _CHOICE.findall(rule.pattern) if "|" in words}
    found: list[Path] = [()]
    for step in path:
        placeholder = re.fullmatch(r"\{([a-z_]+)\}", step.name)
        names = choices.get(placeholder[1], [ANY]) if placeholder else [step.name]
        found = [(*before, Step(step.module, name, step.keys)) for before in found for name in names]
    return found


def _grow(root: Place, path: Path, value: str) -> None:
    place = root.children.setdefault(NATIVE[0].kind, Place())
    for step in path:
        place = place.children.setdefault(step.kind, Place())
        if step.keys:
            place.keys = tuple(key for key, _value in step.keys)
    if value:
        place.leaf = True
        place.secret = place.secret or value == "{secret}"
    else:
        place.says = True


def read(config: ElementTree.Element | None) -> Facts:
    """The facts of ``<data>`` or ``<config>`` at known places. ``config`` None is an empty one."""
    facts: Facts = {}
    if config is not None:
        for element in config:
            _read(element, places(), (), facts)
    return settled(facts)


def _read(element: ElementTree.Element, above: Place, path: Path, facts: Facts) -> None:
    namespace, _brace, name = element.tag.removeprefix("{").rpartition("}")
    place = above.child(namespace.removeprefix(NAMESPACE), name)
    if place is None or not namespace.startswith(NAMESPACE):
        return
    text = (element.text or "").strip()
    keys: tuple[tuple[str, str], ...]
    if place.keys == (VALUE,):
        keys = ((VALUE, text),)
    else:
        held = {child.tag.rpartition("}")[2]: (child.text or "").strip() for child in element}
        keys = tuple((key, held.get(key, "")) for key in place.keys)
    path = (*path, Step(namespace.removeprefix(NAMESPACE), name, keys))
    if place.leaf and not len(element):
        facts[path] = text
    elif place.says:
        facts[path] = ""
    for child in element:
        _read(child, place, path, facts)


def place_of(path: Path) -> Place | None:
    place: Place | None = places()
    for step in path:
        place = place.child(*step.kind) if place else None
    return place


def is_secret(path: Path) -> bool:
    """Whether a secret stands at this place."""
    place = place_of(path)
    return place is not None and place.secret


@cache
def _defaults() -> tuple[tuple[re.Pattern[str], str], ...]:
    """Path expressions and values of all areas' defaults; ``*`` stands for any key."""
    found = []
    for area in AREAS:
        for text in area.DEFAULTS:
            path, value = parse(text)
            parts = _exact((*NATIVE, *path)).split(ANY)
            found.append((re.compile("[^]]*".join(re.escape(part) for part in parts)), value))
    return tuple(found)


def _exact(path: Path) -> str:
    return "/".join(
        f"{step.module}:{step.name}" + "".join(f"[{key}={value}]" for key, value in step.keys)
        for step in path
    )


def is_default(path: Path, value: str) -> bool:
    """Whether a leaf says what the router does without it."""
    return any(value == default and shape.fullmatch(_exact(path)) for shape, default in _defaults())
