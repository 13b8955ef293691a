# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whatever is typed, the device answers as IOS would and never breaks."""

from __future__ import annotations

import string

from ansible_collections.mgre.dmvpn.tests.lab.ios import Device, Options
from ansible_collections.mgre.dmvpn.tests.lab.ios.configuration import Configuration
from ansible_collections.mgre.dmvpn.tests.lab.ios.grammar import grammar
from hypothesis import given, settings
from hypothesis import strategies as st
from ios_lines import EVERYTHING

LINES = [line for line in EVERYTHING.splitlines() if line.strip()]
WORDS = sorted({word for line in LINES for word in line.split()})
RELEASES = st.sampled_from([(15, 5), (15, 9), (17, 15)])


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """A valid line with something wrong, or not."""
    words = draw(st.sampled_from(LINES)).split()
    place = draw(st.integers(0, len(words) - 1))
    kind = draw(
        st.sampled_from(["same", "cut", "drop", "swap", "double", "noise", "no", "default", "shorten"])
    )
    if kind == "cut":
        words = words[:place]
    elif kind == "drop":
        del words[place]
    elif kind == "swap":
        words[place] = draw(st.sampled_from(WORDS))
    elif kind == "double":
        words.insert(place, words[place])
    elif kind == "noise":
        words[place] = draw(st.text(string.printable.strip() + "üß€", min_size=1, max_size=12))
    elif kind in ("no", "default"):
        words.insert(0, kind)
    elif kind == "shorten":
        words[place] = words[place][: draw(st.integers(1, len(words[place])))]
    return " ".join(words)


@given(RELEASES, st.lists(mutated(), min_size=1, max_size=40))
@settings(max_examples=150)
def test_mutated_lines_never_break_it(release: tuple[int, int], lines: list[str]) -> None:
    config = Configuration(grammar(release))
    path: tuple[tuple[str, ...], ...] = ()
    for line in lines:
        before = config.text()
        result = config.line(path, line)
        path = result.path
        if not result.taken:
            assert config.text() == before
            assert result.output or result.refusal
    # What is printed is read without a refusal, and prints the same again.
    printed = config.text()
    again = Configuration(grammar(release))
    assert again.load(printed) == []
    assert again.text() == printed


@given(st.binary(max_size=300))
@settings(max_examples=50)
def test_any_bytes_leave_it_usable(data: bytes) -> None:
    import asyncio

    from ansible_collections.mgre.dmvpn.tests.lab.ios.session import Session
    from ansible_collections.mgre.dmvpn.tests.lab.ios.terminal import Closed, Terminal

    class Once:
        def __init__(self) -> None:
            self.chunks = [data, b""]

        async def receive(self) -> bytes:
            return self.chunks.pop(0) if self.chunks else b""

        def send(self, data: bytes) -> None:
            pass

    device = Device(Options(startup="hostname R1\n"))
    try:
        asyncio.run(asyncio.wait_for(Session(device, Terminal(Once()), "admin", 15).run(), 20))
    except Closed:
        pass
    finally:
        device.close()
    assert device.config.get("hostname") is not None
