# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router of a hundred lines that takes commands one by one and is looked at after each.

It knows nothing of the library: neither its modes nor its values nor its order come from there.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

Tree = dict[str, "Tree"]

ENTER = {
    "": (
        *(f"crypto ikev2 {kind} " for kind in ("proposal", "policy", "keyring", "profile")),
        "crypto ipsec transform-set ",
        "crypto ipsec profile ",
        "crypto pki certificate map ",
        "interface ",
        "router ",
        "route-map ",
    ),
    "crypto ikev2 keyring ": ("peer ",),
    "router bgp ": ("address-family ",),
    "router eigrp ": ("address-family ",),
    "address-family ": ("af-interface ", "topology "),
}
# Below what, how many words tell the line that a new one replaces.
SINGLE: dict[str, tuple[tuple[str, int], ...]] = {
    "": (("ip route ", 5), ("crypto ipsec transform-set ", 4)),
    "crypto ikev2 proposal ": (("encryption ", 1), ("integrity ", 1), ("prf ", 1), ("group ", 1)),
    "crypto ikev2 policy ": (("match fvrf ", 2),),
    "crypto ikev2 profile ": (
        *(("match fvrf ", 2), ("identity local ", 2), ("authentication local ", 2), ("keyring local ", 2)),
        *(("lifetime ", 1), ("dpd ", 1)),
    ),
    "peer ": (("address ", 1), ("pre-shared-key ", 1)),
    "crypto ipsec transform-set ": (("mode ", 1),),
    "crypto ipsec profile ": (("set security-association lifetime seconds ", 4), ("set ", 2)),
    "interface ": (
        *(
            ("description ", 1),
            ("bandwidth ", 1),
            ("ip address ", 2),
            ("ip mtu ", 2),
            ("ip tcp adjust-mss ", 3),
        ),
        *((f"ip nhrp {word} ", 3) for word in ("authentication", "network-id", "holdtime")),
        ("ip nhrp nhs ", 6),
        *((f"ip ospf {word} ", 3) for word in ("network", "priority", "dead-interval", "hello-interval")),
        ("bfd interval ", 2),
        *((f"tunnel {word} ", 2) for word in ("source", "mode", "key", "vrf", "protection")),
    ),
    "router bgp ": (
        ("bgp router-id ", 2),
        ("bgp listen limit ", 3),
        ("bgp listen range ", 4),
        ("neighbor ", 3),
    ),
    "router ospf ": (("router-id ", 1), ("redistribute ", 2)),
    "route-map ": (("set local-preference ", 2),),
    "address-family ": (("eigrp router-id ", 2), ("eigrp stub ", 2), ("neighbor ", 3)),
    "af-interface ": (("hello-interval ", 1), ("hold-time ", 1)),
    "topology ": (("redistribute ", 2),),
}
ON = ("ip redirects", "bfd echo", "split-horizon", "next-hop-self")
LEAVE = {"exit", "exit-address-family", "exit-af-interface", "exit-af-topology"}


def read(text: str) -> Tree:
    """A configuration as nested lines."""
    root: Tree = {}
    levels: list[tuple[int, Tree]] = [(-1, root)]
    for row in text.splitlines():
        line = " ".join(row.split())
        if not line or line.startswith("!") or line in LEAVE or line == "end":
            continue
        depth = len(row) - len(row.lstrip())
        while levels[-1][0] >= depth:
            levels.pop()
        levels.append((depth, levels[-1][1].setdefault(line, {})))
    return root


def show(tree: Tree, depth: int = 0) -> str:
    return "".join(f"{' ' * depth}{line}\n{show(below, depth + 1)}" for line, below in tree.items())


def flat(tree: Tree, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Every line with those above it."""
    for line, below in tree.items():
        yield (*path, line)
        yield from flat(below, (*path, line))


class Router:
    """Takes commands in configuration mode and remembers what was wrong after one of them."""

    def __init__(self, text: str) -> None:
        self.tree = read(text)
        self.before = set(self.troubles())
        self.wrong: list[str] = []

    def run(self, commands: Iterable[str]) -> None:
        path: list[tuple[str, Tree]] = [("", self.tree)]
        for line in commands:
            assert line == " ".join(line.split()), f"blanks: {line!r}"
            if line in LEAVE:
                assert len(path) > 1, f"{line} leaves configuration mode"
                path.pop()
                continue
            self._take(path, line)
            self.wrong += [f"after `{line}`: {trouble}" for trouble in set(self.troubles()) - self.before]

    def _take(self, path: list[tuple[str, Tree]], line: str) -> None:
        mode, here = path[-1]
        kind = next((start for start in ENTER.get(self._kind(mode), ()) if line.startswith(start)), None)
        if kind is not None:
            self._replace(here, "", line)
            path.append((line, here.setdefault(line, {})))
        elif line.startswith("no "):
            self._no(mode, here, line)
        else:
            self._watch(mode, here, line)
            self._replace(here, self._kind(mode), line)
            if f"no {line}" in here:
                del here[f"no {line}"]
            if line not in ON:
                here.setdefault(line, {})

    def _kind(self, mode: str) -> str:
        return next((start for start in (*SINGLE, *ENTER) if start and mode.startswith(start)), "")

    def _replace(self, here: Tree, kind: str, line: str) -> None:
        for start, words in SINGLE.get(kind, ()):
            if not line.startswith(start) or line.endswith((" in", " out")):
                continue
            if kind == "" and line.startswith("ip route "):
                words = line.split().index("name") - 1  # all but distance and name
            key = line.split()[:words]
            for old in [old for old in here if old.split()[:words] == key and old != line]:
                here[line] = here.pop(old)
            return
        match = re.match(r"ip prefix-list \S+ seq \d+ ", line)
        assert not match or not [old for old in here if old.startswith(match[0]) and old != line], (
            f"insertion failed, the number exists: {line}"
        )

    def _no(self, mode: str, here: Tree, line: str) -> None:
        rest = line[3:]
        self._watch(mode, here, rest)
        if rest in ON:
            here[line] = {}
            return
        gone = [old for old in here if old == rest or old.startswith(f"{rest} ")]
        if not gone and rest in ("shutdown",):
            raise AssertionError(f"{mode}: it is not shut down")
        assert len(gone) == 1, f"{mode or 'global'}: {line} takes {gone or 'nothing'} away"
        del here[gone[0]]
        if group := re.fullmatch(r"neighbor (\S+) peer-group.*", rest):
            self._forget(here, group[1])

    def _forget(self, process: Tree, peer: str) -> None:
        for line in [line for line in process if line.startswith(f"neighbor {peer} ")]:
            del process[line]
        for family in process.values():
            for line in [line for line in family if line.startswith(f"neighbor {peer} ")]:
                del family[line]

    def _watch(self, mode: str, here: Tree, line: str) -> None:
        """What may not happen to a tunnel that is up."""
        if mode.startswith("interface Tunnel") and re.match(r"tunnel (protection|mode|source|vrf) ", line):
            assert "shutdown" in here, f"{mode} is up while this changes: {line}"

    def troubles(self) -> Iterator[str]:
        """Tunnels without protection, and names without their object."""
        tree = self.tree
        for head, below in tree.items():
            if not head.startswith("interface Tunnel"):
                continue
            up = "shutdown" not in below
            if up and "tunnel mode gre multipoint" in below and not _starts(below, "tunnel protection ipsec"):
                yield f"{head} is up without protection"
        for line in flat(tree):
            for pattern, wanted in BY_WORD.get(line[-1].split(" ", 1)[0], ()):
                if (match := re.match(pattern, line[-1])) and not self._there(line, wanted, match[1]):
                    yield f"{' / '.join(line)}: {wanted.strip()} {match[1]} does not exist"

    def _there(self, line: tuple[str, ...], wanted: str, name: str) -> bool:
        if wanted == "neighbor":
            return f"neighbor {name} peer-group" in self.tree[line[0]]
        return any(head == f"{wanted}{name}" or head.startswith(f"{wanted}{name} ") for head in self.tree)


REFERENCES = (
    (r"proposal (\S+)$", "crypto ikev2 proposal "),
    (r"keyring local (\S+)", "crypto ikev2 keyring "),
    (r"match certificate (\S+)", "crypto pki certificate map "),
    (r"set transform-set (\S+)", "crypto ipsec transform-set "),
    (r"set ikev2-profile (\S+)", "crypto ikev2 profile "),
    (r"tunnel protection ipsec profile (\S+)", "crypto ipsec profile "),
    (r"match ip address prefix-list (\S+)", "ip prefix-list "),
    (r"neighbor \S+ route-map (\S+)", "route-map "),
    (r"redistribute .* route-map (\S+)", "route-map "),
    (r"af-interface (Tunnel\d+)", "interface "),
    (r"neighbor \S+ update-source (Tunnel\d+)", "interface "),
    (r"ip route .* (Tunnel\d+) ", "interface "),
    (r"bgp listen range \S+ peer-group (\S+)", "neighbor"),
    (r"neighbor \S+ peer-group (\S+)", "neighbor"),
    (r"neighbor (MGRE-\S+) (?!peer-group)", "neighbor"),
)
BY_WORD = {
    word: [reference for reference in REFERENCES if reference[0].startswith(f"{word} ")]
    for word in {pattern.split(" ", 1)[0] for pattern, _wanted in REFERENCES}
}


def _starts(below: Tree, start: str) -> bool:
    return any(line.startswith(start) for line in below)
