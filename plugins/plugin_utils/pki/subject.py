# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whom a certificate is for: the subject that the resolved fleet gives a router."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from cryptography import x509
from cryptography.x509.oid import NameOID

ORGANIZATION = "mgre-dmvpn"
# Clocks of routers differ, and some have none that survives a power cut.
BACKDATED = timedelta(hours=24)
# strongSwan writes a subject into an IKE identity; these would read as something else there.
FORBIDDEN = frozenset(',="\\/+*')


class PkiError(Exception):
    """Something that the administrator has to mend; the text says what and how."""


@dataclass(frozen=True, slots=True)
class Subject:
    """``O=mgre-dmvpn, OU=<tunnel addresses, separated by a blank>, CN=<inventory hostname>``."""

    unit: str
    name: str

    @property
    def x509(self) -> x509.Name:
        return x509.Name(
            [
                x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
                x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, self.unit),
                x509.NameAttribute(NameOID.COMMON_NAME, self.name),
            ]
        )

    def __str__(self) -> str:
        return f"O={ORGANIZATION}, OU={self.unit}, CN={self.name}"


SHORT = {
    NameOID.ORGANIZATION_NAME: "O",
    NameOID.ORGANIZATIONAL_UNIT_NAME: "OU",
    NameOID.COMMON_NAME: "CN",
    NameOID.COUNTRY_NAME: "C",
}


def in_words(name: x509.Name) -> str:
    """A subject as strongSwan writes it, for messages."""
    return (
        ", ".join(f"{SHORT.get(part.oid, part.oid.dotted_string)}={part.value!s}" for part in name) or "empty"
    )


def same_name(one: x509.Name, other: x509.Name) -> bool:
    """The same attributes with the same values in the same order, however the strings are encoded."""
    return [(part.oid, part.value) for part in one] == [(part.oid, part.value) for part in other]


def intended_subject(bundle: Path, host: str) -> Subject | None:
    """The subject that the rendered fleet gives ``host``; None if none of its clouds uses certificates, or if
    it is an IOS router, which is enrolled in a trustpoint of its own.

    Raises :class:`PkiError` if there is no bundle of that host, or it is not what render writes.
    """
    path = bundle / host / "intent.json"
    try:
        device = json.loads(path.read_bytes())
        name = device["name"]
        addresses = [str(member["overlay"]) for member in device["memberships"]]
        certified = device.get("platform") != "ios" and any(
            member["cloud"]["ipsec"]["auth"] == "certificate" for member in device["memberships"]
        )
    except FileNotFoundError:
        raise PkiError(f"{path} is missing; run playbooks/render.yml first") from None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PkiError(f"{path} is not what the render role writes ({error!r}); render again") from error
    if name != host:
        raise PkiError(f"{path} belongs to {name!r}; render again")
    if bad := sorted(FORBIDDEN.intersection(host)):
        raise PkiError(
            f"the hostname holds {' '.join(bad)}, which would be misread in a certificate; rename it"
        )
    return Subject(" ".join(addresses), host) if certified else None
