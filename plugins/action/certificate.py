# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.certificate``: decides and signs on the controller, writes on the router."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from ..plugin_utils.pki import revocation
from ..plugin_utils.pki.authority import Authority
from ..plugin_utils.pki.check import authority_misfits, misfits, parse_certificate
from ..plugin_utils.pki.subject import PkiError, Subject, in_words, intended_subject

Values = dict[str, Any]

MODULE = "mgre.dmvpn.certificate_files"
ARGUMENTS = {
    "bundle": {"type": "path", "default": "artifacts/bundle"},
    "mode": {"type": "str", "choices": ["private", "existing"], "default": "private"},
    "authority_dir": {"type": "path"},
    "passphrase": {"type": "str", "no_log": True},
    "valid_days": {"type": "int", "default": 397},
    "renew_days": {"type": "int", "default": 30},
    "certificate_file": {"type": "path"},
    "key_file": {"type": "path", "no_log": False},
    "authority_file": {"type": "path"},
    "directory": {"type": "path", "default": "/etc/swanctl"},
    "newer_than": {"type": "float", "default": 0},
}


class ActionModule(ActionBase):
    """One task per router: look, decide, and only if something is to change, write."""

    _supports_check_mode = True
    _supports_diff = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        _validation, arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)
        task_vars = task_vars or {}
        host = task_vars["inventory_hostname"]
        try:
            self._check_numbers(arguments)
            subject = intended_subject(Path(os.path.abspath(arguments["bundle"])), host)
            if subject is None:
                result.update(changed=False, reasons=[], subject="", loaded=False)
                return result
            work = self._private if arguments["mode"] == "private" else self._existing
            result.update(work(arguments, subject, task_vars))
        except PkiError as error:
            raise AnsibleActionFail(f"{host}: certificate: {error}") from None
        return result

    def _check_numbers(self, arguments: Values) -> None:
        if not 1 <= arguments["valid_days"] <= 3650:
            raise PkiError("pki_valid_days: write a number of days from 1 to 3650")
        if not 0 <= arguments["renew_days"] < arguments["valid_days"]:
            raise PkiError("pki_renew_days: write a number of days from 0 to less than pki_valid_days")
        if arguments["mode"] == "private" and not arguments["authority_dir"]:
            raise PkiError("dmvpn_pki_dir: write the controller's directory for the private CA")

    def _private(self, arguments: Values, subject: Subject, task_vars: Values) -> Values:
        found = self._files(arguments, task_vars, subject=_parts(subject))
        old = parse_certificate(found["certificate"])
        directory = Path(os.path.abspath(arguments["authority_dir"]))
        if self._task.check_mode and not (directory / "ca.crt").exists():
            return self._outcome(found, ["there is no CA yet"], subject, old, None)
        with Authority.opened(directory, arguments["passphrase"]) as authority:
            reasons = misfits(
                *(old, authority.certificate, subject, found["public_key"]),
                *(arguments["renew_days"], arguments["newer_than"]),
            )
            authority_pem = (directory / "ca.crt").read_text(encoding="ascii")
            crl = _read_if_there(directory / revocation.LIST)
            gone = old is not None and f"{old.serial_number:x}" in revocation.read(directory).serials
            reasons += ["it was revoked"] if gone else []
            if not reasons and found["authority"] == authority_pem and found["crl"] == crl:
                return self._outcome(found, [], subject, old, old)
            pem = found["certificate"]
            if reasons and not self._task.check_mode:
                if gone or (arguments["newer_than"] and old is not None):
                    found = self._files(arguments, task_vars, subject=_parts(subject), new_key=True)
                request = x509.load_pem_x509_csr(found["request"].encode())
                pem = authority.sign(request, subject, arguments["valid_days"]).decode()
        if self._task.check_mode:
            reasons = reasons or ["the CA's certificate or its CRL differs"]
            return self._outcome(found, reasons, subject, old, None)
        written = self._files(arguments, task_vars, certificate=pem, authority=authority_pem, crl=crl)
        if not reasons:
            reasons = [
                "the CA's certificate differs" if found["authority"] != authority_pem else "the CRL differs"
            ]
        written["key_made"] = found["key_made"]
        return self._outcome(written, reasons, subject, old, parse_certificate(pem))

    def _existing(self, arguments: Values, subject: Subject, task_vars: Values) -> Values:
        certificate = _read(arguments["certificate_file"])
        authority = _read(arguments["authority_file"])
        key = _read(arguments["key_file"])
        # First look, then judge, then write: what does not fit never reaches the router.
        found = self._files(arguments, task_vars, make_key=False)
        public_key = found["public_key"]
        if key and not public_key:
            public_key = _public_half(key, arguments["key_file"])
        new = parse_certificate(certificate or found["certificate"])
        new_authority = parse_certificate(authority or found["authority"])
        problems = [f"CA: {problem}" for problem in authority_misfits(new_authority)]
        if not public_key:
            problems.append(f"there is no private key in {arguments['directory']}/private/mgre-dmvpn.key")
        if new_authority is not None and public_key:
            problems += misfits(new, new_authority, subject, public_key, arguments["renew_days"])
        elif new is None:
            problems.append("there is none")
        if problems:
            raise PkiError(
                "; ".join(problems)
                + f". Put files for '{subject}' on the router, or name them in pki_certificate_file, "
                "pki_key_file and pki_authority_file"
            )
        if not (certificate or authority or key):
            return self._outcome(found, [], subject, new, new)
        written = self._files(
            arguments, task_vars, certificate=certificate, authority=authority, key=key, make_key=False
        )
        reasons = ["the given files differ from the router's"] if written["changed"] else []
        return self._outcome(written, reasons, subject, parse_certificate(found["certificate"]), new)

    def _files(self, arguments: Values, task_vars: Values, **given: Any) -> Values:
        """Runs the module on the router; its failure is ours."""
        found: dict[str, Any] = self._execute_module(
            module_name=MODULE,
            module_args={"directory": arguments["directory"], **given},
            task_vars=task_vars,
        )
        if found.get("failed"):
            raise PkiError(str(found.get("msg", "the router's module failed")))
        return found

    def _outcome(
        self,
        found: dict[str, Any],
        reasons: list[str],
        subject: Subject,
        old: x509.Certificate | None,
        new: x509.Certificate | None,
    ) -> dict[str, Any]:
        changed = bool(reasons) or bool(found["key_made"])
        outcome: dict[str, Any] = {
            "changed": changed,
            "reasons": reasons,
            "subject": str(subject),
            "loaded": bool(found["loaded"]),
        }
        if "warnings" in found:
            outcome["warnings"] = found["warnings"]
        if new is not None:
            outcome["expires"] = new.not_valid_after_utc.isoformat()
        if self._task.diff and changed:
            after = _summary(new) if new else f"a new certificate for {subject}\n"
            outcome["diff"] = {"before": _summary(old), "after": after, "before_header": "certificate"}
        return outcome


def _parts(subject: Subject) -> list[dict[str, str]]:
    return [{"name": part.rfc4514_attribute_name, "value": str(part.value)} for part in subject.x509]


def _read(path: str | None) -> str:
    if not path:
        return ""
    try:
        return Path(path).read_text(encoding="ascii")
    except UnicodeDecodeError:
        raise PkiError(f"{path} is not PEM") from None
    except OSError as error:
        raise PkiError(f"{path}: {error.strerror}") from error


def _read_if_there(path: Path) -> str:
    return path.read_text(encoding="ascii") if path.exists() else ""


def _public_half(key: str, path: str) -> str:
    try:
        private = serialization.load_pem_private_key(key.encode(), None)
    except (ValueError, TypeError):
        raise PkiError(f"{path} is no private key in PEM, or is encrypted") from None
    encoding, form = serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    return private.public_key().public_bytes(encoding, form).decode()


def _summary(certificate: x509.Certificate | None) -> str:
    if certificate is None:
        return ""
    return (
        f"subject {in_words(certificate.subject)}\nissuer {in_words(certificate.issuer)}\n"
        f"serial {certificate.serial_number:x}\n"
        f"expires {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC\n"
    )
