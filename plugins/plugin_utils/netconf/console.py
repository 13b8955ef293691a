# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One command at a router's command line, over SSH: what NETCONF has no request for."""

from __future__ import annotations

from .client import Target

TIMEOUT = 60  # seconds for one command


class NoConsole(Exception):
    """The command line was not reached. Its text says why and what to do."""


class Commands:
    """As ``ios.wish.Cli``, each command in a connection of its own."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def renew(self) -> None:
        """Every command is in a new one."""

    def send(self, command: str) -> str:
        """Its output. Raises ``NoConsole``."""
        target = self._target
        import paramiko  # type: ignore[import-untyped]  # ncclient needs it, so it is there

        client = paramiko.SSHClient()
        if target.verify_host_key:
            client.load_system_host_keys()
        else:
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
        alone = target.key is None and target.password is None
        try:
            client.connect(
                target.host,
                port=target.ssh_port,
                username=target.user,
                password=target.password,
                key_filename=target.key,
                timeout=TIMEOUT,
                banner_timeout=TIMEOUT,
                auth_timeout=TIMEOUT,
                look_for_keys=alone,
                allow_agent=alone,
            )
            _stdin, stdout, _stderr = client.exec_command(command, timeout=TIMEOUT)
            text: str = stdout.read().decode("utf-8", "replace")
        except (paramiko.SSHException, OSError, EOFError) as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise NoConsole(
                f"{target.host} port {target.ssh_port}: '{command}' could not be run at the router's command "
                f"line ({reason}); without it a change cannot be confirmed, see dmvpn_ssh_port and the "
                "user's privilege (15)"
            ) from None
        finally:
            client.close()
        return text
