# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""FRR configurations: parsed, merged and turned into commands without touching a foreign byte."""

from __future__ import annotations

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.frr import merge_daemons, without_sessions
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.frr_config import (
    needs_marks,
    parse,
    paths,
    render,
)
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.frr_delta import delta
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.frr_merge import FrrConflict, merge
from hypothesis import given
from hypothesis import strategies as st

WORDS = st.sampled_from(
    [
        "neighbor 192.0.2.1 remote-as 1",
        "neighbor X peer-group",
        "description a",
        "no shutdown",
        "network 1.0.0.0/8",
    ]
)
COMMENTS = st.sampled_from(["!", "! call Anna", "", "# x", " ! inside"])


@st.composite
def configurations(draw: st.DrawFn, contexts: bool = True) -> str:
    """Indented text as FRR writes it, with comments in odd places and contexts with or without an exit."""
    lines: list[str] = []
    for _count in range(draw(st.integers(0, 5))):
        if draw(st.booleans()):
            lines.append(draw(COMMENTS))
        if contexts and draw(st.booleans()):
            number = draw(st.integers(1, 3))
            lines.append(draw(st.sampled_from(["router bgp 1", f"interface eth{number}", "bfd"])))
            for _count in range(draw(st.integers(0, 3))):
                lines.append(" " + draw(WORDS))
                if draw(st.booleans()):
                    lines.append(draw(COMMENTS))
            if lines[-1].startswith(" ") and draw(st.booleans()):
                lines += [" address-family ipv4 unicast", "  " + draw(WORDS), " exit-address-family"]
            if draw(st.booleans()):
                lines.append("exit")
        else:
            lines.append(
                draw(st.sampled_from(["ip route 192.0.2.0/24 blackhole", "log syslog", "hostname h"]))
            )
    return "".join(f"{line}\n" for line in lines)


@given(configurations())
def test_parsing_loses_nothing(text: str) -> None:
    assert render(parse(text)) == text


@given(configurations())
def test_merging_nothing_changes_nothing(text: str) -> None:
    assert merge(text, "", "").text == text


@given(configurations(), configurations())
def test_all_our_lines_are_there_and_no_foreign_one_is_lost(current: str, fragment: str) -> None:
    merged = merge(current, "", fragment)
    held = set(paths(parse(merged.text)))
    assert held == set(paths(parse(current))) | set(paths(parse(fragment)))
    foreign_comments = [line for line in current.splitlines() if line.strip().startswith(("!", "#"))]
    assert all(line in merged.text.splitlines() for line in foreign_comments)


@given(configurations(), configurations())
def test_merging_twice_is_merging_once(current: str, fragment: str) -> None:
    once = merge(current, "", fragment)
    twice = merge(once.text, fragment, fragment, once.foreign)
    assert twice.text == once.text and twice.foreign == once.foreign


@given(configurations(), configurations(), configurations())
def test_what_we_take_back_leaves_the_lines_that_were_there(current: str, first: str, second: str) -> None:
    one = merge(current, "", first)
    two = merge(one.text, first, second, one.foreign)
    last = merge(two.text, second, "", two.foreign)
    before = paths(parse(current))
    assert set(before) == set(paths(parse(last.text)))


@given(configurations(), configurations())
def test_commands_lead_from_one_configuration_to_the_other(old: str, new: str) -> None:
    """Each line of the commands either takes away a line of the old one or adds one of the new one."""
    before, after = set(paths(parse(old))), set(paths(parse(new)))
    commands = parse(delta(old, new))
    leaves = [
        path
        for path in paths(commands)
        if not any(o[: len(path)] == path and o != path for o in paths(commands))
    ]
    for path in leaves:
        plain = (*path[:-1], path[-1].removeprefix("no "))
        opposite = (*path[:-1], f"no {path[-1]}")
        assert (path in after - before) or (plain in before - after) or (opposite in before - after)
    assert (delta(old, new) == "") or before != after


def test_a_line_shared_with_the_router_stays_when_ours_goes() -> None:
    merged = merge(
        "no ip nht resolve-via-default\n", "", "no ip nht resolve-via-default\nip route 1.0.0.0/8 Null0\n"
    )
    assert merged.foreign == [("no ip nht resolve-via-default",)]
    left = merge(merged.text, "no ip nht resolve-via-default\nip route 1.0.0.0/8 Null0\n", "", merged.foreign)
    assert left.text == "no ip nht resolve-via-default\n"


def test_our_context_stays_while_somebody_else_has_a_line_in_it() -> None:
    ours = "router bgp 65000\n neighbor MGRE peer-group\nexit\n"
    shared = "router bgp 65000\n neighbor MGRE peer-group\n neighbor 192.0.2.1 remote-as 1\nexit\n"
    assert merge(shared, ours, "").text == "router bgp 65000\n neighbor 192.0.2.1 remote-as 1\nexit\n"


def test_the_routers_own_router_id_stays() -> None:
    current = "router bgp 65000\n bgp router-id 9.9.9.9\nexit\n"
    merged = merge(current, "", "router bgp 65000\n bgp router-id 10.0.0.1\n neighbor A peer-group\nexit\n")
    assert merged.text == "router bgp 65000\n bgp router-id 9.9.9.9\n neighbor A peer-group\nexit\n"


@pytest.mark.parametrize(
    ("theirs", "ours", "message"),
    [
        (
            "router bgp 1\nexit\n",
            "router bgp 2\nexit\n",
            "FRR has 'router bgp 1', the inventory needs 'router bgp 2'",
        ),
        ("nhrp nflog-group 7\n", "nhrp nflog-group 1\n", "FRR has 'nhrp nflog-group 7'"),
        (
            "ip nht resolve-via-default\n",
            "no ip nht resolve-via-default\n",
            "FRR has 'ip nht resolve-via-default'",
        ),
        (
            "router bgp 1\n bgp listen limit 9\nexit\n",
            "router bgp 1\n bgp listen limit 5000\nexit\n",
            "FRR has 'bgp listen limit 9' in router bgp 1, the inventory needs 'bgp listen limit 5000'",
        ),
    ],
)
def test_contradictions_are_refused(theirs: str, ours: str, message: str) -> None:
    with pytest.raises(FrrConflict) as conflict:
        merge(theirs, "", ours)
    assert message in str(conflict.value)


def test_our_own_earlier_value_is_no_contradiction() -> None:
    assert (
        merge("router bgp 1\nexit\n", "router bgp 1\nexit\n", "router bgp 2\nexit\n").text
        == "router bgp 2\nexit\n"
    )


def test_plain_lines_go_before_the_address_families() -> None:
    current = (
        "router bgp 1\n neighbor 192.0.2.1 remote-as 1\n !\n"
        " address-family ipv4 unicast\n  network 1.0.0.0/8\n exit-address-family\nexit\n"
    )
    merged = merge(current, "", "router bgp 1\n neighbor A peer-group\nexit\n")
    assert merged.text.index("neighbor A") < merged.text.index("address-family")


def test_a_context_without_exit_is_closed_before_our_next_line() -> None:
    merged = merge("interface eth0\n description up\n", "", "ip route 10.0.0.0/8 blackhole 250\n")
    assert merged.text == "interface eth0\n description up\nexit\nip route 10.0.0.0/8 blackhole 250\n"


def test_our_lines_come_before_the_end_of_a_running_configuration() -> None:
    assert merge("hostname h\n!\nend\n", "", "log syslog\n").text == "hostname h\n!\nlog syslog\nend\n"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("router bgp 1\n neighbor A peer-group\nexit\n", False),
        ("router bgp 1\nneighbor A peer-group\n!\nip route 1.0.0.0/8 Null0\n", True),
        ("interface eth0\nexit\nip route 1.0.0.0/8 Null0\n", False),
    ],
)
def test_only_text_without_indentation_needs_marks(text: str, expected: bool) -> None:
    assert needs_marks(text) is expected


def test_marked_text_is_read_by_its_marks() -> None:
    marked = (
        "router bgp 1\nneighbor B remote-as 2\naddress-family ipv4 unicast\nnetwork 1.0.0.0/8\nexit\nexit\n"
        "ip route 1.0.0.0/8 Null0\n"
    )
    merged = merge(
        marked,
        "",
        "router bgp 1\n address-family ipv4 unicast\n  network 2.0.0.0/8\n exit-address-family\nexit\n",
        marked=True,
    )
    assert merged.text.splitlines()[3:5] == ["network 1.0.0.0/8", "  network 2.0.0.0/8"]


def test_commands_take_away_backwards_and_whole_contexts_at_once() -> None:
    old = (
        "route-map M permit 10\n match ip address A\nexit\n"
        "router bgp 1\n neighbor G peer-group\n neighbor 192.0.2.1 peer-group G\nexit\n"
    )
    assert delta(old, "router bgp 1\nexit\n") == (
        "router bgp 1\n no neighbor 192.0.2.1 peer-group G\n no neighbor G peer-group\nexit\n"
        "no route-map M permit 10\n"
    )


def test_daemons_of_others_stay_on_and_options_stay() -> None:
    text = 'bgpd=yes\nnhrpd=no\nospfd=yes\nbgpd_options="-A 127.0.0.1"\n'
    wanted = merge_daemons(text, ["nhrpd", "bfdd"], ["ospfd"])
    assert wanted == 'bgpd=yes\nnhrpd=yes\nospfd=no\nbgpd_options="-A 127.0.0.1"\nbfdd=yes\n'


SESSIONS = """\
bfd
 profile MGRE-blue
 exit
 !
 peer 10.255.0.11 multihop local-address 10.255.0.1
  profile MGRE-blue
 exit
 !
 peer 192.0.2.9
  profile theirs
 exit
 !
 peer 192.0.2.8
 exit
 !
exit
"""


def test_sessions_of_the_event_daemon_are_no_configuration_and_others_are() -> None:
    held = paths(parse(without_sessions(SESSIONS)))
    assert held == [
        path for path in paths(parse(SESSIONS)) if not any("10.255.0.11" in line for line in path)
    ]
    assert without_sessions(SESSIONS, ["MGRE-blue"]) == SESSIONS
    assert without_sessions(SESSIONS, ["MGRE-green"]) == without_sessions(SESSIONS)


@given(configurations())
def test_without_sessions_of_ours_nothing_changes(text: str) -> None:
    assert without_sessions(text) == text


def test_pim_is_emptied_line_by_line_because_no_router_pim_leaves_it_as_it_was() -> None:
    old = "router pim\n rp 10.255.0.1 239.10.0.0/16\n spt-switchover infinity-and-beyond\nexit\n"
    commands = delta(old, "").splitlines()
    assert "no router pim" not in commands
    assert " no rp 10.255.0.1 239.10.0.0/16" in commands
    assert " no spt-switchover infinity-and-beyond" in commands
