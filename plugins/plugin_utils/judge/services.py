# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Checks of the router itself: services, the guard, certificates."""

from __future__ import annotations

from collections.abc import Iterator

from . import ios
from .result import Check, Result
from .sight import Sight

CHARON = "strongswan.service"
FRR = "frr.service"
GUARD_UNIT = "mgre-dmvpn-guard.service"
EVENTS_UNIT = "mgre-dmvpn-nhrp-events.service"
DAYS = 14
DAY = 86400
# The first layer that stands still without the daemon: 3 SA, 4 registration, 5 neighbour, 6 BFD, 7 routes.
NEEDED_BY = {"zebra": 2, "nhrpd": 4, "bgpd": 5, "ospfd": 5, "bfdd": 5, "staticd": 7, "pimd": 8}


def tunnel_unit(cloud: str) -> str:
    return f"mgre-dmvpn-{cloud}.service"


class Services(Check):
    """Every service that the tunnels need is active, and every routing daemon's process runs.

    Units are asked of systemd, FRR's daemons are looked up by process: ``frr.service`` stays active when one
    of its daemons is dead or hangs. A daemon that is stopped by a signal counts as dead, because it answers
    nobody. On IOS there is nothing to ask: what runs is seen by what it does.
    """

    name = "services"
    title = "Services run"
    layer = 0

    def judge(self, sight: Sight) -> Iterator[Result]:
        if sight.device.platform == "ios":
            return
        for unit, blocks in self.units(sight).items():
            yield self._unit(sight, unit, blocks)
        frr = (sight.state.services or {}).get(FRR)
        if frr is None or frr.active == "active":
            for daemon in self.daemons(sight):
                yield self._daemon(sight, daemon)

    @staticmethod
    def units(sight: Sight) -> dict[str, int]:
        """The units that this router needs, and the first layer that stands still without each."""
        tunnels = {tunnel_unit(member.cloud.name): 2 for member in sight.device.memberships}
        return {FRR: 4, CHARON: 3, GUARD_UNIT: 1, **tunnels, EVENTS_UNIT: 4}

    @staticmethod
    def daemons(sight: Sight) -> list[str]:
        needed = ["zebra", "staticd", "nhrpd"]
        for member in sight.device.memberships:
            protocol = member.cloud.routing.protocol
            if protocol != "static":
                needed.append("bgpd" if protocol == "bgp" else "ospfd")
            if member.runs_bfd(sight.device):
                needed.append("bfdd")
            if member.cloud.multicast_groups:
                needed.append("pimd")
        return list(dict.fromkeys(needed))

    def _unit(self, sight: Sight, unit: str, blocks: int) -> Result:
        known = sight.state.services
        service = (known or {}).get(unit)
        if service is None or service.active is None:
            reason = sight.state.unreadable.get("services", "systemd did not tell")
            return self.result(sight, unit, ("unknown", reason), "active", blocks=blocks)
        if unit == CHARON and service.active == "active" and sight.state.sas is None:
            reason = sight.state.unreadable.get("sas", "its SAs cannot be read")
            return self.result(
                sight, unit, ("fail", f"active, but {reason}"), "active and answers", blocks=blocks
            )
        good = service.active == "active"
        got = (
            "does not exist"
            if service.load == "not-found"
            else f"{service.active} ({service.sub}, {service.result})"
        )
        return self.result(sight, unit, ("pass" if good else "fail", got), "active", blocks=blocks)

    def _daemon(self, sight: Sight, daemon: str) -> Result:
        blocks = NEEDED_BY[daemon]
        if sight.state.daemons is None:
            reason = sight.state.unreadable.get("daemons", "not told")
            return self.result(sight, daemon, ("unknown", reason), "running", blocks=blocks)
        status = sight.state.daemons.get(daemon, "dead")
        return self.result(
            sight, daemon, ("pass" if status == "running" else "fail", status), "running", blocks=blocks
        )


class Guard(Check):
    """The guard against cleartext stands. On Linux it is in the kernel on every WAN: GRE and site-to-site
    packets without IPsec are dropped on the way out, on the way in and while forwarding. On IOS an IPsec
    profile protects every tunnel, and overlay and summaries have a static route to Null0.

    The rules are read from the kernel, not from the file, so a flushed firewall is seen. That packets were
    dropped is no fault: it is the guard at work. On IOS the interface and DMVPN both tell of the protection;
    if they do not agree it is not known.
    """

    name = "guard"
    title = "Guard stands"
    layer = 1
    expected = "GRE and site-to-site packets without IPsec are dropped (output, input, forward)"

    def judge(self, sight: Sight) -> Iterator[Result]:
        if sight.device.platform == "ios":
            yield from ios.guard(self, sight)
            return
        guard = sight.state.guard
        if guard is None:
            reason = sight.state.unreadable.get("guard", "not told")
            yield self.result(sight, "guard", ("unknown", reason), self.expected)
            return
        ways = [member.transport for member in sight.device.memberships]
        # What comes in by a WAN in a VRF comes from the VRF's device.
        wans = {way.interface for way in ways} | {way.vrf for way in ways if way.vrf}
        missing = [
            f"{what} on {hook}"
            for hook, what in (("output", "gre"), ("input", "gre"), ("forward", "site"))
            if not any(drop.hook == hook and drop.what == what for drop in guard.drops)
        ]
        bare = sorted(wans - set(guard.interfaces))
        if not guard.present:
            got = "there is no guard in the kernel"
        elif missing:
            got = "no rule drops " + ", ".join(missing)
        elif bare:
            got = "no rule for " + ", ".join(bare)
        else:
            dropped = sum(drop.packets or 0 for drop in guard.drops)
            yield self.result(sight, "guard", ("pass", f"stands, {dropped} packets dropped"), self.expected)
            return
        yield self.result(sight, "guard", ("fail", got), self.expected)


class Certificates(Check):
    """The router's certificate and its CA's are there, valid for 14 more days, and the certificate's subject
    is the identity that the inventory gives the router.

    The end is compared with the router's own clock, as its IKE daemon does. Clouds with PSK need none. On
    IOS they are those of the trustpoint.
    """

    name = "certificates"
    title = "Certificates valid"
    layer = 2

    def judge(self, sight: Sight) -> Iterator[Result]:
        if all(member.cloud.ipsec.auth == "psk" for member in sight.device.memberships):
            return
        held = sight.state.certificates
        if held is None:
            reason = sight.state.unreadable.get("certificates", "not told")
            yield self.result(sight, "certificate", ("unknown", reason), "valid")
            return
        own = [c for c in held if not c.authority]
        for kind, found in (("certificate", own), ("CA certificate", [c for c in held if c.authority])):
            if not found:
                got = "there is none on the router"
                yield self.result(sight, kind, ("fail", got), "there and valid", blocks=3)
            for certificate in found:
                yield self._end(sight, kind, certificate.not_after)
        for certificate in own:
            expected = sight.device.identity
            same = _parts(certificate.subject) == _parts(expected)
            verdict = ("pass" if same else "fail", certificate.subject or "not known")
            yield self.result(sight, "certificate subject", verdict, expected, blocks=3)  # type: ignore[arg-type]

    def _end(self, sight: Sight, kind: str, not_after: float | None) -> Result:
        now, expected = sight.state.host.time, f"valid for {DAYS} more days"
        if not_after is None or now is None:
            return self.result(sight, kind, ("unknown", "its end cannot be read"), expected)
        days = (not_after - now) / DAY
        if days < 0:
            return self.result(sight, kind, ("fail", f"expired {-days:.0f} days ago"), expected, blocks=3)
        return self.result(
            sight, kind, ("pass" if days >= DAYS else "fail", f"{days:.0f} days left"), expected
        )


def _parts(subject: str | None) -> list[str]:
    """Versions of openssl differ in the order of a subject's parts."""
    return sorted(part.strip() for part in (subject or "").split(","))
