# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The CA's revocation list: who is on it, who gets no certificate, and what an interrupted run leaves."""

from __future__ import annotations

from pathlib import Path

import pytest
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pki.authority import Authority
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.pki.subject import PkiError, Subject
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

SPOKE, OTHER = Subject("10.255.0.13", "spoke3"), Subject("10.255.0.14", "spoke3-b")


def issue(authority: Authority, subject: Subject) -> int:
    """The serial number of a new certificate."""
    key = ec.generate_private_key(ec.SECP384R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(subject.x509).sign(key, hashes.SHA384())
    return x509.load_pem_x509_certificate(authority.sign(request, subject, 30)).serial_number


def listed(folder: Path) -> x509.CertificateRevocationList:
    return x509.load_pem_x509_crl((folder / "ca.crl").read_bytes())


def number(folder: Path) -> int:
    return listed(folder).extensions.get_extension_for_class(x509.CRLNumber).value.crl_number


def test_all_that_a_router_ever_had_is_revoked_and_nothing_else(tmp_path: Path) -> None:
    with Authority.opened(tmp_path, None) as authority:
        gone = {issue(authority, SPOKE), issue(authority, SPOKE)}
        issue(authority, OTHER)
        assert authority.revoke("spoke3") and not authority.revoke("spoke3")
        crl = listed(tmp_path)
        assert {entry.serial_number for entry in crl} == gone
        assert crl.is_signature_valid(authority.certificate.public_key())  # type: ignore[arg-type]
        # It must never run out: an old list would be no list.
        assert crl.next_update_utc == authority.certificate.not_valid_after_utc
        with pytest.raises(PkiError, match=r"spoke3 was revoked on .* readmit=spoke3"):
            issue(authority, SPOKE)
        issue(authority, OTHER)


def test_who_is_readmitted_gets_a_new_certificate_and_the_old_ones_stay_out(tmp_path: Path) -> None:
    with Authority.opened(tmp_path, None) as authority:
        old = issue(authority, SPOKE)
        authority.revoke("spoke3")
        first = number(tmp_path)
        assert authority.readmit("spoke3") and not authority.readmit("spoke3")
        new = issue(authority, SPOKE)
        assert number(tmp_path) > first
        assert {entry.serial_number for entry in listed(tmp_path)} == {old}
        assert authority.revoke("spoke3")
        assert {entry.serial_number for entry in listed(tmp_path)} == {old, new}


def test_a_list_that_is_missing_or_older_than_the_record_is_made_again(tmp_path: Path) -> None:
    with Authority.opened(tmp_path, None) as authority:
        gone = issue(authority, SPOKE)
        authority.revoke("spoke3")
        (tmp_path / "ca.crl").unlink()
        authority.revoke("spoke3")
        assert {entry.serial_number for entry in listed(tmp_path)} == {gone}
        (tmp_path / "ca.crl").write_text("not a list")
        authority.revoke("spoke3")
        assert {entry.serial_number for entry in listed(tmp_path)} == {gone}


def test_a_record_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    with Authority.opened(tmp_path, None) as authority:
        (tmp_path / "revoked.json").write_text("{")
        with pytest.raises(PkiError, match="restore it from your backup"):
            authority.revoke("spoke3")
