# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where a router is, from the variables that Ansible goes by."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Any

from ansible import constants as C  # type: ignore[import-untyped]
from ansible.errors import AnsibleActionFail  # type: ignore[import-untyped]

from .client import Target

NETCONF, SSH = 830, 22
NEVER = {"no", "false", "0", "off", "n", "f"}
Variable = Callable[[str], Any]


def target_of(name: str, variable: Variable) -> Target:
    """``variable`` gives one of the host's, templated. Raises ``AnsibleActionFail``."""
    speaks_netconf = str(variable("ansible_connection") or "").endswith("netconf")
    port = variable("ansible_port")
    user = variable("ansible_user") or variable("ansible_ssh_user")
    if not user:
        raise AnsibleActionFail("ansible_user: not set; write the name of a user with privilege 15")
    password = variable("ansible_password") or variable("ansible_ssh_pass")
    key = variable("ansible_ssh_private_key_file")
    return Target(
        host=str(variable("ansible_host") or name),
        port=_port(variable, "dmvpn_netconf_port", port if speaks_netconf else None, NETCONF),
        user=str(user),
        password=str(password) if password else None,
        key=os.path.expanduser(str(key)) if key else None,
        verify_host_key=_verifies_host_keys(variable),
        ssh_port=_port(variable, "dmvpn_ssh_port", None if speaks_netconf else port, SSH),
    )


def _port(variable: Variable, name: str, other: object, default: int) -> int:
    value = variable(name) or other or default
    try:
        port = int(str(value))
    except ValueError:
        port = 0
    if not 0 < port < 65536:
        raise AnsibleActionFail(f"{name}: {value!r} is not a port; write a number from 1 to 65535")
    return port


def _verifies_host_keys(variable: Variable) -> bool:
    for name in ("ansible_host_key_checking", "ansible_ssh_host_key_checking"):
        if (value := variable(name)) is not None:
            return str(value).lower() not in NEVER
    return bool(C.config.get_config_value("HOST_KEY_CHECKING"))
