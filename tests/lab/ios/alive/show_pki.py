# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`show crypto pki certificates`, of the certificates that charon uses."""

from __future__ import annotations

import re

from .swanctl import PKI
from .system import System, trustpoints


def certificates(system: System, wanted: str = "") -> str:
    """Each trustpoint's own certificate and its CA's. Without any nothing is printed."""
    out = []
    for name in sorted(trustpoints(system)):
        if wanted not in ("", name):
            continue
        for title, file, usage in (
            ("Certificate", "cert", "General Purpose"),
            ("CA Certificate", "ca", "Signature"),
        ):
            out += _certificate(system, name, title, f"{PKI}/{name}/{file}.pem", usage)
    return "\n".join(out)


def _certificate(system: System, name: str, title: str, path: str, usage: str) -> list[str]:
    words = ("-noout", "-serial", "-issuer", "-subject", "-dates", "-nameopt", "sep_comma_plus_space")
    _status, text = system.run("openssl", "x509", "-in", path, *words)
    told = dict(line.partition("=")[::2] for line in text.splitlines())
    return [
        title,
        "  Status: Available",
        f"  Certificate Serial Number (hex): {told.get('serial', '')}",
        f"  Certificate Usage: {usage}",
        "  Issuer: ",
        *_name(told.get("issuer", "")),
        "  Subject:",
        *_name(told.get("subject", "")),
        "  Validity Date: ",
        f"    start date: {_date(told.get('notBefore', ''))}",
        f"    end   date: {_date(told.get('notAfter', ''))}",
        f"  Associated Trustpoints: {name} ",
        "",
    ]


def _name(text: str) -> list[str]:
    """IOS begins with the common name and writes attributes small."""
    parts = [part.strip().partition("=") for part in text.split(", ") if part]
    return [f"    {name.lower()}={value}" for name, _equals, value in reversed(parts)]


def _date(text: str) -> str:
    """`Nov 28 18:00:00 2026 GMT` in IOS's form."""
    found = re.match(r"(\w+) +(\d+) (\S+) (\d+) GMT", text)
    return f"{found[3]} UTC {found[1]} {found[2]} {found[4]}" if found else text
