# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes docs/reference/inventory.md and inventory.schema.json from the inventory's models.

With ``--check`` it writes nothing and ends with status 1 if one of them is out of date.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT / ".build" / "collections"))

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet import models, pace, suites  # noqa: E402
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.checks.registry import CHECKS  # noqa: E402
from ansible_collections.mgre.dmvpn.plugins.plugin_utils.fleet.cloud_models import (  # noqa: E402
    BfdInput,
    CloudInput,
    IpsecInput,
    RoutingInput,
)

TARGET = ROOT / "docs" / "reference"
TEMPLATE = {"$ref": "#/$defs/Template"}

Schema = dict[str, Any]

INTRO = """# Inventory variables

Written by `tools/reference.py` from `models.py` and `cloud_models.py` in \
`plugins/plugin_utils/fleet`: change it there.

A fleet is described by variables that begin with `dmvpn_`. Unknown ones are refused, and so is a value of \
another type: `"11"` is text, `11` is a number. All findings come in one run, each with host, variable, what \
is wrong and what to write. [Examples](../../inventories/examples) are whole inventories.

Editors that know JSON Schema complete and check these variables: put
`# yaml-language-server: $schema=<path to docs/reference/inventory.schema.json>` at the top of a file in \
`group_vars` or `host_vars`.
"""

SECTIONS = (
    ("Variables", models.Inventory, "Where each stands is the inventory's business: host or any group."),
    ("Clouds", CloudInput, "Entries of `dmvpn_clouds`. A router may be hub in one, spoke in another."),
    ("Routing", RoutingInput, "`routing` of a cloud."),
    ("BFD", BfdInput, "`routing.bfd` of a cloud."),
    ("IPsec", IpsecInput, "`ipsec` of a cloud. Clouds that share a transport share its IKE SAs, so "
     "theirs must be equal, with `auth: certificate`."),
    ("Transports", models.TransportInput, "Entries of `dmvpn_transports`, by name. A hub needs a fixed "
     "`address` or a `public_address`. Two sites behind one public address are refused."),
    ("Objectives", models.ObjectivesInput, "`dmvpn_objectives`, for [failover.yml](../failover.md): "
     "durations with a unit, such as `900ms`, `3s` or `1min`."),
    ("Rollout", models.RolloutInput, "`dmvpn_rollout`, for [site.yml](../rollout.md): the same everywhere."),
)  # fmt: skip


CONVERGENCE = """What the word `dmvpn_convergence` sets on both platforms. A cloud that says a number of its \
own keeps that one, whatever the word; see [how to choose](../convergence.md).
"""


def schema() -> Schema:
    """JSON Schema of a variables file: ours are checked, those of others are not looked at."""
    made = models.Inventory.model_json_schema()
    tidy(made)
    definitions = made.pop("$defs")
    definitions["Template"] = {"type": "string", "pattern": r"\{[{%]", "description": "A Jinja template."}
    for model in [made, *definitions.values()]:
        for name, value in model.get("properties", {}).items():
            description = {"description": value.pop("description")} if "description" in value else {}
            model["properties"][name] = {**description, "anyOf": [value, TEMPLATE]}
    del made["additionalProperties"]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Inventory variables of mgre.dmvpn",
        "type": "object",
        "properties": made["properties"],
        "patternProperties": {"^dmvpn_(?!(" + "|".join(n[6:] for n in made["properties"]) + ")$)": False},
        "$defs": definitions,
    }


def tidy(node: Any) -> None:
    """Removes pydantic's titles, and null: leaving a line out is the way to say nothing."""
    if isinstance(node, list):
        for entry in node:
            tidy(entry)
    if not isinstance(node, dict):
        return
    if isinstance(node.get("title"), str):
        del node["title"]
    if node.get("default", 0) is None:
        del node["default"]
    choices = node.get("anyOf", [])
    if {"type": "null"} in choices:
        choices.remove({"type": "null"})
        if len(choices) == 1:
            node.update(choices[0])
            del node["anyOf"]
    for value in node.values():
        tidy(value)


def page() -> str:
    text = [INTRO]
    for title, model, prose in SECTIONS:
        made = model.model_json_schema()
        tidy(made)
        text += [f"## {title}\n", f"{prose}\n", table(made)]
        if model is IpsecInput:
            text += ["### Suites\n", suite_table()]
            text += ["## Convergence\n", CONVERGENCE, pace_table()]
    text += ["## Sizes\n", SIZES, size_table(), "## What is checked between values\n", checks()]
    return "\n".join(text)


def table(made: Schema) -> str:
    lines = ["| name | value | default | meaning |", "|---|---|---|---|"]
    required = made.get("required", ())
    for name, value in made["properties"].items():
        default = "required" if name in required else default_of(value)
        lines.append(f"| `{name}` | {kind(value)} | {default} | {value['description']} |")
    return "\n".join(lines) + "\n"


def kind(value: Schema) -> str:
    """What may be written, in words."""
    if "$ref" in value:
        return "mapping"
    if "anyOf" in value:
        return " or ".join(kind(choice) for choice in value["anyOf"])
    if "const" in value:
        return f"`{json.dumps(value['const'])}`" if value["const"] is False else f"`{value['const']}`"
    if "enum" in value:
        return ", ".join(f"`{choice}`" for choice in value["enum"])
    if value["type"] == "array":
        return f"list of {kind(value['items'])}"
    if value["type"] == "object":
        return "mapping"
    if value["type"] == "integer":
        return "number" + (f", {value['minimum']} to {value['maximum']}" if "maximum" in value else "")
    if value["type"] == "boolean":
        return "`true` or `false`"
    return {"ipv4": "IPv4 address", "ipv4-prefix": "IPv4 prefix"}.get(value.get("format", ""), "text")


def default_of(value: Schema) -> str:
    default = value.get("default")
    if default is None or "$ref" in value or ("anyOf" in value and isinstance(default, dict)):
        return ""
    return f"`{json.dumps(default)}`" if default not in ([], {}) else "empty"


def pace_table() -> str:
    """What each word stands for, and where a cloud may say otherwise."""
    rows = (
        ("BFD: milliseconds between packets", "bfd_interval", "routing.bfd.interval"),
        ("BFD: packets until a neighbour is dead", "bfd_multiplier", "routing.bfd.multiplier"),
        ("which is after seconds", "bfd_detection", ""),
        ("BGP keepalive, OSPF and EIGRP hello: seconds", "keepalive", "routing.keepalive"),
        ("BGP and EIGRP holdtime, OSPF dead interval: seconds", "holdtime", "routing.holdtime"),
        ("NHRP registration lives: seconds", "nhrp_holdtime", "nhrp_holdtime"),
        ("IKE asks a silent peer: after seconds (IOS: at least 10)", "dpd", "ipsec.dpd"),
        ("IKE waits for a first answer: seconds (Linux)", "retransmit", ""),
        ("the SA of a silent peer is gone: after seconds (Linux)", "sa_detection", ""),
    )
    words = list(pace.PACES)
    lines = [f"| | {' | '.join(f'`{word}`' for word in words)} | a cloud's own |", "|---|" + "---|" * 4]
    for told, name, own in rows:
        numbers = " | ".join(
            f"{getattr(pace.PACES[word], name):.3g}"
            if name != "bfd_interval"
            else str(pace.PACES[word].bfd_interval)
            for word in words
        )
        lines.append(f"| {told} | {numbers} | {f'`{own}`' if own else 'no'} |")
    return "\n".join(lines) + "\n"


def suite_table() -> str:
    """Both platforms' words for the same algorithms."""
    lines = ["| name | IKE | ESP | IOS: IKEv2 proposal | transform set | from IOS |"]
    lines.append("|---|---|---|---|---|---|")
    for suite in suites.SUITES.values():
        ios = suites.IOS_SUITES[suite.name]
        since = ".".join(map(str, ios.since))
        lines.append(
            f"| `{suite.name}` | `{suite.ike}` | `{suite.esp}` | `{', '.join(ios.proposal)}` "
            f"| `{ios.transform}` | {since} |"
        )
    return "\n".join(lines) + "\n\n" + NO_ESN


NO_ESN = """Neither platform offers extended sequence numbers (ESN) or PFS: IOS has no ESN in IKEv2 proposals.
"""

SIZES = f"""A tunnel packet is IPv4 {suites.IPV4} + UDP {suites.UDP} (NAT-T) + ESP {suites.ESP} + IV + \
GRE with key {suites.GRE} + inner packet + padding + trailer {suites.TRAILER} + ICV. A cloud's MTU is what \
fits into `path_mtu` with NAT-T, {suites.DEFAULT_MTU} at most; MSS is {suites.IPV4_TCP} less. A site \
whose own `path_mtu` is too small for that is refused, because a smaller MTU would change every router.

Largest inner packet in bytes:
"""


def size_table() -> str:
    lines = ["| suite | path MTU | plain | NAT-T |", "|---|---|---|---|"]
    for suite in suites.SUITES:
        for path in (1500, 1492):
            plain, nat_t = (suites.largest_inner(suite, path, nat_t) for nat_t in (False, True))
            lines.append(f"| `{suite}` | {path} | {plain} | {nat_t} |")
    return "\n".join(lines) + "\n"


def checks() -> str:
    lines = ["| check | why |", "|---|---|"]
    for check in CHECKS:
        name = getattr(check, "__name__", "").replace("_", " ")
        lines.append(f"| {name} | {' '.join((check.__doc__ or '').split()).replace('``', '`')} |")
    return "\n".join(lines) + "\n"


def contents() -> dict[Path, str]:
    """What the files of docs/reference should hold."""
    return {
        TARGET / "inventory.md": page(),
        TARGET / "inventory.schema.json": json.dumps(schema(), indent=1, ensure_ascii=False) + "\n",
    }


def main(arguments: list[str]) -> int:
    if arguments not in ([], ["--check"]):
        print("usage: reference.py [--check]", file=sys.stderr)
        return 2
    stale = [
        path for path, text in contents().items() if not path.exists() or path.read_text("utf-8") != text
    ]
    for path in stale:
        if arguments:
            print(f"{path.relative_to(ROOT)} is out of date: run tools/reference.py", file=sys.stderr)
        else:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(contents()[path], encoding="utf-8")
    return 1 if arguments and stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
