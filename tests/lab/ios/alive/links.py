# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Tunnel interfaces of the node: what `ip` is told to get from one plan to the next."""

from __future__ import annotations

from .plan import Plan, Tunnel

Commands = list[tuple[str, ...]]


def removals(old: Plan, new: Plan) -> Commands:
    """Tunnels that are gone, or that `ip` cannot change in place."""
    keep = {tunnel.name: _fixed(tunnel) for tunnel in new.up()}
    return [
        ("ip", "link", "del", "dev", tunnel.name)
        for tunnel in old.up()
        if keep.get(tunnel.name) != _fixed(tunnel)
    ]


def additions(old: Plan, new: Plan) -> Commands:
    """Tunnels that are new, and what has changed on the others. Run it after :func:`removals`."""
    before = {tunnel.name: tunnel for tunnel in old.up()}
    commands: Commands = []
    for tunnel in new.up():
        known = before.get(tunnel.name)
        if known is None or _fixed(known) != _fixed(tunnel):
            known = None
            commands += [_add(tunnel), *_switches(tunnel)]
        if known is None or known.mtu != tunnel.mtu:
            commands.append(("ip", "link", "set", "dev", tunnel.name, "mtu", str(tunnel.mtu)))
        if known and known.address and known.address != tunnel.address:
            commands.append(("ip", "address", "flush", "dev", tunnel.name))
        if tunnel.address and (known is None or known.address != tunnel.address):
            # nhrpd wants the address alone; the tunnel's network is its routes' business.
            length = tunnel.address.network.prefixlen if tunnel.destination else 32
            commands.append(("ip", "address", "replace", f"{tunnel.address.ip}/{length}", "dev", tunnel.name))
        if known is None:
            commands.append(("ip", "link", "set", "dev", tunnel.name, "up"))
    return commands


def _fixed(tunnel: Tunnel) -> tuple[object, ...]:
    return tunnel.source, tunnel.key, tunnel.destination


def _add(tunnel: Tunnel) -> tuple[str, ...]:
    assert tunnel.source is not None and tunnel.source.address is not None
    key = ("key", str(tunnel.key)) if tunnel.key is not None else ()
    remote = ("remote", tunnel.destination) if tunnel.destination else ()
    return (
        *("ip", "link", "add", "name", tunnel.name, "type", "gre", *key, "ttl", "255", *remote),
        *("local", str(tunnel.source.address.ip), "dev", tunnel.source.device),
    )


def _switches(tunnel: Tunnel) -> Commands:
    v4, v6 = f"net.ipv4.conf.{tunnel.name}", f"net.ipv6.conf.{tunnel.name}"
    # An mGRE interface needs to be told that it takes multicast, or ospfd does not use it.
    return [
        ("ip", "link", "set", "dev", tunnel.name, "multicast", "on"),
        ("sysctl", "-q", f"{v4}.rp_filter=0", f"{v4}.send_redirects=0", f"{v6}.disable_ipv6=1"),
    ]
