# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which routers of a rendered fleet share secrets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path


def with_psk(bundle: Path) -> Iterator[tuple[str, str, list[str]]]:
    """Name, platform and the clouds with a PSK of each router that is in one."""
    for path in sorted(bundle.glob("*/intent.json")):
        device = json.loads(path.read_text(encoding="utf-8"))
        clouds = [member["cloud"] for member in device["memberships"]]
        if shared := [cloud["name"] for cloud in clouds if cloud["ipsec"]["auth"] == "psk"]:
            yield path.parent.name, device["platform"], shared
