# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The steps from one release to another on the live router, in the order that leaves no cleartext window.

Applying goes from what is there to the bundle, decommissioning to nothing, and putting back from the bundle
to what was there: all three are the same steps. A tunnel exists only while the guard of its release stands:
tunnels that go or move are taken down first, and a guard is removed last.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from . import frr
from .host import CommandFailed, Host, Result
from .release import (
    DAEMONS,
    ETC,
    EVENTS_CONFIG,
    EVENTS_UNIT,
    FRAGMENT,
    GUARD_UNIT,
    GUARDS,
    PROGRAMS,
    STRONGSWAN,
    SWANCTL,
    SWANCTL_SECRETS,
    SYSCTL,
    SYSTEMD,
    Release,
)
from .settings import RELOADABLE, proc, settings_changed

CHARON = "strongswan.service"
SERVICES = (CHARON, frr.SERVICE)
RUN = "/run/mgre-dmvpn"
NET = "/sys/class/net"
_TABLES = (
    ("filter", "INPUT", "IN"),
    ("filter", "OUTPUT", "OUT"),
    ("filter", "FORWARD", "FWD"),
    ("mangle", "FORWARD", "MSS"),
)


@dataclass(frozen=True, slots=True)
class FrrTarget:
    """What FRR is to have in its files (None leaves them) and to run, as a function of what it runs now."""

    running: Callable[[str], str]
    conf: str | None
    daemons: str | None


@dataclass(slots=True)
class Change:
    """One way from ``old`` to ``new``. ``due`` names steps that are needed though no file differs."""

    host: Host
    old: Release
    new: Release
    target: FrrTarget
    due: frozenset[str] = frozenset()
    sysctls: Mapping[str, str] = field(default_factory=dict)

    # Helpers

    def differs(self, *paths: str) -> bool:
        """Whether a file changes its text, or comes or goes."""
        return any(
            (self.old.files[path].text if path in self.old.files else None)
            != (self.new.files[path].text if path in self.new.files else None)
            for path in paths
        )

    def put(self, *paths: str) -> None:
        """Write files of the new release."""
        for path in paths:
            if path in self.new.files:
                self.host.write(path, self.new.files[path].text, self.new.files[path].mode)

    def unit_differs(self, unit: str) -> bool:
        return self.differs(f"{SYSTEMD}/{unit}")

    def moved(self, unit: str) -> bool:
        """Whether a tunnel gets another WAN, local address or key."""
        return self._gre(self.old, unit) != self._gre(self.new, unit)

    @staticmethod
    def _gre(release: Release, unit: str) -> list[str]:
        return re.findall(r"\btype gre .*", release.text(f"{SYSTEMD}/{unit}"))

    # Steps

    def retire(self) -> None:
        """Take down tunnels that go, and those that move to another WAN, while their old guard stands."""
        for unit, interface in self.old.tunnels.items():
            there = self.host.exists(f"{NET}/{interface}")
            if self.new.tunnels.get(unit) != interface:
                self.host.run("systemctl", "disable", "--now", unit)
                if there:
                    self.host.must("ip", "link", "delete", "dev", interface)
            elif there and self.moved(unit):
                self.host.must("ip", "link", "set", "dev", interface, "down")

    def units(self) -> None:
        """Unit files and what starts at boot, all at once, because systemd reads them all at once.

        A boot from here on brings no tunnel without the guard: each requires it.
        """
        paths = [path for path in {**self.old.files, **self.new.files} if path.startswith(f"{SYSTEMD}/")]
        self.put(*paths)
        for path in paths:
            if path not in self.new.files and not path.endswith(f"/{GUARD_UNIT}"):
                if "/" not in path.removeprefix(f"{SYSTEMD}/"):
                    self.host.run("systemctl", "disable", "--now", path.rpartition("/")[2])
                self.host.remove(path)
                self.host.remove_if_empty(path.rpartition("/")[0])
        if self.new.files and (self.differs(*paths) or "units" in self.due):
            # Again, because what a unit is wanted by may have changed too.
            self.host.must("systemctl", "--no-reload", "reenable", *self.new.units)
            self.host.must("systemctl", "--no-reload", "enable", *SERVICES)
        if self.differs(*paths) or "units" in self.due:
            self.host.must("systemctl", "daemon-reload")

    def guard(self) -> None:
        """The guard of the new release replaces the old one in one transaction of the kernel."""
        self.put(*GUARDS.values())
        if self.new.firewall is None:
            return
        changed = self.differs(*GUARDS.values()) or self.unit_differs(GUARD_UNIT)
        if changed or "guard" in self.due:
            self.host.must("systemctl", "reload-or-restart", GUARD_UNIT)
        if self.old.firewall not in (None, self.new.firewall):
            self._drop_guard(str(self.old.firewall))

    def sysctl(self) -> None:
        self.put(SYSCTL)
        if SYSCTL in self.new.files and (self.differs(SYSCTL) or "sysctl" in self.due):
            self.host.must("/usr/lib/systemd/systemd-sysctl", str(self.host.at(SYSCTL)))
        for key, value in self.sysctls.items():
            path = proc(key)
            if self.host.exists(path) and (self.host.read(path) or "").strip() != value:
                self.host.at(path).write_text(f"{value}\n", encoding="ascii")

    def ipsec(self) -> None:
        """Tell charon; SAs stay, unless a setting changed that charon reads only when it starts."""
        changed = self.differs(STRONGSWAN, SWANCTL, SWANCTL_SECRETS)
        if not changed and "ipsec" not in self.due:
            return
        self.put(STRONGSWAN)
        if STRONGSWAN not in self.new.files:
            self.host.remove(STRONGSWAN)
        if self.host.run("systemctl", "is-active", "--quiet", CHARON).status:
            if self.new.files:
                self.host.must("systemctl", "start", CHARON)
        elif not settings_changed(self.old.text(STRONGSWAN), self.new.text(STRONGSWAN)) <= RELOADABLE:
            self.host.must("systemctl", "restart", CHARON)
        elif self.differs(STRONGSWAN):
            self.host.must("swanctl", "--reload-settings")
        for path in (SWANCTL, SWANCTL_SECRETS):
            self.put(path)
            if path not in self.new.files:
                self.host.remove(path)
        if not self.host.run("systemctl", "is-active", "--quiet", CHARON).status:
            self.host.must("swanctl", "--load-creds", "--noprompt")
            self.host.must("swanctl", "--load-conns")
        if self.new.files and "bypass-lan" in self.host.run("swanctl", "--stats").out:
            raise CommandFailed(
                ("swanctl", "--stats"),
                Result(
                    1,
                    err="the bypass-lan plugin is loaded, which exempts local networks from IPsec; "
                    "write load = no in /etc/strongswan.d/charon/bypass-lan.conf",
                ),
            )

    def tunnels(self) -> None:
        for unit, interface in self.new.tunnels.items():
            absent = not self.host.exists(f"{NET}/{interface}")
            if absent or self.unit_differs(unit) or "tunnels" in self.due:
                self.host.must("systemctl", "restart", unit)

    def nhrp_events(self) -> None:
        programs = [p for p in {**self.old.files, **self.new.files} if p.startswith(f"{PROGRAMS}/")]
        self.put(*programs, EVENTS_CONFIG)
        if EVENTS_UNIT not in self.new.units:
            return
        if self.differs(*programs) or self.unit_differs(EVENTS_UNIT) or "nhrp events" in self.due:
            self.host.must("systemctl", "restart", EVENTS_UNIT)
        elif self.differs(EVENTS_CONFIG):
            self.host.must("systemctl", "reload-or-restart", EVENTS_UNIT)

    def frr_daemons(self) -> None:
        """Start the daemons that the tunnels need; those that run already keep running."""
        self.put(DAEMONS)
        if not self.new.files:
            return
        held = self.host.read(frr.FRR_DAEMONS) or ""
        more = frr.merge_daemons(held, sorted(frr.enabled_daemons(self.target.daemons or "")), ())
        stopped = bool(self.host.run("systemctl", "is-active", "--quiet", frr.SERVICE).status)
        if held != more or stopped or "frr daemons" in self.due:
            frr.run_daemons(self.host, more, self.target.conf or "", self.new.daemons)

    def frr(self) -> None:
        """The routing configuration, when everything that it needs is there."""
        now = frr.running(self.host)
        if now is not None:
            target = self.target.running(now)
            if now != target:
                frr.reload(self.host, target)
        if self.target.conf is not None and self.host.read(frr.FRR_CONF) != self.target.conf:
            self.host.write(frr.FRR_CONF, self.target.conf)
        self.put(FRAGMENT)

    def frr_idle(self) -> None:
        """Stop the daemons that nobody needs any more, once they have no configuration."""
        held = self.host.read(frr.FRR_DAEMONS)
        if self.target.daemons is not None and held != self.target.daemons:
            frr.run_daemons(self.host, self.target.daemons, self.target.conf or "", self.new.daemons)

    def clean(self) -> None:
        """Remove what the new release no longer has; the guard goes when no tunnel is left."""
        if self.new.firewall is None and self.old.firewall is not None:
            left = [name for name in self.old.tunnels.values() if self.host.exists(f"{NET}/{name}")]
            if left:
                raise CommandFailed(
                    ("ip", "link"), Result(1, err=f"{', '.join(left)} still there: the guard stays")
                )
            self.host.run("systemctl", "disable", "--now", GUARD_UNIT)
            self._drop_guard(self.old.firewall)
        gone_routes = [route for route in self.old.last_resorts if route not in self.new.last_resorts]
        gone_blocks = [block for block in self.old.blocks if block not in self.new.blocks]
        commands = [("ip", "route", "delete", *route.split()) for route in gone_routes]
        for block in (block.split() for block in gone_blocks):
            # A policy of an interface that is gone matches nothing any more, and ip cannot name it.
            if self.host.exists(f"{NET}/{block[block.index('dev') + 1]}"):
                commands.append(("ip", "xfrm", "policy", "delete", *block))
        for command in commands:
            done = self.host.run(*command)
            if done.status and "No such" not in done.err:  # it was not there
                raise CommandFailed(command, done)
        gone = [path for path in self.old.files if path not in self.new.files]
        for path in gone:
            self.host.remove(path)
        if any(path.startswith(f"{SYSTEMD}/") for path in gone):
            self.host.must("systemctl", "daemon-reload")
        if not self.new.files:
            self.host.remove(f"{PROGRAMS}/__pycache__")
            # Its unit preserves it, so that nhrpd finds the socket again after a restart.
            self.host.remove(RUN)
        for folder in (ETC, PROGRAMS):
            self.host.remove_if_empty(folder)

    def _drop_guard(self, firewall: str) -> None:
        if firewall == "nftables":
            if not self.host.run("nft", "list", "table", "inet", "mgre_dmvpn_guard").status:
                self.host.must("nft", "delete", "table", "inet", "mgre_dmvpn_guard")
            return
        for table, chain, ours in _TABLES:
            self.host.run("iptables", "-w", "-t", table, "-D", chain, "-j", f"MGRE-DMVPN-{ours}")
        for table in ("filter", "mangle"):
            listed = self.host.run("iptables", "-w", "-t", table, "-S").out
            chains = re.findall(r"^-N (MGRE-DMVPN-\S+)", listed, re.MULTILINE)
            for chain in chains:
                self.host.must("iptables", "-w", "-t", table, "-F", chain)
            for chain in chains:
                self.host.must("iptables", "-w", "-t", table, "-X", chain)


STEPS: dict[str, Callable[[Change], None]] = {
    "retire": Change.retire,
    "units": Change.units,
    "guard": Change.guard,
    "sysctl": Change.sysctl,
    "ipsec": Change.ipsec,
    "tunnels": Change.tunnels,
    "nhrp events": Change.nhrp_events,
    "frr daemons": Change.frr_daemons,
    "frr": Change.frr,
    "frr idle": Change.frr_idle,
    "clean": Change.clean,
}
"""In the order in which they run."""
