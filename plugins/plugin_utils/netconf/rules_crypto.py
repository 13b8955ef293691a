# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IKEv2 and IPsec lines and their places in the models."""

from __future__ import annotations

from .table import Table, rule

IKEV2 = "crypto/crypto:ikev2"
IPSEC = "crypto/crypto:ipsec"
MAP = "crypto/crypto:pki/certificate/pki-map/map[tag={map}][sequence={number}]"
# Diffie-Hellman groups are elements, and XML has none that begin with a digit.
GROUPS = {
    "1": "one",
    "2": "two",
    "5": "five",
    "14": "fourteen",
    "15": "fifteen",
    "16": "sixteen",
    "19": "nineteen",
    "20": "twenty",
    "21": "twenty-one",
    "24": "twenty-four",
}
KEY = "pre-shared-key"
REMOTE = "match/identity/remote"

RULES: Table = {
    "": (
        rule("crypto ikev2 proposal {name}", f"{IKEV2}/proposal[name={{name}}]", section="proposal"),
        rule("crypto ikev2 policy {name}", f"{IKEV2}/policy[name={{name}}]", section="policy"),
        rule("crypto ikev2 keyring {name}", f"{IKEV2}/keyring[name={{name}}]", section="keyring"),
        rule("crypto ikev2 profile {name}", f"{IKEV2}/profile[name={{name}}]", section="ikev2-profile"),
        rule("crypto ikev2 fragmentation", f"{IKEV2}/fragmentation"),
        rule("crypto ikev2 fragmentation mtu {mtu}", f"{IKEV2}/fragmentation/mtu={{mtu}}"),
        rule(
            "crypto ikev2 dpd {interval} {retry} {query:on-demand|periodic}",
            f"{IKEV2}/dpd-container/dpd={{interval}}",
            f"{IKEV2}/dpd-container/retry-interval={{retry}}",
            f"{IKEV2}/dpd-container/dpd-query={{query}}",
        ),
        rule(
            "crypto ipsec transform-set {tag} {esp:esp-gcm|esp-gmac|esp-aes}",
            f"{IPSEC}/transform-set[tag={{tag}}]/esp={{esp}}",
            section="transform-set",
            inside=f"{IPSEC}/transform-set[tag={{tag}}]",
        ),
        rule(
            "crypto ipsec transform-set {tag} {esp:esp-gcm|esp-gmac|esp-aes} {bits:int}",
            f"{IPSEC}/transform-set[tag={{tag}}]/esp={{esp}}",
            f"{IPSEC}/transform-set[tag={{tag}}]/key-bit={{bits}}",
            section="transform-set",
            inside=f"{IPSEC}/transform-set[tag={{tag}}]",
        ),
        rule(
            "crypto ipsec transform-set {tag} esp-aes {hmac:esp-\\S+}",
            f"{IPSEC}/transform-set[tag={{tag}}]/esp=esp-aes",
            f"{IPSEC}/transform-set[tag={{tag}}]/esp-hmac={{hmac}}",
            section="transform-set",
            inside=f"{IPSEC}/transform-set[tag={{tag}}]",
        ),
        rule(
            "crypto ipsec transform-set {tag} esp-aes {bits:int} {hmac:esp-\\S+}",
            f"{IPSEC}/transform-set[tag={{tag}}]/esp=esp-aes",
            f"{IPSEC}/transform-set[tag={{tag}}]/key-bit={{bits}}",
            f"{IPSEC}/transform-set[tag={{tag}}]/esp-hmac={{hmac}}",
            section="transform-set",
            inside=f"{IPSEC}/transform-set[tag={{tag}}]",
        ),
        rule("crypto ipsec profile {name}", f"{IPSEC}/profile[name={{name}}]", section="ipsec-profile"),
        rule(
            "crypto ipsec security-association replay window-size {packets}",
            f"{IPSEC}/security-association/replay/window-size={{packets}}",
        ),
        rule("crypto pki certificate map {map} {number:int}", MAP, section="certificate-map"),
    ),
    "proposal": (
        rule("encryption {ciphers+}", "encryption/{ciphers}"),
        rule("prf {hashes+}", "prf/{hashes}"),
        rule("integrity {hashes+}", "integrity/{hashes}"),
        rule("group {groups+}", "group/{groups}", words={"groups": GROUPS}),
    ),
    "policy": (
        rule("match fvrf any", "match/fvrf/any"),
        rule("match fvrf {vrf}", "match/fvrf/name={vrf}"),
        rule("match address local {address}", "match/address/local-ip[.={address}]"),
        rule("proposal {name}", "proposal[proposals={name}]"),
    ),
    "keyring": (rule("peer {name}", "peer[name={name}]", section="peer"),),
    "peer": (
        rule(
            "address {address} {mask}",
            "address/ipv4/ipv4-address={address}",
            "address/ipv4/ipv4-mask={mask}",
        ),
        rule("address {address:ip}", "address/ipv4/ipv4-address={address}"),
        rule("identity address {address}", "identity/address-type={address}"),
        rule("identity fqdn {name}", "identity/fqdn-option/name={name}"),
        rule("pre-shared-key {secret}", f"{KEY}/key={{secret}}"),
        rule("pre-shared-key local {secret}", f"{KEY}/local-option/key={{secret}}"),
        rule("pre-shared-key remote {secret}", f"{KEY}/remote-option/key={{secret}}"),
    ),
    "ikev2-profile": (
        rule("description {text*}", "description={text}"),
        rule("match fvrf any", "match/fvrf/any"),
        rule("match fvrf {vrf}", "match/fvrf/name={vrf}"),
        rule("match address local {address:ip}", "match/address/local/ip={address}"),
        rule(
            "match address local interface {kind:[A-Za-z-]+}{number:[0-9/.:]+}",
            "match/address/local/interface-options/{kind}={number}",
        ),
        rule("match certificate {map}", "match/certificate-map[.={map}]"),
        rule("match identity remote any", f"{REMOTE}/any"),
        rule(
            "match identity remote address {address:ip}", f"{REMOTE}/address/ipv4[ipv4-address={{address}}]"
        ),
        rule(
            "match identity remote address {address:ip} {mask:ip}",
            f"{REMOTE}/address/ipv4[ipv4-address={{address}}]/ipv4-mask={{mask}}",
        ),
        rule("match identity remote fqdn domain {name}", f"{REMOTE}/fqdn/domains[.={{name}}]"),
        rule("match identity remote fqdn {name}", f"{REMOTE}/fqdn/fqdn-name[.={{name}}]"),
        rule("match identity remote key-id {name}", f"{REMOTE}/key-ids[.={{name}}]"),
        rule("identity local address {address}", "identity/local/address={address}"),
        rule("identity local dn", "identity/local/dn"),
        rule("identity local fqdn {name}", "identity/local/fqdn={name}"),
        rule("identity local key-id {name}", "identity/local/key-id={name}"),
        rule(
            "authentication {side:local|remote} {method:pre-share|rsa-sig|ecdsa-sig}",
            "authentication/{side}/{method}",
        ),
        rule("keyring local {name}", "keyring/local/name={name}"),
        rule("pki trustpoint {name}", "pki/trust-points[name={name}]"),
        rule("pki trustpoint {name} {use:sign|verify}", "pki/trust-points[name={name}]/uses={use}"),
        rule("lifetime {seconds}", "lifetime/seconds={seconds}"),
        rule("no lifetime certificate", "lifetime/certificate-profile=false"),
        rule(
            "dpd {interval} {retry} {query:on-demand|periodic}",
            "dpd/interval={interval}",
            "dpd/retry={retry}",
            "dpd/query={query}",
        ),
        rule("ivrf {vrf}", "ivrf={vrf}"),
        rule("nat keepalive {seconds}", "nat/keepalive={seconds}"),
        rule("nat force-encap", "nat/force-encap"),
        rule("no config-exchange request", "config-exchange/request-1=false"),
        rule("initial-contact force", "initial-contact/force"),
    ),
    "transform-set": (
        rule("mode transport", "mode/transport-choice"),
        rule("mode transport require", "mode/transport-choice/require"),
    ),
    "ipsec-profile": (
        rule("description {text*}", "description={text}"),
        rule("set transform-set {sets+}", "set/transform-set[.={sets}]"),
        rule("set ikev2-profile {name}", "set/ikev2-profile={name}"),
        rule("set pfs {group}", "set/pfs/group={group}"),
        rule(
            "set security-association lifetime seconds {seconds}",
            "set/security-association/lifetime/seconds-case={seconds}",
        ),
        rule(
            "set security-association lifetime kilobytes {kilobytes}",
            "set/security-association/lifetime/kilobytes={kilobytes}",
        ),
        rule(
            "set security-association replay window-size {packets}",
            "set/security-association/replay/window-size={packets}",
        ),
        rule("set security-association dfbit {what}", "set/security-association/dfbit={what}"),
    ),
    "certificate-map": (
        rule(
            "{field:subject-name|issuer-name|alt-subject-name} {test:co|eq|nc|ne} {text*}",
            "{field}/{test}[name={text}]",
        ),
    ),
}

DEFAULTS = (
    f"{IKEV2}/fragmentation/mtu=576",
    f"{IKEV2}/profile[name=*]/lifetime/certificate-profile=true",
    f"{IKEV2}/profile[name=*]/config-exchange/request-1=true",
    f"{IPSEC}/security-association/replay/window-size=64",
)
# Where the router may keep a value in a form of its own (type 6): the leaf beside it says so.
ENCRYPTED = "encryption"
