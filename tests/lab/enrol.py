# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an administrator does to enrol a Cisco router: a key, a certificate of the fleet's CA, a trustpoint.

The certificate is made by openssl, whatever the collection thinks of its subject: a wrong one can be had.
"""

from __future__ import annotations

import subprocess
import tempfile
from pathlib import Path

from .cisco import enrol
from .console import Console
from .host import LabError
from .lab import Lab

KEYS = {"rsa": ("rsa:3072",), "ec": ("ec", "-pkeyopt", "ec_paramgen_curve:secp384r1")}
TRUSTPOINT = """crypto pki trustpoint {name}
 enrollment terminal
 serial-number none
 fqdn none
 ip-address none
 subject-name {subject}
 revocation-check none
"""


def enrolled(
    lab: Lab, node: str, authority: Path, subject: str, key: str = "rsa", trustpoint: str = "mgre-dmvpn"
) -> None:
    """Gives a stand-in a certificate for ``subject`` (``O=...,OU=...,CN=...``) by the CA in ``authority``,
    which has no passphrase. What the router negotiates from now on is with it. Raises ``LabError``.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _openssl(
            *("req", "-new", "-nodes", "-newkey", *KEYS[key], "-subj", f"/{subject.replace(',', '/')}"),
            *("-keyout", str(folder / "key"), "-out", str(folder / "request")),
        )
        _openssl(
            *(
                "x509",
                "-req",
                "-in",
                str(folder / "request"),
                "-days",
                "30",
                "-out",
                str(folder / "certificate"),
            ),
            *("-CA", str(authority / "ca.crt"), "-CAkey", str(authority / "ca.key")),
        )
        certificate, private = ((folder / file).read_text() for file in ("certificate", "key"))
    console = Console(lab, node)
    console.configure(TRUSTPOINT.format(name=trustpoint, subject=subject))
    enrol(lab, node, trustpoint, certificate, private, (authority / "ca.crt").read_text())
    console.show("clear crypto session")


def _openssl(*words: str) -> None:
    done = subprocess.run(["openssl", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise LabError(f"openssl {words[0]}: {done.stderr.strip()}")
