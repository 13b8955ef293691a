# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Who was revoked: ``revoked.json`` and ``ca.crl`` in the directory of the private CA.

A router that is barred gets no certificate until it is readmitted; the serial numbers of what it had stay on
the list for good. The list is valid as long as the CA: it is brought to routers, never fetched, and one that
ran out would only be taken for none.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from .subject import PkiError

RECORD, LIST = "revoked.json", "ca.crl"


@dataclass(slots=True)
class Revoked:
    """``barred`` maps a router to the time of its revocation, ``serials`` hexadecimal serial numbers too.

    ``number`` is that of the list, which grows with each (RFC 5280, 5.2.3).
    """

    number: int = 0
    barred: dict[str, str] = field(default_factory=dict)
    serials: dict[str, str] = field(default_factory=dict)


def read(directory: Path) -> Revoked:
    """What is revoked; nothing where nothing ever was. Raises :class:`PkiError`."""
    try:
        return Revoked(**json.loads((directory / RECORD).read_text(encoding="utf-8")))
    except FileNotFoundError:
        return Revoked()
    except (OSError, ValueError, TypeError) as error:
        raise PkiError(
            f"{directory / RECORD} cannot be read ({error}); restore it from your backup"
        ) from None


def text(revoked: Revoked) -> bytes:
    return (json.dumps(asdict(revoked), indent=1) + "\n").encode()


def is_listed(directory: Path, revoked: Revoked) -> bool:
    """Whether the list is that of the record: a run that was cut off between the two left an older one."""
    try:
        held = x509.load_pem_x509_crl((directory / LIST).read_bytes())
    except (OSError, ValueError):
        return False
    number = held.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
    return number == revoked.number


def issued(directory: Path, name: str) -> set[str]:
    """Serial numbers of all that was ever signed for a router; spoke3 is not spoke3-b."""
    parts = (path.stem.rpartition("-") for path in (directory / "issued").glob("*.crt"))
    return {serial for whose, _dash, serial in parts if whose == name}


def ban(directory: Path, revoked: Revoked, name: str) -> bool:
    """Bars a router and takes all that was ever issued to it. Whether anything is new."""
    now = datetime.now(UTC).replace(microsecond=0).isoformat()
    fresh = issued(directory, name) - set(revoked.serials)
    changed = bool(fresh) or name not in revoked.barred
    revoked.barred.setdefault(name, now)
    revoked.serials |= dict.fromkeys(sorted(fresh), now)
    return changed


def signed(
    revoked: Revoked, authority: x509.Certificate, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateRevocationList:
    """The list, signed by the CA."""
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(authority.subject)
        .last_update(authority.not_valid_before_utc)
        .next_update(authority.not_valid_after_utc)
        .add_extension(x509.CRLNumber(revoked.number), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_public_key(key.public_key()), critical=False)
    )
    for serial, when in revoked.serials.items():
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(int(serial, 16))
            .revocation_date(datetime.fromisoformat(when))
            .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
        )
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(key, hashes.SHA384())


def pem(revocations: x509.CertificateRevocationList) -> bytes:
    return revocations.public_bytes(serialization.Encoding.PEM)
