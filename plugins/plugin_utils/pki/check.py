# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Whether a certificate fits a router: its name, its key, its issuer, its time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization

from .subject import BACKDATED, Subject, in_words, same_name


def parse_certificate(pem: str) -> x509.Certificate | None:
    """None for an empty text or one that is no certificate."""
    try:
        return x509.load_pem_x509_certificate(pem.encode())
    except ValueError:
        return None


def misfits(
    certificate: x509.Certificate | None,
    authority: x509.Certificate,
    subject: Subject,
    public_key: str,
    days_left: int,
    newer_than: float = 0,
) -> list[str]:
    """Everything because of which a certificate does not do; empty if it does.

    ``public_key`` is the router's, in PEM; ``days_left`` how long the certificate must last from today;
    ``newer_than`` when a rotation of keys began, seconds since 1970, 0 for none.
    """
    if certificate is None:
        return ["there is none"]
    found = []
    if not same_name(certificate.subject, subject.x509):
        found.append(f"it is for '{in_words(certificate.subject)}' instead of '{subject}'")
    if _public(certificate) != public_key.strip():
        found.append("it belongs to another private key than the router's")
    if not issued_by(certificate, authority):
        found.append(f"it was not issued by the CA '{in_words(authority.subject)}'")
    now = datetime.now(UTC)
    if certificate.not_valid_before_utc > now:
        found.append(f"it is valid only from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC")
    if certificate.not_valid_after_utc < now + timedelta(days=days_left):
        found.append(f"it expires on {certificate.not_valid_after_utc:%Y-%m-%d}")
    if newer_than and issued_at(certificate) < int(newer_than):
        found.append("its key is older than the rotation")
    return found


def issued_at(certificate: x509.Certificate) -> float:
    """When our CA signed a certificate, seconds since 1970; for another CA's a day too late at the most."""
    return (certificate.not_valid_before_utc + BACKDATED).timestamp()


def authority_misfits(authority: x509.Certificate | None) -> list[str]:
    """Everything because of which a certificate cannot be the CA."""
    if authority is None:
        return ["there is none"]
    found = []
    try:
        constraints = authority.extensions.get_extension_for_class(x509.BasicConstraints).value
        is_ca = constraints.ca
    except (x509.ExtensionNotFound, ValueError):
        is_ca = False
    if not is_ca:
        found.append(
            f"'{in_words(authority.subject)}' is no CA certificate (basicConstraints CA:TRUE is missing)"
        )
    if authority.not_valid_after_utc < datetime.now(UTC):
        found.append(f"it expired on {authority.not_valid_after_utc:%Y-%m-%d}")
    return found


def issued_by(certificate: x509.Certificate, authority: x509.Certificate) -> bool:
    """Whether the signature is the authority's own; chains with intermediates are not followed."""
    try:
        certificate.verify_directly_issued_by(authority)
    except (ValueError, TypeError, InvalidSignature):
        return False
    return True


def _public(certificate: x509.Certificate) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return certificate.public_key().public_bytes(encoding, form).decode().strip()
