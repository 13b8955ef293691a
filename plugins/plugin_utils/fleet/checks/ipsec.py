# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of IPsec and of the secrets; none of them shows one."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from pydantic import SecretStr

from ...findings import Finding
from ..declared import CLOUDS, FLEET, Declared, Member
from ..secret_values import Unread

COMMON_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
FIELD_MAX = 64  # characters of a CN or an OU, RFC 5280 appendix A.1
NHRP_AUTHENTICATION = (10, 2)  # FRR


def psks_are_there(declared: Declared) -> Iterator[Finding]:
    """Every member of a cloud with ``auth: psk`` has its secret, and all have the same."""
    for name, members in declared.members.items():
        cloud = declared.clouds[name]
        if cloud.ipsec.auth == "psk" and declared.sound(cloud, "ipsec"):
            remedy = f"write {name}: and the secret, for a group of all routers; vault it"
            yield from shared_secret(members, "dmvpn_psks", remedy)


def shared_secret(members: list[Member], variable: str, remedy: str) -> Iterator[Finding]:
    """Every member has the secret, and the same one as the first member."""
    first: tuple[str, SecretStr] | None = None
    for member in members:
        site, cloud = member.site, member.cloud.name
        if variable in site.broken:
            continue
        secrets: Mapping[str, SecretStr | Unread] = getattr(site.vars, variable)
        value = secrets.get(cloud)
        if value is None:
            problem = f"has no secret for cloud {cloud!r}"
            yield Finding(site.name, variable, problem, remedy)
        elif isinstance(value, SecretStr):
            first = first or (site.name, value)
            if value != first[1]:
                problem = f"is not the secret that {first[0]} has"
                yield Finding(
                    site.name, f"{variable}.{cloud}", problem, "write it once, for a group of all routers"
                )


def shared_transports_agree(declared: Declared) -> Iterator[Finding]:
    """Two clouds on one WAN have the same peers, so IKE cannot tell them apart: they share its SAs."""
    told: set[tuple[str, str]] = set()
    for members in declared.memberships().values():
        carried: dict[str, str] = {}
        for member in members:
            cloud = member.cloud
            first = declared.clouds[carried.setdefault(cloud.transport, cloud.name)]
            if first is cloud or (first.name, cloud.name) in told:
                continue
            told.add((first.name, cloud.name))
            if not (declared.sound(first, "ipsec") and declared.sound(cloud, "ipsec")):
                continue
            subject = f"{CLOUDS}[{cloud.name}].ipsec"
            shares = f"cloud {first.name!r} shares transport {cloud.transport!r}, and so its IKE SAs"
            if "psk" in (first.ipsec.auth, cloud.ipsec.auth):
                yield Finding(
                    FLEET,
                    f"{subject}.auth",
                    f"{shares}: a PSK cannot be for two clouds",
                    "write certificate for both, or use another transport",
                )
            elif first.ipsec != cloud.ipsec:
                keys = [key for key, value in cloud.ipsec if value != getattr(first.ipsec, key)]
                yield Finding(
                    FLEET,
                    subject,
                    f"{shares}, but differs in {', '.join(keys)}",
                    f"write what cloud {first.name!r} has",
                )


def subjects_fit(declared: Declared) -> Iterator[Finding]:
    """CN is the host's name, OU its tunnel addresses; the name is also a directory of the bundle."""
    for host, members in declared.memberships().items():
        if not COMMON_NAME.fullmatch(host) or len(host) > FIELD_MAX:
            problem = "cannot be the name in a certificate"
            remedy = f"name it with letters, digits, '.', '_' and '-', {FIELD_MAX} characters at most"
            yield Finding(host, "inventory hostname", problem, remedy)
        held = " ".join(str(member.overlay) for member in members if member.overlay)
        if len(held) > FIELD_MAX and any(member.cloud.ipsec.auth == "certificate" for member in members):
            problem = (
                f"the addresses of {len(members)} clouds have {len(held)} characters in its certificate's OU"
            )
            remedy = f"{FIELD_MAX} are allowed: make it a member of four clouds at most"
            yield Finding(host, CLOUDS, problem, remedy)


def nhrp_secrets_fit(declared: Declared) -> Iterator[Finding]:
    """A cloud is authenticated on all of its members or on none."""
    for name, members in declared.members.items():
        if not any(name in member.site.vars.dmvpn_nhrp_secrets for member in members):
            continue
        remedy = f"write {name}: and the secret, for a group of all routers; or remove it on the others"
        yield from shared_secret(members, "dmvpn_nhrp_secrets", remedy)
        for member in members:
            version = member.site.vars.dmvpn_frr_version
            if member.site.vars.dmvpn_platform != "linux":
                continue
            if version < NHRP_AUTHENTICATION and "dmvpn_frr_version" not in member.site.broken:
                problem = f"FRR {version[0]}.{version[1]} has no NHRP authentication"
                remedy_ = "install FRR 10.2 or newer on every member, or remove the secret"
                yield Finding(member.site.name, f"dmvpn_nhrp_secrets.{name}", problem, remedy_)


def secrets_can_be_entered(declared: Declared) -> Iterator[Finding]:
    """On IOS a question mark calls for help in the middle of a line."""
    for name, members in declared.members.items():
        for member in members:
            site = member.site
            for variable in ("dmvpn_psks", "dmvpn_nhrp_secrets"):
                secrets: Mapping[str, SecretStr | Unread] = getattr(site.vars, variable)
                value = secrets.get(name)
                if (
                    site.vars.dmvpn_platform == "ios"
                    and isinstance(value, SecretStr)
                    and "?" in value.get_secret_value()
                ):
                    problem = "has a '?', which IOS takes for a call for help"
                    yield Finding(site.name, f"{variable}.{name}", problem, "write a secret without it")
