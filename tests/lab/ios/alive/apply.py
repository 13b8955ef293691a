# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Makes the node do what a plan says, and only what has changed since the last one."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable

from . import frr, frr_delta, links, nft, swanctl
from .plan import Facts, Plan
from .read import read
from .system import System, ports, trustpoints

SWANCTL = "/etc/swanctl/conf.d/ios-alive.conf"
FRR = "/etc/frr/frr.conf"
RULES, CHANGES = "/run/ios-alive/rules.nft", "/run/ios-alive/changes.frr"
_DAEMONS = ("bgpd", "ospfd", "nhrpd", "bfdd")


class Applier:
    """Keeps the node at the latest configuration. ``log`` takes one line for each thing that did not work."""

    def __init__(
        self, system: System, log: Callable[[str], None], release: tuple[int, int] = (17, 15)
    ) -> None:
        self._system = system
        self._log = log
        self._release = release
        self._written: dict[str, str] = {}
        self._routing_now = ""
        self._lock = threading.Lock()
        self.plan = Plan()

    def facts(self) -> Facts:
        return Facts(ports(self._system), trustpoints(self._system), self._release)

    def prepare(self) -> None:
        """Start the daemons with what they need whatever the configuration says."""
        system = self._system
        system.write("/etc/strongswan.d/ios-alive.conf", swanctl.CHARON)
        daemons = system.read("/etc/frr/daemons")
        for name in _DAEMONS:
            daemons = daemons.replace(f"{name}=no", f"{name}=yes")
        system.write("/etc/frr/daemons", daemons, 0o640)
        system.run("chown", "frr:frr", "/etc/frr/daemons")
        system.run("sysctl", "-q", "net.ipv4.ip_forward=1", "net.ipv4.conf.all.rp_filter=0")
        system.run("sysctl", "-q", "net.ipv4.conf.all.send_redirects=0")
        for name in sorted(self._leftovers()):
            system.run("ip", "link", "del", "dev", name)
        self._routing_now = frr.configuration(Plan())
        system.write(FRR, self._routing_now, 0o640)
        system.run("chown", "frr:frr", FRR)
        self._do("systemctl", "restart", "strongswan", "frr")

    def _leftovers(self) -> set[str]:
        """Tunnels of an earlier run of this process."""
        status, out = self._system.run("ip", "-o", "link", "show", "type", "gre")
        names = {line.split(": ")[1].partition("@")[0] for line in out.splitlines() if status == 0}
        return {name for name in names if name.startswith("Tunnel")}

    def apply(self, text: str) -> Plan:
        """Read a running configuration and make it so."""
        with self._lock:
            old, new = self.plan, read(text, self.facts())
            for complaint in new.unmet:
                if complaint not in old.unmet:
                    self._log(complaint)
            # What is to be protected is protected before it exists, and until it has gone.
            if going := links.removals(old, new):
                # nhrpd forgets half of what it was told of an interface that vanishes.
                self._routing(frr_delta.without(self._routing_now, {command[-1] for command in going}))
            for command in going:
                self._do(*command)
            if self._write(RULES, nft.ruleset(new), 0o600):
                self._do("nft", "-f", RULES)
            self._ipsec(old, new)
            for command in links.additions(old, new):
                self._do(*command)
            self._routing(frr.configuration(new))
            self.plan = new
            return new

    def _ipsec(self, old: Plan, new: Plan) -> None:
        changed = False
        for target, source in swanctl.trustpoints(new).items():
            changed |= self._write(target, self._system.read(source), 0o600)
        changed |= self._write(SWANCTL, swanctl.connections(new), 0o600)
        if changed:
            self._do("swanctl", "--load-all", "--noprompt")
        # SAs outlive a change of their profile, as on IOS; without their tunnel they go.
        kept = {tunnel.connection for tunnel in new.up()}
        for name in sorted({tunnel.connection for tunnel in old.up()} - kept - {""}):
            self._system.run("swanctl", "--terminate", "--ike", name, "--force")

    def _routing(self, text: str) -> None:
        changes = frr_delta.commands(self._routing_now, text)
        if changes:
            self._system.write(CHANGES, changes, 0o600)
            self._do("vtysh", "-f", CHANGES)
        self._routing_now = text

    def _write(self, path: str, text: str, mode: int) -> bool:
        """Write a file if it is not what was written last; tells whether it did."""
        digest = hashlib.sha256(text.encode()).hexdigest()
        if self._written.get(path) == digest:
            return False
        self._system.write(path, text, mode)
        self._written[path] = digest
        return True

    def _do(self, *argv: str) -> None:
        status, out = self._system.run(*argv)
        if status:
            self._log(
                f"{argv[0].rpartition('/')[2]} {' '.join(argv[1:3])}: status {status}: {out.strip()[-600:]}"
            )
