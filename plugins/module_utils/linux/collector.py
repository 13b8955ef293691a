# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Puts the collector on a router and takes it off: its program, its plan and the timer that starts it."""

from __future__ import annotations

from collections.abc import Mapping

from .host import Host

PROGRAMS = "/usr/local/lib/mgre-dmvpn-collector"
ETC = "/etc/mgre-dmvpn-collector"
PLAN = f"{ETC}/plan.json"
SYSTEMD = "/etc/systemd/system"
NAME = "mgre-dmvpn-collector"
SERVICE, TIMER = f"{NAME}.service", f"{NAME}.timer"
VAR = f"/var/lib/{NAME}"
PACKAGE = f"{PROGRAMS}/mgre_collector"


def unit_files(interval: int) -> dict[str, str]:
    """Service and timer; ``interval`` in seconds.

    The delay is random so that the sites of a fleet whose power came back at once do not ping a hub at once.
    """
    service = f"""\
# mgre.dmvpn: written from the inventory, do not edit
[Unit]
Description=DMVPN: metrics for node_exporter

[Service]
Type=oneshot
WorkingDirectory={PROGRAMS}
ExecStart=/usr/bin/python3 -s -m mgre_collector.linux.health {PLAN} {VAR}/memory.json
StateDirectory={NAME}
StateDirectoryMode=0700
TimeoutStartSec=55
Nice=10
NoNewPrivileges=yes
ProtectHome=yes
ProtectSystem=full
PrivateTmp=yes
"""
    timer = f"""\
# mgre.dmvpn: written from the inventory, do not edit
[Unit]
Description=DMVPN: metrics for node_exporter, every {interval} s

[Timer]
OnActiveSec={interval}s
OnUnitActiveSec={interval}s
RandomizedDelaySec={max(1, interval // 6)}s
AccuracySec=1s

[Install]
WantedBy=timers.target
"""
    return {f"{SYSTEMD}/{SERVICE}": service, f"{SYSTEMD}/{TIMER}": timer}


def wanted_files(programs: Mapping[str, str], plan: str, interval: int) -> dict[str, str]:
    """All files by path; ``programs`` by their path in the package."""
    return {
        **{f"{PACKAGE}/{path}": text for path, text in programs.items()},
        PLAN: plan,
        **unit_files(interval),
    }


def install(
    host: Host, files: Mapping[str, str], directory: str, metrics_file: str, check: bool
) -> list[str]:
    """Brings the router to these files; returns the paths that differ. Raises CommandFailed.

    The collector runs once right away, so that what it cannot do is told now and not at night. Metrics that
    are in another directory than now wanted are removed: node_exporter would tell them for ever.
    """
    held = _present(host)
    changed = [path for path, text in files.items() if host.read(path) != text]
    gone = [path for path in held if path not in files]
    timer_off = bool(host.run("systemctl", "is-enabled", "--quiet", TIMER).status)
    timer_off = timer_off or bool(host.run("systemctl", "is-active", "--quiet", TIMER).status)
    told = [*changed, *gone, *([TIMER] if timer_off else [])]
    if not told or check:
        return told
    before = host.read(f"{ETC}/metrics-file")
    if before is not None and before.strip() != metrics_file:
        host.remove(before.strip())
    host.directory(directory)
    for path in changed:
        host.write(path, files[path], 0o644)
    for path in gone:
        host.remove(path)
    host.write(f"{ETC}/metrics-file", f"{metrics_file}\n", 0o644)
    host.must("systemctl", "daemon-reload")
    host.must("systemctl", "start", SERVICE)
    host.must("systemctl", "enable", "--quiet", TIMER)
    host.must("systemctl", "restart", TIMER)
    return told


def remove(host: Host, check: bool) -> list[str]:
    """Takes everything off, metrics and memory too; returns what was there."""
    there = [
        path
        for path in (f"{SYSTEMD}/{TIMER}", f"{SYSTEMD}/{SERVICE}", ETC, PROGRAMS, VAR)
        if host.exists(path)
    ]
    if not there or check:
        return there
    host.run("systemctl", "disable", "--now", TIMER)
    host.run("systemctl", "stop", SERVICE)
    metrics = host.read(f"{ETC}/metrics-file")
    if metrics:
        host.remove(metrics.strip())
    for path in there:
        host.remove(path)
    host.must("systemctl", "daemon-reload")
    return there


def _present(host: Host) -> list[str]:
    root = host.at(PACKAGE)
    if not root.is_dir():
        return []
    return sorted(f"{PACKAGE}/{path.relative_to(root)}" for path in root.rglob("*.py"))
