# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The CA's directory, what it signs, and when a certificate no longer does."""

from __future__ import annotations

import json
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pki.authority import Authority
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pki.check import (
    authority_misfits,
    misfits,
    parse_certificate,
)
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pki.subject import (
    PkiError,
    Subject,
    intended_subject,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SPOKE1 = Subject("10.255.0.11 10.254.0.11", "spoke1")


def request(key: ec.EllipticCurvePrivateKey, subject: x509.Name) -> x509.CertificateSigningRequest:
    wish = x509.SubjectAlternativeName([x509.DNSName("hub1")])
    builder = (
        x509.CertificateSigningRequestBuilder().subject_name(subject).add_extension(wish, critical=False)
    )
    return builder.sign(key, hashes.SHA384())


def public(key: ec.EllipticCurvePrivateKey) -> str:
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_key().public_bytes(encoding, form).decode()


@pytest.fixture
def key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP384R1())


def test_makes_a_ca_that_only_its_owner_can_use(tmp_path: Path) -> None:
    with Authority.opened(tmp_path / "pki", None) as authority:
        assert authority_misfits(authority.certificate) == []
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (tmp_path / "pki").iterdir()}
    assert modes == {"ca.key": 0o600, "ca.crt": 0o644, "issued": 0o700, ".lock": 0o600}
    assert stat.S_IMODE((tmp_path / "pki").stat().st_mode) == 0o700


def test_the_same_ca_is_used_again(tmp_path: Path) -> None:
    with Authority.opened(tmp_path, None) as first, Authority.opened(tmp_path / "other", None) as other:
        assert first.certificate != other.certificate
        certificate = first.certificate
    with Authority.opened(tmp_path, None) as again:
        assert again.certificate == certificate


def test_signs_the_intended_subject_and_none_of_the_requests_wishes(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    with Authority.opened(tmp_path, None) as authority:
        certificate = parse_certificate(authority.sign(request(key, SPOKE1.x509), SPOKE1, 397).decode())
        assert certificate is not None
        assert misfits(certificate, authority.certificate, SPOKE1, public(key), 396) == []
    assert certificate.subject.rfc4514_string() == "CN=spoke1,OU=10.255.0.11 10.254.0.11,O=mgre-dmvpn"
    with pytest.raises(x509.ExtensionNotFound):
        certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    assert not certificate.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    issued = list((tmp_path / "issued").iterdir())
    assert [path.name for path in issued] == [f"spoke1-{certificate.serial_number:x}.crt"]


@pytest.mark.parametrize(
    "wish",
    [
        Subject("10.255.0.1", "spoke1").x509,
        Subject("10.255.0.11 10.254.0.11", "hub1").x509,
        x509.Name(reversed(list(SPOKE1.x509))),
        x509.Name([*SPOKE1.x509, x509.NameAttribute(NameOID.ORGANIZATIONAL_UNIT_NAME, "10.255.0.1")]),
        x509.Name([]),
    ],
    ids=["another address", "another name", "another order", "one more OU", "nothing"],
)
def test_refuses_a_request_for_another_subject(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey, wish: x509.Name
) -> None:
    with Authority.opened(tmp_path, None) as authority, pytest.raises(PkiError, match="nothing was signed"):
        authority.sign(request(key, wish), SPOKE1, 397)
    assert list((tmp_path / "issued").iterdir()) == []


def test_refuses_a_request_that_its_key_did_not_sign(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    der = bytearray(request(key, SPOKE1.x509).public_bytes(serialization.Encoding.DER))
    der[-1] ^= 1  # in the signature
    forged = x509.load_der_x509_csr(bytes(der))
    with (
        Authority.opened(tmp_path, None) as authority,
        pytest.raises(PkiError, match="is not signed"),
    ):
        authority.sign(forged, SPOKE1, 397)


def test_a_passphrase_encrypts_the_cas_key_and_is_needed_from_then_on(tmp_path: Path) -> None:
    with Authority.opened(tmp_path, "correct horse"):
        assert b"ENCRYPTED" in (tmp_path / "ca.key").read_bytes()
    for passphrase, message in ((None, "pki_ca_passphrase"), ("wrong", "does not open it")):
        with pytest.raises(PkiError, match=message), Authority.opened(tmp_path, passphrase):
            pass
    with Authority.opened(tmp_path, "correct horse"):
        pass


def test_half_a_ca_is_never_completed_with_a_new_half(tmp_path: Path) -> None:
    with Authority.opened(tmp_path, None):
        pass
    (tmp_path / "ca.key").unlink()
    with pytest.raises(PkiError, match=r"ca\.key is missing.*backup"), Authority.opened(tmp_path, None):
        pass
    assert not (tmp_path / "ca.key").exists()


def test_a_ca_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    with Authority.opened(tmp_path, None):
        pass
    (tmp_path / "ca.key").chmod(0o640)
    with pytest.raises(PkiError, match="chmod 600"), Authority.opened(tmp_path, None):
        pass


def test_names_every_reason_for_a_new_certificate(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    other = ec.generate_private_key(ec.SECP384R1())
    with Authority.opened(tmp_path / "a", None) as ours, Authority.opened(tmp_path / "b", None) as theirs:
        certificate = parse_certificate(theirs.sign(request(key, SPOKE1.x509), SPOKE1, 20).decode())
        moved = Subject("10.255.0.12", "spoke1")
        reasons = misfits(certificate, ours.certificate, moved, public(other), 30)
    assert [reason.partition(" '")[0] for reason in reasons] == [
        "it is for",
        "it belongs to another private key than the router's",
        "it was not issued by the CA",
        f"it expires on {datetime.now(UTC) + timedelta(days=20):%Y-%m-%d}",
    ]


def test_a_certificate_is_renewed_within_the_last_days_only(
    tmp_path: Path, key: ec.EllipticCurvePrivateKey
) -> None:
    with Authority.opened(tmp_path, None) as authority:
        certificate = parse_certificate(authority.sign(request(key, SPOKE1.x509), SPOKE1, 31).decode())
        assert misfits(certificate, authority.certificate, SPOKE1, public(key), 30) == []
        assert len(misfits(certificate, authority.certificate, SPOKE1, public(key), 32)) == 1


def test_a_router_certificate_is_no_ca(tmp_path: Path, key: ec.EllipticCurvePrivateKey) -> None:
    with Authority.opened(tmp_path, None) as authority:
        certificate = parse_certificate(authority.sign(request(key, SPOKE1.x509), SPOKE1, 397).decode())
    assert "is no CA certificate" in authority_misfits(certificate)[0]


def intent(bundle: Path, host: str, **changes: object) -> Path:
    member = {"overlay": "10.255.0.11", "cloud": {"ipsec": {"auth": "certificate"}}}
    device = {"name": host, "memberships": [member, {**member, "overlay": "10.254.0.11"}], **changes}
    (bundle / host).mkdir(parents=True)
    (bundle / host / "intent.json").write_text(json.dumps(device))
    return bundle


def test_the_subject_comes_from_the_rendered_fleet(tmp_path: Path) -> None:
    assert intended_subject(intent(tmp_path, "spoke1"), "spoke1") == SPOKE1


def test_a_router_without_certificate_clouds_has_no_subject(tmp_path: Path) -> None:
    psk = [{"overlay": "10.255.0.11", "cloud": {"ipsec": {"auth": "psk"}}}]
    assert intended_subject(intent(tmp_path, "spoke1", memberships=psk), "spoke1") is None


@pytest.mark.parametrize(
    ("host", "changes", "message"),
    [
        ("spoke1", {"name": "hub1"}, "belongs to 'hub1'"),
        ("spoke1", {"memberships": None}, "render again"),
        ("spoke1,OU=10.255.0.1", {}, "would be misread"),
    ],
)
def test_refuses_a_bundle_that_is_not_this_hosts(
    tmp_path: Path, host: str, changes: dict[str, object], message: str
) -> None:
    with pytest.raises(PkiError, match=message):
        intended_subject(intent(tmp_path, host, **changes), host)


def test_without_a_bundle_says_what_to_run(tmp_path: Path) -> None:
    with pytest.raises(PkiError, match=r"run playbooks/render\.yml first"):
        intended_subject(tmp_path, "spoke1")
