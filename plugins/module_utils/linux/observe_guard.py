# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The guard against cleartext, as the kernel has it: which hooks drop what, on which WANs, how often.

A drop counts only where the way to it asks for "no IPsec": a rule in the hook's own chain, or one in a
chain that such a rule jumps to. A table that is there but empty is therefore a guard without drops.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..state import Drop, Guard
from .observe_run import Unreadable, integer, parse, rows, run, table

TABLE = "mgre_dmvpn_guard"
CHAIN = "MGRE-DMVPN-"
HOOKS = {"INPUT": "input", "OUTPUT": "output", "FORWARD": "forward"}
# nhrp nflog-group of the templates
REDIRECT_GROUP = 1
Rule = dict[str, Any]


def guard(kind: str) -> Guard:
    """``kind`` is nftables or iptables. Raises Unreadable if that tool fails."""
    if kind == "iptables":
        return parse_iptables(run(("iptables-save", "-c")))
    try:
        return parse_nft(run(("nft", "-j", "list", "table", "inet", TABLE)))
    except Unreadable as error:
        # Only this one answer means "not there"; everything else is not known.
        if "No such file or directory" in str(error) or "does not exist" in str(error):
            return Guard("nftables", present=False)
        raise


def parse_nft(output: str) -> Guard:
    objects = rows(table(parse(output, "nft")).get("nftables"))
    hooks = {c["name"]: c["hook"] for o in objects if (c := o.get("chain")) and "hook" in c and "name" in c}
    counters = {
        c["name"]: integer(c.get("packets")) for o in objects if (c := o.get("counter")) and "name" in c
    }
    sets = {s["name"]: _elements(s) for o in objects if (s := o.get("set")) and "name" in s}
    rules: dict[str, list[Rule]] = {}
    for item in objects:
        if rule := item.get("rule"):
            rules.setdefault(rule.get("chain", ""), []).append(rule)
    drops, interfaces = [], set()
    for chain, hook in hooks.items():
        for expressions, names in _unprotected(rules, chain, sets):
            interfaces |= names
            drops.append(Drop(hook, _what(expressions), _packets(expressions, counters)))
    forward = [
        [e for e in rule.get("expr") or [] if isinstance(e, dict)]
        for chain, hook in hooks.items()
        if hook == "forward"
        for rule in rules.get(chain, [])
    ]
    return Guard(
        "nftables",
        present=True,
        interfaces=sorted(interfaces),
        drops=drops,
        redirects=_redirects(forward, sets),
        clamps=_clamps(forward, sets),
    )


def _redirects(forward: list[list[Rule]], sets: dict[str, set[str]]) -> list[str]:
    """Tunnels with a rule that logs to nhrpd what enters and leaves by them."""
    found: set[str] = set()
    for expressions in forward:
        if any((e.get("log") or {}).get("group") == REDIRECT_GROUP for e in expressions if "log" in e):
            ends = [names for e in expressions if (names := _interfaces(e.get("match"), sets))]
            found |= ends[0] & ends[1] if len(ends) == 2 else set()
    return sorted(found)


def _clamps(forward: list[list[Rule]], sets: dict[str, set[str]]) -> dict[str, int]:
    """Largest TCP segment by tunnel, of those that have a rule for each way."""
    ways: dict[str, dict[str, int]] = {}
    for expressions in forward:
        size = next(
            (integer((e.get("mangle") or {}).get("value")) for e in expressions if _sets_mss(e)), None
        )
        for match in (e.get("match") or {} for e in expressions):
            for name in _interfaces(match, sets) if size is not None else ():
                ways.setdefault(name, {})[match["left"]["meta"]["key"]] = size or 0
    return {name: max(sizes.values()) for name, sizes in sorted(ways.items()) if len(sizes) == 2}


def _sets_mss(expression: Rule) -> bool:
    key = (expression.get("mangle") or {}).get("key") if "mangle" in expression else None
    return isinstance(key, dict) and (key.get("tcp option") or {}).get("name") == "maxseg"


def _unprotected(
    rules: dict[str, list[Rule]], chain: str, sets: dict[str, set[str]]
) -> Iterator[tuple[list[Rule], set[str]]]:
    """The dropping rules that packets without IPsec meet, with the interfaces that they are asked on."""
    for rule in rules.get(chain, []):
        expressions = [e for e in rule.get("expr") or [] if isinstance(e, dict)]
        if not any(_asks_for_missing(e.get("match")) for e in expressions):
            continue
        names = {name for e in expressions for name in _interfaces(e.get("match"), sets)}
        target = next((e["jump"].get("target") for e in expressions if isinstance(e.get("jump"), dict)), None)
        for inner in [rule] if target is None else rules.get(target, []):
            steps = [e for e in inner.get("expr") or [] if isinstance(e, dict)]
            if any("drop" in e for e in steps):
                yield steps, names


def _asks_for_missing(match: Any) -> bool:
    if not isinstance(match, dict) or not isinstance(match.get("left"), dict):
        return False
    left, right = match["left"], match.get("right")
    ipsec = any((left.get(where) or {}).get("key") == "ipsec" for where in ("rt", "meta"))
    return ipsec and right in (False, 0, "missing")


def _interfaces(match: Any, sets: dict[str, set[str]]) -> set[str]:
    if not isinstance(match, dict) or not isinstance(match.get("left"), dict):
        return set()
    if (match["left"].get("meta") or {}).get("key") not in ("iifname", "oifname"):
        return set()
    right = match.get("right")
    if isinstance(right, str):
        return sets.get(right[1:], set()) if right.startswith("@") else {right}
    return (
        {name for name in right.get("set", []) if isinstance(name, str)} if isinstance(right, dict) else set()
    )


def _elements(item: Rule) -> set[str]:
    return {e for e in item.get("elem") or [] if isinstance(e, str)}


def _what(expressions: list[Rule]) -> str:
    """gre for tunnel packets, site for packets between sites' prefixes."""
    for expression in expressions:
        match = expression.get("match") or {}
        left = match.get("left") or {}
        if (
            isinstance(left, dict)
            and (left.get("meta") or {}).get("key") == "l4proto"
            and match.get("right") in ("gre", 47)
        ):
            return "gre"
    return "site"


def _packets(expressions: list[Rule], counters: dict[str, int | None]) -> int | None:
    for expression in expressions:
        counter = expression.get("counter")
        if isinstance(counter, str):
            return counters.get(counter)
        if isinstance(counter, dict):
            return integer(counter.get("packets"))
    return None


def parse_iptables(output: str) -> Guard:
    """``iptables-save -c``: rules as ``[packets:bytes] -A CHAIN ... -j TARGET``."""
    rules = re.findall(r"^\[(\d+):\d+\] -A (\S+) (.*)$", output, re.MULTILINE)
    if f":{CHAIN}" not in output:
        return Guard("iptables", present=False)
    by_chain: dict[str, list[tuple[int, str]]] = {}
    for packets, chain, rule in rules:
        by_chain.setdefault(chain, []).append((int(packets), rule))
    guard = Guard("iptables", present=True)
    interfaces = set()
    for chain, hook in HOOKS.items():
        for entry in _targets(by_chain.get(chain, [])):
            for rule in (counted[1] for counted in by_chain.get(entry, [])):
                if "--pol none" not in rule:
                    continue
                interfaces |= set(re.findall(r"-[io] (\S+)", rule))
                for inner in _targets([(0, rule)]):
                    guard.drops += _iptables_drops(by_chain, inner, hook)
    guard.interfaces = sorted(interfaces)
    ours = [
        rule for chain, counted in by_chain.items() if chain.startswith(CHAIN) for _count, rule in counted
    ]
    logged = [rule for rule in ours if f"--nflog-group {REDIRECT_GROUP} " in f"{rule} "]
    both = [re.findall(r"(?:^|\s)-[io] (\S+)", rule) for rule in logged]
    guard.redirects = sorted({ends[0] for ends in both if len(ends) == 2 and ends[0] == ends[1]})
    guard.clamps = _iptables_clamps(by_chain)
    return guard


def _iptables_clamps(by_chain: dict[str, list[tuple[int, str]]]) -> dict[str, int]:
    ways: dict[str, dict[str, int]] = {}
    reached = _targets(by_chain.get("FORWARD", []))
    for rule in (rule for chain in reached for _count, rule in by_chain.get(chain, [])):
        match = re.search(r"(?:^|\s)-([io]) (\S+) .*--set-mss (\d+)", rule)
        if match:
            ways.setdefault(match[2], {})[match[1]] = int(match[3])
    return {name: max(sizes.values()) for name, sizes in sorted(ways.items()) if len(sizes) == 2}


def _iptables_drops(
    by_chain: dict[str, list[tuple[int, str]]], chain: str, hook: str, depth: int = 0
) -> list[Drop]:
    drops = []
    for packets, rule in by_chain.get(chain, []):
        if rule.endswith("-j DROP"):
            drops.append(Drop(hook, "gre" if re.search(r"-p (gre|47)\b", rule) else "site", packets))
        elif depth < 3:
            for inner in _targets([(packets, rule)]):
                drops += _iptables_drops(by_chain, inner, hook, depth + 1)
    return drops


def _targets(rules: list[tuple[int, str]]) -> list[str]:
    return [match[1] for counted in rules if (match := re.search(rf"-j ({re.escape(CHAIN)}\S+)", counted[1]))]
