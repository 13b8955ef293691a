# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A router in a directory: files below a root, and programs that change what they would change for real.

FRR takes its commands with the collection's own parser of configurations; that real FRR takes them alike is
shown by tests/lab/test_apply.py.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.frr_config import parse, paths
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import Host, Result
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.release import File, Release, resolve

FOREIGN_FRR = """\
! by hand: call Anna
frr version 10.3
frr defaults traditional
hostname hub1
!
ip route 192.0.2.0/24 blackhole
!
router bgp 65000
 neighbor 198.51.100.1 remote-as 65100
 !
 address-family ipv4 unicast
  network 192.0.2.0/24
 exit-address-family
exit
!
"""
DAEMONS = 'zebra_options="-A 127.0.0.1"\nbgpd=yes\nnhrpd=no\nbfdd=no\n'
READING = (
    "vtysh -c",
    "vtysh -d",
    "vtysh -C",
    "vtysh -m",
    "nft -c",
    "nft -t",
    "nft list",
    "nft -j list",
    "swanctl --list",
    "swanctl --version",
    "swanctl --stats",
    "systemctl show",
    "systemctl is-",
    "systemd-analyze",
    "dpkg-query",
    "modprobe --dry-run",
    "iptables-restore --test",
    "iptables -w -S",
    "ip -4 route show",
    "ip -j link show",
    "ip -j -4 route show",
)


class Killed(BaseException):
    """The process ends here, as with SIGKILL: nothing that it would still do happens."""


class Router:
    """Live state, and a runner that works on it. ``fail_at`` counts the commands that change something."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.now = 1000.0
        self.host = Host(root, self, lambda seconds: None, lambda: self.now)
        self.calls: list[str] = []
        self.changes: list[str] = []
        self.fail_at: int | None = None
        self.killed = False
        self.refuse: dict[str, str] = {}
        self.enabled = {"frr.service", "strongswan.service"}
        self.active = {"frr.service", "strongswan.service"}
        self.tables = {"inet mine": "foreign"}
        self.running = FOREIGN_FRR.replace("! by hand: call Anna\n", "")
        self.daemons = {"bgpd"}
        self.connections = {"other"}
        self.vrfs: list[str] = []
        self.dies = False  # bgpd, of the next commands; it is back when it was asked for three times
        self.away = 0
        self.down: set[str] = set()
        self.routes = {"blackhole 192.0.2.0/24 proto static"}
        self.policies: set[str] = set()
        for path, text in {
            "/etc/os-release": 'ID=debian\nVERSION_ID="13"\nPRETTY_NAME="Debian 13"\n',
            "/etc/frr/frr.conf": FOREIGN_FRR,
            "/etc/frr/daemons": DAEMONS,
            "/etc/swanctl/conf.d/other.conf": "connections {\n    other {\n    }\n}\n",
            "/proc/sys/net/ipv4/ip_forward": "0\n",
            "/proc/sys/kernel/random/boot_id": "this boot\n",
        }.items():
            (root / path[1:]).parent.mkdir(parents=True, exist_ok=True)
            (root / path[1:]).write_text(text)
        for name in ("lo", "gre0", "wan1"):
            self.link(name).mkdir(parents=True)

    def link(self, name: str) -> Path:
        return self.root / "sys/class/net" / name

    def enslave(self, name: str, vrf: str, *, made: bool = True) -> None:
        """Put an interface into a VRF; not ``made``, it is some other master."""
        self.link(vrf).mkdir()
        (self.link(name) / "master").symlink_to(f"../{vrf}")
        self.vrfs += [vrf] if made else []

    def state(self) -> dict[str, Any]:
        """Everything but what the transaction keeps for itself."""
        own = self.root / "var/lib/mgre-dmvpn"
        files = {
            str(path.relative_to(self.root)): (path.read_text(), path.stat().st_mode & 0o7777)
            for path in sorted(self.root.rglob("*"))
            if path.is_file() and own not in path.parents and path.name != "boot_id"
        }
        return {
            "files": files,
            "links": sorted(entry.name for entry in self.link("").iterdir()),
            "down": sorted(self.down),
            "enabled": sorted(self.enabled),
            "active": sorted(self.active),
            "tables": dict(self.tables),
            "running": sorted(paths(parse(self.running))),
            "daemons": sorted(self.daemons),
            "connections": sorted(self.connections),
            "routes": sorted(self.routes),
            "policies": sorted(self.policies),
        }

    def __call__(
        self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, timeout: float = 60
    ) -> Result:
        told = " ".join(argv).replace(str(self.root), "")
        self.calls.append(told)
        for words, answer in self.refuse.items():
            if words in told:
                return Result(1, err=answer)
        if not told.startswith(READING):
            self.changes.append(told)
            if self.fail_at is not None and len(self.changes) == self.fail_at:
                if self.killed:
                    raise Killed
                return Result(1, err=f"{argv[0]}: it broke")
        name = argv[0].rpartition("/")[2].replace("-", "_")
        return getattr(self, f"_{name}")(list(argv[1:]))

    def _dpkg_query(self, _arguments: list[str]) -> Result:
        return Result(
            0,
            "frr installed 10.3-3\nfrr-pythontools installed 10.3-3\n"
            "strongswan-swanctl installed 6.0.1-6\ncharon-systemd installed 6.0.1-6\n",
        )

    def _modprobe(self, _arguments: list[str]) -> Result:
        return Result(0)

    def _systemctl(self, arguments: list[str]) -> Result:
        words = [word for word in arguments if not word.startswith("-")]
        verb, units = words[0], words[1:]
        if verb == "show":
            units = units[1:]
            return Result(
                0,
                "\n\n".join(
                    f"Id={unit}\nUnitFileState={'enabled' if unit in self.enabled else 'disabled'}\n"
                    f"ActiveState={'active' if unit in self.active else 'inactive'}"
                    for unit in units
                ),
            )
        if verb == "daemon-reload":
            return Result(0)
        if verb in ("enable", "reenable"):
            self.enabled.update(units)
        unit = units[0]
        if verb == "is-active":
            return Result(0 if unit in self.active else 3)
        if verb == "disable":
            self.enabled.discard(unit)
        if verb == "stop" or "--now" in arguments:
            self.active.discard(unit)
        if verb in ("start", "restart", "reload", "reload-or-restart"):
            return self._started(unit)
        return Result(0)

    def _systemd_run(self, arguments: list[str]) -> Result:
        self.active.add(f"{arguments[0].removeprefix('--unit=')}.timer")
        return Result(0)

    def boot(self) -> None:
        """What is transient is gone; services are started by what is enabled."""
        (self.root / "proc/sys/kernel/random/boot_id").write_text("another boot\n")
        self.now = 20.0
        self.active = {unit for unit in self.active if unit in self.enabled}

    def _started(self, unit: str) -> Result:
        self.active.add(unit)
        if unit == "frr.service":
            on = set(re.findall(r"^(\w+)=yes", self.host.read("/etc/frr/daemons") or "", re.MULTILINE))
            self.daemons = on
        elif unit == "mgre-dmvpn-guard.service":
            self.tables["inet mgre_dmvpn_guard"] = self.host.read("/etc/mgre-dmvpn/guard.nft") or ""
        elif unit == "strongswan.service":
            return self._swanctl(["--load-conns"])
        elif text := self.host.read(f"/etc/systemd/system/{unit}"):
            for name in re.findall(r"ip link add name (\S+)", text):
                assert "inet mgre_dmvpn_guard" in self.tables, "a tunnel without the guard"
                self.link(name).mkdir(exist_ok=True)
                self.down.discard(name)
            self.routes.update(re.findall(r"ip route replace (.+)", text))
            self.policies.update(re.findall(r"ip xfrm policy update (.+) priority", text))
        return Result(0)

    def _ip(self, arguments: list[str]) -> Result:
        if arguments[:2] == ["link", "delete"]:
            assert "inet mgre_dmvpn_guard" in self.tables, "the guard went before the tunnel"
            self.link(arguments[-1]).rmdir()
            self.down.discard(arguments[-1])
        elif arguments[:2] == ["link", "set"] and arguments[-1] == "down":
            self.down.add(arguments[-2])
        elif arguments[:2] == ["route", "delete"]:
            if (route := " ".join(arguments[2:])) not in self.routes:
                return Result(2, err="RTNETLINK answers: No such process")
            self.routes.remove(route)
        elif arguments[:3] == ["xfrm", "policy", "delete"]:
            if not self.link(arguments[arguments.index("dev") + 1]).exists():
                return Result(255, err='Error: argument "wan1" is wrong: DEV value is invalid')
            self.policies.discard(" ".join(arguments[3:]))
        elif arguments[:3] == ["-4", "route", "show"]:
            return Result(0, "\n".join(sorted(self.routes)))
        elif arguments == ["-j", "link", "show", "type", "vrf"]:
            # Between them, what the filter leaves out is empty.
            return Result(0, json.dumps([{}, *({"ifname": name} for name in self.vrfs)]))
        return Result(0)

    def _nft(self, arguments: list[str]) -> Result:
        table = " ".join(arguments[-2:])
        if arguments[0] == "delete":
            assert not any(self.link("").glob("dmvpn*")), "the guard went before the tunnel"
            del self.tables[table]
        elif "list" in arguments:
            return Result(0 if table in self.tables else 1)
        return Result(0)

    def _systemd_sysctl(self, arguments: list[str]) -> Result:
        for line in Path(arguments[0]).read_text().splitlines():
            key, _equals, value = line.partition(" = ")
            path = self.root / "proc/sys" / key.replace(".", "/")
            if path.exists():
                path.write_text(f"{value}\n")
        return Result(0)

    def _systemd_analyze(self, _arguments: list[str]) -> Result:
        return Result(0)

    def _swanctl(self, arguments: list[str]) -> Result:
        if arguments[0] == "--load-conns":
            texts = [path.read_text() for path in (self.root / "etc/swanctl/conf.d").glob("*.conf")]
            self.connections = {name for t in texts for name in re.findall(r"^    ([\w-]+) \{", t, re.M)}
            self.connections -= {name for name in self.connections if name.startswith("ike-")}
        if arguments[0] == "--list-conns":
            return Result(0, "".join(f"{name}: IKEv2\n" for name in self.connections))
        return Result(0)

    def _vtysh(self, arguments: list[str]) -> Result:
        if arguments[:2] == ["-d", "bgpd"] and self.away:
            self.away -= 1
            return Result(1)
        if arguments[0] == "-f" and (self.dies or self.away):
            self.dies, self.away = False, 3
            return Result(0)
        if arguments[0] == "-c":
            text = f"Building configuration...\n\nCurrent configuration:\n!\n{self.running}end\n"
            return Result(0, text) if "frr.service" in self.active else Result(1)
        if arguments[0] == "-f":
            self._enter(Path(arguments[1]).read_text())
        return Result(0)

    def _enter(self, text: str) -> None:
        held = dict.fromkeys(paths(parse(self.running)))
        for path in paths(parse(text)):
            line = path[-1]
            opposite = (*path[:-1], line[3:] if line.startswith("no ") else f"no {line}")
            if line.startswith("no ") and opposite in held:
                held = {p: None for p in held if p[: len(opposite)] != opposite}
            elif line.startswith("no ") and line != "no ip nht resolve-via-default":
                continue
            elif opposite not in held:
                held.setdefault(path)
            else:
                del held[opposite]
        contexts = {p[:n] for p in held for n in range(1, len(p))}
        bare = ("interface ", "address-family ", "bfd")
        kept = [p for p in held if p in contexts or not p[-1].startswith(bare)]
        self.running = "".join(f"{line}\n" for line in _indented(kept))

    def _python3(self, arguments: list[str]) -> Result:
        raise AssertionError(f"frr-reload was needed: {arguments}")


def _indented(lines: list[tuple[str, ...]]) -> Iterator[str]:
    tree: dict[str, Any] = {}
    for path in lines:
        level = tree
        for key in path:
            level = level.setdefault(key, {})

    def walk(level: dict[str, Any], depth: int) -> Iterator[str]:
        for key, inner in level.items():
            yield " " * depth + key
            if inner or key.startswith(("router ", "route-map ")):
                yield from walk(inner, depth + 1)
                yield " " * depth + ("exit-address-family" if key.startswith("address-family") else "exit")

    yield from walk(tree, 0)


SECRETS = {"psk/blue": "correct-horse-battery-staple", "nhrp/blue": "s3cret99"}


def release(**replaced: str) -> Release:
    """What a small bundle wants; ``replaced`` texts are by the last part of the path, dots as underscores."""
    gre = "type gre key 10 ttl 64 local 198.51.100.2 dev wan1"
    texts = {
        "/etc/mgre-dmvpn/frr.conf": "no ip nht resolve-via-default\nip route 10.0.0.0/9 blackhole 250\n"
        "interface dmvpn10\n ip nhrp authentication @@secret:nhrp/blue@@\n ip nhrp network-id 10\nexit\n"
        "router bgp 65000\n neighbor MGRE-blue peer-group\n !\n address-family ipv4 unicast\n"
        "  network 10.0.0.0/9\n exit-address-family\nexit\n",
        "/etc/mgre-dmvpn/daemons": "nhrpd=yes\nbgpd=yes\n",
        "/etc/mgre-dmvpn/guard.nft": "table inet mgre_dmvpn_guard {}\n",
        "/etc/mgre-dmvpn/nhrp-events.json": "{}\n",
        "/etc/swanctl/conf.d/mgre-dmvpn.conf": "connections {\n    mgre-internet {\n    }\n}\n",
        "/etc/swanctl/conf.d/mgre-dmvpn-secrets.conf": "secrets {\n    ike-a {\n"
        '        secret = "@@secret:psk/blue@@"\n    }\n}\n',
        "/etc/strongswan.d/mgre-dmvpn.conf": "charon {\n    install_routes = no\n}\n",
        "/etc/sysctl.d/90-mgre-dmvpn.conf": "net.ipv4.ip_forward = 1\n",
        "/etc/systemd/system/frr.service.d/mgre-dmvpn.conf": "[Unit]\n",
        "/etc/systemd/system/mgre-dmvpn-guard.service": "[Service]\n",
        "/etc/systemd/system/mgre-dmvpn-blue.service": "[Service]\n"
        f"ExecStart=-ip link add name dmvpn10 {gre}\n"
        "ExecStart=ip route replace blackhole 10.0.0.0/9 metric 4278190079\n"
        "ExecStart=ip xfrm policy update src 0.0.0.0/1 dst 0.0.0.0/0 proto gre dev wan1 dir out priority 9\n",
        "/etc/systemd/system/mgre-dmvpn-nhrp-events.service": "[Service]\n",
        "/usr/local/lib/mgre-dmvpn/nhrp_events.py": "print()\n",
    }
    for path in texts:
        name = path.rpartition("/")[2].replace(".", "_").replace("-", "_")
        texts[path] = replaced.get(name, texts[path])
    files = {path: File(resolve(text, SECRETS), 0o640, text) for path, text in texts.items()}
    return Release(files, {"mgre-dmvpn-blue.service": "dmvpn10"}, "nftables")


INTENT = {"frr_version": [10, 3], "transports": [{"name": "internet", "interface": "wan1"}]}


@pytest.fixture(autouse=True)
def no_waiting_for_disks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No power is cut here, and some tests write thousands of files."""
    monkeypatch.setattr(os, "fsync", lambda descriptor: None)


@pytest.fixture
def router(tmp_path: Path) -> Router:
    """A router with foreign configuration and nothing of ours."""
    return Router(tmp_path)


@pytest.fixture
def make_router() -> type[Router]:
    """For tests that need more than one."""
    return Router


@pytest.fixture
def wanted() -> Any:
    """Makes a release; see :func:`release`."""
    return release


@pytest.fixture
def intent() -> dict[str, Any]:
    return INTENT


@pytest.fixture
def killed() -> type[Killed]:
    return Killed
