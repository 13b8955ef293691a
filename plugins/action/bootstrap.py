# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.bootstrap``: one router's first-boot bundle, on the controller."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase

from ..plugin_utils.requirements import require
from .linux_apply import ActionModule as Apply

try:
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    from ..plugin_utils.bootstrap import ios
    from ..plugin_utils.bootstrap.seed import Wishes, findings, seed
    from ..plugin_utils.findings import FindingsError
    from ..plugin_utils.fleet.dump import parse_device
    from ..plugin_utils.judge.store import write
    from ..plugin_utils.pki.authority import Authority
    from ..plugin_utils.pki.subject import PkiError, intended_subject
    from ..plugin_utils.secret_references import resolved
    from .render import native
except ImportError as error:
    MISSING: str | None = error.name
else:
    MISSING = None

ARGUMENTS = {
    "bundle": {"type": "path", "required": True},
    "output": {"type": "path", "default": "artifacts/bootstrap"},
    "wans": {"type": "dict", "default": {}},
    "ethernets": {"type": "dict", "default": {}},
    "user": {"type": "str", "default": "root"},
    "ssh_key": {"type": "path", "default": "~/.ssh/id_ed25519.pub", "no_log": False},
    "packages": {"type": "list", "elements": "str", "default": []},
    "authority_dir": {"type": "path"},
    "passphrase": {"type": "str", "no_log": True},
    "valid_days": {"type": "int", "default": 30},
}


class ActionModule(Apply):
    """Contacts no router: there is none yet."""

    _supports_check_mode = True
    _supports_diff = False
    _requires_connection = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = ActionBase.run(self, tmp, task_vars)
        require(MISSING)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        variables = task_vars or {}
        host = str(variables["inventory_hostname"])
        folder = Path(os.path.abspath(arguments["output"])) / host
        try:
            texts = self.texts(host, arguments, variables)
        except FindingsError as error:
            raise AnsibleActionFail(str(error)) from None
        except PkiError as error:
            raise AnsibleActionFail(f"{host}: certificate: {error}") from None
        try:
            if not self._task.check_mode:
                # They hold a key or a PSK.
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
                folder.chmod(0o700)
                for name, text in texts.items():
                    write(folder / name, text)
        except OSError as error:
            raise AnsibleActionFail(
                f"{error.filename or folder}: {error.strerror}; name another directory in bootstrap_dir"
            ) from None
        result.update(changed=True, directory=str(folder), files=sorted(texts))
        return result

    def texts(self, host: str, arguments: Mapping[str, Any], variables: Mapping[str, Any]) -> dict[str, str]:
        """The files by name. Raises ``FindingsError``, ``PkiError``."""
        bundle = Path(os.path.abspath(arguments["bundle"]))
        sent = self.read(bundle, variables)
        device = parse_device(sent["intent"])
        wishes = Wishes(
            native(arguments["wans"]),
            native(arguments["ethernets"]),
            native(arguments["user"]),
            public_key(arguments["ssh_key"]),
            native(arguments["packages"]),
        )
        wrong = list(findings(device, wishes))
        if device.platform == "ios":
            wrong += ios.findings(device, wishes)
        if wrong:
            raise FindingsError(wrong)
        if device.platform == "ios":
            rendered = resolved(sent["texts"]["config.ios"], sent["secrets"])
            return {"config.ios": ios.configuration(device, wishes, rendered)}
        # In check mode no key is made, and nothing is signed.
        sent["credentials"] = {} if self._task.check_mode else credentials(bundle, host, arguments)
        return seed(device, wishes, sent)


def public_key(path: str) -> str:
    """The first line of a file; a message where there is none."""
    try:
        return Path(path).expanduser().read_text(encoding="ascii", errors="replace").partition("\n")[0]
    except OSError as error:
        raise AnsibleActionFail(
            f"bootstrap_ssh_key: {path}: {error.strerror}; name the controller's public key"
        ) from None


def credentials(bundle: Path, host: str, arguments: Mapping[str, Any]) -> dict[str, str]:
    """A key that is made here, because nothing can be asked of the router yet, and its certificate."""
    subject = intended_subject(bundle, host)
    if subject is None:
        return {}
    if not arguments["authority_dir"]:
        raise PkiError("dmvpn_pki_dir: write the controller's directory for the private CA")
    key = ec.generate_private_key(ec.SECP384R1())
    request = x509.CertificateSigningRequestBuilder().subject_name(subject.x509).sign(key, hashes.SHA384())
    directory = Path(os.path.abspath(arguments["authority_dir"]))
    with Authority.opened(directory, arguments["passphrase"]) as authority:
        certificate = authority.sign(request, subject, arguments["valid_days"])
        anchor = (directory / "ca.crt").read_text(encoding="ascii")
    pem = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    return {"key": pem.decode(), "certificate": certificate.decode(), "authority": anchor}
