# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The device over SSH, as a person and a driver meet it, and broken on purpose."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import paramiko
import pytest
from ansible_collections.mgre.dmvpn.tests.lab.ios import Device, Options, running
from ansible_collections.mgre.dmvpn.tests.lab.ios.faults import parse


class Shell:
    """A terminal on the device, through paramiko."""

    def __init__(self, client: paramiko.SSHClient) -> None:
        self._channel = client.invoke_shell()
        self._channel.settimeout(20)

    def until(self, *ends: str) -> str:
        """What is printed up to one of some endings."""
        seen = ""
        while not seen.endswith(ends):
            data = self._channel.recv(65535).decode()
            if not data:
                raise EOFError(seen)
            seen += data
        return seen

    def type(self, text: str, *ends: str) -> str:
        self._channel.send(text.encode())
        return self.until(*ends)


@contextmanager
def login(port: int, user: str = "admin", password: str = "admin") -> Iterator[paramiko.SSHClient]:
    client = paramiko.SSHClient()
    client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
    try:
        client.connect(
            "127.0.0.1",
            port,
            user,
            password,
            look_for_keys=False,
            allow_agent=False,
            timeout=20,
            auth_timeout=20,
        )
        yield client
    finally:
        client.close()


@contextmanager
def shell(port: int) -> Iterator[Shell]:
    with login(port) as client:
        opened = Shell(client)
        opened.until("R1>", "R1#")
        yield opened


@contextmanager
def device(**options: object) -> Iterator[tuple[Device, int]]:
    made = Device(Options(**{"hostname": "R1", **options}))  # type: ignore[arg-type]
    try:
        with running(made) as port:
            yield made, port
    finally:
        made.close()
    assert made.crashes == []


def test_a_person_logs_in_and_configures() -> None:
    with device() as made, shell(made[1]) as term:
        assert term.type("configure terminal\r", "R1>") == (
            "configure terminal\r\n   ^\r\n% Invalid input detected at '^' marker.\r\n\r\nR1>"
        )
        assert term.type("enable\r", "Password: ") == "enable\r\nPassword: "
        assert term.type("enable\r", "R1#") == "\r\nR1#"  # the secret is not echoed
        assert "End with CNTL/Z." in term.type("conf t\r", "(config)#")
        assert term.type("interface Tunnex\x7fl10\r", "(config-if)#").startswith(
            "interface Tunnex\b \bl10\r\n"
        )
        assert term.type("ip mtu 1400\n", "(config-if)#") == "ip mtu 1400\r\nR1(config-if)#"
        assert term.type("ip mtu 1\x15no shutdown\r\n", "(config-if)#").endswith(
            "no shutdown\r\nR1(config-if)#"
        )
        assert term.type("\x1b[A\x1b[A\r", "(config-if)#").endswith("ip mtu 1400\r\nR1(config-if)#")
        assert term.type("\x1a", "R1#").startswith("^Z")
        assert "--More--" in term.type("show running-config\r", " --More-- ")
        term.type("q", "R1#")
        assert made[0].config.children[("interface", "Tunnel10")].value("ip mtu", "mtu") == "1400"


def test_three_wrong_secrets() -> None:
    with device() as made, shell(made[1]) as term:
        term.type("enable\r", "Password: ")
        term.type("a\r", "Password: ")
        term.type("b\r", "Password: ")
        assert "% Bad secrets" in term.type("c\r", "R1>")


def test_wrong_password() -> None:
    with device() as made, pytest.raises(paramiko.AuthenticationException), login(made[1], password="x"):
        pass


def test_keyboard_interactive() -> None:
    with device() as (_unused, port):
        transport = paramiko.Transport(("127.0.0.1", port))
        try:
            transport.start_client(timeout=20)
            transport.auth_interactive("admin", lambda title, instructions, prompts: ["admin"] * len(prompts))
            assert transport.is_authenticated()
        finally:
            transport.close()


def test_one_command_without_a_terminal() -> None:
    with device(privilege=15) as made, login(made[1]) as client:
        _unused, out, _unused = client.exec_command("show privilege", timeout=20)
        assert out.read().decode().strip() == "Current privilege level is 15"


def test_users_of_the_configuration_may_log_in() -> None:
    with device(privilege=15) as (_unused, port):
        with shell(port) as term:
            term.type("configure terminal\r", "(config)#")
            term.type("username second privilege 15 secret its-secret\r", "(config)#")
        with login(port, "second", "its-secret") as client:
            Shell(client).until("R1#")


def test_exit_and_reload_end_the_connection() -> None:
    with device(privilege=15) as (_unused, port):
        with shell(port) as term, pytest.raises(EOFError):
            term.type("exit\r", "never")
        with shell(port) as term:
            term.type("reload\r", "Save? [yes/no]: ")
            term.type("no\r", "[confirm]")
            with pytest.raises(EOFError):
                term.type("\r", "never")
        with shell(port):
            pass


def test_the_connection_is_cut_after_so_many_lines() -> None:
    with device(privilege=15, faults=("drop=2",)) as (router, port):
        with shell(port) as term:
            term.type("configure terminal\r", "(config)#")
            term.type("interface Tunnel10\r", "(config-if)#")
            term.type("ip mtu 1400\r", "(config-if)#")
            with pytest.raises((EOFError, OSError)):
                term.type("ip nhrp network-id 10\r", "(config-if)#")
        tunnel = router.config.children[("interface", "Tunnel10")]
        assert tunnel.get("ip mtu") and not tunnel.get("ip nhrp network-id")
        with shell(port) as term:
            term.type("show clock\r", "R1#")


def test_faults_come_and_go_while_it_runs(tmp_path: Path) -> None:
    faults = tmp_path / "faults"
    with device(privilege=15, state=tmp_path) as made, shell(made[1]) as term:
        faults.write_text("invalid=^show version\n")
        assert "% Invalid input" in term.type("show version\r", "R1#")
        faults.write_text("lock\n")
        assert "Configuration mode is locked by process" in term.type("configure terminal\r", "R1#")
        faults.write_text("licence\n")
        term.type("configure terminal\r", "(config)#")
        assert "requires the securityk9 license" in term.type("crypto ipsec profile X\r", "(config)#")
        faults.write_text("slow=0.3\n")
        began = time.monotonic()
        term.type("end\r", "R1#")
        assert time.monotonic() - began >= 0.3
        faults.write_text("")
        term.type("configure terminal\r", "(config)#")
        term.type("crypto ipsec profile X\r", "(ipsec-profile)#")
        faults.write_text("auth\n")
        with pytest.raises(paramiko.AuthenticationException), login(made[1]):
            pass


def test_a_line_that_is_never_answered() -> None:
    with device(privilege=15, faults=("hang=^show clock",)) as made, shell(made[1]) as term:
        term._channel.settimeout(0.3)
        with pytest.raises(TimeoutError):
            term.type("show clock\r", "R1#")


def test_the_power_fails_after_a_line() -> None:
    with device(privilege=15, faults=("reload-on=^hostname",)) as (router, port):
        with shell(port) as term:
            term.type("configure terminal\r", "(config)#")
            with pytest.raises((EOFError, OSError)):
                term.type("hostname other\r", "never")
        assert router.hostname == "R1"


@pytest.mark.parametrize("text", ["nothing", "drop=x", "slow=", "invalid=("])
def test_a_fault_that_there_is_not(text: str) -> None:
    with pytest.raises(Exception):  # noqa: B017
        parse(text)
