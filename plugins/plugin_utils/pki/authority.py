# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The fleet's private certification authority: a directory on the controller.

``ca.key`` (0600, EC P-384, encrypted if there is a passphrase), ``ca.crt``, and ``issued/``, which keeps
every certificate ever signed under its serial number: what the revocation list is made from.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID, ObjectIdentifier

from . import revocation
from .subject import BACKDATED, ORGANIZATION, PkiError, Subject, in_words, same_name

EcKey = ec.EllipticCurvePrivateKey

AUTHORITY_YEARS = 20
# RFC 4945, 5.1.3.12: certificates for IKE.
EKU_IPSEC_IKE = ObjectIdentifier("1.3.6.1.5.5.7.3.17")
UNUSED = dict.fromkeys(
    ("content_commitment", "key_encipherment", "data_encipherment", "key_agreement"), False
) | dict.fromkeys(("encipher_only", "decipher_only"), False)


class Authority:
    """The CA in a directory, made there at first use. One process at a time works in it."""

    def __init__(self, directory: Path, key: EcKey, certificate: x509.Certificate) -> None:
        self._directory = directory
        self._key = key
        self.certificate = certificate

    @classmethod
    @contextmanager
    def opened(cls, directory: Path, passphrase: str | None) -> Iterator[Authority]:
        """Raises :class:`PkiError` for a directory or key that cannot be used; nothing is replaced."""
        try:
            directory.mkdir(mode=0o700, parents=True, exist_ok=True)
            os.chmod(directory, 0o700)
            (directory / "issued").mkdir(mode=0o700, exist_ok=True)
            lock = os.open(directory / ".lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        except OSError as error:
            raise PkiError(
                f"{directory}: {error.strerror}; give another directory in dmvpn_pki_dir"
            ) from error
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            key_file, certificate_file = directory / "ca.key", directory / "ca.crt"
            if key_file.exists() != certificate_file.exists():
                missing = certificate_file if key_file.exists() else key_file
                raise PkiError(
                    f"{missing} is missing, the other half of the CA is there; restore it from your backup, "
                    "or move the other away to begin with a new CA"
                )
            if not key_file.exists():
                _make_authority(key_file, certificate_file, passphrase)
            yield cls(directory, _load_key(key_file, passphrase), load_certificate(certificate_file))
        finally:
            os.close(lock)

    def revoke(self, name: str) -> bool:
        """Bars a router, and lists whatever was issued to it as revoked. Whether anything is new."""
        revoked = revocation.read(self._directory)
        changed = revocation.ban(self._directory, revoked, name)
        if changed or not revocation.is_listed(self._directory, revoked):
            self._list(revoked)
        return changed

    def readmit(self, name: str) -> bool:
        """The router may have a certificate again; those that it had stay revoked. Whether it was barred."""
        revoked = revocation.read(self._directory)
        changed = revoked.barred.pop(name, None) is not None
        if changed or not revocation.is_listed(self._directory, revoked):
            self._list(revoked)
        return changed

    def _list(self, revoked: revocation.Revoked) -> None:
        """The record first: a list can be made from it again."""
        revoked.number += 1
        _write(self._directory / revocation.RECORD, revocation.text(revoked), 0o600)
        listed = revocation.signed(revoked, self.certificate, self._key)
        _write(self._directory / revocation.LIST, revocation.pem(listed), 0o644)

    def sign(self, request: x509.CertificateSigningRequest, subject: Subject, days: int) -> bytes:
        """A certificate in PEM for ``subject``, whatever else the request wishes.

        Raises :class:`PkiError` if the request is not the holder's own, or is for another subject.
        """
        _check_request(request, subject)
        if when := revocation.read(self._directory).barred.get(subject.name):
            raise PkiError(
                f"{subject.name} was revoked on {when} and gets no certificate; take it out of the "
                f"inventory, or let it in again with revoke.yml -e readmit={subject.name}"
            )
        now = datetime.now(UTC).replace(microsecond=0)
        end = min(now + timedelta(days=days), self.certificate.not_valid_after_utc)
        if end - now < timedelta(days=1):
            raise PkiError(f"the CA in {self._directory} expires on {end:%Y-%m-%d}; make a new one")
        certificate = (
            x509.CertificateBuilder()
            .subject_name(subject.x509)
            .issuer_name(self.certificate.subject)
            .public_key(request.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - BACKDATED)
            .not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(
                x509.KeyUsage(digital_signature=True, key_cert_sign=False, crl_sign=False, **UNUSED),
                critical=True,
            )
            .add_extension(x509.ExtendedKeyUsage([EKU_IPSEC_IKE]), critical=False)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(request.public_key()), critical=False)
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
            )
            .sign(self._key, hashes.SHA384())
        )
        pem = certificate.public_bytes(serialization.Encoding.PEM)
        _write(self._directory / "issued" / f"{subject.name}-{certificate.serial_number:x}.crt", pem, 0o644)
        return pem


def load_certificate(path: Path) -> x509.Certificate:
    """The first certificate in a PEM file. Raises :class:`PkiError`."""
    try:
        return x509.load_pem_x509_certificate(path.read_bytes())
    except OSError as error:
        raise PkiError(f"{path}: {error.strerror}") from error
    except ValueError as error:
        raise PkiError(f"{path} holds no certificate in PEM") from error


def _load_key(path: Path, passphrase: str | None) -> EcKey:
    if path.stat().st_mode & 0o077:
        raise PkiError(f"{path} is readable for others; write: chmod 600 {path}")
    raw = path.read_bytes()
    encrypted = b"ENCRYPTED" in raw.partition(b"\n")[0]
    if encrypted and not passphrase:
        raise PkiError(f"{path} is encrypted; give its passphrase in pki_ca_passphrase")
    try:
        key = serialization.load_pem_private_key(
            raw, passphrase.encode() if passphrase and encrypted else None
        )
    except (ValueError, UnsupportedAlgorithm) as error:
        reason = "pki_ca_passphrase does not open it" if encrypted else "it holds no private key in PEM"
        raise PkiError(f"{path}: {reason}") from error
    if not isinstance(key, EcKey):
        raise PkiError(f"{path} is no EC key; the pki role signs with the CA that it made itself")
    return key


def _make_authority(key_file: Path, certificate_file: Path, passphrase: str | None) -> None:
    key = ec.generate_private_key(ec.SECP384R1())
    now = datetime.now(UTC).replace(microsecond=0)
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.ORGANIZATION_NAME, ORGANIZATION),
            x509.NameAttribute(NameOID.COMMON_NAME, f"DMVPN CA {now:%Y-%m-%d}"),
        ]
    )
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - BACKDATED)
        .not_valid_after(now + timedelta(days=365 * AUTHORITY_YEARS))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .add_extension(
            x509.KeyUsage(digital_signature=False, key_cert_sign=True, crl_sign=True, **UNUSED), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .sign(key, hashes.SHA384())
    )
    encryption: serialization.KeySerializationEncryption = (
        serialization.BestAvailableEncryption(passphrase.encode())
        if passphrase
        else serialization.NoEncryption()
    )
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, encryption)
    # The certificate first: a run that is cut off in between leaves a half that says what to do.
    _write(certificate_file, certificate.public_bytes(serialization.Encoding.PEM), 0o644)
    _write(key_file, pem, 0o600)


def _check_request(request: x509.CertificateSigningRequest, subject: Subject) -> None:
    if not same_name(request.subject, subject.x509):
        raise PkiError(
            f"the router asks for a certificate as '{in_words(request.subject)}', but it is '{subject}'; "
            "nothing was signed"
        )
    try:
        genuine = request.is_signature_valid
    except (InvalidSignature, UnsupportedAlgorithm):
        genuine = False
    if not genuine:
        raise PkiError("the router's request is not signed with the key that it is for; nothing was signed")


def _write(path: Path, content: bytes, mode: int) -> None:
    """Whole or not at all, and never readable for more than ``mode`` says."""
    temporary = path.with_name(f".{path.name}.new")
    temporary.unlink(missing_ok=True)
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as file:
        os.fchmod(file.fileno(), mode)
        file.write(content)
    temporary.replace(path)
