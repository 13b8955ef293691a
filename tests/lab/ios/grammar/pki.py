# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Certificates: trustpoints and certificate maps."""

from __future__ import annotations

from ..rules import Mode, Rule

MODES = (
    Mode("trustpoint", "ca-trustpoint"),
    Mode("certificate-map", "ca-certificate-map"),
    Mode("certificate-chain", "config-cert-chain"),
    Mode("certificate-data", "config-pubkey", leave="quit", leave_pad="  \t"),
)
RULES = (
    Rule("global", "crypto pki trustpoint trustpoint:WORD", enters="trustpoint", order=35),
    Rule("trustpoint", "enrollment = {terminal [pem] | url WORD | selfsigned | pkcs12}"),
    Rule("trustpoint", "serial-number = [none]"),
    Rule("trustpoint", "fqdn = WORD"),
    Rule("trustpoint", "ip-address = {none | A.B.C.D | INTERFACE}"),
    Rule("trustpoint", "subject-name = LINE"),
    Rule("trustpoint", "subject-alt-name = WORD"),
    Rule("trustpoint", "vrf = WORD"),
    Rule("trustpoint", "revocation-check = {crl | none | ocsp}+"),
    Rule("trustpoint", "rsakeypair = WORD [<360-4096> [<360-4096>]]"),
    Rule("trustpoint", "eckeypair = WORD"),
    Rule("trustpoint", "usage = {ike | ssl-client | ssl-server}+"),
    Rule("trustpoint", "source interface = INTERFACE"),
    Rule("trustpoint", "hash = {md5 | sha1 | sha256 | sha384 | sha512}"),
    Rule("trustpoint", "auto-enroll = [<1-100>] [regenerate]"),
    Rule("global", "crypto pki certificate map map:WORD <1-65535>", enters="certificate-map", order=36),
    Rule(
        "certificate-map",
        "{subject-name | issuer-name | alt-subject-name | unstructured-subject-name | name} "
        "{co | eq | nc | ne} LINE",
    ),
    Rule("certificate-map", "{valid-start | expires-on} {lt | le | eq | ge | gt} LINE"),
    Rule("certificate-map", "serial-number {co | eq | nc | ne} = HEX"),
    Rule("global", "crypto pki certificate chain trustpoint:WORD", enters="certificate-chain", order=37),
    Rule(
        "certificate-chain",
        "certificate [ca | self-signed | rollover ca] serial:HEX",
        enters="certificate-data",
    ),
    Rule("certificate-data", "{HEX}+"),
)
