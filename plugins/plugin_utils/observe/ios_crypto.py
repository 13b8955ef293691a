# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Security associations of IOS: IKEv2 SAs with their IPsec SAs, in the names of IANA's registries."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...module_utils.state import ChildSa, IkeSa, Suite
from .ios_text import ADDRESS, Unreadable, integer, interface_name, lines_of, said

IKE, IPSEC = "show crypto ikev2 sa detailed", "show crypto ipsec sa"
SESSIONS = "show crypto session detail"
STATES = {"READY": "ESTABLISHED", "IN-NEG": "CONNECTING", "DELETE": "DELETING"}
CIPHERS = {"AES-CBC": "AES_CBC", "AES-GCM": "AES_GCM_16", "AES-CTR": "AES_CTR", "3DES": "3DES", "DES": "DES"}
HASHES = {
    "SHA96": "HMAC_SHA1_96",
    "SHA1": "HMAC_SHA1_96",
    "MD596": "HMAC_MD5_96",
    "SHA256": "HMAC_SHA2_256_128",
    "SHA384": "HMAC_SHA2_384_192",
    "SHA512": "HMAC_SHA2_512_256",
}
PRFS = {
    "SHA1": "PRF_HMAC_SHA1",
    "MD5": "PRF_HMAC_MD5",
    "SHA256": "PRF_HMAC_SHA2_256",
    "SHA384": "PRF_HMAC_SHA2_384",
    "SHA512": "PRF_HMAC_SHA2_512",
}
GROUPS = {
    "2": "MODP_1024",
    "5": "MODP_1536",
    "14": "MODP_2048",
    "15": "MODP_3072",
    "16": "MODP_4096",
    "19": "ECP_256",
    "20": "ECP_384",
    "21": "ECP_521",
    "24": "MODP_2048_256",
}
ESP_HASHES = {
    "esp-md5-hmac": "HMAC_MD5_96",
    "esp-sha-hmac": "HMAC_SHA1_96",
    "esp-sha256-hmac": "HMAC_SHA2_256_128",
    "esp-sha384-hmac": "HMAC_SHA2_384_192",
    "esp-sha512-hmac": "HMAC_SHA2_512_256",
}
ROW = re.compile(rf"\s*\d+\s+({ADDRESS})/(\d+)\s+({ADDRESS})/(\d+)\s+\S+/\S+\s+(\S+)\s*$")
HEADING = re.compile(r"\s*(IPv4 Crypto IKEv2\s+SA|Tunnel-id\s+Local\s)")


@dataclass(slots=True)
class Flow:
    """One pair of selectors with what it carried; ``inbound`` and ``outbound`` are its ESP SAs."""

    interface: str
    peer: str | None = None
    port: int | None = None
    encaps: int | None = None
    decaps: int | None = None
    inbound: list[dict[str, str]] = field(default_factory=list)
    outbound: list[dict[str, str]] = field(default_factory=list)


def security_associations(ike_text: str, ipsec_text: str, sessions_text: str) -> list[IkeSa]:
    """All of it. Raises Unreadable; the sessions add those that are still being negotiated."""
    held = ike(ike_text)
    sas = [sa for sa, port in held]
    for flow in ipsec(ipsec_text):
        child = _child(flow)
        if child is None:
            continue
        # Peers behind one NAT differ in their port only. Of two IKE SAs the younger one carries the child.
        same = [pair for pair in held if pair[0].remote == flow.peer]
        same = [pair for pair in same if pair[1] == flow.port] or same
        same.sort(key=lambda pair: (pair[0].state != "ESTABLISHED", pair[0].established or 0))
        if same:
            same[0][0].children.append(child)
        else:
            sas.append(IkeSa(state="ABSENT", remote=flow.peer, children=[child]))
    known = {sa.remote for sa in sas}
    sas += [
        IkeSa(state="CONNECTING", remote=peer) for peer in negotiating(sessions_text) if peer not in known
    ]
    return sas


def ike(text: str) -> list[tuple[IkeSa, int]]:
    """IKEv2 SAs of IPv4, each with the peer's port. Raises Unreadable. Without any IOS prints nothing."""
    found: list[tuple[IkeSa, int]] = []
    heading = False
    for line in lines_of(text, IKE):
        if re.match(r"\s*IPv6 Crypto IKEv2", line):
            break
        if HEADING.match(line):
            heading = heading or "Tunnel-id" in line
        elif row := ROW.match(line):
            # A word that is not known here is not a state that is.
            state = STATES.get(row[5])
            found.append((IkeSa(state=state, local=row[1], remote=row[3]), int(row[4])))
        elif found:
            _attribute(found[-1][0], line.strip())
            if re.match(r"\d+\s+\S*\d", line):
                raise Unreadable(f"'{IKE}': the line '{line.strip()}' is of an unknown form")
        elif line.strip() and "no" not in line.lower():
            raise Unreadable(f"'{IKE}': the line '{line.strip()}' is of an unknown form")
    if heading and not found:
        raise Unreadable(f"'{IKE}' has a heading and no SA of a known form")
    return found


def _attribute(sa: IkeSa, line: str) -> None:
    if line.startswith("Encr:"):
        parts = dict(re.findall(r"([A-Za-z][A-Za-z ]*): ?([^,\s]+)", line))
        sa.suite = Suite(
            encryption=CIPHERS.get(parts.get("Encr", ""), parts.get("Encr")),
            key_bits=integer(parts.get("keysize")),
            integrity=HASHES.get(parts.get("Hash", "")),
            prf=PRFS.get(parts.get("PRF", "")),
            group=GROUPS.get(parts.get("DH Grp", ""), parts.get("DH Grp")),
        )
    elif match := re.match(r"Life/Active Time: (\d+)/(\d+) sec", line):
        sa.established = int(match[2])
        sa.rekey = max(0, int(match[1]) - int(match[2]))
    elif match := re.match(r"Local id: (.+)", line):
        sa.local_identity = _identity(match[1])
    elif match := re.match(r"Remote id: (.+)", line):
        sa.remote_identity = _identity(match[1])
    elif match := re.match(r"Initiator of SA : (Yes|No)", line):
        sa.initiator = match[1] == "Yes"


def _identity(text: str) -> str:
    """A subject in the form of the other platforms: O=mgre-dmvpn,OU=...,CN=hub1."""
    if "=" not in text:
        return text.strip()
    return re.sub(r"(^|,)\s*([A-Za-z]+)=", lambda m: f"{m[1]}{m[2].upper()}=", text.strip())


def ipsec(text: str) -> list[Flow]:
    """Raises Unreadable."""
    lines = [line.strip() for line in lines_of(text, IPSEC)]
    found: list[Flow] = []
    interface, section = None, None
    for line in lines:
        if match := re.match(r"interface: (\S+)", line):
            interface, section = interface_name(match[1]), None
        elif re.match(r"local +ident ", line):
            if interface is None:
                raise Unreadable(f"'{IPSEC}': a flow belongs to no interface")
            found.append(Flow(interface))
            section = None
        elif match := re.match(r"(inbound|outbound) (\w+) sas:", line):
            section = None
            if found and match[2] == "esp":
                section = found[-1].inbound if match[1] == "inbound" else found[-1].outbound
        elif found:
            _of_flow(found[-1], section, line)
    if not found and any(line and not line.startswith(("No SAs found", "interface:")) for line in lines):
        raise Unreadable(f"'{IPSEC}' is of an unknown form")
    for flow in found:
        if flow.peer is None:
            raise Unreadable(f"'{IPSEC}': a flow on {flow.interface} has no peer")
    return [flow for flow in found if flow.peer]


def _of_flow(flow: Flow, section: list[dict[str, str]] | None, line: str) -> None:
    if match := re.match(rf"current_peer ({ADDRESS}|\S+) port (\d+)", line):
        # A crypto map waits for a peer: "(none)".
        flow.peer = match[1] if re.fullmatch(ADDRESS, match[1]) else ""
        flow.port = int(match[2])
    elif match := re.match(r"#pkts encaps: (\d+),", line):
        flow.encaps = int(match[1])
    elif match := re.match(r"#pkts decaps: (\d+),", line):
        flow.decaps = int(match[1])
    elif section is None:
        return
    elif match := re.match(r"spi: (0x[0-9A-Fa-f]+)\(", line):
        section.append({"spi": match[1][2:].lower()})
    elif section:
        for name, pattern in (
            ("transform", r"transform: (.*?)\s*,?$"),
            ("settings", r"in use settings =\{(.*?),? *\}"),
            ("life", r"sa timing: remaining key lifetime \((?:k/)?sec\): \((?:\d+/)?(\d+)\)"),
            ("status", r"Status: (\w+)"),
        ):
            if match := re.match(pattern, line):
                section[-1][name] = match[1]


def _child(flow: Flow) -> ChildSa | None:
    """The pair of ESP SAs of a flow, the newest of each; None without one."""
    if not flow.inbound or not flow.outbound:
        return None
    inbound, outbound = flow.inbound[-1], flow.outbound[-1]
    settings = inbound.get("settings", "").split()
    mode = next((name for name in ("Transport", "Tunnel") if name in settings), None)
    status = {sa.get("status") for sa in (inbound, outbound)}
    return ChildSa(
        name=flow.interface,
        state="INSTALLED" if status == {"ACTIVE"} else next((s for s in status if s and s != "ACTIVE"), None),
        mode=mode.upper() if mode else None,
        protocol="ESP",
        encapsulated="UDP-Encaps" in settings if settings else None,
        spi_in=inbound["spi"],
        spi_out=outbound["spi"],
        suite=transform(inbound.get("transform", "")),
        packets_in=flow.decaps,
        packets_out=flow.encaps,
        life=integer(inbound.get("life")),
    )


def transform(text: str) -> Suite:
    """esp-gcm 256; esp-256-aes esp-sha256-hmac; esp-aes 256 esp-sha-hmac. Others are not known."""
    integrity = next((ESP_HASHES[word] for word in text.split() if word in ESP_HASHES), None)
    if match := re.match(r"esp-gcm(?: (128|192|256))?\b", text):
        return Suite("AES_GCM_16", int(match[1] or 128))
    if match := re.match(r"esp-(?:(192|256)-aes\b|aes\b(?: (128|192|256))?)", text):
        return Suite("AES_CBC", int(match[1] or match[2] or 128), integrity)
    if re.match(r"esp-3des\b", text):
        return Suite("3DES", None, integrity)
    if re.match(r"esp-des\b", text):
        return Suite("DES", None, integrity)
    return Suite()


def negotiating(text: str) -> list[str]:
    """Peers with which a negotiation has begun and not ended. Never raises: it is evidence only."""
    try:
        blocks = re.split(r"^Interface:", "\n".join(lines_of(text, SESSIONS)), flags=re.MULTILINE)[1:]
    except Unreadable:
        return []
    return [
        peer
        for block in blocks
        if re.search(r"^Session status: DOWN-NEGOTIATING", block, re.MULTILINE)
        and (peer := said(re.search(rf"^Peer: ({ADDRESS}) port", block, re.MULTILINE)))
    ]
