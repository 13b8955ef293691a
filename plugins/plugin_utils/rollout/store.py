# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the steps of a rollout hand on to each other: files of one folder on the controller, 0600."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

from ..fleet.rendered import intent_path
from ..judge.store import path_of, write
from .looks import Look
from .record import Record, dump, parse
from .waves import Router

FOLDER = "rollout"
UNTOLD = "it did not tell that it was proven: out of reach, or the run ended for it"

_looks = TypeAdapter(Look)


class Store:
    """``reports`` is verify's directory of reports; ours are in a folder of it."""

    def __init__(self, reports: Path) -> None:
        self.folder = reports / FOLDER

    def _write(self, path: Path, value: object) -> None:
        write(path, json.dumps(value, indent=1) + "\n")

    def _read(self, path: Path) -> Any:
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return None

    # Looks

    def forget_looks(self) -> None:
        """Removes what an earlier run saw, so that it cannot pass for today's."""
        for path in (self.folder / "look").glob("*.json"):
            path.unlink(missing_ok=True)

    def save_look(self, host: str, look: Look) -> None:
        self._write(path_of(self.folder / "look", host), asdict(look))

    def looks(self, hosts: Iterable[str]) -> dict[str, Look]:
        """By host, those that were looked at."""
        found = {host: self._read(path_of(self.folder / "look", host)) for host in hosts}
        return {host: _looks.validate_python(look) for host, look in found.items() if look is not None}

    # The rollout

    def save(self, record: Record) -> None:
        self._write(self.folder / "rollout.json", dump(record))

    def load(self) -> Record | None:
        try:
            return parse((self.folder / "rollout.json").read_bytes())
        except OSError:
            return None

    def mark(self, now: float) -> None:
        """Keeps when the wave began."""
        self._write(self.folder / "began.json", now)

    def marked(self) -> float:
        return float(self._read(self.folder / "began.json") or 0)

    # Proofs

    def forget_proofs(self, hosts: Iterable[str]) -> None:
        for host in hosts:
            path_of(self.folder / "proof", host).unlink(missing_ok=True)

    def save_proof(self, host: str, proven: bool, cause: str) -> None:
        self._write(path_of(self.folder / "proof", host), {"proven": proven, "cause": cause})

    def save_left(self, host: str, left: str) -> None:
        """Keeps beside the proof how the router of a wave that failed was left."""
        path = path_of(self.folder / "proof", host)
        self._write(path, {**(self._read(path) or {}), "left": left})

    def left(self, hosts: Iterable[str]) -> dict[str, str]:
        """By host; those that did not tell are not in it."""
        found = {host: (self._read(path_of(self.folder / "proof", host)) or {}).get("left") for host in hosts}
        return {host: str(left) for host, left in found.items() if left}

    def proofs(self, hosts: Iterable[str]) -> dict[str, str | None]:
        """By host, why it was not proven; None where it was."""
        found = {host: self._read(path_of(self.folder / "proof", host)) or {} for host in hosts}
        return {
            host: None if told.get("proven") is True else str(told.get("cause") or UNTOLD)
            for host, told in found.items()
        }


def routers(bundle: Path, hosts: Iterable[str], looks: Mapping[str, Look]) -> dict[str, Router]:
    """The fleet as rendered, as far as the order depends on it; hosts that are no router are left out."""
    found = {}
    for host in hosts:
        try:
            intent = json.loads(intent_path(bundle, host).read_text(encoding="utf-8"))
        except FileNotFoundError:
            continue
        role: dict[str, list[str]] = {"hub": [], "spoke": []}
        for member in intent["memberships"]:
            role[member["role"]].append(member["cloud"]["name"])
        look = looks.get(host)
        found[host] = Router(
            host, intent["site"], tuple(role["hub"]), tuple(role["spoke"]), look is not None and look.new
        )
    return found


def files_of(bundle: Path, host: str) -> str:
    """A fingerprint of what is rendered for a router. Secrets are references there."""
    digest = hashlib.sha256()
    folder = bundle / host
    manifest = (folder / "manifest.json").read_bytes()
    digest.update(manifest)
    for entry in json.loads(manifest)["files"]:
        text = (folder / entry["path"].lstrip("/")).read_bytes()
        digest.update(len(text).to_bytes(8, "big") + text)
    return digest.hexdigest()
