# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the kernel sends a packet: longest-prefix match over the routes of a state."""

from __future__ import annotations

from ipaddress import IPv4Address, IPv4Network

from ...module_utils.state import Route


class Fib:
    """Routes by prefix; of two for one prefix, the one with the lower metric."""

    def __init__(self, routes: list[Route]) -> None:
        self._routes: dict[tuple[int, int], Route] = {}
        for route in routes:
            try:
                network = IPv4Network(route.prefix)
            except ValueError:
                continue
            key = (network.prefixlen, int(network.network_address))
            held = self._routes.get(key)
            if held is None or (route.metric or 0) < (held.metric or 0):
                self._routes[key] = route
        self._lengths = sorted({key[0] for key in self._routes}, reverse=True)

    def lookup(self, target: IPv4Address | IPv4Network) -> Route | None:
        """The route for an address; for a prefix, the longest one that covers it whole."""
        network = IPv4Network(target)
        address = int(network.network_address)
        for length in self._lengths:
            if length > network.prefixlen:
                continue
            masked = address >> (32 - length) << (32 - length) if length else 0
            if route := self._routes.get((length, masked)):
                return route
        return None
