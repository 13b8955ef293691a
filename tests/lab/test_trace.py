# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What `lab trace` makes of ping's words; that packets go that way is for the Molecule scenarios."""

from __future__ import annotations

import subprocess
from typing import cast

from .lab import Lab
from .trace import LONGEST, SILENT, trace


class Path:
    """Stands in for a lab: a client whose packets pass these routers; None is one that does not answer."""

    def __init__(self, *routers: str | None, answers: bool = True) -> None:
        self.routers = ("10.11.0.1", *routers)
        self.answers = answers

    def client(self, _node: str, *argv: str) -> subprocess.CompletedProcess[str]:
        lives, target = int(argv[argv.index("-t") + 1]), argv[-1]
        said = f"PING {target} ({target}) 56(84) bytes of data.\n"
        if lives <= len(self.routers):
            if router := self.routers[lives - 1]:
                said += f"From {router} icmp_seq=1 Time to live exceeded\n"
        elif self.answers:
            said += f"64 bytes from {target}: icmp_seq=1 ttl=62 time=1.61 ms\n"
        return subprocess.CompletedProcess(argv, 0, said, "")


def traced(path: Path) -> list[str]:
    return trace(cast(Lab, path), "spoke1", "10.12.0.10")


def test_the_own_router_and_the_target_are_left_out() -> None:
    assert traced(Path("10.255.0.1", "10.255.0.12")) == ["10.255.0.1", "10.255.0.12"]
    assert traced(Path("10.255.0.12")) == ["10.255.0.12"]


def test_a_router_that_says_nothing_is_a_star() -> None:
    assert traced(Path(None, "10.255.0.12")) == [SILENT, "10.255.0.12"]


def test_a_target_that_nothing_reaches_is_no_path() -> None:
    assert traced(Path("10.255.0.1", answers=False)) == ["10.255.0.1", *[SILENT] * (LONGEST - 1)]
