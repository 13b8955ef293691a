# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""IKEv2 and IPsec."""

from __future__ import annotations

from .. import checks
from ..rules import Mode, Rule

MODES = (
    Mode("ikev2-proposal", "config-ikev2-proposal"),
    Mode("ikev2-policy", "config-ikev2-policy"),
    Mode("ikev2-keyring", "config-ikev2-keyring"),
    Mode("ikev2-peer", "config-ikev2-keyring-peer", falls_to="parent", bang="after"),
    Mode("ikev2-profile", "config-ikev2-profile"),
    Mode("transform-set", "cfg-crypto-trans"),
    Mode("ipsec-profile", "ipsec-profile"),
)
_PROPOSAL, _POLICY, _PEER, _PROFILE = "ikev2-proposal", "ikev2-policy", "ikev2-peer", "ikev2-profile"
_ENCRYPTIONS = "3des | aes-cbc-128 | aes-cbc-192 | aes-cbc-256 | aes-gcm-128 | aes-gcm-256 | des"
_HASHES = "md5 | sha1 | sha256 | sha384 | sha512"
_GROUPS = "1 | 2 | 5 | 14 | 15 | 16 | 19 | 20 | 21 | 24"
_ESP = "esp-aes [128 | 192 | 256] | esp-3des | esp-des | esp-null"
_AUTH = "esp-md5-hmac | esp-sha-hmac | esp-sha256-hmac | esp-sha384-hmac | esp-sha512-hmac"
RULES = (
    # IKEv2
    Rule(
        "global",
        "crypto ikev2 proposal proposal:WORD",
        enters=_PROPOSAL,
        order=45,
        blank=True,
        effects=(checks.incomplete_proposal,),
        checks=(checks.proposal_unused,),
    ),
    Rule(_PROPOSAL, f"encryption = {{{_ENCRYPTIONS}}}+"),
    Rule(_PROPOSAL, f"integrity = {{{_HASHES}}}+"),
    Rule(_PROPOSAL, f"prf = {{{_HASHES}}}+"),
    Rule(_PROPOSAL, f"group = {{{_GROUPS}}}+"),
    Rule(
        "global",
        "crypto ikev2 policy policy:WORD",
        enters=_POLICY,
        order=46,
        blank=True,
        effects=(checks.incomplete_policy,),
    ),
    Rule(_POLICY, "match fvrf = {any | vrf:WORD}", checks=(checks.vrf_there,)),
    Rule(_POLICY, "match address local A.B.C.D"),
    Rule(_POLICY, "proposal proposal:WORD", checks=(checks.proposal_there,)),
    Rule(
        "global",
        "crypto ikev2 keyring keyring:WORD",
        enters="ikev2-keyring",
        order=47,
        checks=(checks.keyring_unused,),
    ),
    Rule("ikev2-keyring", "peer peer:WORD", enters=_PEER),
    Rule(_PEER, "description = LINE"),
    Rule(_PEER, "hostname = WORD"),
    Rule(_PEER, "address = A.B.C.D [MASK]"),
    Rule(_PEER, "identity = {address A.B.C.D | fqdn [domain] WORD | email [domain] WORD | key-id WORD}"),
    Rule(
        _PEER,
        "pre-shared-key {local | remote} = [0 | 6 | hex] secret:WORD",
        secret=("secret",),
        effects=(checks.encrypt_keys,),
    ),
    Rule(
        _PEER,
        "pre-shared-key = [0 | 6 | hex] secret:WORD",
        secret=("secret",),
        effects=(checks.encrypt_keys,),
    ),
    Rule(
        "global",
        "crypto ikev2 profile profile:WORD",
        enters=_PROFILE,
        order=48,
        effects=(checks.incomplete_profile,),
        checks=(checks.profile_unused,),
    ),
    Rule(_PROFILE, "description = LINE"),
    Rule(_PROFILE, "match fvrf = {any | vrf:WORD}", checks=(checks.vrf_there,)),
    Rule(_PROFILE, "match address local {A.B.C.D | interface INTERFACE}"),
    Rule(_PROFILE, "match identity remote address A.B.C.D [MASK]", blank=True),
    Rule(_PROFILE, "match identity remote {fqdn | email} [domain] WORD"),
    Rule(_PROFILE, "match identity remote key-id WORD"),
    Rule(_PROFILE, "match identity remote any"),
    Rule(_PROFILE, "match certificate map:WORD", checks=(checks.map_there,)),
    Rule(_PROFILE, "identity local = {address A.B.C.D | dn | fqdn WORD | email WORD | key-id WORD}"),
    Rule(_PROFILE, "authentication remote {pre-share | rsa-sig | ecdsa-sig | eap}"),
    Rule(_PROFILE, "authentication local = {pre-share | rsa-sig | ecdsa-sig}"),
    Rule(_PROFILE, "keyring local = keyring:WORD", checks=(checks.keyring_there,)),
    Rule(_PROFILE, "pki trustpoint trustpoint:WORD = [sign | verify]", checks=(checks.trustpoint_there,)),
    Rule(_PROFILE, "lifetime = <120-86400>", default="86400"),
    Rule(_PROFILE, "dpd = <10-3600> <2-60> {on-demand | periodic}"),
    Rule(_PROFILE, "nat force-encap"),
    Rule(_PROFILE, "nat keepalive = <5-3600>"),
    Rule(_PROFILE, "ivrf = vrf:WORD", checks=(checks.vrf_there,)),
    Rule(_PROFILE, "initial-contact force"),
    Rule(_PROFILE, "virtual-template = <1-4095>"),
    Rule("global", "crypto ikev2 dpd = <10-3600> <2-60> {on-demand | periodic}", order=49),
    Rule("global", "crypto ikev2 nat keepalive = <5-3600>", order=49),
    Rule("global", "crypto ikev2 fragmentation = [mtu <68-1500>]", order=49),
    Rule("global", "crypto ikev2 http-url cert", on=True, order=49),
    Rule("global", "crypto ikev2 cookie-challenge = <0-1000>", order=49),
    Rule("global", "crypto ikev2 limit {max-in-negotiation-sa <1-1000> | max-sa <1-1000>} =", order=49),
    # IPsec
    Rule("global", "crypto isakmp invalid-spi-recovery", order=55),
    Rule("global", "crypto isakmp keepalive = <10-3600> [<2-60>] [on-demand | periodic]", order=55),
    Rule(
        "global",
        "crypto ipsec security-association lifetime seconds = <120-2592000>",
        default="3600",
        order=60,
    ),
    Rule(
        "global",
        "crypto ipsec security-association lifetime kilobytes = {<2560-4294967295> | disable}",
        default="4608000",
        order=60,
    ),
    Rule(
        "global",
        "crypto ipsec security-association replay window-size = {64 | 128 | 256 | 512 | 1024}",
        default="64",
        order=60,
    ),
    Rule("global", "crypto ipsec security-association replay disable", order=60),
    Rule("global", "crypto ipsec security-association idle-time = <60-86400>", order=60),
    Rule("global", "crypto ipsec df-bit = {clear | copy | set}", default="copy", order=60),
    Rule(
        "global",
        "crypto ipsec fragmentation = {after-encryption | before-encryption}",
        default="before-encryption",
        order=60,
    ),
    Rule(
        "global",
        "crypto ipsec transform-set transform:WORD = {esp-gcm [128 | 192 | 256] | "
        "esp-gmac [128 | 192 | 256] | "
        f"{{{_ESP}}} [{_AUTH}] | {_AUTH}}}",
        enters="transform-set",
        order=61,
        blank=True,
        checks=(checks.licensed, checks.transform_unused),
        effects=(checks.mode_shown,),
    ),
    Rule("transform-set", "esn", since=(16, 12)),
    Rule("transform-set", "mode = {transport [require] | tunnel}", effects=(checks.mode_shown,)),
    Rule(
        "global",
        "crypto ipsec profile profile:WORD",
        enters="ipsec-profile",
        order=62,
        checks=(checks.licensed, checks.ipsec_profile_unused),
    ),
    Rule("ipsec-profile", "description = LINE"),
    Rule("ipsec-profile", "set security-association lifetime seconds = <120-2592000>"),
    Rule("ipsec-profile", "set security-association lifetime kilobytes = {<2560-4294967295> | disable}"),
    Rule("ipsec-profile", "set security-association idle-time = <60-86400>"),
    Rule("ipsec-profile", "set security-association replay window-size = {64 | 128 | 256 | 512 | 1024}"),
    Rule("ipsec-profile", "set security-association replay disable"),
    Rule("ipsec-profile", "set security-policy limit = <1-50000>"),
    Rule("ipsec-profile", "set transform-set = {WORD}+", blank=True, checks=(checks.transforms_there,)),
    Rule(
        "ipsec-profile",
        "set pfs = [group1 | group2 | group5 | group14 | group15 | group16 | group19 | group20 | group21 | "
        "group24]",
    ),
    Rule("ipsec-profile", "set ikev2-profile = profile:WORD", checks=(checks.ikev2_profile_there,)),
    Rule("ipsec-profile", "set mixed-mode"),
    Rule("ipsec-profile", "responder-only"),
)
