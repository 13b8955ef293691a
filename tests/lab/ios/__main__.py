# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`python -m tests.lab.ios --port 2222`: an IOS router on 127.0.0.1."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from pathlib import Path

from .device import RELEASES, Device, Options
from .faults import parse
from .server import listen, port_of


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="ios", description="an SSH device that behaves as Cisco IOS does")
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, default=0, help="0 takes a free one and prints it")
    parser.add_argument("--host-key", type=Path, help="private key file; made there if there is none")
    parser.add_argument("--release", default="17.15", choices=RELEASES)
    parser.add_argument("--hostname", default="Router")
    parser.add_argument("--state", type=Path, help="startup-config, flash, log, faults; kept (mode 0700)")
    parser.add_argument("--startup", type=Path, help="the first startup-config, when the state has none")
    parser.add_argument("--user", default="admin")
    parser.add_argument("--password-file", type=Path, help="default password: admin")
    parser.add_argument("--secret-file", type=Path, help="default enable secret: enable")
    parser.add_argument("--privilege", type=int, default=1, help="of the user at login, 1 or 15")
    parser.add_argument("--minute", type=float, default=60.0, help="seconds in a minute of the revert timer")
    parser.add_argument("--interfaces", default="", help="GigabitEthernet1,GigabitEthernet2")
    parser.add_argument("--address", action="append", default=[], metavar="INTERFACE=A.B.C.D/MASK")
    parser.add_argument("--certificate", action="append", default=[], metavar="TRUSTPOINT=COMMON-NAME")
    parser.add_argument("--fault", action="append", default=[], help="see faults.py")
    return parser.parse_args()


def options(given: argparse.Namespace) -> Options:
    found = Options(
        release=given.release,
        hostname=given.hostname,
        user=given.user,
        privilege=given.privilege,
        minute=given.minute,
        state=given.state,
        faults=tuple(given.fault),
        certificates=dict(pair.split("=", 1) for pair in given.certificate),
        addresses={
            name: value.replace("/", " ") for name, value in (pair.split("=", 1) for pair in given.address)
        },
    )
    if given.password_file:
        found.password = given.password_file.read_text().strip()
    if given.secret_file:
        found.secret = given.secret_file.read_text().strip()
    if given.interfaces:
        found.interfaces = tuple(given.interfaces.split(","))
    if given.startup:
        found.startup = given.startup.read_text()
    return found


async def serve(given: argparse.Namespace) -> None:
    device = Device(options(given))
    server = await listen(device, given.host, given.port, given.host_key)
    print(f"listening on {given.host} port {port_of(server)}", flush=True)
    over = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, over.set)
    await over.wait()
    server.close()
    device.close()


def main() -> int:
    given = arguments()
    try:
        for text in given.fault:
            parse(text)
        asyncio.run(serve(given))
    except (ValueError, OSError) as error:
        print(f"ios: {error}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
