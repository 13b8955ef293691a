# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a router is asked before a change, and before its end."""

from __future__ import annotations

import re

from ..pending.errors import Lost, Refused
from . import answers
from .blocks import complete
from .wish import Cli

TIMER = "show archive config rollback timer"
_MINUTES = re.compile(r"^\s*Timer value:\s*(\d+)", re.MULTILINE)
LONGEST = 120  # minutes that a router counts to


def privileged(cli: Cli) -> None:
    """Raises :class:`Refused` unless everything may be asked and done."""
    level = answers.privilege(cli.send("show privilege"))
    if level != 15:
        raise Refused(
            f"the user has privilege {'none that it tells' if level is None else level}, and 15 is "
            f"needed: write "
            "ansible_become: true and ansible_become_method: ansible.netcommon.enable with "
            "ansible_become_password, "
            "or give the user `privilege 15`"
        )


def running(cli: Cli) -> str:
    return cli.send("show running-config")


def whole(cli: Cli) -> str:
    """The running configuration to its last line. Raises :class:`Lost`."""
    text = running(cli)
    if not complete(text):
        raise Lost("`show running-config` did not come to its end")
    return text


def waiting(cli: Cli) -> int:
    """Minutes of the timer under which a change waits to be confirmed, 0 where none does."""
    said = cli.send(TIMER)
    if not answers.pending(said):
        return 0
    match = _MINUTES.search(said)
    # One that waits in words that are not known may wait for as long as any.
    return int(match[1]) if match else LONGEST
