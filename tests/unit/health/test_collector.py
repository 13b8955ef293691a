# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The collector's files on a router: put there once, taken off whole, and able to run where they stand."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from ansible_collections.mgre.dmvpn.plugins.action.collector import LIBRARY, PROGRAMS
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux import collector
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.health import replace, xfrm_errors
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import Host, Result

DIRECTORY = "/var/lib/prometheus/node-exporter"


class Systemd:
    """Remembers whether the timer is on."""

    def __init__(self) -> None:
        self.on = False
        self.ran: list[str] = []

    def __call__(
        self, argv: Sequence[str], *, environment: Mapping[str, str] | None = None, timeout: float = 0
    ) -> Result:
        if argv[1] in ("is-enabled", "is-active"):
            return Result(0 if self.on else 1)
        self.ran.append(" ".join(argv[1:]))
        self.on = self.on if argv[1] not in ("enable", "disable") else argv[1] == "enable"
        return Result(0)


def programs() -> dict[str, str]:
    return {
        str(path.relative_to(LIBRARY)): path.read_text(encoding="utf-8")
        for pattern in PROGRAMS
        for path in LIBRARY.glob(pattern)
    }


def install(host: Host, directory: str = DIRECTORY, check: bool = False, plan: str = "{}") -> list[str]:
    files = collector.wanted_files(programs(), plan, 60)
    return collector.install(host, files, directory, f"{directory}/mgre_dmvpn.prom", check)


def test_it_is_installed_once_and_run_at_once(tmp_path: Path) -> None:
    systemd = Systemd()
    host = Host(tmp_path, systemd)
    assert install(host, check=True) and not systemd.ran and not list(tmp_path.iterdir())
    assert collector.PLAN in install(host)
    assert systemd.ran[1] == "start mgre-dmvpn-collector.service"
    assert install(host) == []
    assert install(host, plan='{"site": "s1"}') == [collector.PLAN]


def test_another_directory_leaves_no_old_metrics_behind(tmp_path: Path) -> None:
    host = Host(tmp_path, Systemd())
    install(host)
    host.write(f"{DIRECTORY}/mgre_dmvpn.prom", "old\n")
    install(host, "/srv/metrics", plan='{"directory": "/srv/metrics"}')
    assert not host.exists(f"{DIRECTORY}/mgre_dmvpn.prom") and host.exists("/srv/metrics")


def test_it_is_taken_off_whole_and_nothing_else_is(tmp_path: Path) -> None:
    host = Host(tmp_path, Systemd())
    install(host)
    host.write(f"{DIRECTORY}/mgre_dmvpn.prom", "ours\n")
    host.write(f"{DIRECTORY}/smart.prom", "theirs\n")
    assert collector.remove(host, check=False)
    left = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert left == [f"{DIRECTORY[1:]}/smart.prom"]
    assert collector.remove(host, check=False) == []


def test_what_is_installed_needs_nothing_but_python(tmp_path: Path) -> None:
    host = Host(tmp_path, Systemd())
    install(host)
    code = "import mgre_collector.linux.health as health; print(health.FILE)"
    command = [sys.executable, "-I", "-c", f"import sys; sys.path.insert(0, '.'); {code}"]
    done = subprocess.run(
        command, cwd=host.at(collector.PROGRAMS), capture_output=True, text=True, timeout=60, check=False
    )
    assert (done.returncode, done.stdout) == (0, "mgre_dmvpn.prom\n"), done.stderr


def test_the_metrics_file_is_replaced_whole_and_everybody_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "mgre_dmvpn.prom"
    replace(path, "one\n", 0o644)
    (tmp_path / ".mgre_dmvpn.prom.part").symlink_to(tmp_path / "elsewhere")
    replace(path, "two\n", 0o644)
    assert path.read_text() == "two\n" and path.stat().st_mode & 0o777 == 0o644
    assert [entry.name for entry in tmp_path.iterdir()] == ["mgre_dmvpn.prom"]


def test_the_kernels_counters() -> None:
    assert xfrm_errors("XfrmInError                     \t0\nXfrmInNoStates \t12\n") == {
        "InError": 0,
        "InNoStates": 12,
    }
    assert xfrm_errors(None) is None
