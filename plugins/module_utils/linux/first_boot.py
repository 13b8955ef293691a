# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a router does by itself at its first boot: the same transaction as from the controller.

Run once by cloud-init, from an archive with this library and a file of arguments, both of which are removed
when the router has what they hold.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping
from typing import Any

from .host import Host, say
from .outcome import Refused
from .release import from_bundle
from .transaction import apply
from .undo import Failed

SWANCTL = "/etc/swanctl"
KEY = f"{SWANCTL}/private/mgre-dmvpn.key"
TRIES = 30
PAUSE = 10.0


def first_boot(host: Host, folder: str, say: Callable[[str], None]) -> int:
    """Exit status: 0 when the router is as the arguments say. ``folder`` holds them."""
    text = host.read(f"{folder}/arguments.json")
    if text is None:
        say(f"there is nothing to do: {folder}/arguments.json is gone")
        return 0
    arguments = json.loads(text)
    _credentials(host, arguments["credentials"])
    wanted = from_bundle(
        arguments["manifest"], arguments["texts"], arguments["programs"], arguments["secrets"]
    )
    for left in reversed(range(TRIES)):
        try:
            outcome = apply(host, wanted, arguments["intent"])
        except Refused as refused:
            # A WAN without its lease, packages that are still on their way.
            say("\n".join(refused.messages))
        except Failed as failed:
            say(str(failed))
        else:
            say("\n".join(["the router has its configuration", *outcome.reasons]))
            host.remove(folder)
            return 0
        if left:
            host.sleep(PAUSE)
    return 1


def _credentials(host: Host, credentials: Mapping[str, Any]) -> None:
    """Key and certificates, where the router has no key of its own yet."""
    if not credentials or host.exists(KEY):
        return
    host.directory(f"{SWANCTL}/private", 0o700)
    host.write(KEY, credentials["key"], 0o600)
    host.write(f"{SWANCTL}/x509/mgre-dmvpn.crt", credentials["certificate"], 0o644)
    host.write(f"{SWANCTL}/x509ca/mgre-dmvpn-ca.crt", credentials["authority"], 0o644)


def main() -> int:
    """For ``python3 first_boot.pyz FOLDER``."""
    return first_boot(Host(), sys.argv[1], say)
