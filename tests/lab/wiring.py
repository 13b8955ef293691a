# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Everything between the routers: provider networks, NAT boxes, DHCP, LAN clients, management.

Each is a network namespace, so nothing of the host's own network is touched. The routers run in the
core namespace, which only switches: every link is a tap and a bridge there, and a veth pair to the
namespace that is the other end.

    router --tap-- bridge --veth-- provider | NAT box | LAN client
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Interface
from pathlib import Path

from . import processes
from .host import LabError, run
from .state import State
from .topology import MANAGEMENT, Nat, Node, Topology, Wan

# The sender cuts TCP into frames itself: user-mode linux drops what is larger than its MTU.
WHOLE_FRAMES = "gso_max_segs 1"
_SHORT = {"mgmt": "m", "lan": "l", "wan": "w"}


def core(lab: str) -> str:
    """The namespace in which the routers run, and from which they are managed."""
    return f"mgre-lab.{lab}"


def provider(lab: str, name: str) -> str:
    return f"mgre-lab.{lab}.provider.{name}"


def nat_box(lab: str, name: str) -> str:
    return f"mgre-lab.{lab}.nat.{name}"


def client(lab: str, node: str) -> str:
    return f"mgre-lab.{lab}.client.{node}"


def namespaces(lab: str, topology: Topology) -> list[str]:
    """Every namespace that :func:`connect` makes."""
    return [
        core(lab),
        *(provider(lab, name) for name in topology.providers),
        *(nat_box(lab, name) for name in topology.nats),
        *(client(lab, name) for name in topology.nodes),
    ]


def end(kind: str, node: str, interface: str) -> str:
    """Name of a tap (t), bridge (b) or veth (v) in the core: at most 15 characters, as Linux wants."""
    number = interface[-1]
    return f"{kind}-{node}-{_SHORT[interface.rstrip('0123456789')]}{number}"


def tap(node: str, interface: str) -> str:
    return end("t", node, interface)


def port(node: str, interface: str) -> str:
    """Name of the provider's interface towards a router's WAN."""
    return f"{node}-{interface}"


def netns(namespace: str, *argv: str) -> list[str]:
    """The command line that runs ``argv`` in a namespace."""
    return ["ip", "netns", "exec", namespace, *argv]


def connect(state: State, topology: Topology) -> None:
    """Make all namespaces and links. Those of the record must not exist yet."""
    lab = state.name
    for namespace in state.namespaces:
        run(["ip", "netns", "add", namespace])
    for namespace in state.namespaces:
        forward = "0" if ".client." in namespace or namespace == core(lab) else "1"
        _batch(namespace, ["link set lo up"])
        switches = {"ip_forward": forward, "conf.all.rp_filter": "0", "conf.default.rp_filter": "0"}
        run(netns(namespace, "sysctl", "-q", *(f"net.ipv4.{key}={value}" for key, value in switches.items())))
        # A bridge of the core is a cable. The key exists only where the host has loaded br_netfilter.
        run(netns(namespace, "sysctl", "-q", "-e", "net.bridge.bridge-nf-call-iptables=0"))
    _batch(
        core(lab),
        [
            "link add mgmt type bridge",
            f"link set mgmt {WHOLE_FRAMES} up",
            f"addr add {MANAGEMENT[1]}/24 dev mgmt",
        ],
    )
    for nat in topology.nats.values():
        _nat(lab, nat)
    for node in topology.nodes.values():
        _management(lab, node)
        _lan(lab, node)
        for wan in node.wans:
            _wan(lab, node, wan, topology)
            if wan.dhcp:
                serve_lease(state, node, wan, wan.address.ip)


def _batch(namespace: str, commands: list[str]) -> None:
    run(["ip", "-n", namespace, "-batch", "-"], stdin="\n".join(commands) + "\n")


def _link(lab: str, node: Node, interface: str, namespace: str, peer: str) -> None:
    """One cable from a router's interface to ``peer`` in another namespace."""
    bridge, veth = end("b", node.name, interface), end("v", node.name, interface)
    _batch(
        core(lab),
        [
            f"link add {bridge} type bridge",
            f"tuntap add {tap(node.name, interface)} mode tap",
            f"link add {veth} type veth peer name {peer} netns {namespace}",
            *(f"link set {name} master {bridge} up" for name in (tap(node.name, interface), veth)),
            f"link set {bridge} up",
        ],
    )
    _batch(namespace, [f"link set {peer} {WHOLE_FRAMES} up"])


def _management(lab: str, node: Node) -> None:
    name = tap(node.name, "mgmt0")
    _batch(core(lab), [f"tuntap add {name} mode tap", f"link set {name} master mgmt up"])


def _lan(lab: str, node: Node) -> None:
    namespace = client(lab, node.name)
    _link(lab, node, "lan1", namespace, "eth0")
    _batch(namespace, [f"addr add {node.client} dev eth0", f"route add default via {node.lan.ip}"])


def _wan(lab: str, node: Node, wan: Wan, topology: Topology) -> None:
    nat = topology.nats.get(wan.via)
    name = port(node.name, wan.interface)
    if nat:
        namespace = nat_box(lab, nat.name)
        _link(lab, node, wan.interface, namespace, name)
        _batch(namespace, [f"link set {name} master inside"])
    else:
        namespace = provider(lab, wan.via)
        _link(lab, node, wan.interface, namespace, name)
        _batch(namespace, [f"addr add {wan.gateway}/{wan.address.network.prefixlen} dev {name}"])


def _nat(lab: str, nat: Nat) -> None:
    namespace, outside = nat_box(lab, nat.name), provider(lab, nat.provider)
    gateway = next(nat.public.network.hosts())
    if gateway == nat.public.ip:
        raise LabError(f"nats.{nat.name}.public: {gateway} is the provider's own address; write another")
    peer = f"nat-{nat.name}"[:15]
    _batch(
        namespace,
        [
            "link add inside type bridge",
            "link set inside up",
            f"addr add {nat.inside} dev inside",
            f"link add outside type veth peer name {peer} netns {outside}",
            "link set outside up",
            f"addr add {nat.public} dev outside",
            f"route add default via {gateway}",
        ],
    )
    _batch(
        outside,
        [
            f"link set {peer} up",
            f"addr add {IPv4Interface((gateway, nat.public.network.prefixlen))} dev {peer}",
        ],
    )
    owner = next(nat.inside.network.hosts())
    owner = owner + 1 if owner == nat.inside.ip else owner
    if nat.firewall == "nftables":
        run(netns(namespace, "nft", "-f", "-"), stdin=_nft_rules(nat, owner))
    else:
        run(netns(namespace, "iptables-legacy-restore"), stdin=_iptables_rules(nat, owner))


def _nft_rules(nat: Nat, owner: IPv4Address) -> str:
    """What a home router does: new connections only from inside; all of them if it is a static NAT."""
    if nat.kind == "static":
        source, destination, new = f"snat to {nat.public.ip}", f"iifname outside dnat to {owner}", "accept"
    else:
        source, destination, new = "masquerade", "iifname outside counter", "drop"
    return f"""
table ip nat {{
  chain prerouting {{ type nat hook prerouting priority dstnat; {destination}; }}
  chain postrouting {{ type nat hook postrouting priority srcnat; oifname outside {source}; }}
}}
table ip filter {{
  chain forward {{
    type filter hook forward priority filter
    ct state established,related accept
    iifname outside {new}
  }}
}}
"""


def _iptables_rules(nat: Nat, owner: IPv4Address) -> str:
    if nat.kind == "static":
        source, destination = (
            f"SNAT --to-source {nat.public.ip}",
            f"-A PREROUTING -i outside -j DNAT --to {owner}",
        )
        new = "ACCEPT"
    else:
        source, destination, new = "MASQUERADE", "", "DROP"
    return f"""*nat
{destination}
-A POSTROUTING -o outside -j {source}
COMMIT
*filter
-A FORWARD -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
-A FORWARD -i outside -j {new}
COMMIT
"""


def serve_lease(state: State, node: Node, wan: Wan, address: IPv4Address) -> None:
    """Start the provider's DHCP server of one WAN, which has exactly one lease to give."""
    name = port(node.name, wan.interface)
    stem = state.directory / f"dhcp-{name}"
    network = wan.address.network
    processes.start(
        netns(
            provider(state.name, wan.via),
            *[
                "dnsmasq",
                "--keep-in-foreground",
                "--conf-file=/dev/null",
                "--port=0",
                "--user=root",
                "--pid-file=",
            ],
            *[f"--interface={name}", "--except-interface=lo", "--bind-interfaces", "--dhcp-authoritative"],
            *["--no-ping", "--log-dhcp", f"--log-facility={stem}.log", f"--dhcp-leasefile={stem}.leases"],
            f"--dhcp-range={network.network_address},static,{network.netmask},3600",
            f"--dhcp-host={node.mac(wan.interface)},{address}",
            f"--dhcp-option=option:router,{wan.gateway}",
        ),
        Path(f"{stem}.out"),
    )


def change_lease(state: State, node: Node, wan: Wan, address: IPv4Address) -> None:
    """Replace the DHCP server of a WAN by one that gives another address and refuses the old one."""
    mark = f"--interface={port(node.name, wan.interface)}"
    here = processes.inside([provider(state.name, wan.via)])
    processes.end(pid for pid in here if mark in processes.argv_of(pid))
    (state.directory / f"dhcp-{port(node.name, wan.interface)}.leases").unlink(missing_ok=True)
    serve_lease(state, node, wan, address)
