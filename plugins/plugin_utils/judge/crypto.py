# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of security associations."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..fleet.intent import Membership, Peer
from .result import Check, Result, Verdict
from .sight import Sight, carried

# strongSwan's proposal keywords (ipsec.conf(5), IKEv2 cipher suites) -> IANA names as vici gives them.
CIPHERS = {"": "AES_CBC", "ctr": "AES_CTR", "gcm16": "AES_GCM_16", "gcm": "AES_GCM_16", "ccm16": "AES_CCM_16"}
INTEGRITY = {
    "sha1": "HMAC_SHA1_96",
    "sha256": "HMAC_SHA2_256_128",
    "sha384": "HMAC_SHA2_384_192",
    "sha512": "HMAC_SHA2_512_256",
}


class Sa(Check):
    """An IKE SA is established and an ESP SA in transport mode is installed: with each hub, and on a hub with
    every spoke.

    Without it no packet crosses, since the guard lets nothing out unencrypted. Why it is missing is read from
    what the IKE daemon logged in the last minutes.
    """

    name = "sa"
    title = "SA installed"
    layer = 3
    blocks = 4

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            expected = "IKE SA established, ESP SA installed in transport mode"
            yield from self.over_peers(sight, member, expected, lambda peer: self._peer(sight, peer))

    @staticmethod
    def _peer(sight: Sight, peer: Peer) -> Verdict:
        if sight.state.sas is None:
            return "unknown", sight.state.unreadable.get("sas", "not told")
        sas = sight.sas(peer)
        if not sas:
            return "fail", f"no IKE SA with {sight.nbma(peer) or 'it'}"
        if not any(sa.state in ("ESTABLISHED", "REKEYING", "REKEYED") for sa in sas):
            if sas[0].state is None:
                return "unknown", f"the state of the IKE SA with {sight.nbma(peer)} is not told"
            return "fail", f"IKE SA with {sight.nbma(peer)} is {sas[0].state}"
        children = sight.children(peer)
        if not children:
            if any(child.state is None for sa in sas for child in sa.children):
                return "unknown", "the state of the ESP SA is not told"
            return "fail", "IKE SA established, no ESP SA"
        if any(child.mode is None for child in children):
            return "unknown", "the mode of the ESP SA is not told"
        modes = {child.mode for child in children}
        if modes != {"TRANSPORT"}:
            return "fail", f"ESP SA in mode {', '.join(sorted(str(mode) for mode in modes))}"
        return "pass", "established, installed"


class SaSuite(Check):
    """Each ESP SA uses the algorithms of the cloud's suite.

    Two ends can only agree on what both offer, so another one means that an end was changed by hand.
    """

    name = "sa_suite"
    title = "Suite as intended"
    layer = 3

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            wanted = esp_suite(member.cloud.ipsec.suite.esp)
            if wanted is None or not any(sight.children(peer) for peer in (*member.hubs, *member.spokes)):
                continue
            expected = written(wanted)
            yield from self.over_peers(
                sight,
                member,
                expected,
                lambda peer, wanted=wanted: self._peer(sight, peer, wanted),  # type: ignore[misc]
            )

    @staticmethod
    def _peer(sight: Sight, peer: Peer, wanted: tuple[str, int | None, str | None]) -> Verdict:
        children = sight.children(peer)
        for child in children:
            found = (child.suite.encryption or "", child.suite.key_bits, child.suite.integrity)
            if found[0] and found != wanted:
                return "fail", written(found)
        # Without an SA the check of it tells.
        if children and not any(child.suite.encryption for child in children):
            return "unknown", "the algorithms are not told"
        return "pass", written(wanted)


class SaTraffic(Check):
    """Each SA has carried packets both ways.

    An SA that only sends is a peer that does not hear us or whose answers are lost: ESP or UDP 4500 filtered
    one way, or another GRE key.
    """

    name = "sa_traffic"
    title = "SA carries packets both ways"
    # Registration tells why better, where it fails too.
    layer = 8

    def judge(self, sight: Sight) -> Iterator[Result]:
        for member in sight.device.memberships:
            expected = "packets in and out"
            yield from self.over_peers(sight, member, expected, lambda peer: self._peer(sight, peer))

    @staticmethod
    def _peer(sight: Sight, peer: Peer) -> Verdict:
        children = sight.children(peer)
        if not children:
            return "unknown", "no SA"
        received, sent = carried(children)
        if received is None or sent is None:
            return "unknown", "counters are not told"
        return "pass" if received and sent else "fail", f"{received} in, {sent} out"


def esp_suite(proposal: str) -> tuple[str, int | None, str | None] | None:
    """Encryption, key bits and integrity of a proposal string; None if a part of it is not known here."""
    parts = proposal.lower().split("-")
    if parts[0] == "chacha20poly1305":
        return "CHACHA20_POLY1305", None, None
    match = re.fullmatch(r"aes(128|192|256)(gcm16|gcm|ccm16|ctr|)", parts[0])
    if match is None:
        return None
    integrity = next((INTEGRITY[part] for part in parts[1:] if part in INTEGRITY), None)
    return CIPHERS[match[2]], int(match[1]), integrity


def written(suite: tuple[str, int | None, str | None]) -> str:
    return "-".join(str(part) for part in suite if part)


def sa_label(sight: Sight, member: Membership) -> str:
    """The algorithms in use, for a table."""
    for peer in (*member.hubs, *member.spokes):
        for child in sight.children(peer):
            return written((child.suite.encryption or "?", child.suite.key_bits, None))
    return "-"
