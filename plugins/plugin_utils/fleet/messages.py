# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What pydantic says of a variable, as findings: where, what is wrong, what to write."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import ValidationError

from ..findings import Finding
from .models import known_keys
from .nearest import nearest, or_one_of
from .values import REFUSED, shown

PREFIX = "dmvpn_"
SECRETS = ("dmvpn_psks", "dmvpn_nhrp_secrets")
WANTED = {
    "list_type": ("a list", "write a list, [one, two]"),
    "dict_type": ("a mapping", "write a mapping, {name: value}"),
    "model_type": ("a mapping", "write a mapping, {name: value}"),
    "string_type": ("text", "write text"),
}


def findings_of(error: ValidationError, host: str, prefix: tuple[Any, ...] = ()) -> Iterator[Finding]:
    """``prefix`` is where in the host's variables the validated value stands."""
    errors = error.errors(include_url=False)
    paths = [prefix + wrong["loc"] for wrong in errors]
    # A key that is misspelt is not also missing.
    meant = {
        (*path[:-1], nearest(path[-1], known_keys(path[:-1])))
        for path, wrong in zip(paths, errors, strict=True)
        if wrong["type"] == "extra_forbidden"
    }
    for path, wrong in zip(paths, errors, strict=True):
        if wrong["type"] == "missing" and path in meant:
            continue
        problem, remedy = explain(wrong, path)
        yield Finding(host, subject(path), problem, remedy)


def subject(path: Sequence[Any]) -> str:
    """``dmvpn_clouds[blue].routing.asn``; a list's entry by number where it has no name."""
    text = ""
    clouds = bool(path) and path[0] == "dmvpn_clouds"
    for place, part in enumerate(path):
        if part == "[key]":
            continue
        if isinstance(part, int) or (clouds and place == 1):
            text += f"[{word(part)}]"
        else:
            text += f"{'.' if text else ''}{word(part)}"
    return text


def word(part: object) -> str:
    """A key as a message shows it: on one line, and quoted where it would not be seen."""
    text = str(part)
    return text if text.isprintable() and text.strip() == text != "" and len(text) <= 60 else shown(text)


def explain(wrong: Mapping[str, Any], path: tuple[Any, ...]) -> tuple[str, str]:
    """Problem and remedy of one of pydantic's errors."""
    kind, value = wrong["type"], wrong.get("input")
    context: Mapping[str, Any] = wrong.get("ctx", {})
    if kind == REFUSED:
        return context["problem"], context["remedy"]
    if kind == "extra_forbidden":
        return unknown_key(path)
    if kind == "missing":
        return "is missing", f"write {path[-1]}: and its value"
    if kind == "literal_error":
        known = [plain(word) for word in re.findall(r"'[^']*'|[0-9]+", context["expected"])]
        return absent(value) or (
            f"{shown(value)} is none of its values",
            or_one_of(nearest(value, known), known),
        )
    if kind == "too_short":
        return "is empty", "write at least one"
    if kind in WANTED:
        wanted, remedy = WANTED[kind]
        if path[0] in SECRETS:
            return f"is not {wanted}", "write {cloud: secret}"
        return absent(value) or (f"{shown(value)} is not {wanted}", remedy)
    if kind == "invalid_key":
        return "a key is not text", "write keys as text"
    return "has a value that cannot be used", "see docs/reference/inventory.md"


def absent(value: object) -> tuple[str, str] | None:
    """For YAML's null and for a template that was not resolved."""
    if value is None:
        return "has no value", "write a value, or remove the line"
    if isinstance(value, str) and ("{{" in value or "{%" in value):
        return "holds a template that was not resolved", "define what the template uses"
    return None


def unknown_key(path: tuple[Any, ...]) -> tuple[str, str]:
    """Never shows the value: it may be a secret whose variable is misspelt."""
    known = known_keys(path[:-1])
    if len(path) > 1:
        return "unknown key", or_one_of(nearest(path[-1], known), known)
    # The prefix that all variables share would make all of them look alike.
    found = nearest(str(path[0]).removeprefix(PREFIX), [name.removeprefix(PREFIX) for name in known])
    if found is None:
        return "unknown variable", "remove it; docs/reference/inventory.md lists all variables"
    return "unknown variable", or_one_of(PREFIX + found, known)


def plain(word: str) -> str:
    return word.strip("'")
