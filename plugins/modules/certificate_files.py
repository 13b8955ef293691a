#!/usr/bin/python
# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import annotations

DOCUMENTATION = r"""
module: certificate_files
short_description: The private key and the certificates of a router, as files
version_added: 0.1.0
author: The mgre.dmvpn authors (@mgre-dmvpn)
description:
  - Used by M(mgre.dmvpn.certificate), which decides what the files have to be; there is rarely a reason to
    call this one.
  - Makes the router's private key (EC P-384) if there is none. The key never leaves the router.
  - Returns a signing request, the public key and the certificates that are there.
  - Writes the certificates that it is given, and lets a running charon load them.
  - An existing private key is never replaced, unless O(new_key) makes the router's next one. The request is
    for that one then, and it takes the place of the old one with the certificate that belongs to it.
options:
  subject:
    description: Attributes of the subject for the signing request, in their order.
    type: list
    elements: dict
    default: []
    suboptions:
      name:
        description: Attribute, as C(OU).
        type: str
        required: true
      value:
        description: Its value.
        type: str
        required: true
  certificate:
    description: The router's certificate in PEM. Not written if empty.
    type: str
    default: ""
  authority:
    description: The CA's certificate in PEM. Not written if empty.
    type: str
    default: ""
  crl:
    description: The CA's revocation list in PEM. Not written if empty.
    type: str
    default: ""
  key:
    description:
      - A private key in PEM to put on a router that has none.
      - A router that has another one is an error.
    type: str
    default: ""
  make_key:
    description: Whether to make a private key where there is none and O(key) is empty.
    type: bool
    default: true
  new_key:
    description:
      - Make the router's next key, or take the one that an interrupted run has made, for the signing request.
      - It stands beside the old one (C(private/mgre-dmvpn-next.key)) until its certificate comes.
    type: bool
    default: false
  directory:
    description: swanctl's directory.
    type: path
    default: /etc/swanctl
requirements:
  - openssl on the router
attributes:
  check_mode:
    description: Makes no key and writes nothing; without a key there is no signing request.
    support: full
  diff_mode:
    description: M(mgre.dmvpn.certificate) shows the differences.
    support: none
"""

EXAMPLES = r"""
- name: What is on the router
  mgre.dmvpn.certificate_files:
    make_key: false
  register: files
"""

RETURN = r"""
key_made:
  description: Whether a private key was made or put there, or would be in check mode.
  returned: success
  type: bool
  sample: false
request:
  description: Signing request in PEM. Empty without a key or O(subject).
  returned: success
  type: str
  sample: "-----BEGIN CERTIFICATE REQUEST-----..."
public_key:
  description: The public key in PEM. Empty without a key.
  returned: success
  type: str
  sample: "-----BEGIN PUBLIC KEY-----..."
certificate:
  description: The router's certificate in PEM as it was before. Empty if there is none.
  returned: success
  type: str
  sample: "-----BEGIN CERTIFICATE-----..."
authority:
  description: The CA's certificate in PEM as it was before. Empty if there is none.
  returned: success
  type: str
  sample: "-----BEGIN CERTIFICATE-----..."
crl:
  description: The revocation list in PEM as it was before. Empty if there is none.
  returned: success
  type: str
  sample: "-----BEGIN X509 CRL-----..."
loaded:
  description: Whether a running charon has loaded the new files.
  returned: success
  type: bool
  sample: true
"""

import os
import tempfile

from ansible.module_utils.basic import AnsibleModule

KEY = "private/mgre-dmvpn.key"
NEXT = "private/mgre-dmvpn-next.key"
CERTIFICATE = "x509/mgre-dmvpn.crt"
AUTHORITY = "x509ca/mgre-dmvpn-ca.crt"
CRL = "x509crl/mgre-dmvpn-ca.crl"
WANTED = {"authority": AUTHORITY, "crl": CRL, "certificate": CERTIFICATE}
CURVE = "secp384r1"
CHARON = "/run/charon.vici"


class Files:
    """The three files below swanctl's directory."""

    def __init__(self, module: AnsibleModule) -> None:
        self._module = module
        self._directory: str = module.params["directory"]
        self._openssl: str = module.get_bin_path("openssl") or ""
        if not self._openssl:
            module.fail_json(msg="openssl is missing on the router; write: apt-get install openssl")

    def path(self, name: str) -> str:
        return os.path.join(self._directory, name)

    def read(self, name: str) -> str:
        try:
            with open(self.path(name), encoding="ascii", errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def write(self, name: str, content: str, mode: int) -> bool:
        """Replaces a file as a whole; True if it changed."""
        path = self.path(name)
        try:
            if self.read(name) == content and os.stat(path).st_mode & 0o7777 == mode:
                return False
        except FileNotFoundError:
            pass
        if not self._module.check_mode:
            directory = os.path.dirname(path)
            os.makedirs(directory, mode=0o700 if name == KEY else 0o755, exist_ok=True)
            number, temporary = tempfile.mkstemp(dir=directory, prefix=".mgre-dmvpn.")
            try:
                with open(number, "w", encoding="ascii") as file:
                    os.fchmod(number, mode)
                    file.write(content)
                    file.flush()
                    os.fsync(number)
                os.replace(temporary, path)
            except BaseException:
                os.unlink(temporary)
                raise
        return True

    def public_key(self, key: str = "") -> str:
        """The public half of ``key`` (PEM), or of the key file; empty if there is neither."""
        if key:
            code, out, _err = self._module.run_command(
                [self._openssl, "pkey", "-pubout", "-passin", "pass:"], data=key, binary_data=False
            )
            if code:
                self._module.fail_json(msg="the private key to install is no key in PEM, or is encrypted")
            return out
        return self.public_half(KEY)

    def public_half(self, name: str) -> str:
        """The public half of a key file; empty if there is none."""
        path = self.path(name)
        if not os.path.exists(path):
            return ""
        code, out, _err = self._module.run_command(
            [self._openssl, "pkey", "-pubout", "-in", path, "-passin", "pass:"]
        )
        if code:
            self._module.fail_json(
                msg=f"{path} is no private key that openssl reads without a passphrase; it was not touched. "
                "Move it away, or put the right one there"
            )
        return out

    def ensure_key(self) -> bool:
        """True if a key was made or installed, or would be in check mode."""
        given: str = self._module.params["key"]
        present = self.public_key()
        if given:
            if present and present != self.public_key(given):
                self._module.fail_json(
                    msg=f"{self.path(KEY)} is another private key than the given one; it was not touched. "
                    "Remove it on the router if it is no longer needed"
                )
            return self.write(KEY, given, 0o600)
        if present:
            if os.stat(self.path(KEY)).st_mode & 0o077 and not self._module.check_mode:
                os.chmod(self.path(KEY), 0o600)
            return False
        if not self._module.params["make_key"]:
            return False
        self.make_key(KEY)
        return True

    def make_key(self, name: str) -> None:
        """A new key in this file."""
        command = [self._openssl, "genpkey", "-algorithm", "EC", "-pkeyopt", f"ec_paramgen_curve:{CURVE}"]
        if not self._module.check_mode:
            _code, key, _err = self._module.run_command(
                [*command, "-pkeyopt", "ec_param_enc:named_curve"], check_rc=True
            )
            self.write(name, key, 0o600)

    def ensure_next(self) -> bool:
        """True if the next key was made, or would be in check mode."""
        if not self._module.params["new_key"] or os.path.exists(self.path(NEXT)):
            return False
        self.make_key(NEXT)
        return True

    def promote(self, certificate: str) -> None:
        """The next key becomes the key, once the certificate is its own; charon finds it under both names."""
        if self._module.check_mode or not certificate or not os.path.exists(self.path(NEXT)):
            return
        command = [self._openssl, "x509", "-pubkey", "-noout"]
        _code, out, _err = self._module.run_command(
            command, data=certificate, binary_data=False, check_rc=True
        )
        if out.strip() == self.public_half(NEXT).strip():
            os.replace(self.path(NEXT), self.path(KEY))

    def request(self) -> str:
        """A signing request for the wanted subject."""
        parts: list[dict[str, str]] = self._module.params["subject"]
        key = NEXT if self._module.params["new_key"] else KEY
        if not parts or not os.path.exists(self.path(key)):
            return ""
        subject = "".join(f"/{part['name']}={part['value']}" for part in parts)
        command = [self._openssl, "req", "-new", "-utf8", "-key", self.path(key), "-subj", subject]
        _code, out, _err = self._module.run_command([*command, "-batch"], check_rc=True)
        return out


def load(module: AnsibleModule) -> bool:
    """Lets a running charon take the new files; a connection holds its certificate, so it is loaded too."""
    swanctl = module.get_bin_path("swanctl")
    if not swanctl or not os.path.exists(CHARON):
        return False
    for what in ("--load-creds", "--load-conns"):
        command = [swanctl, what, "--noprompt"] if what == "--load-creds" else [swanctl, what]
        code, out, error = module.run_command(command)
        if code:
            module.warn(f"charon still uses the old certificate, swanctl {what}: {(error or out).strip()}")
            return False
    return True


def main() -> None:
    module = AnsibleModule(
        argument_spec={
            "subject": {
                "type": "list",
                "elements": "dict",
                "default": [],
                "options": {
                    "name": {"type": "str", "required": True},
                    "value": {"type": "str", "required": True},
                },
            },
            "certificate": {"type": "str", "default": ""},
            "authority": {"type": "str", "default": ""},
            "crl": {"type": "str", "default": ""},
            "key": {"type": "str", "default": "", "no_log": True},
            "make_key": {"type": "bool", "default": True, "no_log": False},
            "new_key": {"type": "bool", "default": False, "no_log": False},
            "directory": {"type": "path", "default": "/etc/swanctl"},
        },
        supports_check_mode=True,
    )
    files = Files(module)
    before = {
        "certificate": files.read(CERTIFICATE),
        "authority": files.read(AUTHORITY),
        "crl": files.read(CRL),
    }
    # A run that ended between certificate and key is brought to its end first.
    files.promote(before["certificate"])
    key_made = files.ensure_key() or files.ensure_next()
    wanted = {name: module.params[key] for key, name in WANTED.items()}
    written = [files.write(name, content, 0o644) for name, content in wanted.items() if content]
    changed = any(written)
    files.promote(module.params["certificate"])
    live = changed and not module.check_mode and module.params["directory"] == "/etc/swanctl"
    module.exit_json(
        changed=changed or key_made,
        key_made=key_made,
        request=files.request(),
        public_key=files.public_key(),
        loaded=load(module) if live else False,
        **before,
    )


if __name__ == "__main__":
    main()
