# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The plan as strongSwan's swanctl.conf."""

from __future__ import annotations

from .plan import Connection, Plan

PKI = "/etc/ios-alive/pki"

# What a DMVPN on a stock kernel needs of charon; the reasons are in docs/linux-facts.md.
CHARON = """charon {
    ignore_acquire_ts = yes
    close_ike_on_child_failure = yes
    install_routes = no
    retransmit_timeout = 2.0
    retransmit_base = 1.3
    retransmit_tries = 3
    plugins {
        bypass-lan {
            load = no
        }
        kernel-netlink {
            xfrm_acq_expires = 12
        }
    }
}
"""


def connections(plan: Plan) -> str:
    """/etc/swanctl/conf.d/ios-alive.conf, secrets and all: it is for root alone."""
    lines = ["connections {"]
    for number, one in enumerate(plan.connections):
        lines += [f"    {text}" for text in _connection(one, 2000000 + number)]
    lines += ["}", "secrets {"]
    for one in plan.connections:
        for number, secret in enumerate(one.secrets):
            # As responder, charon looks for a key before it knows which identity it will answer with.
            lines += [
                f"    ike-{one.name}-{number} {{",
                f'        id-local = "{one.local_id}"',
                f'        id-peer = "{secret.peer or one.remote_id}"',
            ]
            lines += [f"        secret = 0x{secret.value.encode().hex()}", "    }"]
    return "\n".join([*lines, "}", ""])


def trustpoints(plan: Plan) -> dict[str, str]:
    """Where charon wants the certificates that the connections use: target and source."""
    files = {}
    for name in sorted({one.trustpoint for one in plan.connections if one.trustpoint}):
        files[f"/etc/swanctl/x509/{name}.pem"] = f"{PKI}/{name}/cert.pem"
        files[f"/etc/swanctl/x509ca/{name}-ca.pem"] = f"{PKI}/{name}/ca.pem"
        files[f"/etc/swanctl/private/{name}.pem"] = f"{PKI}/{name}/key.pem"
    return files


def _connection(one: Connection, reqid: int) -> list[str]:
    certificate = [f"certs = {one.trustpoint}.pem"] if one.trustpoint else []
    authority = [f"cacerts = {one.trustpoint}-ca.pem"] if one.trustpoint else []
    own = [f'id = "{one.local_id}"'] if one.local_id else []
    return [
        f"{one.name} {{",
        "    version = 2",
        f"    local_addrs = {one.source}",
        "    remote_addrs = %any",
        f"    proposals = {','.join(one.proposals)}",
        "    mobike = no",
        "    unique = never",
        f"    rekey_time = {one.ike_seconds}s",
        *([f"    dpd_delay = {one.dpd_seconds}s"] if one.dpd_seconds else []),
        *_block("local", [f"auth = {one.local_auth}", *certificate, *own]),
        *_block("remote", [f"auth = {one.remote_auth}", *authority, f'id = "{one.remote_id}"']),
        "    children {",
        f"        {one.name} {{",
        f"            mode = {'transport' if one.transport else 'tunnel'}",
        f"            reqid = {reqid}",
        "            local_ts = dynamic[gre]",
        "            remote_ts = dynamic[gre]",
        f"            esp_proposals = {','.join(one.esp)}",
        f"            rekey_time = {one.esp_seconds}s",
        f"            replay_window = {one.window}",
        "            dpd_action = clear",
        "            start_action = trap",
        "        }",
        "    }",
        "}",
    ]


def _block(name: str, lines: list[str]) -> list[str]:
    return [f"    {name} {{", *(f"        {line}" for line in lines), "    }"]
