# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""References to secrets in rendered files (``@@secret:psk/blue@@``), and the values behind them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

VARIABLES = {"psk": "dmvpn_psks", "nhrp": "dmvpn_nhrp_secrets"}
REFERENCE = re.compile(r"@@secret:([^@\n]+)@@")


class NoSecret(ValueError):
    """A reference without a value. Its text says which variable to write."""


def secrets_in(text: str, variable: Callable[[str], object]) -> dict[str, str]:
    """The values of all references of a text. ``variable`` reads one of the host. Raises ``NoSecret``."""
    return {name: _secret(name, variable) for name in sorted(set(REFERENCE.findall(text)))}


def all_secrets(variable: Callable[[str], object]) -> dict[str, str]:
    """All that a host's variables hold, by their references, to keep them out of what a router says."""
    found = {}
    for kind, name in VARIABLES.items():
        held = variable(name)
        for cloud, value in held.items() if isinstance(held, Mapping) else ():
            if value and not isinstance(value, Mapping | list):
                found[f"{kind}/{cloud}"] = str(value)
    return found


def _secret(reference: str, variable: Callable[[str], object]) -> str:
    kind, _slash, cloud = reference.partition("/")
    name = VARIABLES.get(kind)
    if name is None:
        raise NoSecret(f"the bundle refers to the unknown secret {reference}; render it again")
    held = variable(name)
    value = held.get(cloud) if isinstance(held, Mapping) else None
    if value is None or isinstance(value, Mapping | list) or not str(value):
        raise NoSecret(f"{name}: there is no secret for cloud {cloud}; write {name}: {{{cloud}: ...}}")
    return str(value)


def resolved(value: str, secrets: Mapping[str, str]) -> str:
    """A text with the values in the place of references."""
    return REFERENCE.sub(lambda found: secrets[found[1]], value)


def hidden(text: str, secrets: Mapping[str, str]) -> str:
    """A text, such as a router's complaint, with references in the place of values."""
    for name, value in sorted(secrets.items(), key=lambda item: -len(item[1])):
        text = text.replace(value, f"@@secret:{name}@@")
    return text
