# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The IOS configurations that the models are asked about: all golden ones, and the ones here that hold
the further lines of the table."""

from __future__ import annotations

import re
from pathlib import Path

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.config_xml import config_xml
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.paths import Facts, parse
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.netconf.payload import payload_facts

ROOT = Path(__file__).resolve().parents[2]
OURS = sorted((Path(__file__).parent / "examples").glob("*.ios"))
GOLDEN = sorted((ROOT / "tests" / "golden" / "render" / "bundles").glob("*/*/config.ios"))
SECRETS = {"psk": "0123456789abcdefghij", "nhrp": "blue-key"}


def text_of(file: Path) -> str:
    """A configuration with values in the place of references: the models have patterns for them."""
    return resolved(file.read_text(encoding="utf-8"))


def resolved(text: str) -> str:
    return re.sub(r"@@secret:(psk|nhrp)/[^@]+@@", lambda found: SECRETS[found[1]], text)


def with_foreign(text: str) -> str:
    """The payload of a configuration together with what the router's owner has: VRFs and dialers.

    The models want these before they are referred to.
    """
    facts = payload_facts(text)
    return config_xml({**foreign(facts), **facts})


def foreign(facts: Facts) -> Facts:
    held: Facts = {}
    for path, value in facts.items():
        name = path[-1].name
        if name in ("forwarding", "ivrf", "vrf") or [step.name for step in path[-2:]] == ["fvrf", "name"]:
            held[parse(f"native/vrf/definition[name={value}]/address-family/ipv4")[0]] = ""
        if name == "source" and (dialer := re.fullmatch(r"Dialer(\d+)", value)):
            held[parse(f"native/interface/Dialer[name={dialer[1]}]")[0]] = ""
    return held
