# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Action ``mgre.dmvpn.commit``: ends a pending change over a connection that was made after it."""

from __future__ import annotations

import time
from typing import Any

from ansible.errors import AnsibleConnectionFailure
from ansible.plugins.action import ActionBase
from ansible.utils.display import Display

from ..plugin_utils.ios.ending import answer as ending
from ..plugin_utils.ios.session import Session
from ..plugin_utils.netconf.token import is_token
from ..plugin_utils.observe.command_line import is_command_line
from ..plugin_utils.operator import operator
from ..plugin_utils.pending.errors import Lost
from ..plugin_utils.secret_references import all_secrets, hidden

PAUSE = 2.0  # seconds between two tries to connect
MARGIN = 90  # seconds after its deadline in which a router has undone a change
ARGUMENTS = {
    "state": {"type": "str", "choices": ["confirmed", "extended", "undone", "status"], "default": "status"},
    "commit": {"type": "str", "default": ""},
    "seconds": {"type": "int", "default": 300},
    "why": {"type": "str", "default": ""},
    "save": {"type": "bool", "default": True},
}


class ActionModule(ActionBase):
    """Adds who it is. Others ask a router through it, and wait with it for one that is out of reach."""

    _supports_check_mode = True
    TRANSFERS_FILES = False

    def run(self, tmp: str | None = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        result: dict[str, Any] = super().run(tmp, task_vars)
        arguments = self.validate_argument_spec(argument_spec=ARGUMENTS)[1]
        result.update(commit(self, task_vars, **arguments))
        return result


def commit(action: ActionBase, variables: dict[str, Any] | None, **arguments: Any) -> dict[str, Any]:
    """The module of this name on the router; a Cisco router runs no code of ours, and is told over NETCONF or
    by its command line. Raises ``AnsibleConnectionFailure``."""
    check = bool(action._task.check_mode)
    try:
        told = over_netconf(action, variables or {}, arguments, check)
        if told is not None:
            return told
        if is_command_line(action._connection):
            return ending(Session(action), arguments, check)
    except Lost as lost:
        raise AnsibleConnectionFailure(f"the router cannot be reached: {lost}") from None
    answer: dict[str, Any] = action._execute_module(
        module_name="mgre.dmvpn.commit", module_args={**arguments, "who": operator()}, task_vars=variables
    )
    answer.pop("invocation", None)
    return answer


def over_netconf(
    action: ActionBase, variables: dict[str, Any], arguments: dict[str, Any], check: bool
) -> dict[str, Any] | None:
    """The answer where a change waits as a confirmed commit, else None. Raises ``Lost``."""

    def variable(name: str) -> Any:
        return action._templar.template(variables.get(name))

    name = arguments.get("commit", "")
    unnamed = (
        not name and is_command_line(action._connection) and variable("dmvpn_ios_transport") == "netconf"
    )
    if not unnamed and not is_token(name):
        return None
    # Here, because it takes longer than the rest, and Linux routers, which are thousands, need none of it.
    from ..plugin_utils.netconf.ending import answer as netconf_ending
    from ..plugin_utils.netconf.ending import commits
    from ..plugin_utils.netconf.target import target_of

    target = target_of(variables["inventory_hostname"], variable)
    if unnamed and not commits(target):
        return None
    told = netconf_ending(target, arguments, check)
    if "msg" in told:
        # The router's own words may be among it, and those may repeat what it holds.
        told["msg"] = hidden(told["msg"], all_secrets(variable))
    return told


def reconnect(action: ActionBase) -> None:
    """What is asked next goes over a new connection. Raises ``AnsibleConnectionFailure``."""
    if not is_command_line(action._connection):
        action._connection.reset()
        return
    try:
        Session(action).renew()
    except Lost as lost:
        raise AnsibleConnectionFailure(f"the router cannot be reached: {lost}") from None


def out_of_reach(action: ActionBase, variables: dict[str, Any], why: str, end: float, name: str = "") -> str:
    """Waits for a router to undo a change by itself; what was found, in words.

    ``end`` is the deadline of the monotonic clock. ``name`` is the change; without it the last is told of.
    """
    host = variables["inventory_hostname"]
    head = f"{host} cannot be reached after the change ({why.strip()})."
    if end > time.monotonic():
        Display().warning(f"{head} It undoes the change by itself at {clock(end)}; waiting for that")
    while time.monotonic() < end + MARGIN:
        time.sleep(PAUSE)
        try:
            reconnect(action)
            answer = commit(action, variables, state="status")
        except AnsibleConnectionFailure:
            continue
        if answer.get("failed") or answer.get("pending"):
            continue
        found = [entry for entry in answer.get("history", []) if name in ("", entry["commit"])]
        told = "The change of {begun} was {verdict} at {ended}: {because}".format(**found[0]) if found else ""
        return f"{head} It is back, and no change is pending. {told}".strip()
    return f"{head} It was to undo it by itself at {clock(end)}, and is still not reached {MARGIN} s later"


def clock(moment: float) -> str:
    """A moment of the monotonic clock as a time of the day."""
    return time.strftime("%H:%M:%S", time.localtime(time.time() + moment - time.monotonic()))
