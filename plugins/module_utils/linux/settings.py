# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What stands in our files of the kernel's settings (sysctl.d) and of charon's (strongswan.conf)."""

from __future__ import annotations

# Read by charon each time they are used; every other setting needs a restart (strongSwan 5.9 and 6.0).
RELOADABLE = {
    "close_ike_on_child_failure",
    "inactivity_close_ike",
    "retransmit_timeout",
    "retransmit_base",
    "retransmit_tries",
}


def proc(key: str) -> str:
    """Where a sysctl key is: net.ipv4.ip_forward, and net/ipv4/conf/wan1.5/rp_filter with dots in a name."""
    return "/proc/sys/" + (key if "/" in key else key.replace(".", "/"))


def sysctl_keys(text: str) -> dict[str, str]:
    """Keys and values of a sysctl.d file; a leading "-" (may be absent) is dropped."""
    found = {}
    for line in text.splitlines():
        name, equals, value = line.partition("=")
        if equals and not line.startswith(("#", ";")):
            found[name.strip().removeprefix("-")] = value.strip()
    return found


def settings_changed(old: str, new: str) -> set[str]:
    """Names of the settings in which two of our strongswan.conf files differ."""
    return {name for name, _value in _settings(old) ^ _settings(new)}


def _settings(text: str) -> set[tuple[str, str]]:
    found = set()
    section: list[str] = []
    for line in (line.split("#")[0].strip() for line in text.splitlines()):
        if line.endswith("{"):
            section.append(line[:-1].strip())
        elif line == "}" and section:
            section.pop()
        elif "=" in line:
            name, _equals, value = line.partition("=")
            # Settings of charon itself by their bare name, those of plugins with theirs.
            found.add((".".join([*section[1:], name.strip()]), value.strip()))
    return found
