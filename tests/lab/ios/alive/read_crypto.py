# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Reads what protects a tunnel: IPsec and IKEv2 profile, transform-set, keyring, policy, certificate map."""

from __future__ import annotations

from ipaddress import AddressValueError, IPv4Address, IPv4Network, NetmaskValueError

from . import suites
from .lines import Line
from .plan import Connection, Facts, Port, Secret

# IOS's word for an attribute of a name, and X.509's.
_ATTRIBUTES = {"cn": "CN", "o": "O", "ou": "OU", "c": "C", "st": "ST", "l": "L"}


class UnusableError(Exception):
    """Something that the protection refers to is not there, or not complete; IOS then negotiates nothing."""


def connection(root: Line, facts: Facts, name: str, port: Port, fvrf: str) -> Connection:
    """The connection that IPsec profile `name` makes for tunnels from a port. Raises UnusableError."""
    ipsec = _named(root, "crypto ipsec profile", name)
    assert port.address is not None
    sets = _transform_sets(root, ipsec)
    modes = {mode for mode, _esp in sets}
    ike_name = ipsec.word("set ikev2-profile")
    if not ike_name:
        raise UnusableError(f"ipsec profile {name} has no ikev2-profile")
    ike = _named(root, "crypto ikev2 profile", ike_name)
    _check_fvrf(ike, ike_name, fvrf)
    local_auth, remote_auth = (
        _authentication(ike, ike_name, "local"),
        _authentication(ike, ike_name, "remote"),
    )
    trustpoint = ike.word("pki trustpoint")
    if local_auth != "psk" and trustpoint not in facts.trustpoints:
        raise UnusableError(f"ikev2 profile {ike_name}: trustpoint {trustpoint or '(none)'} is not enrolled")
    local_id = _local_id(ike, port, local_auth)
    dpd = ike.rest("dpd") or root.rest("crypto ikev2 dpd")
    return Connection(
        name=f"{name}-{port.device}",
        profile=ike_name,
        source=port.address.ip,
        proposals=_proposals(root, fvrf),
        esp=tuple(esp for _mode, esp in sets),
        transport="transport" in modes,
        local_id=local_id,
        remote_id=_remote_id(root, facts, ike, ike_name),
        local_auth=local_auth,
        remote_auth=remote_auth,
        trustpoint=trustpoint if local_auth != "psk" else "",
        secrets=_secrets(root, ike, ike_name) if "psk" in (local_auth, remote_auth) else (),
        ike_seconds=ike.number("lifetime", 86400),
        esp_seconds=_esp_seconds(root, ipsec),
        dpd_seconds=int(dpd[0]) if dpd and dpd[0].isdigit() else 0,
        dpd_retry=int(dpd[1]) if len(dpd) > 1 and dpd[1].isdigit() else 2,
        window=root.number("crypto ipsec security-association replay window-size", 64),
    )


def _named(root: Line, kind: str, name: str) -> Line:
    line = root.first(f"{kind} {name}")
    if line is None:
        raise UnusableError(f"{kind} {name} is not there")
    return line


def _esp_seconds(root: Line, ipsec: Line) -> int:
    everywhere = root.number("crypto ipsec security-association lifetime seconds", 3600)
    return ipsec.number("set security-association lifetime seconds", everywhere)


def _transform_sets(root: Line, ipsec: Line) -> list[tuple[str, str]]:
    """Mode and ESP proposal of each transform-set of a profile."""
    found = []
    for name in ipsec.rest("set transform-set"):
        line = _named(root, "crypto ipsec transform-set", name)
        esp = suites.esp(line.words[4:], ipsec.word("set pfs"))
        if not esp:
            raise UnusableError(f"transform-set {name} protects nothing")
        found.append((line.word("mode", "tunnel"), esp))
    if not found:
        raise UnusableError(f"{' '.join(ipsec.words[1:])} has no transform-set")
    return found


def _check_fvrf(ike: Line, name: str, fvrf: str) -> None:
    wanted = ike.word("match fvrf")
    if wanted != "any" and wanted != fvrf:
        raise UnusableError(f"ikev2 profile {name} does not match front-door VRF {fvrf or '(global)'}")


def _authentication(ike: Line, name: str, side: str) -> str:
    """psk, rsa, ecdsa, or pubkey for both of these. A peer may have several."""
    known = {"pre-share": "psk", "rsa-sig": "rsa", "ecdsa-sig": "ecdsa"}
    found = {known.get(line.words[2], "") for line in ike.all(f"authentication {side}")} - {""}
    if found == {"rsa", "ecdsa"}:
        return "pubkey"
    if len(found) != 1:
        raise UnusableError(
            f"ikev2 profile {name} has no `authentication {side}`, or two that do not go together"
        )
    return found.pop()


def _local_id(ike: Line, port: Port, auth: str) -> str:
    words = ike.rest("identity local")
    if words and words[0] == "dn":
        return ""
    if words:
        return words[-1]
    assert port.address is not None
    return str(port.address.ip) if auth == "psk" else ""


def _remote_id(root: Line, facts: Facts, ike: Line, name: str) -> str:
    """A pattern that a peer's identity has to fit. strongSwan takes one: several become any."""
    found = []
    for line in ike.all("match identity remote"):
        found.append(_identity(line.words[3:]))
    for line in ike.all("match certificate"):
        found.append(_certificate(root, line.words[2], facts.trustpoints.get(ike.word("pki trustpoint"), "")))
    if not found:
        raise UnusableError(f"ikev2 profile {name} matches no peer")
    return found[0] if len(set(found)) == 1 else "%any"


def _identity(words: tuple[str, ...]) -> str:
    kind, rest = words[0], words[1:]
    if kind == "any" or not rest:
        return "%any"
    if kind == "address":
        mask = rest[1] if len(rest) > 1 else ("0.0.0.0" if rest[0] == "0.0.0.0" else "255.255.255.255")
        try:
            network = IPv4Network(f"{rest[0]}/{mask}", strict=False)
        except (AddressValueError, NetmaskValueError, ValueError):
            return rest[0]
        return str(network.network_address) if network.prefixlen == 32 else str(network)
    if rest[0] == "domain":
        return f"*@{rest[1]}" if kind == "email" else f"*.{rest[1]}"
    return rest[0]


def _certificate(root: Line, name: str, own_subject: str) -> str:
    """A certificate map as a pattern of names that are made like this router's own."""
    rules = [rule for entry in root.all(f"crypto pki certificate map {name}") for rule in entry.children]
    if not rules:
        raise UnusableError(f"certificate map {name} is not there, or empty")
    wanted: dict[str, str] = {}
    for rule in rules:
        if rule.words[0] != "subject-name" or rule.words[1] not in ("co", "eq"):
            continue  # the issuer is checked by the trustpoint
        for part in " ".join(rule.words[2:]).split(","):
            attribute, equals, value = part.partition("=")
            if equals:
                wanted[_ATTRIBUTES.get(attribute.strip().lower(), attribute.strip())] = value.strip()
            else:
                # A part of the whole name: whatever of ours it is part of, the others have to have too.
                held = next(
                    (own for own in own_subject.split(",") if part.strip().lower() in own.lower()),
                    f"CN={part}",
                )
                wanted[held.partition("=")[0].strip()] = held.partition("=")[2].strip()
    parts = []
    for part in own_subject.split(","):
        attribute = part.partition("=")[0].strip()
        parts.append(f"{attribute}={wanted.pop(attribute, '*')}")
    # An attribute that our own name has not: no name like ours fits.
    return ", ".join([*parts, *(f"{attribute}={value}" for attribute, value in wanted.items())])


def _proposals(root: Line, fvrf: str) -> tuple[str, ...]:
    """Those of the policy that fits the front-door VRF best; the default ones if there is no policy."""
    policies = [
        policy for policy in root.all("crypto ikev2 policy") if policy.words[3:] and policy.has("proposal")
    ]
    exact = [policy for policy in policies if policy.word("match fvrf") == fvrf]
    fitting = exact or [policy for policy in policies if policy.word("match fvrf") == "any"]
    if not fitting:
        return suites.DEFAULT_IKE
    found: list[str] = []
    for line in fitting[0].all("proposal"):
        found += suites.ike(_named(root, "crypto ikev2 proposal", line.words[1]))
    if not found:
        raise UnusableError(f"{' '.join(fitting[0].words[1:])} has no complete proposal")
    return tuple(found)


def _secrets(root: Line, ike: Line, name: str) -> tuple[Secret, ...]:
    keyring_name = ike.word("keyring local")
    if not keyring_name:
        raise UnusableError(f"ikev2 profile {name} has no keyring")
    keyring = _named(root, "crypto ikev2 keyring", keyring_name)
    found = []
    for peer in keyring.all("peer"):
        keys = {line.words[-1] for line in peer.all("pre-shared-key")}
        if len(keys) != 1:
            continue  # none, or one for each direction, which strongSwan has not
        identity = peer.rest("identity")
        address = peer.rest("address")
        if identity:
            peer_id = _identity(identity if identity[0] != "key-id" else ("fqdn", identity[1]))
        else:
            peer_id = _identity(("address", *address)) if address else ""
        found.append(Secret("" if peer_id in ("%any", "0.0.0.0/0") else peer_id, keys.pop()))
    if not found:
        raise UnusableError(f"keyring {keyring_name} has no key")
    return tuple(found)


def is_address(word: str) -> bool:
    try:
        IPv4Address(word)
    except AddressValueError:
        return False
    return True
