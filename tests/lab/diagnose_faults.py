# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Faults that are done to the lab's fleet, each with the cause and the router that diagnose has to name.

Commands run in a shell on a router, or with a namespace's name before them in that of the provider.
``broken`` is the condition after which the fault can be seen: a command on a router that succeeds.
"""

from __future__ import annotations

from dataclasses import dataclass

from .wiring import nat_box, netns, provider

Commands = tuple[tuple[str, str], ...]
HUB1, HUB2, SPOKE1 = "198.51.100.2", "198.51.100.6", "198.51.100.10"
TUNNEL = "vtysh -c 'configure terminal' -c 'interface dmvpn10' -c"
BGP = "vtysh -c 'configure terminal' -c 'router bgp 65000' -c"
FRESH = "systemctl restart mgre-dmvpn-guard"
UNIT = "systemctl restart mgre-dmvpn-blue"
DROP_SA = "swanctl --terminate --ike mgre-internet --force >/dev/null"
WITHOUT_HUB1 = "! vtysh -c 'show bgp ipv4 unicast summary established' | grep -q '10.255.0.1 '"
# After an outage nhrpd registers again within 64 s; a server that is configured anew is asked at once.
REGISTER = (
    f"for hub in '10.255.0.1 nbma {HUB1}' '10.255.0.2 nbma {HUB2}'; do "
    "if vtysh -c 'show ip nhrp nhs' | grep \"${hub##* } \" | grep -q unspec; then "
    "vtysh -c 'configure terminal' -c 'interface dmvpn10' "
    '-c "no ip nhrp nhs $hub" -c "ip nhrp nhs $hub"; '
    "fi; done"
)
# In place of a network: whatever a test has put between the routers.
PROVIDER, HOME = "provider:internet", "nat:home"


def delete_rules(word: str) -> str:
    """Takes the guard's rules that have a word in them out of the kernel."""
    chain = "inet mgre_dmvpn_guard guard_forward"
    return (
        f"nft -a list chain {chain} | sed -n '/{word}/s/.*handle //p' "
        f"| while read -r rule; do nft delete rule {chain} handle $rule; done"
    )


def between(rule: str) -> str:
    """Drops what matches in the provider's network, under a table of our own."""
    return (
        f"nft 'add table ip test; add chain ip test way {{ type filter hook forward priority 0; }}; {rule}'"
    )


def dropped(match: str) -> str:
    return f"add rule ip test way {match} drop"


@dataclass(frozen=True, slots=True)
class Fault:
    """``host`` is the router that has to be named, ``sites`` are those that are asked about."""

    cause: str
    host: str
    sites: tuple[str, ...]
    inject: Commands
    restore: Commands
    broken: tuple[str, str] | None = None
    seconds: float = 60


def on(host: str, inject: str, restore: str) -> tuple[Commands, Commands]:
    return ((host, inject),), ((host, restore),)


FAULTS: tuple[Fault, ...] = (
    # --- the router itself
    Fault(
        "daemon_dead", "spoke1", ("spoke1", "hub1"),
        # Stopped, watchfrr cannot start it again.
        *on(
            "spoke1",
            "kill -STOP $(pidof watchfrr); kill -KILL $(pidof nhrpd)",
            "kill -CONT $(pidof watchfrr)",
        ),
    ),
    Fault(
        "clock_skew", "spoke1", ("spoke1", "hub1"),
        *on(
            "spoke1",
            f"date -s '+400 days' >/dev/null; {DROP_SA}",
            # The kernel would keep an acquire of the wrong time for 400 days, and make no other.
            "date -s @$NOW >/dev/null; ip xfrm state flush; systemctl restart strongswan",
        ),
    ),
    Fault(
        "forwarding_off", "hub1", ("spoke1", "hub1"),
        *on("hub1", "sysctl -qw net.ipv4.ip_forward=0", "sysctl -q --system"),
    ),
    Fault(
        "rp_filter", "spoke1", ("spoke1", "hub1"),
        *on("spoke1", "sysctl -qw net.ipv4.conf.all.rp_filter=1", "sysctl -q --system"),
    ),
    Fault(
        "neighbour_table_full", "hub1", ("spoke1", "hub1"),
        *on(
            "hub1",
            # The way to us must survive, and what if it does not: the router mends itself.
            "systemd-run -q --on-active=180 sysctl -q --system; "
            "ip neigh show dev mgmt0 | while read -r a b mac c; do case $b in lladdr) "
            "ip neigh replace $a lladdr $mac dev mgmt0 nud permanent;; esac; done; "
            "sysctl -qw net.ipv4.neigh.default.gc_thresh3=2",
            "sysctl -q --system; ip neigh flush dev mgmt0 nud permanent",
        ),
    ),
    Fault(
        "certificate_expired", "spoke1", ("spoke1", "hub1"),
        *on(
            "spoke1",
            "cp -p /etc/swanctl/x509/mgre-dmvpn.crt /run/test.crt; "
            "printf '%s' \"$EXPIRED\" > /etc/swanctl/x509/mgre-dmvpn.crt; "
            f"swanctl --load-creds --clear >/dev/null; swanctl --load-conns >/dev/null; {DROP_SA}",
            "mv /run/test.crt /etc/swanctl/x509/mgre-dmvpn.crt; "
            "swanctl --load-creds --clear >/dev/null; swanctl --load-conns >/dev/null",
        ),
    ),
    # --- the tunnel
    Fault(
        "tunnel_down", "spoke1", ("spoke1", "hub1"),
        *on("spoke1", "ip link set dmvpn10 down", UNIT),
    ),
    Fault(
        "gre_key", "spoke1", ("spoke1", "hub1"),
        *on("spoke1", f"ip link set dev dmvpn10 type gre key 99 local {SPOKE1} dev wan1 ttl 64", UNIT),
    ),
    Fault(
        "duplicate_address", "spoke3", ("spoke3", "spoke1"),
        *on(
            "spoke3",
            "ip address add 10.255.0.11/32 dev dmvpn10",
            # nhrpd holds on to an address that the tunnel has lost.
            f"{UNIT}; systemctl restart frr",
        ),
    ),
    Fault(
        "redirect_missing", "hub1", ("spoke1", "hub1"),
        *on("hub1", delete_rules("log group 1"), FRESH),
    ),
    Fault(
        "mss_not_clamped", "spoke1", ("spoke1", "hub1"),
        *on("spoke1", delete_rules("maxseg"), FRESH),
    ),
    # --- IKE and ESP
    Fault(
        "psk_mismatch", "spoke1", ("spoke1", "hub1"),
        (
            (
                "hub1",
                "printf '%s' \"$PSK_HUB\" > /etc/swanctl/conf.d/zz-test.conf; swanctl --load-all >/dev/null",
            ),
            (
                "spoke1",
                "printf '%s' \"$PSK_SPOKE\" > /etc/swanctl/conf.d/zz-test.conf; "
                "cp -p /etc/swanctl/conf.d/mgre-dmvpn.conf /run/test.conf; "
                "sed -i -e 's/auth = pubkey/auth = psk/' -e '/cacerts = /d' -e '/certs = /d' "
                "-e '/id = .*CN=spoke1/s/=.*/= spoke1.test/' -e '/id = .*CN=[*]/s/=.*/= %any/' "
                f"/etc/swanctl/conf.d/mgre-dmvpn.conf; swanctl --load-all >/dev/null; {DROP_SA}",
            ),
        ),
        (
            ("hub1", "rm -f /etc/swanctl/conf.d/zz-test.conf; swanctl --load-all --clear >/dev/null"),
            (
                "spoke1",
                "rm -f /etc/swanctl/conf.d/zz-test.conf; mv /run/test.conf "
                "/etc/swanctl/conf.d/mgre-dmvpn.conf; "
                "swanctl --load-all --clear >/dev/null",
            ),
        ),
        ("hub1", "journalctl -q --since=-60s -u strongswan -g 'MAC mismatched' | grep -q ."),
    ),
    Fault(
        "ike_blocked", "spoke1", ("spoke1", "hub1"),
        (
            (
                PROVIDER,
                between(
                    dropped(f"ip saddr {HUB1} ip daddr {SPOKE1} udp dport {{ 500, 4500 }}")
                    + "; "
                    + dropped(f"ip saddr {SPOKE1} ip daddr {HUB1} udp dport {{ 500, 4500 }}")
                ),
            ),
            ("spoke1", DROP_SA),
        ),
        ((PROVIDER, "nft delete table ip test"),),
        ("spoke1", f"swanctl --list-sas | grep -A2 CONNECTING | grep -q {HUB1}"),
    ),
    Fault(
        "esp_one_way", "spoke1", ("spoke1", "hub1"),
        ((PROVIDER, between(dropped(f"ip saddr {HUB1} ip daddr {SPOKE1} ip protocol esp"))),),
        ((PROVIDER, "nft delete table ip test"),),
        ("spoke1", WITHOUT_HUB1),
    ),
    # --- NHRP
    Fault(
        "network_id", "spoke1", ("spoke1", "hub1"),
        *on("spoke1", f"{TUNNEL} 'ip nhrp network-id 99'", f"{TUNNEL} 'ip nhrp network-id 10'"),
    ),
    Fault(
        "nhrp_authentication", "spoke1", ("spoke1", "hub1"),
        *on(
            "spoke1",
            f"{TUNNEL} 'ip nhrp authentication another'",
            # Two nhrpd that refuse each other never stop, until a packet is lost.
            f"{TUNNEL} 'no ip nhrp authentication another'; {UNIT}",
        ),
    ),
    Fault(
        "nhs_missing", "spoke1", ("spoke1", "hub1"),
        (
            ("spoke1", f"{TUNNEL} 'no ip nhrp nhs 10.255.0.1 nbma {HUB1}'; vtysh -c 'clear ip nhrp cache'"),
            ("hub1", "vtysh -c 'clear ip nhrp cache'"),
        ),
        (("spoke1", f"{TUNNEL} 'ip nhrp nhs 10.255.0.1 nbma {HUB1}'"),),
        ("spoke1", WITHOUT_HUB1),
    ),
    Fault(
        "stale_cache", "hub1", ("spoke3", "hub1"),
        *on(
            "hub1",
            f"{TUNNEL} 'ip nhrp map 10.255.0.13 203.0.113.21'",
            f"{TUNNEL} 'no ip nhrp map 10.255.0.13 203.0.113.21'",
        ),
    ),
    Fault(
        "shortcut_without_sa", "spoke1", ("spoke1", "spoke3"),
        (
            # The daemon that would clear it hangs.
            ("spoke1", "kill -STOP $(systemctl show -p MainPID --value mgre-dmvpn-nhrp-events)"),
            (PROVIDER, between(dropped("ip saddr 203.0.113.18 ip daddr " + SPOKE1) + "; "
                               + dropped(f"ip saddr {SPOKE1} ip daddr 203.0.113.18"))),
            ("spoke1", f"{DROP_SA}; true"),
        ),
        (
            (PROVIDER, "nft delete table ip test"),
            ("spoke1", "kill -CONT $(systemctl show -p MainPID --value mgre-dmvpn-nhrp-events)"),
        ),
    ),
    Fault(
        "nat_rebinding", "hub1", ("spoke2", "hub1"),
        (
            # A new registration would heal it: NHRP packets are held up for as long as we look.
            (
                "spoke2",
                "nft 'add table netdev test; "
                "add chain netdev test out { type filter hook egress device dmvpn10 priority 0; }; "
                "add rule netdev test out meta protocol 0x2001 drop'",
            ),
            (PROVIDER, "ip route replace 203.0.113.130/32 via 203.0.113.2"),
            (
                HOME,
                "ip address replace 203.0.113.130/32 dev outside; "
                "nft insert rule ip nat postrouting oifname outside snat to 203.0.113.130; $FORGET",
            ),
        ),
        (
            (
                HOME,
                "nft delete rule ip nat postrouting handle $(nft -a list chain ip nat postrouting "
                "| sed -n '/130/s/.*handle //p'); ip address del 203.0.113.130/32 dev outside; $FORGET",
            ),
            (PROVIDER, "ip route del 203.0.113.130/32"),
            ("spoke2", "nft delete table netdev test"),
        ),
        ("hub1", "swanctl --list-sas | grep -q 203.0.113.130"),
    ),
    # --- routing
    Fault(
        "as_mismatch", "spoke1", ("spoke1", "hub1"),
        *on(
            "spoke1",
            f"{BGP} 'neighbor MGRE-blue-hubs remote-as 65099'",
            # bgpd waits long after a changed AS.
            f"{BGP} 'neighbor MGRE-blue-hubs remote-as 65000'; vtysh -c 'clear bgp *'",
        ),
        ("spoke1", WITHOUT_HUB1),
    ),
    Fault(
        "bfd_mismatch", "spoke1", ("spoke1", "hub1"),
        *on(
            "spoke1",
            f"{BGP} 'no neighbor MGRE-blue-hubs bfd'",
            f"{BGP} 'neighbor MGRE-blue-hubs bfd' -c 'neighbor MGRE-blue-hubs bfd profile MGRE-blue'",
        ),
        ("hub1", "! vtysh -c 'show bfd peers brief' | grep -q '10.255.0.11 *up'"),
    ),
    Fault(
        "summary_filtered", "spoke1", ("spoke1", "hub1"),
        *on(
            "spoke1",
            "vtysh -c 'configure terminal' -c 'ip prefix-list TEST seq 5 deny any' -c 'router bgp 65000' "
            "-c 'address-family ipv4 unicast' -c 'neighbor MGRE-blue-hubs prefix-list TEST in'; "
            "vtysh -c 'clear bgp * soft in'",
            "vtysh -c 'configure terminal' -c 'router bgp 65000' -c 'address-family ipv4 unicast' "
            "-c 'no neighbor MGRE-blue-hubs prefix-list TEST in' -c exit -c exit -c 'no ip prefix-list "
            "TEST'; "
            "vtysh -c 'clear bgp * soft in'",
        ),
        ("spoke1", "! ip route show 10.0.0.0/9 | grep -q dmvpn10"),
    ),
    Fault(
        "route_leak", "spoke1", ("spoke1", "spoke2"),
        *on(
            "spoke1",
            "ip route add 10.12.0.0/24 via 198.51.100.9",
            "ip route del 10.12.0.0/24 via 198.51.100.9",
        ),
    ),
    Fault(
        "asymmetric_path", "spoke3", ("spoke1", "spoke3"),
        *on(
            "spoke3",
            "ip route add 10.11.0.0/24 via 10.255.0.2 dev dmvpn10 onlink metric 1",
            "ip route del 10.11.0.0/24 via 10.255.0.2 dev dmvpn10 metric 1",
        ),
    ),
    # --- the path
    Fault(
        "mtu_black_hole", "spoke1", ("spoke1", "hub1"),
        ((PROVIDER, between(dropped(f"ip saddr {SPOKE1} meta length > 1300") + "; "
                            + dropped(f"ip daddr {SPOKE1} meta length > 1300"))),),
        ((PROVIDER, "nft delete table ip test"),),
    ),
)  # fmt: skip


def namespace(lab: str, place: str) -> str | None:
    """The namespace of a place that is no router."""
    kind, _colon, name = place.partition(":")
    return {"provider": provider, "nat": nat_box}[kind](lab, name) if name else None


def in_namespace(lab: str, place: str, command: str) -> list[str]:
    found = namespace(lab, place)
    assert found
    return netns(found, "sh", "-c", command)
