# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings of the kernel that are not ours any more: a file of somebody else's, a hand, or the default."""

from __future__ import annotations

from collections.abc import Iterator

from ..difference import DEFAULT, OURS, THEIRS, Difference
from .host import Host
from .release import SYSCTL, Release
from .settings import proc, sysctl_keys

# In the order in which systemd-sysctl reads them: a file name that comes later wins (sysctl.d(5)).
PLACES = ("/etc/sysctl.d", "/run/sysctl.d", "/usr/local/lib/sysctl.d", "/usr/lib/sysctl.d")
# What the kernel begins with (Documentation/networking/ip-sysctl.rst), by the last part of the key.
DEFAULTS = {
    "ip_forward": "0",
    "rp_filter": "0",
    "send_redirects": "1",
    "disable_ipv6": "0",
    "udp_l3mdev_accept": "0",
    "gc_thresh1": "128",
    "gc_thresh2": "512",
    "gc_thresh3": "1024",
}
REMEDY = "run site.yml for this router"


def setting(host: Host, key: str, value: str, wanted: Release) -> Difference:
    """One key that does not have our value."""
    asked = sysctl_keys(wanted.text(SYSCTL)).get(key, "")
    what = f"is {value} instead of {asked}"
    told = [path for path, other in others(host, key) if other == value]
    if told:
        remedy = f"take it out of {told[-1]}, or name that file so that it comes before ours; then {REMEDY}"
        return Difference("kernel", key, THEIRS, what, told[-1], remedy)
    if DEFAULTS.get(key.replace("/", ".").rpartition(".")[2]) == value:
        by = "nobody wrote that value: it is the kernel's own, from before our file was read or set back to"
        return Difference("kernel", key, DEFAULT, what, by, REMEDY)
    return Difference("kernel", key, OURS, what, "somebody with sysctl: no file says so", REMEDY)


def later(host: Host, wanted: Release) -> Iterator[Difference]:
    """Keys of ours that a file of somebody else's will set otherwise at the next boot."""
    name = SYSCTL.rpartition("/")[2]
    for key, value in sysctl_keys(wanted.text(SYSCTL)).items():
        for path, other in others(host, key):
            held = host.read(proc(key))
            if (
                other != value
                and path.rpartition("/")[2] > name
                and held is not None
                and held.strip() == value
            ):
                what = f"becomes {other} instead of {value} at the next boot"
                remedy = f"take it out of {path}, or give that file a name before {name}"
                yield Difference("kernel", key, THEIRS, what, path, remedy)


def others(host: Host, key: str) -> Iterator[tuple[str, str]]:
    """Files beside ours that set a key, and to what, in the order in which they are read."""
    seen = {}
    for place in reversed(PLACES):
        folder = host.at(place)
        for path in sorted(folder.glob("*.conf")) if folder.is_dir() else []:
            seen[path.name] = f"{place}/{path.name}"
    for name in sorted(seen):
        if seen[name] == SYSCTL:
            continue
        value = sysctl_keys(host.read(seen[name]) or "").get(key)
        if value is not None:
            yield seen[name], value
    value = sysctl_keys(host.read("/etc/sysctl.conf") or "").get(key)
    if value is not None and "99-sysctl.conf" not in seen:
        yield "/etc/sysctl.conf", value
