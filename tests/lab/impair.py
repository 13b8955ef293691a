# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Bad links: delay and loss inside the router, a small MTU in the provider's network, and cuts.

Delay and loss are netem on the router's interface, in both directions (incoming through an ifb): many
host kernels have no netem, the lab's own has. An MTU limit is a route of the provider with that MTU,
in both directions, so that packets which are too big get a fragment or an ICMP error, as on the Internet.
"""

from __future__ import annotations

from collections.abc import Mapping

from . import ssh
from .host import LabError, run
from .state import State
from .topology import Node, Topology
from .wiring import core, end, nat_box, port, provider


def cut(state: State, node: Node, interface: str) -> None:
    """Take the cable out. As behind most modems, the router itself sees no loss of carrier.

    The cut is at the provider's end: user-mode linux stops listening for good to a tap that goes down.
    """
    run(["ip", "-n", core(state.name), "link", "set", end("v", node.name, interface), "down"])


def restore(state: State, node: Node, interface: str) -> None:
    run(["ip", "-n", core(state.name), "link", "set", end("v", node.name, interface), "up"])


def is_cut(state: State, node: Node, interface: str) -> bool:
    out = run(["ip", "-n", core(state.name), "-o", "link", "show", "dev", end("v", node.name, interface)])
    return "UP" not in out.split("<", 1)[1].split(">", 1)[0].split(",")


def apply(state: State, topology: Topology, node: Node, interface: str, what: Mapping[str, float]) -> None:
    """Make a link as bad as ``what`` says: delay (ms, one way), loss (percent, each way), mtu (bytes).

    What is not named is good again.
    """
    unknown = set(what) - {"delay", "loss", "mtu"}
    if unknown:
        raise LabError(f"impairment {', '.join(sorted(unknown))}: write delay, loss or mtu")
    _netem(state, node, interface, what.get("delay", 0), what.get("loss", 0))
    if interface.startswith("wan"):
        _mtu(state, topology, node, interface, int(what.get("mtu", 0)))
    elif "mtu" in what:
        raise LabError(f"{node.name}:{interface}: an MTU limit is for WAN links")


def forget(state: State, topology: Topology, node: Node, interface: str) -> None:
    """A link is good again whose router has no power: only the provider's MTU is still there."""
    if interface.startswith("wan"):
        _mtu(state, topology, node, interface, 0)


def _netem(state: State, node: Node, interface: str, delay: float, loss: float) -> None:
    ifb = f"ifb-{interface}"
    commands = [
        f"tc qdisc del dev {interface} root 2>/dev/null || true",
        f"tc qdisc del dev {interface} ingress 2>/dev/null || true",
        f"ip link del {ifb} 2>/dev/null || true",
    ]
    if delay or loss:
        # The default limit of 1000 packets would drop some under load.
        netem = f"root netem limit 20000 delay {delay}ms loss {loss}%"
        commands += [
            "set -e",
            f"ip link add {ifb} type ifb",
            f"ip link set {ifb} up",
            f"tc qdisc add dev {ifb} {netem}",
            f"tc qdisc add dev {interface} ingress",
            f"tc filter add dev {interface} ingress matchall action mirred egress redirect dev {ifb}",
            f"tc qdisc add dev {interface} {netem}",
        ]
    ssh.run(state, node, "\n".join(commands))


def _mtu(state: State, topology: Topology, node: Node, interface: str, mtu: int) -> None:
    wan = next(wan for wan in node.wans if wan.interface == interface)
    nat = topology.nats.get(wan.via)
    if nat:
        namespace, name, network, own = (
            nat_box(state.name, nat.name),
            "inside",
            nat.inside.network,
            nat.inside.ip,
        )
    else:
        namespace, name = provider(state.name, wan.via), port(node.name, interface)
        network, own = wan.address.network, wan.gateway
    here = ["ip", "-n", namespace]
    table = f"1{node.site:03}{interface[-1]}"
    if f"lookup {table}" in run([*here, "rule", "show"]):
        run([*here, "rule", "del", "iif", name, "lookup", table])
        run([*here, "route", "flush", "table", table])
    to_router = [
        "route",
        "replace",
        str(network),
        "dev",
        name,
        "proto",
        "kernel",
        "scope",
        "link",
        "src",
        str(own),
    ]
    run([*here, *to_router, *(["mtu", "lock", str(mtu)] if mtu else [])])
    if not mtu:
        return
    # From the router, packets follow a copy of the routes with the limit.
    routes = run([*here, "route", "show", "table", "main"]).splitlines()
    copies = [f"route add table {table} {_plain(route)} mtu lock {mtu}" for route in routes]
    run([*here, "-batch", "-"], stdin="\n".join(copies) + "\n")
    run([*here, "rule", "add", "iif", name, "lookup", table])


def _plain(route: str) -> str:
    """A line of `ip route show` without the words that `ip route add` does not take or need."""
    words = route.split(" mtu ")[0].split()
    return " ".join(word for word in words if word not in ("linkdown", "onlink"))
