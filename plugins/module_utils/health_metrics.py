# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Every metric of the collection: name, kind, what it says, labels; and the text that Prometheus reads.

The one table that routers, the controller, the reference page and the tests of rules and dashboard go by.
Format: Prometheus text exposition format 0.0.4, as node_exporter's textfile collector takes it (no times).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

PREFIX = "mgre_dmvpn_"
FILE = "mgre_dmvpn.prom"
# With Debian's package prometheus-node-exporter.
DIRECTORY = "/var/lib/prometheus/node-exporter"


@dataclass(frozen=True, slots=True)
class Metric:
    """``kind`` is gauge or counter; every metric also has the label ``site``, the inventory's host name."""

    kind: str
    help: str
    labels: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Sample:
    """One value; ``name`` without the prefix."""

    name: str
    labels: Mapping[str, str]
    value: float


PEER = ("cloud", "peer")
NEIGHBOUR = (*PEER, "protocol")
METRICS = {
    "up": Metric("gauge", "Whether the last look at the router succeeded."),
    "look_timestamp_seconds": Metric("gauge", "When the router was last looked at, in seconds since 1970."),
    "look_interval_seconds": Metric("gauge", "How often it is to be looked at."),
    "look_duration_seconds": Metric("gauge", "How long that look took."),
    "section_unreadable": Metric("gauge", "1 for what could not be read of the router.", ("section",)),
    "uptime_seconds": Metric("gauge", "Since the router started."),
    "nhs_registered": Metric("gauge", "Whether the router is registered at this next hop server.", PEER),
    "nhs_change_timestamp_seconds": Metric(
        "gauge", "Since when it is registered, or is not, as far as looks tell.", PEER
    ),
    "nhs_flaps_total": Metric("counter", "Registrations lost, between two looks each.", PEER),
    "nhs_loss_ratio": Metric("gauge", "Lost share of pings to the server over the tunnel, 0 to 1.", PEER),
    "nhs_rtt_seconds": Metric("gauge", "Median round-trip time of those pings.", PEER),
    "spokes_registered": Metric("gauge", "Spokes that are registered at this hub.", ("cloud",)),
    "shortcuts": Metric("gauge", "NHRP shortcuts of the router that are in use or wait.", ("cloud",)),
    "sa_installed": Metric("gauge", "Whether an IKE SA and an ESP SA stand with this server.", PEER),
    "sa_change_timestamp_seconds": Metric(
        "gauge", "Since when they stand, or do not, as far as looks tell; rekeying does not count.", PEER
    ),
    "sa_flaps_total": Metric("counter", "SAs lost or set up anew, between two looks each.", PEER),
    "ike_sa_age_seconds": Metric("gauge", "Since the newest IKE SA with this server stands.", PEER),
    "ike_sa_lifetime_seconds": Metric("gauge", "After which it is to be rekeyed.", ("cloud",)),
    "ike_rekeys_total": Metric("counter", "IKE SAs replaced by another with their ESP SAs kept.", PEER),
    "esp_sa_age_seconds": Metric("gauge", "Since the newest ESP SA with this server is installed.", PEER),
    "esp_sa_lifetime_seconds": Metric("gauge", "After which it is to be rekeyed.", ("cloud",)),
    "esp_rekeys_total": Metric("counter", "ESP SAs replaced while their IKE SA stood.", PEER),
    "sas": Metric("gauge", "Security associations of the router.", ("kind",)),
    "neighbour_up": Metric("gauge", "Whether the routing session with this server stands.", NEIGHBOUR),
    "neighbour_change_timestamp_seconds": Metric(
        "gauge", "Since when it stands, or does not, as far as looks tell.", NEIGHBOUR
    ),
    "neighbour_flaps_total": Metric("counter", "Sessions lost or begun anew, between two looks.", NEIGHBOUR),
    "neighbours_up": Metric("gauge", "Routing sessions of a cloud that stand.", ("cloud", "protocol")),
    "bfd_up": Metric("gauge", "Whether the BFD session with this server is up.", PEER),
    "bfd_flaps_total": Metric("counter", "BFD sessions that went down, between two looks each.", PEER),
    "guard_present": Metric("gauge", "Whether the guard against cleartext stands."),
    "guard_dropped_packets_total": Metric(
        "counter", "Packets that the guard stopped because they had no IPsec.", ("hook", "what")
    ),
    "interface_up": Metric("gauge", "Whether the interface is up: tunnels and WANs.", ("interface",)),
    "interface_errors_total": Metric("counter", "Packets that it received or sent wrong.", ("interface",)),
    "interface_bytes_total": Metric("counter", "Bytes through it.", ("interface", "direction")),
    "xfrm_errors_total": Metric(
        "counter", "Packets that IPsec in the kernel refused, by reason.", ("reason",)
    ),
    "daemon_running": Metric("gauge", "Whether the routing daemon's process runs.", ("daemon",)),
    "service_active": Metric("gauge", "Whether the systemd unit is active.", ("unit",)),
    "service_restarts_total": Metric("counter", "Times that systemd restarted the unit.", ("unit",)),
    "certificate_not_after_timestamp_seconds": Metric(
        "gauge", "When the certificate ends, in seconds since 1970.", ("certificate",)
    ),
}


def sample(name: str, value: float, **labels: str) -> Sample:
    """A value of a metric of the table. Raises KeyError for others, ValueError for other labels."""
    wanted = {"site", *METRICS[name].labels}
    if wanted != labels.keys():
        raise ValueError(f"{name} has the labels {', '.join(sorted(wanted))}")
    return Sample(name, labels, float(value))


def exposition(samples: Iterable[Sample]) -> str:
    """The text that Prometheus reads: metrics in the table's order, samples in theirs."""
    by_name: dict[str, list[Sample]] = {}
    for item in samples:
        by_name.setdefault(item.name, []).append(item)
    lines = []
    for name, metric in METRICS.items():
        if name in by_name:
            lines += [f"# HELP {PREFIX}{name} {metric.help}", f"# TYPE {PREFIX}{name} {metric.kind}"]
            lines += [_line(item) for item in by_name[name]]
    return "".join(f"{line}\n" for line in lines)


def _line(item: Sample) -> str:
    labels = ",".join(f'{key}="{_escaped(value)}"' for key, value in item.labels.items())
    return f"{PREFIX}{item.name}{{{labels}}} {item.value!r}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
