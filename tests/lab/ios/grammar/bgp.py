# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""BGP."""

from __future__ import annotations

from .. import checks
from ..rules import Mode, Rule

MODES = (
    Mode("bgp", "config-router"),
    Mode("bgp-af", "config-router-af", leave="exit-address-family", bang="before"),
)
_PEER = "{peer:A.B.C.D | peer:NAME}"


def _session(syntax: str, **more: object) -> Rule:
    return Rule("bgp", f"neighbor {_PEER} {syntax}", checks=(checks.peer_there,), group="peer", **more)  # type: ignore[arg-type]


def _af(syntax: str, **more: object) -> Rule:
    return Rule("bgp-af", f"neighbor {_PEER} {syntax}", checks=(checks.peer_there,), group="peer", **more)  # type: ignore[arg-type]


RULES = (
    Rule(
        "global",
        "router bgp = asn:ASN",
        enters="bgp",
        order=72,
        checks=(checks.one_bgp,),
        effects=(checks.new_bgp,),
    ),
    Rule("bgp", "bgp router-id = {A.B.C.D | interface INTERFACE}"),
    Rule("bgp", "bgp log-neighbor-changes"),
    Rule("bgp", "bgp listen range ANYPREFIX = peer-group group:WORD"),
    Rule("bgp", "bgp listen limit = <1-5000>", default="100", until=(17, 1)),
    Rule("bgp", "bgp listen limit = <1-10000>", default="100", since=(17, 1)),
    Rule("bgp", "bgp cluster-id = {A.B.C.D | <1-4294967295>}"),
    Rule("bgp", "bgp graceful-restart = [restart-time <1-3600> | stalepath-time <1-3600>]"),
    Rule("bgp", "bgp bestpath as-path multipath-relax"),
    Rule("bgp", "bgp default ipv4-unicast", on=True),
    Rule("bgp", "timers bgp = <0-65535> <0-65535> [<0-65535>]", default="60 180"),
    Rule(
        "bgp",
        f"neighbor {_PEER} peer-group = [group:NAME]",
        group="peer",
        checks=(checks.peer_group_fits,),
        effects=(checks.peer_gone,),
    ),
    Rule(
        "bgp",
        f"neighbor {_PEER} remote-as = asn:ASN",
        group="peer",
        no=(f"neighbor {_PEER}",),
        checks=(checks.remote_as_fits,),
        effects=(checks.peer_gone,),
    ),
    _session("description = LINE"),
    _session("local-as = ASN [no-prepend [replace-as [dual-as]]]"),
    _session("ebgp-multihop = [<1-255>]"),
    _session("password = [0 | 7] secret:LINE", secret=("secret",), effects=(checks.encrypt_passwords,)),
    _session("shutdown"),
    _session("update-source = INTERFACE"),
    _session("timers = <0-65535> <0-65535> [<0-65535>]"),
    _session("fall-over = [bfd [single-hop | multi-hop]]"),
    _session("transport = {path-mtu-discovery [disable] | connection-mode {active | passive}}"),
    _session("ttl-security hops = <1-254>"),
    Rule("bgp", "maximum-paths = <1-32>", default="1"),
    Rule(
        "bgp",
        "address-family ipv4 [unicast]",
        enters="bgp-af",
        drops=("unicast",),
        effects=(checks.new_bgp_family,),
    ),
    Rule(
        "bgp",
        "address-family ipv4 [unicast] vrf vrf:WORD",
        enters="bgp-af",
        drops=("unicast",),
        checks=(checks.vrf_there,),
    ),
    Rule("bgp-af", "network A.B.C.D = [mask MASK] [route-map WORD] [backdoor]"),
    Rule("bgp-af", "aggregate-address A.B.C.D MASK = [as-set] [summary-only] [attribute-map WORD]"),
    Rule(
        "bgp-af",
        "redistribute {connected | static | eigrp <1-65535> | ospf <1-65535>} = "
        "[metric <0-4294967295>] [route-map WORD]",
    ),
    _af("activate", effects=(checks.activation,)),
    _af("default-originate = [route-map WORD]"),
    _af("next-hop-self = [all]"),
    _af("route-reflector-client"),
    _af("send-community = [both | extended | standard]"),
    _af("soft-reconfiguration inbound"),
    _af("allowas-in = [<1-10>]"),
    _af("as-override"),
    _af("weight = <0-65535>"),
    _af("maximum-prefix = <1-2147483647> [<1-100>] [warning-only | restart <1-65535>]"),
    _af("prefix-list WORD {in | out} ="),
    _af("route-map WORD {in | out} ="),
    _af("remove-private-as = [all [replace-as]]"),
    _af("advertisement-interval = <0-600>"),
    Rule("bgp-af", "maximum-paths = <1-32>", default="1"),
    Rule("bgp-af", "maximum-paths ibgp = <1-32>"),
    Rule("bgp-af", "distance bgp = <1-255> <1-255> <1-255>", default="20 200 200"),
    Rule("bgp-af", "auto-summary"),
    Rule("bgp-af", "synchronization"),
)
