# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Plans on the controller's disk: for people and programs, and the key of their fingerprints; all 0600."""

from __future__ import annotations

import json
import os
import secrets
from pathlib import Path

from ..judge.store import write
from .page import page
from .plan import Plan, dump, parse

KEY = "fingerprint.key"


class BadPlan(Exception):
    """A plan that cannot be carried out; the message says why and what to do."""


def key_of(folder: Path) -> str:
    """The secret by which fingerprints are made; made if it is not there yet. Raises ``OSError``."""
    path = folder / KEY
    folder.mkdir(parents=True, exist_ok=True)
    try:
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(secrets.token_hex(32))
    except FileExistsError:
        pass
    return path.read_text(encoding="ascii").strip()


def save(folder: Path, plan: Plan) -> tuple[Path, Path]:
    """Writes plan.json and plan.html; returns where. Raises ``OSError``."""
    paths = folder / "plan.json", folder / "plan.html"
    write(paths[0], json.dumps(dump(plan), indent=1) + "\n")
    write(paths[1], page(plan))
    return paths


def load(path: Path) -> Plan:
    """Raises :class:`BadPlan`."""
    try:
        plan = parse(path.read_bytes())
    except FileNotFoundError:
        raise BadPlan(
            f"dmvpn_plan: {path} is not there; write the path of a plan.json that plan.yml made"
        ) from None
    except OSError as error:
        raise BadPlan(f"dmvpn_plan: {path}: {error.strerror}") from None
    except ValueError as error:
        why = str(error) if "altered" in str(error) else "it is no plan"
        raise BadPlan(
            f"dmvpn_plan: {path} cannot be used: {why}; make a new one (playbooks/plan.yml)"
        ) from None
    if not (path.parent / KEY).exists():
        raise BadPlan(
            f"dmvpn_plan: {path.parent / KEY} is not there, so nothing can be compared; carry the plan out "
            "on the controller that made it, from the directory that plan.yml wrote"
        )
    return plan
