# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The order of what is sent, and what becomes of answers that a router on a good day does not give."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios import answers
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.transaction import apply
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.ios.wish import Wish
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pending.errors import Failed, Lost, Refused
from simulator import Router, show

HUB = (Path(__file__).parent / "configs" / "hub.ios").read_text()
SECRETS = {"psk/blue": "a-psk-of-many-letters-3141", "nhrp/blue": "nhrp2718"}
BASE = """\
version 17.15
archive
 path flash:before
interface GigabitEthernet1
 ip address 198.51.100.1 255.255.255.0
"""
WISH = Wish(intended=HUB, secrets=SECRETS, minutes=3)


class Fake:
    """A router that takes everything, unless ``say`` has another answer for a line."""

    def __init__(self, say: dict[str, str | Exception] | None = None) -> None:
        self.say = say or {}
        self.sent: list[str] = []
        self.router = Router(BASE)
        self.before: list[Router] = []
        self.lines: list[str] = []
        self.configuring = False

    def send(self, line: str) -> str:
        self.sent.append(line)
        if line in self.say:
            said = self.say[line]
            if isinstance(said, Exception):
                raise said
            return said
        if line.startswith("configure terminal"):
            self.configuring = True
        elif line == "end":
            self.router.run(self.lines)
            self.lines, self.configuring = [], False
        elif self.configuring:
            self.lines.append(line)
        elif line == "configure revert now":
            self.router = Router(BASE)
        return {
            "show privilege": "Current privilege level is 15",
            "show running-config": f"{show(self.router.tree)}end\n",
            "show archive config rollback timer": "%No Rollback Confirmed Change pending",
            "write memory": "Building configuration...\n[OK]",
        }.get(line, "")

    def renew(self) -> None:
        self.sent.append("<new connection>")
        if isinstance(said := self.say.get("<new connection>"), Exception):
            raise said


def clock(*times: float) -> Callable[[], float]:
    """Tells these times one after the other, and then the last."""
    left = list(times)
    return lambda: left.pop(0) if len(left) > 1 else left[0]


def test_the_order() -> None:
    fake = Fake()
    outcome = apply(fake, WISH)
    assert outcome.changed
    sent = fake.sent
    marks = [
        "configure terminal revert timer 3",
        "end",
        "<new connection>",
        "configure confirm",
        "write memory",
    ]
    assert [line for line in sent if line in marks] == marks
    assert sent.count("show running-config") == 2
    assert f"pre-shared-key {SECRETS['psk/blue']}" in sent
    assert not any(secret in outcome.lines for secret in SECRETS.values())


def test_a_slow_push_gets_its_time_again() -> None:
    fake = Fake()
    apply(fake, WISH, clock=clock(0, 91))
    at = fake.sent.index("configure revert timer 3")
    assert fake.sent[at - 1] == "end"
    quick = Fake()
    apply(quick, WISH, clock=clock(0, 89))
    assert "configure revert timer 3" not in quick.sent


def test_a_confirmation_that_comes_too_late_is_told_and_nothing_is_saved() -> None:
    fake = Fake({"configure confirm": "%No Rollback Confirmed Change pending"})
    with pytest.raises(Failed, match="did not confirm") as failed:
        apply(fake, WISH)
    assert failed.value.step == "confirm"
    assert "write memory" not in fake.sent


def test_what_cannot_be_saved_is_a_warning_because_it_holds() -> None:
    fake = Fake({"write memory": "startup-config file open failed (Device or resource busy)"})
    outcome = apply(fake, WISH)
    assert "write memory" in outcome.warnings[0]


def test_a_rollback_that_leaves_something_says_so() -> None:
    fake = Fake(
        {
            "ip nhrp network-id 10": "% Invalid input detected at '^' marker.",
            "configure revert now": "Failed to apply command\nAborting Rollback.",
        }
    )
    with pytest.raises(Failed, match="left a difference") as failed:
        apply(fake, WISH)
    assert not failed.value.restored
    assert "write memory" not in fake.sent
    assert "configure confirm" not in fake.sent


@pytest.mark.parametrize("line", ["configure confirm", "write memory"])
def test_a_connection_lost_at_the_end(line: str) -> None:
    with pytest.raises(Failed, match="run this again"):
        apply(Fake({line: Lost("gone")}), WISH)


def test_a_connection_lost_while_undoing() -> None:
    fake = Fake({"ip mtu 1400": "% Incomplete command.", "configure revert now": Lost("gone")})
    with pytest.raises(Failed, match="goes back by itself within 3 minutes"):
        apply(fake, WISH)


def test_nothing_is_sent_to_a_router_that_is_as_it_should_be() -> None:
    fake = Fake()
    apply(fake, WISH)
    fake.sent.clear()
    assert not apply(fake, WISH).changed
    assert fake.sent == ["show privilege", "show running-config", "show archive config rollback timer"]


@pytest.mark.parametrize(
    ("running", "word"),
    [
        ("version 17.15\ninterface Gig", "did not come to its end"),
        ("hostname x\nend\n", "no IOS"),
        ("version 15.1\nend\n", "IOS 15.1"),
        ("version 17.15\narchive\n maximum 3\nend\n", "`path flash:archive`"),
    ],
)
def test_routers_that_are_refused(running: str, word: str) -> None:
    fake = Fake({"show running-config": running})
    with pytest.raises(Refused, match=word):
        apply(fake, WISH)
    assert not any(line.startswith("configure") for line in fake.sent)


def test_a_secret_with_a_question_mark_is_refused() -> None:
    wish = Wish(intended=HUB, secrets=SECRETS | {"psk/blue": "what-is-it?-what-is-it"})
    with pytest.raises(Refused, match="question mark") as refused:
        apply(Fake(), wish)
    assert "what-is-it" not in str(refused.value)


@pytest.mark.parametrize(
    ("said", "bad"),
    [
        ("                ^\n% Invalid input detected at '^' marker.", True),
        ("%Insertion failed - seq # exists: 5", True),
        ("% Ambiguous command", True),
        ("Command authorization failed.", True),
        ("ERROR: Cannot delete a profile in use", True),
        ("%Warning: use the other form", False),
        ("*Nov 28 18:00:00.1: %CRYPTO-6-ISAKMP_ON_OFF: ISAKMP is ON", False),
        ("%LINEPROTO-5-UPDOWN: Line protocol on Interface Tunnel10, changed state to up", False),
        ("% Interface Tunnel10 IPv4 disabled and address(es) removed due to enabling VRF X", False),
        ("", False),
    ],
)
def test_answers(said: str, bad: bool) -> None:
    assert bool(answers.errors(said)) is bad
