# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The notation, and the whole grammar against itself: whatever a rule can say is read as that rule."""

from __future__ import annotations

import random

import pytest
from ansible_collections.mgre.dmvpn.tests.lab.ios.configuration import Configuration
from ansible_collections.mgre.dmvpn.tests.lab.ios.device import RELEASES
from ansible_collections.mgre.dmvpn.tests.lab.ios.grammar import grammar
from ansible_collections.mgre.dmvpn.tests.lab.ios.notation import Match, NotationError, Refusal, Syntax, read
from ansible_collections.mgre.dmvpn.tests.lab.ios.words import KINDS, Keyword

WORDS = {
    "A.B.C.D": ["192.0.2.1", "10.0.0.0"],
    "MASK": ["255.255.255.0", "0.0.0.0"],
    "WILDCARD": ["0.0.0.255"],
    "A.B.C.D/nn": ["10.0.0.0/8"],
    "ANYPREFIX": ["10.1.0.0/16"],
    "ASN": ["65000", "4200000000"],
    "AREA": ["0", "0.0.0.1"],
    "WORD": ["Zebra", "Q-1"],
    "NAME": ["Zulu", "yak_1"],
    "HEX": ["0A1B"],
    "LINE": ["some words to the end"],
    "INTERFACE": ["Tunnel10", "Loopback0", "GigabitEthernet1"],
    "TIME": ["10:00"],
    "SECONDS": ["1"],
    "URL": ["flash:x"],
    "COMMUNITY": ["65000:1"],
    "RD": ["65000:1"],
}


def sample(syntax: Syntax, chance: random.Random) -> str:
    """One line that a rule can say."""
    state, words = 0, []
    while True:
        reached = syntax.reach(state)
        edges = [edge for at in reached for edge in syntax.edges[at]]
        # `Tunnel 10` is another way to write `Tunnel10`.
        edges = [edge for edge in edges if getattr(edge[0], "kind", "") != "INTERFACE-TYPE"]
        if syntax.final in reached and (not edges or chance.random() < 0.4):
            return " ".join(words)
        token, state = chance.choice(edges)
        if isinstance(token, Keyword):
            words.append(token.text)
        elif token.kind == "range":
            words.append(str(chance.choice([token.low, token.high, chance.randint(token.low, token.high)])))
        else:
            words.append(chance.choice(WORDS[token.kind]))


def test_every_kind_has_words() -> None:
    assert set(WORDS) == set(KINDS) - {"INTERFACE-TYPE", "INTERFACE-NUMBER"}
    for kind, words in WORDS.items():
        assert all(KINDS[kind](word) == word for word in words), kind


@pytest.mark.parametrize("release", [RELEASES[0], "16.9", RELEASES[-1]])
def test_every_rule_can_be_said(release: str) -> None:
    major, minor = map(int, release.split("."))
    language = grammar((major, minor))
    chance = random.Random(7)
    said = 0
    for mode in language.modes:
        for rule in language.of(mode):
            syntax = Syntax(rule.syntax)
            for _unused in range(12):
                line = sample(syntax, chance)
                match = read(line, language.syntaxes(mode, negated=False))
                assert isinstance(match, Match), f"{mode}: {rule.syntax}: {line}: {match}"
                assert " ".join(match.words) == line, f"{mode}: {rule.syntax}"
                negative = read(line, language.syntaxes(mode, negated=True), negated=True)
                assert isinstance(negative, Match), f"{mode}: no {line}"
                said += 1
    assert said > 3000


def test_every_mode_can_be_entered() -> None:
    language = grammar((17, 15))
    entered = {rule.enters for mode in language.modes for rule in language.of(mode)} - {""}
    assert entered | {"global"} == set(language.modes)


@pytest.mark.parametrize("text", ["a {b", "a ]", "a [b = c]", "a x:NOKIND"])
def test_wrong_notation_is_told(text: str) -> None:
    with pytest.raises(NotationError):
        Syntax(text)


@pytest.mark.parametrize(
    ("line", "key", "values"),
    [
        ("nhs 10.0.0.1 nbma 192.0.2.1", "nhs 10.0.0.1 nbma 192.0.2.1", {"nhs": "10.0.0.1"}),
        ("nhs 10.0.0.1 nbma 192.0.2.1 mu", "nhs 10.0.0.1 nbma 192.0.2.1", {"nhs": "10.0.0.1"}),
        ("nh 10.0.0.1 n 192.0.2.1 multicast prio 007", "nhs 10.0.0.1 nbma 192.0.2.1", {"priority": "7"}),
    ],
)
def test_what_tells_a_line_from_another(line: str, key: str, values: dict[str, str]) -> None:
    syntax = Syntax("nhs nhs:A.B.C.D nbma A.B.C.D = [multicast] [priority priority:<0-255>]")
    match = read(line, [syntax])
    assert isinstance(match, Match)
    assert " ".join(match.key) == key
    assert values.items() <= match.values.items()


@pytest.mark.parametrize(
    ("line", "kind", "column"),
    [
        ("nhs 10.0.0.1 multicast", "incomplete", 22),
        ("nhs 10.0.0.1 nbma", "incomplete", 17),
        ("nhs 10.0.0.1 m", "ambiguous", 13),
        ("nhs 10.0.0.1 mx", "invalid", 14),
        ("nhs 10.0.0.300 multicast", "invalid", 4),
    ],
)
def test_refusals(line: str, kind: str, column: int) -> None:
    syntaxes = [Syntax("nhs A.B.C.D multicast group"), Syntax("nhs A.B.C.D {nbma A.B.C.D | maximum <1-9>}")]
    refusal = read(line, syntaxes)
    assert isinstance(refusal, Refusal)
    assert (refusal.kind, refusal.column) == (kind, column)


def test_on_change_is_told_of_every_line() -> None:
    config = Configuration(grammar((17, 15)))
    seen: list[str] = []
    config.on_change.append(lambda changed: seen.append(changed.text()))
    assert config.load("interface Tunnel10\n ip mtu 1400\n no ip mtu\n ip mtux\n")
    assert len(seen) == 3 and "ip mtu 1400" in seen[1] and "ip mtu" not in seen[2]
