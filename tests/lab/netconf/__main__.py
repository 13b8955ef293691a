# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two routers that speak NETCONF, for a fleet without a lab: netconfd, which has a candidate, and the
stand-in that has none. Each begins with someone else's configuration. Started with ``python -m``:

``serve FOLDER`` runs until SIGTERM and writes FOLDER/ports; ``show PORT`` prints the running configuration.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import tempfile
from pathlib import Path

from ncclient import manager  # type: ignore[import-untyped]

from ...yang.schema import folder
from .fake import FakeRouter
from .front import LOGIN
from .netconfd import Netconfd

ENDING = (signal.SIGTERM, signal.SIGINT)
# A tunnel and a route of someone else.
FOREIGN = """<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0">
<native xmlns="http://cisco.com/ns/yang/Cisco-IOS-XE-native">
<interface><Tunnel><name>99</name><description>to the bank</description></Tunnel></interface>
<ip><route><ip-route-interface-forwarding-list><prefix>203.0.113.0</prefix><mask>255.255.255.0</mask>
<fwd-list><fwd>192.0.2.2</fwd></fwd-list></ip-route-interface-forwarding-list></route></ip>
</native></config>"""


def session(port: int) -> manager.Manager:
    user, password = LOGIN
    return manager.connect(
        host="127.0.0.1",
        port=port,
        username=user,
        password=password,
        hostkey_verify=False,
        look_for_keys=False,
        allow_agent=False,
        timeout=60,
    )


def serve(place: Path) -> None:
    """Two routers until a signal comes: ``candidate`` and ``checkpoint`` of the file ``ports``."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ENDING)
    (place / "pid").write_text(f"{os.getpid()}\n", encoding="utf-8")
    fake = FakeRouter()
    with fake.front, tempfile.TemporaryDirectory() as name, Netconfd(Path(name), folder()) as server:
        with session(server.front.port) as candidate:
            candidate.edit_config(FOREIGN, target="candidate")
            candidate.commit()
        fake.begin_with(FOREIGN)
        ports = {"candidate": server.front.port, "checkpoint": fake.front.port}
        (place / "ports.new").write_text(json.dumps(ports), encoding="utf-8")
        (place / "ports.new").rename(place / "ports")
        signal.sigwait(ENDING)
    for file in ("ports", "pid"):
        (place / file).unlink()


def main(words: list[str]) -> int:
    match words:
        case ["serve", place]:
            serve(Path(place))
        case ["show", port]:
            with session(int(port)) as router:
                print(router.get_config("running").data_xml)
        case _:
            print(__doc__, file=sys.stderr)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
