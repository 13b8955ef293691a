# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A session at a router's command line: the ``network_cli`` connection that Ansible holds."""

from __future__ import annotations

import os
import re
import time
from contextlib import suppress
from typing import Any

from ansible.errors import AnsibleError  # type: ignore[import-untyped]
from ansible.executor.task_executor import start_connection  # type: ignore[import-untyped]
from ansible.module_utils.connection import (  # type: ignore[import-untyped]
    Connection,
    ConnectionError,
)

from ..pending.errors import Lost

ENDS = 60.0  # seconds that a connection may take to end
# network_cli takes many words for an error ("not found" in a description is one), and would give up reading.
# The answers are judged here, so nothing is an error to it.
NEVER = [{"pattern": r"(?!)"}]


class Session:
    """The task's connection; ``action`` is the action plugin that the task runs."""

    def __init__(self, action: Any) -> None:
        self._action = action
        self._cli = Connection(action._connection.socket_path)
        self._ready = False

    def send(self, line: str) -> str:
        try:
            if not self._ready:
                self._cli.set_option("terminal_stderr_re", NEVER)
                self._ready = True
            said = self._cli.send_command(line)
        except ConnectionError as error:
            raise Lost(reason(str(error))) from None
        # network_cli's answer when the channel was closed.
        if said == "None":
            raise Lost("the router closed it")
        return str(said)

    def renew(self) -> None:
        with suppress(ConnectionError):  # It may be gone already.
            self._cli.close()
        plugin = self._action._connection
        path = plugin.socket_path
        until = time.monotonic() + ENDS
        while os.path.exists(path):
            if time.monotonic() > until:
                raise Lost("the old one does not end")
            time.sleep(0.05)
        try:
            path = start_connection(
                self._action._play_context, plugin.get_options(), self._action._task._uuid
            )
        except AnsibleError as error:
            raise Lost(reason(str(error))) from None
        self._cli, self._ready = Connection(path), False
        self.send("show privilege")


def reason(text: str) -> str:
    """The first line of an error of the connection, without the command that it may quote."""
    line = next((line.strip() for line in text.splitlines() if line.strip()), "no reason given")
    return re.sub(r"(trying to send command|send_command).*", "trying to send a command", line)
