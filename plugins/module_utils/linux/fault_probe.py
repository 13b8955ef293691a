# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Probes along flows, as a program of its own on a router: ICMP echo to LAN addresses of other sites.

It runs as a transient unit, so that neither the controller nor its connection matters to it. One process
sends for all flows of a router and notes when each packet left and when its answer came, and where the
kernel routes each flow. SIGTERM ends it; only then it writes what it saw. Times are seconds of
CLOCK_BOOTTIME, which is what /proc/uptime shows. Standard library only, and no import of ours: the file is
copied as it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import struct
import sys
import time
from typing import Any

ECHO, ECHO_REPLY = 8, 0
HEADERS = 28  # bytes: IPv4 and ICMP
SMALLEST = HEADERS + 8
IP_MTU_DISCOVER, IP_PMTUDISC_PROBE = 10, 3  # Don't Fragment, and no path MTU of the kernel's
BEHIND = 0.2  # seconds that a flow may lag
LOOK = 0.1  # seconds between two looks at the routes
RTM_GETROUTE, RTM_NEWROUTE, NLM_F_REQUEST = 26, 24, 1
RTA_DST, RTA_SRC, RTA_OIF, RTA_GATEWAY = 1, 2, 4, 5
WAYS = (1, 2)  # kinds of routes that lead somewhere: unicast, local

Path = tuple[str, str]  # interface and next hop; an empty next hop is on the link


def now() -> float:
    return time.clock_gettime(time.CLOCK_BOOTTIME)


class Flow:
    """One flow: packets of ``size`` bytes from ``source`` to ``target``."""

    def __init__(self, number: int, given: dict[str, Any]) -> None:
        self.number = number
        self.name: str = given["name"]
        self.source: str = given["source"]
        self.target: str = given["target"]
        self.size: int = max(given["size"], SMALLEST)
        self.sent: list[float] = []
        self.answered: list[float | None] = []
        self.paths: list[tuple[float, str, str]] = []

    def packet(self, identifier: int) -> bytes:
        body = struct.pack("!II", self.number, len(self.sent)) + bytes(self.size - SMALLEST)
        sequence = len(self.sent) & 0xFFFF
        total = checksum(struct.pack("!BBHHH", ECHO, 0, 0, identifier, sequence) + body)
        return struct.pack("!BBHHH", ECHO, 0, total, identifier, sequence) + body

    def saw(self, when: float, path: Path) -> None:
        """Keeps a path that differs from the last one."""
        if not self.paths or self.paths[-1][1:] != path:
            self.paths.append((round(when, 4), *path))


class Prober:
    """Sends and listens until it is told to end, or for ``limit`` seconds."""

    def __init__(self, config: dict[str, Any]) -> None:
        self.flows = [Flow(number, given) for number, given in enumerate(config["flows"])]
        self.interval = 1 / config["rate"]
        self.limit: float = config["limit"]
        self.identifier = os.getpid() & 0xFFFF
        self.over = False
        self.senders = {flow.source: sender(flow.source) for flow in self.flows}
        self.routes = Routes()

    def stop(self, *unused: object) -> None:
        self.over = True

    def run(self) -> dict[str, Any]:
        begun = now()
        due = [begun + flow.number * self.interval / len(self.flows) for flow in self.flows]
        look = begun
        while not self.over and now() < begun + self.limit:
            moment = now()
            if moment >= look:
                for flow in self.flows:
                    flow.saw(moment, self.routes.path(flow.target, flow.source))
                look = moment + LOOK
            for flow in self.flows:
                if now() >= due[flow.number]:
                    self.send(flow)
                    # What a busy machine held up is made up for, but not in a burst that measures itself.
                    due[flow.number] = max(due[flow.number] + self.interval, now() - BEHIND)
            self.listen(max(0.0, min(*due, look) - now()))
        return {
            "begun": begun,
            "ended": now(),
            "flows": [
                {"name": flow.name, "sent": flow.sent, "answered": flow.answered, "paths": flow.paths}
                for flow in self.flows
            ],
        }

    def send(self, flow: Flow) -> None:
        packet = flow.packet(self.identifier)
        flow.sent.append(round(now(), 4))
        flow.answered.append(None)
        # No route, or a firewall: the packet is lost, and that is what is measured.
        with contextlib.suppress(OSError):
            self.senders[flow.source].sendto(packet, (flow.target, 0))

    def listen(self, seconds: float) -> None:
        """Takes what arrived, waiting for it as long as nothing is due."""
        for readable in select.select(list(self.senders.values()), [], [], seconds)[0]:
            while True:
                try:
                    data = readable.recv(65535)
                except OSError:
                    break
                self.heard(data)

    def heard(self, data: bytes) -> None:
        start = (data[0] & 15) * 4 if data else 0
        if len(data) < start + 16:
            return
        kind, identifier, _sequence, number, count = struct.unpack_from("!BxxxHHII", data, start)
        if kind != ECHO_REPLY or identifier != self.identifier or number >= len(self.flows):
            return
        flow = self.flows[number]
        if count < len(flow.answered) and flow.answered[count] is None:
            flow.answered[count] = round(now(), 4)


class Routes:
    """Asks the kernel where a packet would go, over one netlink socket."""

    def __init__(self) -> None:
        self.netlink = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE)
        self.netlink.settimeout(0.5)

    def path(self, target: str, source: str) -> Path:
        """Interface and next hop; two empty texts where there is no way."""
        attributes = b"".join(
            struct.pack("=HH", 8, kind) + socket.inet_aton(address)
            for kind, address in ((RTA_DST, target), (RTA_SRC, source))
        )
        message = struct.pack("=BBBBBBBBI", socket.AF_INET, 32, 32, 0, 0, 0, 0, 0, 0) + attributes
        head = struct.pack("=IHHII", 16 + len(message), RTM_GETROUTE, NLM_F_REQUEST, 1, 0)
        try:
            self.netlink.send(head + message)
            return parse_route(self.netlink.recv(65535))
        except OSError:
            return "", ""


def parse_route(data: bytes) -> Path:
    """The path in the kernel's answer."""
    if len(data) < 28:
        return "", ""
    length, kind = struct.unpack_from("=IH", data)
    if kind != RTM_NEWROUTE or data[23] not in WAYS:
        return "", ""
    interface, gateway, at = "", "", 28
    while at + 4 <= min(length, len(data)):
        size, name = struct.unpack_from("=HH", data, at)
        if size < 4:
            break
        value = data[at + 4 : at + size]
        if name == RTA_OIF and len(value) == 4:
            try:
                interface = socket.if_indextoname(struct.unpack("=I", value)[0])
            except OSError:
                return "", ""
        elif name == RTA_GATEWAY and len(value) == 4:
            gateway = socket.inet_ntoa(value)
        at += (size + 3) & ~3
    return interface, gateway


def sender(source: str) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    opened.setsockopt(socket.IPPROTO_IP, IP_MTU_DISCOVER, IP_PMTUDISC_PROBE)
    opened.bind((source, 0))
    opened.setblocking(False)
    return opened


def checksum(data: bytes) -> int:
    """The Internet checksum (RFC 1071)."""
    if len(data) % 2:
        data += b"\0"
    total: int = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while total >> 16:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


def main(folder: str) -> None:
    with open(f"{folder}/probe.json", encoding="utf-8") as file:
        prober = Prober(json.load(file))
    signal.signal(signal.SIGTERM, prober.stop)
    seen = prober.run()
    with open(f"{folder}/.seen.json", "w", encoding="utf-8") as file:
        json.dump(seen, file)
    os.replace(f"{folder}/.seen.json", f"{folder}/seen.json")


if __name__ == "__main__":
    main(sys.argv[1])
