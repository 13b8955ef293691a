# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command line of a router that runs no code of ours, over the connection that Ansible holds to it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ansible.errors import AnsibleActionFail  # type: ignore[import-untyped]
from ansible.module_utils.connection import (  # type: ignore[import-untyped]
    Connection,
    ConnectionError,
)

Run = Callable[[Sequence[str]], list[str]]


def is_command_line(connection: Any) -> bool:
    """Whether an action's connection is one of ``network_cli``."""
    return str(connection.transport).endswith("network_cli")


def command_line(connection: Any, unable: str) -> Run:
    """Runs commands in one go and gives what each printed, a refusal too: the others are asked all the same.

    Raises ``AnsibleActionFail``, which begins with ``unable``, when the router does not answer.
    """
    cli = Connection(connection.socket_path)

    def run(commands: Sequence[str]) -> list[str]:
        try:
            answers = cli.run_commands(commands=list(commands), check_rc=False)
        except ConnectionError as error:
            raise AnsibleActionFail(f"{unable}: {error}") from None
        return [str(answer) for answer in answers]

    return run
