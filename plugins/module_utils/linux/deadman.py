# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The dead man's switch: a router that looks every few seconds whether its change has to be undone.

A transient timer looks, and a unit that is enabled looks first thing after a boot. Both run a program that
lies on the router and needs nothing but Python, so neither controller nor connection is needed. All of it
is there exactly while a change is open.
"""

from __future__ import annotations

import sys

from .host import CommandFailed, Host, Result
from .store import PROGRAM

NAME = "mgre-dmvpn-undo"
TIMER = f"{NAME}.timer"
BOOT_UNIT = f"{NAME}-boot.service"
BOOT_FILE = f"/etc/systemd/system/{BOOT_UNIT}"
TICK = 3  # seconds between two looks
PATIENCE = 50  # tries, a fifth of a second apart, while the look of an earlier change still ends

BOOT = """\
# mgre.dmvpn: there while a change waits to be confirmed
[Unit]
Description=Undo a DMVPN change that a boot has interrupted
ConditionPathExists={program}
After=mgre-dmvpn-nhrp-events.service frr.service strongswan.service network-online.target

[Service]
Type=oneshot
ExecStart={python} -I {program} boot

[Install]
WantedBy=multi-user.target
"""


def arm(host: Host, program: bytes) -> None:
    """Everything is in place when this returns. Raises ``CommandFailed`` or ``OSError``; then nothing is."""
    try:
        host.write(PROGRAM, program, 0o700)
        host.write(BOOT_FILE, BOOT.format(python=sys.executable, program=PROGRAM), 0o644)
        host.must("systemctl", "--no-reload", "enable", BOOT_UNIT)
        start(host)
    except (CommandFailed, OSError):
        disarm(host)
        raise


def start(host: Host) -> None:
    """Start the timer, unless it runs: it carries no state. Raises ``CommandFailed``."""
    if armed(host):
        return
    command = (
        *("systemd-run", f"--unit={NAME}", f"--on-active={TICK}", f"--on-unit-inactive={TICK}"),
        *("--timer-property=AccuracySec=1s", sys.executable, "-I", PROGRAM, "look"),
    )
    result = Result(1)
    for _try in range(PATIENCE):
        host.run("systemctl", "stop", TIMER)
        host.run("systemctl", "reset-failed", TIMER, f"{NAME}.service")
        result = host.run(*command)
        if not result.status:
            return
        host.sleep(0.2)
    raise CommandFailed(command, result)


def armed(host: Host) -> bool:
    return not host.run("systemctl", "is-active", "--quiet", TIMER).status


def disarm(host: Host) -> None:
    """Take all of it away; harmless when it is away. The journal must be closed."""
    if not host.exists(PROGRAM):
        return
    host.run("systemctl", "stop", TIMER)
    if host.exists(BOOT_FILE):
        host.run("systemctl", "--no-reload", "disable", BOOT_UNIT)
        host.remove(BOOT_FILE)
    host.remove(PROGRAM)
