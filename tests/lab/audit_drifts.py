# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What somebody does to routers behind the inventory's back, and what audit.yml has to say of it."""

from __future__ import annotations

from dataclasses import dataclass

VTYSH = "vtysh -c 'configure terminal' -c"
TUNNEL = f"{VTYSH} 'interface dmvpn10' -c"
GUARD = "inet mgre_dmvpn_guard guard_forward"
OTHER = "/etc/swanctl/conf.d/other.conf"
CONNECTION = "connections { other { remote_addrs = %%any\\n local { auth = psk }\\n remote { auth = psk } } }"
DROP_IN = "/etc/systemd/system/mgre-dmvpn-guard.service.d"
ADMIN = "/etc/sysctl.d/99-admin.conf"
STATUS = "/var/lib/dpkg/status"


@dataclass(frozen=True, slots=True)
class Drift:
    """``breaks`` and ``mends`` are commands on ``host``; what site.yml puts right needs no ``mends``.

    ``area``, ``owner`` and parts of ``subject`` and ``by`` are what the audit has to name.
    """

    host: str
    breaks: str
    area: str
    owner: str
    subject: str
    by: str
    mends: str = "true"


DRIFTS = (
    # Ours: files, lines, rules, units, links of the collection.
    Drift(
        "spoke1",
        "echo '# by hand' >> /etc/mgre-dmvpn/guard.nft",
        "files",
        "ours",
        "guard.nft",
        "somebody on the",
    ),
    Drift(
        "spoke1", "rm /etc/sysctl.d/90-mgre-dmvpn.conf", "files", "ours", "90-mgre-dmvpn.conf", "somebody on"
    ),
    Drift(
        "spoke2", "chmod 0644 /etc/mgre-dmvpn/frr.conf", "files", "ours", "mgre-dmvpn/frr.conf", "somebody"
    ),
    Drift("spoke1", f"{TUNNEL} 'no ip nhrp shortcut'", "frr", "ours", "FRR: interface dmvpn10", "vtysh"),
    Drift(
        "spoke2",
        f"nft -a list chain {GUARD} | sed -n '/maxseg/s/.*handle //p' "
        f"| while read -r rule; do nft delete rule {GUARD} handle $rule; done",
        "firewall",
        "ours",
        "dmvpn10 MSS",
        "somebody on the router",
        "systemctl restart mgre-dmvpn-guard",
    ),
    Drift(
        "spoke2",
        "systemctl disable mgre-dmvpn-nhrp-events",
        "services",
        "ours",
        "mgre-dmvpn-nhrp-events.service",
        "somebody",
    ),
    Drift(
        "spoke3",
        "ip link set dmvpn10 mtu 1300",
        "tunnels",
        "ours",
        "dmvpn10 MTU",
        "somebody on the router",
        "ip link set dmvpn10 mtu 1400",
    ),
    # Theirs: what others have put there, and that reaches into ours.
    Drift(
        "hub2",
        f"{TUNNEL} 'bandwidth 1000'",
        "frr",
        "theirs",
        "FRR: interface dmvpn10",
        "vtysh",
        f"{TUNNEL} 'no bandwidth 1000'",
    ),
    Drift(
        "hub2",
        "nft 'add table inet mine; add chain inet mine x { type filter hook input priority 0; }; "
        "add rule inet mine x ip saddr 192.0.2.1 meta l4proto esp drop'",
        "firewall",
        "theirs",
        "table inet mine",
        "packet filter",
        "nft delete table inet mine",
    ),
    Drift(
        "hub2",
        f"echo net.ipv4.conf.all.rp_filter=2 > {ADMIN}; sysctl -q -p {ADMIN}",
        "kernel",
        "theirs",
        "net.ipv4.conf.all.rp_filter",
        ADMIN,
        f"rm {ADMIN}",
    ),
    Drift(
        "spoke1",
        f"mkdir -p {DROP_IN}; printf '[Unit]\\nDescription=mine\\n' > {DROP_IN}/mine.conf; "
        "systemctl daemon-reload",
        "services",
        "theirs",
        f"{DROP_IN}/mine.conf",
        "systemctl edit",
        f"rm -r {DROP_IN}; systemctl daemon-reload",
    ),
    Drift(
        "spoke3",
        "ip route add 10.12.99.0/24 dev wan1",
        "routes",
        "theirs",
        "10.12.99.0/24",
        "ip route",
        "ip route delete 10.12.99.0/24",
    ),
    Drift(
        "spoke3",
        f"printf '{CONNECTION}' > {OTHER}; swanctl --load-conns",
        "ipsec",
        "theirs",
        "swanctl: other",
        "/etc/swanctl",
        f"rm {OTHER}; swanctl --load-conns",
    ),
    Drift(
        "spoke3",
        f"cp {STATUS} {STATUS}.mine; "
        f"sed -i '/^Package: libstrongswan$/,/^$/s/^Version: .*/Version: 5.9.5-1/' {STATUS}",
        "versions",
        "theirs",
        "strongswan 5.9.5-1",
        "package",
        f"mv {STATUS}.mine {STATUS}",
    ),
    # Nobody's: the kernel's, a daemon's or the hardware's own.
    Drift(
        "spoke2",
        "sysctl -q -w net.ipv4.conf.all.send_redirects=1",
        "kernel",
        "default",
        "net.ipv4.conf.all.send_redirects",
        "the kernel's own",
    ),
    Drift(
        "hub2",
        f"{VTYSH} 'frr defaults datacenter'",
        "frr",
        "default",
        "FRR: defaults",
        "set up FRR",
        f"{VTYSH} 'frr defaults traditional'",
    ),
    Drift(
        "spoke2",
        "date -s '+10 minutes'",
        "clock",
        "default",
        "clock",
        "time server",
        "date -s '-10 minutes'",
    ),
)
