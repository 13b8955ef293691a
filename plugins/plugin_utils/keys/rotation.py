# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A rotation of keys over a fleet: when it began, how far each router is, and what is left.

The file on the controller (no secret is in it) lets an interrupted rotation go on: routers that have their
new key keep it, the others get theirs.
"""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..judge.present import paragraph, table
from ..judge.store import write

FILE = "rotation.json"
HEADINGS = ("router", "new key", "SAs anew", "SAs left", "verdict")


@dataclass(slots=True)
class Rotation:
    """``kind`` is certificates or psk; ``begun`` in seconds since 1970."""

    kind: str
    begun: float

    def dump(self) -> str:
        return json.dumps({"kind": self.kind, "begun": self.begun}) + "\n"


@dataclass(slots=True)
class Progress:
    """One router. ``left`` are SAs that are authenticated by an old key, ``error`` why nothing is known."""

    host: str
    keyed: bool = False
    made: int = 0
    left: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None

    @property
    def done(self) -> bool:
        return self.keyed and not self.left and self.error is None

    @property
    def verdict(self) -> str:
        return "done" if self.done else "NOT REACHED" if self.error else "LEFT"


def begin(directory: Path, kind: str) -> tuple[Rotation, bool]:
    """The rotation of this kind that was interrupted, or a new one; and whether it goes on.

    It is not written: see :func:`keep`. One of another kind has to come to its end first (ValueError).
    """
    try:
        held = json.loads((directory / FILE).read_text(encoding="utf-8"))
        rotation = Rotation(str(held["kind"]), float(held["begun"]))
    except FileNotFoundError:
        return Rotation(kind, time.time()), False
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{directory / FILE} cannot be read ({error}); move it away to begin anew") from None
    if rotation.kind != kind:
        raise ValueError(
            f"rotate: a rotation of kind {rotation.kind} is not at its end; run it again first, "
            f"or move {directory / FILE} away to give it up"
        )
    return rotation, True


def keep(directory: Path, rotation: Rotation | None) -> None:
    """Writes it for the next run; None when all is done."""
    if rotation is None:
        (directory / FILE).unlink(missing_ok=True)
    else:
        write(directory / FILE, rotation.dump())


def progress(host: str, keyed: Any, marked: Any, made: Any, looked: Any) -> Progress:
    """From what the tasks of a router returned (None: they did not run)."""
    found = Progress(host)
    if _failed(keyed):
        found.error = _reason(keyed)
        return found
    found.keyed = True
    for result in (marked, made, looked):
        if _failed(result):
            found.error = _reason(result)
            return found
    found.made = int(made["made"])
    reasons = {sa["unique"]: sa["why"] for sa in made["left"]}
    found.left = [dict(sa) | {"why": reasons.get(sa["unique"], "")} for sa in looked["left"]]
    return found


def _failed(result: Any) -> bool:
    """Whether a task did not run, or failed."""
    return not isinstance(result, Mapping) or bool(result.get("failed") or result.get("unreachable"))


def _reason(result: Any) -> str:
    told = str(result.get("msg", "")).strip() if isinstance(result, Mapping) else ""
    return told.splitlines()[0] if told else "it could not be reached"


def console(kind: str, fleet: list[Progress]) -> str:
    """A table, and a paragraph for each router that is not done."""
    rows = [
        (one.host, "yes" if one.keyed else "no", str(one.made), str(len(one.left)), one.verdict)
        for one in fleet
    ]
    lines = table(rows, HEADINGS)
    for one in fleet:
        if one.error:
            what = "has its new key" if one.keyed else "keeps its old key"
            lines += ["", *paragraph(f"{one.host}: {what}", [("why", one.error)])]
        for sa in one.left:
            end = "began here" if sa["initiator"] else "the peer began it, and has to make it anew"
            head = f"{one.host}: an SA with {sa['identity'] or sa['peer']} is {sa['age']} s old ({end})"
            lines += ["", *paragraph(head, [("why", sa["why"])] if sa["why"] else [])]
    done = sum(one.done for one in fleet)
    lines += ["", f"{kind}: {done} of {len(fleet)} routers done"]
    if done < len(fleet):
        lines.append("Run it again for the others: it goes on where it ended.")
    return "\n".join(lines)
