# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A plan as one page that a change board reads, prints and signs: it needs no other file and no script."""

from __future__ import annotations

from jinja2 import Environment, StrictUndefined

from ..rollout.present import named
from . import present
from .plan import Change, Plan

STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; color: #1b1f24; max-width: 60em;
margin: 2em auto; padding: 0 1em; }
h1 { font-size: 1.6em; margin-bottom: 0; } h2 { font-size: 1.2em; margin-top: 2em; }
table { border-collapse: collapse; width: 100%; } th { text-align: left; border-bottom: 2px solid #1b1f24; }
td, th { padding: .35em .8em .35em 0; vertical-align: top; } td { border-bottom: 1px solid #d0d7de; }
code, pre { font: 13px/1.45 ui-monospace, monospace; } pre { background: #f6f8fa; padding: .8em;
white-space: pre-wrap; overflow-wrap: anywhere; }
.add { color: #116329; } .del { color: #a40e26; } .head { color: #57606a; }
.down { font-weight: 600; color: #a40e26; } .sign td { height: 3em; border-bottom: 1px solid #1b1f24; }
.print { word-break: break-all; } summary { cursor: pointer; font-weight: 600; }
@media print { body { margin: 0; max-width: none; font-size: 11px; } details > * { display: block; }
  h2, tr, summary { break-inside: avoid; } pre { font-size: 9px; } }
"""
PAGE = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Change plan {{ plan.fingerprint }}</title><style>{{ style }}</style></head>
<body>
<h1>Change plan {{ plan.fingerprint }}</h1>
<p>{{ plan.why or "No reason was given (dmvpn_change)." }}<br>Made {{ plan.made }} by {{ plan.made_by }}.
Nothing has been touched.</p>
<p><b>{{ summary }}</b></p>

<h2>Order</h2>
<p>Each wave is changed, proven and then confirmed. If one router is not proven, its wave is undone and
nothing further is begun.</p>
<table><tr><th>Wave</th><th>Routers</th><th>What is done</th><th>Interrupts</th></tr>
{% for wave, routers, done, breaks in rows %}
<tr><td>{{ wave }}</td><td>{{ routers }}</td><td>{{ done }}</td>
<td{% if breaks != "nothing" %} class="down"{% endif %}>{{ breaks }}</td></tr>
{% endfor %}
</table>
<p>Measured: seen in the lab of this collection. Expected: by the protocol or the daemon's source, not
measured. Not known: nothing says that it is harmless.</p>

<h2>Sites at risk</h2>
{% if plan.risks %}
<table><tr><th>Wave</th><th>Sites</th><th>How</th><th>Why</th></tr>
{% for risk in plan.risks %}
<tr><td>{{ risk.wave }}</td><td>{{ named(risk.sites) }}</td>
<td{% if risk.down %} class="down"{% endif %}>{{ "interrupted" if risk.down else "if it goes wrong" }}</td>
<td>{{ risk.why }}</td></tr>
{% endfor %}
</table>
{% else %}
<p>None: each keeps a hub that does not change with it.</p>
{% endif %}

<h2>Lines</h2>
{% for diff, hosts in alike %}
<details open><summary>{{ named(hosts) }}</summary>
<pre>{% for kind, line in diff %}<span class="{{ kind }}">{{ line }}</span>
{% endfor %}</pre></details>
{% endfor %}

<h2>Not part of this plan</h2>
<p>{{ plan.unchanged | length }} routers are as the inventory says.
{% if plan.left_out %}Could not be looked at: {{ plan.left_out | join(", ") }}.{% endif %}</p>

<h2>Fingerprints</h2>
<p>Carried out only while inventory and routers have these. Secrets are in them under a key that stays on the
controller.</p>
<table><tr><th>What</th><th>Fingerprint</th></tr>
<tr><td>Inventory, {{ plan.files | length }} routers</td>
<td class="print"><code>{{ plan.inventory }}</code></td></tr>
{% for change in plan.changes.values() %}
<tr><td>{{ change.host }}</td><td class="print"><code>{{ change.state }}</code></td></tr>
{% endfor %}
</table>

<h2>Approval</h2>
<table class="sign"><tr><th>Name</th><th>Role</th><th>Date</th>
<th>Signature for {{ plan.fingerprint }}</th></tr>
{% for number in range(3) %}<tr><td></td><td></td><td></td><td></td></tr>{% endfor %}
</table>
</body>
</html>
"""


def page(plan: Plan) -> str:
    """HTML. Everything that comes from the inventory or a router is escaped."""
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    return environment.from_string(PAGE).render(
        plan=plan,
        style=STYLE,
        summary=present.summary(plan),
        rows=present.rows(plan),
        named=named,
        alike=alike(plan),
    )


def alike(plan: Plan) -> list[tuple[list[tuple[str, str]], list[str]]]:
    """Diffs, each with the routers that have it, in the order of the waves."""
    found: dict[str, list[str]] = {}
    order: list[Change] = [plan.changes[host] for stage in plan.stages for host in stage.hosts]
    for change in order:
        found.setdefault(change.diff, []).append(change.host)
    return [([(kind(line), line) for line in diff.splitlines()], hosts) for diff, hosts in found.items()]


def kind(line: str) -> str:
    """The class of a line of a diff."""
    if line.startswith(("+++", "---", "@@")):
        return "head"
    return {"+": "add", "-": "del"}.get(line[:1], "")
