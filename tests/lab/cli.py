# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The command line of the lab."""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

from . import host, processes, ssh, state, topology, wiring
from .host import LabError, cache, say
from .image import SUITES, image
from .inventory import inventory
from .kernel import kernel
from .lab import Lab, build
from .multicast import SENT, multicast
from .pcap import count
from .trace import trace


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    args = _parser().parse_args(argv)
    try:
        if args.command != "doctor" and (missing := host.doctor()):
            raise LabError("\n".join(missing))
        return _run(args)
    except LabError as err:
        for line in str(err).splitlines():
            say(line)
        return 1
    except KeyboardInterrupt:
        say("interrupted; `lab down NAME` removes what was made")
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="A lab of whole Debian routers on one machine.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, text: str, *, lab: bool = True) -> argparse.ArgumentParser:
        one = commands.add_parser(name, help=text, description=text)
        if lab:
            chosen = os.environ.get("MGRE_LAB", "fleet")
            one.add_argument(
                "--name", default=chosen, help=f"the lab (default $MGRE_LAB or fleet; now {chosen})"
            )
        return one

    add("doctor", "say what this machine lacks", lab=False)
    one = add("build", "make kernel and images, if the cache has none", lab=False)
    one.add_argument("debian", nargs="*", type=int, choices=[[], *SUITES], help="releases; default all")
    one = add("up", "boot a topology and wait until every router is up", lab=False)
    one.add_argument("topology", help="a file, or the name of one in tests/lab/topologies")
    one.add_argument("--name", help="default: $MGRE_LAB or the topology's name")
    one = add("down", "remove a lab and everything it made", lab=False)
    one.add_argument("name", nargs="*", help="one or more labs")
    one.add_argument("--all", action="store_true", help="every lab of this machine")
    one = add("status", "list labs, or the routers of one", lab=False)
    one.add_argument("name", nargs="?")
    one = add("ssh", "open a shell on a router, or run a command there")
    one.add_argument("node")
    one.add_argument("argv", nargs=argparse.REMAINDER)
    one = add("client", "run a command on the LAN client of a router")
    one.add_argument("node")
    one.add_argument("argv", nargs=argparse.REMAINDER)
    one = add("trace", "print the routers that a packet from a LAN client passes")
    one.add_argument("node")
    one.add_argument("target", help="an address")
    one = add("exec", "run a command in the lab's core namespace, from where routers are managed")
    one.add_argument("argv", nargs=argparse.REMAINDER)
    for name, text in (("cut", "take out the cable of a link"), ("restore", "plug it in again")):
        add(name, text).add_argument("link", help="NODE (its first WAN) or NODE:INTERFACE")
    one = add("multicast", "send packets to a group from a LAN client, and count them in every other LAN")
    one.add_argument("group")
    one.add_argument("source", help="the router whose LAN sends")
    one.add_argument("members", nargs="+", help="routers whose LANs want the group")
    one = add("impair", "make a link bad; without options it is good again")
    one.add_argument("link", help="NODE (its first WAN) or NODE:INTERFACE")
    one.add_argument("--delay", type=float, default=0, help="milliseconds, each way")
    one.add_argument("--loss", type=float, default=0, help="percent, each way")
    one.add_argument("--mtu", type=int, default=0, help="largest packet on the path, bytes")
    one = add("lease", "give a DHCP WAN another address")
    one.add_argument("link")
    one.add_argument("address")
    one.add_argument("--later", action="store_true", help="let the router find out when its lease ends")
    one = add("capture", "capture packets on links, and count what must not be there")
    one.add_argument("action", choices=["start", "stop", "count"])
    one.add_argument("links", nargs="*", help="links, or all-wans (default)")
    one = add("leaks", "look for secrets ({kind: {cloud: secret}} on standard input) where none may be")
    one.add_argument("folder", type=Path, help="what playbooks have written")
    one = add("enrol", "give a Cisco router a certificate of the fleet's CA")
    one.add_argument("node")
    one.add_argument("authority", type=Path, help="directory of the CA (dmvpn_pki_dir)")
    one.add_argument("subject", help="O=mgre-dmvpn,OU=TUNNEL-ADDRESS,CN=NODE")
    one.add_argument("--key", choices=["rsa", "ec"], default="rsa")
    one = add("console", "enter commands at the terminal of a Cisco router, in privileged mode")
    one.add_argument("node")
    one.add_argument("commands", nargs="+", help="one argument each")
    for name, text in (
        ("kill", "cut the power of routers"),
        ("start", "boot routers that are off, from the disks they have"),
        ("reboot", "reboot routers from inside"),
        ("reset", "give routers fresh disks and boot them"),
    ):
        add(name, text).add_argument("nodes", nargs="+", help="routers, or all")
    add("clean", "remove kernels and images that nothing uses any more", lab=False)
    add("inventory", "print an Ansible inventory of the lab's routers")
    return parser


def _run(args: argparse.Namespace) -> int:
    match args.command:
        case "doctor":
            missing = host.doctor()
            print("\n".join(missing) or "nothing is missing")
            return 1 if missing else 0
        case "build":
            build(args.debian or SUITES)
            return 0
        case "up":
            return _up(args)
        case "down":
            return _down(args)
        case "status":
            return _status(args)
        case "clean":
            return _clean()
    return _in_lab(Lab.open(args.name), args)


def _up(args: argparse.Namespace) -> int:
    name = args.name or os.environ.get("MGRE_LAB") or Path(args.topology).stem
    lab = Lab.up(topology.load(args.topology), state.check_name(name))
    print("\n".join(lab.status()))
    return 0


def _down(args: argparse.Namespace) -> int:
    if not args.name and not args.all:
        raise LabError(f"which lab? write one of: {', '.join(state.names()) or '(none is running)'}")
    for name in state.names() if args.all else args.name:
        Lab.remove(name)
        say(f"{name} is gone")
    return 0


def _status(args: argparse.Namespace) -> int:
    if args.name:
        print("\n".join(Lab.open(args.name).status()))
        return 0
    for name in state.names():
        record = state.find(name)
        print(f"{name}: {'ready' if record and record.ready else 'not complete'}")
    return 0


def _clean() -> int:
    """Remove what the cache holds of other versions of the lab, except what running labs use."""
    used = [image(debian).resolve() for debian in SUITES] + [kernel()]
    used += [link.resolve() for link in (cache() / "disks").glob("*/*.base")]
    spaces = [space for name in state.names() if (record := state.find(name)) for space in record.namespaces]
    used += [Path(f"/proc/{pid}/exe").resolve() for pid in processes.inside(spaces)]
    for file in [*(cache() / "images").glob("*.img"), *(cache() / "kernel").glob("*/linux")]:
        if file.resolve() not in used:
            file.unlink()
            say(f"removed {file}")
    return 0


def _in_lab(lab: Lab, args: argparse.Namespace) -> int:
    match args.command:
        case "ssh":
            remote = _words(args.argv)
            return subprocess.call(ssh.command(lab.state, lab.topology.node(args.node), *remote))
        case "client":
            space = wiring.client(lab.name, lab.topology.node(args.node).name)
            return subprocess.call(wiring.netns(space, *(_words(args.argv) or ["bash"])))
        case "exec":
            return subprocess.call(wiring.netns(wiring.core(lab.name), *(_words(args.argv) or ["bash"])))
        case "trace":
            print("\n".join(trace(lab, args.node, args.target)))
        case "multicast":
            return _multicast(lab, args.group, args.source, args.members)
        case "cut":
            lab.cut(args.link)
        case "restore":
            lab.restore(args.link)
        case "impair":
            lab.impair(args.link, delay=args.delay, loss=args.loss, mtu=args.mtu)
        case "lease":
            lab.lease(args.link, args.address, now=not args.later)
        case "capture":
            return _capture(lab, args)
        case "leaks":
            return _leaks(lab, args.folder)
        case "inventory":
            sys.stdout.write(inventory(lab))
        case "enrol" | "console":
            return _at_the_terminal(lab, args)
        case "kill" | "start" | "reboot" | "reset":
            names = list(lab.topology.nodes) if args.nodes == ["all"] else args.nodes
            getattr(lab, args.command)(*names)
    return 0


def _multicast(lab: Lab, group: str, source: str, members: list[str]) -> int:
    """Status 0 if each packet arrived once where it is wanted, and none elsewhere."""
    try:
        heard = multicast(lab, group, source, members)
    except AssertionError as late:
        raise LabError(str(late)) from late
    for node, lan in heard.items():
        print(f"{node}: {lan.packets} packets, {lan.distinct} of {SENT}")
    elsewhere = sum(lan.packets for node, lan in heard.items() if node not in members)
    return 0 if all(heard[member].each_once for member in members) and not elsewhere else 1


def _leaks(lab: Lab, folder: Path) -> int:
    """The routers' private keys are secrets, too."""
    from .leaks import everywhere

    given = json.load(sys.stdin)
    secrets = {f"{kind} of {cloud}": value for kind, held in given.items() for cloud, value in held.items()}
    found = everywhere(lab, folder, secrets)
    print("\n".join(f"{place}: {name}" for place, name in sorted(found)))
    return 1 if found else 0


def _at_the_terminal(lab: Lab, args: argparse.Namespace) -> int:
    # Only here: they need asyncssh, which the lab does without.
    from .console import Console
    from .enrol import enrolled

    if args.command == "enrol":
        enrolled(lab, args.node, args.authority, args.subject, args.key)
    else:
        print("\n".join(Console(lab, args.node).show(*args.commands)))
    return 0


def _capture(lab: Lab, args: argparse.Namespace) -> int:
    links = [] if args.links == ["all-wans"] else args.links
    if args.action == "count":
        print(lab.captured())
        return 0
    files = lab.capture_start(*links) if args.action == "start" else lab.capture_stop(*links)
    for file in files:
        print(file if args.action == "start" else f"{file}: {count([file])}")
    return 0


def _words(argv: list[str]) -> list[str]:
    return argv[1:] if argv[:1] == ["--"] else argv
