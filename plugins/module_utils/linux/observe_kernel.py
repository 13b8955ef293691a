# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Settings and limits of the kernel, from /proc: no process is started."""

from __future__ import annotations

import os

from ..state import Kernel
from .observe_run import Unreadable, integer, read

INTERFACES = "/proc/sys/net/ipv4/conf"
LIMIT = "/proc/sys/net/ipv4/neigh/default/gc_thresh3"
TABLE = "/proc/net/stat/arp_cache"


def kernel() -> Kernel:
    """Raises Unreadable without /proc/sys."""
    try:
        names = sorted(os.listdir(INTERFACES))
    except OSError as error:
        raise Unreadable(f"{INTERFACES}: {error.strerror}") from None
    strict = {name: integer(read(f"{INTERFACES}/{name}/rp_filter")) for name in names}
    entries, overflows = parse_table(read(TABLE) or "")
    return Kernel(
        rp_filter={name: value for name, value in strict.items() if value is not None},
        neighbours=entries,
        neighbour_limit=integer(read(LIMIT)),
        overflows=overflows,
    )


def parse_table(text: str) -> tuple[int | None, int | None]:
    """Entries and overflows: a heading, then hexadecimal numbers, a line for each CPU.

    The entries are those of the whole table on every line; the overflows are each CPU's own.
    """
    lines = [line.split() for line in text.splitlines()]
    if len(lines) < 2 or "entries" not in lines[0]:
        return None, None
    cpus = [dict(zip(lines[0], line, strict=False)) for line in lines[1:]]
    full = [int(cpu["table_fulls"], 16) for cpu in cpus if "table_fulls" in cpu]
    return int(cpus[0]["entries"], 16), sum(full) if full else None
