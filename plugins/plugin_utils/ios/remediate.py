# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""From a running and an intended configuration to the lines between them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from . import owned
from .blocks import Block, blocks, release
from .defaults import equalise
from .driver import parse
from .order import Difference, ordered
from .secret_lines import conceal
from .steps import Step


@dataclass(frozen=True, slots=True)
class Remediation:
    """``steps`` hold references in the place of secrets. With ``conflicts`` none of them may be sent.

    ``foreign``: the lines of the running configuration that are not ours.
    """

    steps: tuple[Step, ...]
    conflicts: tuple[str, ...]
    notes: tuple[str, ...]
    foreign: tuple[str, ...]


def remediate(
    running: str, intended: str, secrets: Mapping[str, str] | None = None, push_secrets: bool = False
) -> Remediation:
    """The smallest change that makes our part of ``running`` what ``intended`` says; "" takes it all away.

    ``secrets`` by reference (``psk/blue``). Raises :class:`owned.NotOurs` for an intended configuration that
    is none of ours, :class:`driver.BadConfiguration` for text that cannot be compared.
    """
    held = secrets or {}
    found = owned.split(_concealed(blocks(running), held), _concealed(blocks(intended), held))
    have, want = parse(_rows(found.ours)), parse(_rows(found.target))
    equalise(have, want, release(running), push_secrets)
    return Remediation(
        steps=tuple(ordered(Difference(have, want))),
        conflicts=found.conflicts,
        notes=found.notes,
        foreign=tuple(owned.rows(found.foreign)),
    )


def _concealed(read: Iterable[Block], secrets: Mapping[str, str]) -> list[Block]:
    """Our secrets become references; those of others are not looked at, but no foreign line is ever shown."""
    return [Block(tuple(conceal(row, secrets) for row in block.lines), block.plain) for block in read]


def _rows(read: Iterable[Block]) -> list[str]:
    return [row for block in read for row in block.lines]
