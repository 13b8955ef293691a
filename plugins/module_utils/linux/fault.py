# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Arms a fault on this router so that it ends whatever becomes of the controller.

A transient unit holds the fault: it breaks, sleeps and ends, and systemd runs the restore script when it has
ended for whatever reason. A transient timer, armed before it, looks every few seconds whether that unit is
still there, because ``systemctl kill`` may kill the restore script along with it, and restores if not. All is
in /run and in running processes, so a reboot ends it as well.
"""

from __future__ import annotations

import fcntl
import inspect
import json
import os
import re
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from . import fault_probe
from .fault_scripts import PROGRAMS, SCRIPTS, Script, Settings
from .host import Host

FOLDER = "/run/mgre-dmvpn-fault"
LOCK = f"{FOLDER}.lock"
UNIT, GUARD = "mgre-dmvpn-fault.service", "mgre-dmvpn-fault-guard"
PROBES, PROBE_UNIT = "/run/mgre-dmvpn-probe", "mgre-dmvpn-probe.service"
LONGEST = 600  # seconds of a fault
SPARE = 60  # seconds after its end at which the timer restores, whatever the unit does
TICK = 5  # seconds between two looks of the timer
IDLE = ("inactive", "failed", "")


class Refused(Exception):
    """Nothing was broken; the message says why and what to do."""


def run_script(script: Script, seconds: int) -> str:
    return "\n".join(
        [
            "#!/bin/sh",
            f"cd {FOLDER} || exit 1",
            "now() { cut -d ' ' -f 1 /proc/uptime; }",
            "set -e",
            "now >breaking",
            *script.arm,
            "now >broken",
            "set +e",
            # What follows takes its time, which is part of the fault's.
            f"sleep {seconds} &",
            *script.then,
            "wait",
            "",
        ]
    )


def restore_script(script: Script) -> str:
    """Runs to its end whatever fails on the way, and only once."""
    return "\n".join(
        [
            "#!/bin/sh",
            f"cd {FOLDER} || exit 0",
            "[ ! -e restored ] || exit 0",
            "now() { cut -d ' ' -f 1 /proc/uptime; }",
            "now >restoring",
            script.restore[0],
            "now >line",
            *script.restore[1:],
            "now >restored.new && mv restored.new restored",
            f"systemctl --no-block stop {GUARD}.timer",
            "",
        ]
    )


def guard_script(seconds: int) -> str:
    """Restores if the unit is gone, or if its time is long over."""
    return "\n".join(
        [
            "#!/bin/sh",
            f"cd {FOLDER} || exit 0",
            "uptime=$(cut -d . -f 1 /proc/uptime)",
            "[ -e armed ] || echo $uptime >armed",
            f"if [ $((uptime - $(cat armed))) -lt {seconds + SPARE} ]; then",
            "  [ -e breaking ] || exit 0",
            f"  case $(systemctl show -P ActiveState {UNIT}) in",
            "    active | activating | deactivating) exit 0 ;;",
            "  esac",
            "fi",
            f"exec /bin/sh {FOLDER}/restore",
            "",
        ]
    )


def arm(host: Host, fault: str, settings: Settings, seconds: int) -> None:
    """Breaks, for ``seconds`` from now. Raises :class:`Refused`; then nothing is broken."""
    if not 1 <= seconds <= LONGEST:
        raise Refused(f"{seconds} s is not a time for a fault; write 1 to {LONGEST}")
    with only_one(host):
        _arm(host, fault, settings, seconds)
    await_broken(host)


@contextmanager
def only_one(host: Host) -> Iterator[None]:
    """Two controllers at once would take each other's restore script away. Raises :class:`Refused`."""
    host.at(LOCK).parent.mkdir(parents=True, exist_ok=True)
    with open(host.at(LOCK), "w", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Refused("another fault is being armed on this router right now; wait for its end") from None
        yield


def _arm(host: Host, fault: str, settings: Settings, seconds: int) -> None:
    if armed(host):
        raise Refused(
            f"another fault is armed on this router ({armed(host)}); wait for its end, "
            f"or end it with: systemctl stop {UNIT}"
        )
    for program in PROGRAMS:
        if host.run("sh", "-c", f"command -v {program}").status:
            raise Refused(f"{program} is not installed")
    script = SCRIPTS[fault](settings)
    host.remove(FOLDER)
    host.directory(FOLDER, 0o700)
    host.write(f"{FOLDER}/fault", f"{fault}\n", 0o600)
    host.write(f"{FOLDER}/run", run_script(script, seconds), 0o600)
    host.write(f"{FOLDER}/restore", restore_script(script), 0o600)
    host.write(f"{FOLDER}/guard", guard_script(seconds), 0o600)
    restore = ("/bin/sh", f"{FOLDER}/restore")
    host.run("systemctl", "reset-failed", UNIT, f"{GUARD}.service", f"{GUARD}.timer")
    guard = host.run(
        *("systemd-run", f"--unit={GUARD}", f"--on-active={TICK}", f"--on-unit-inactive={TICK}"),
        *("--timer-property=AccuracySec=1s", "/bin/sh", f"{FOLDER}/guard"),
    )
    if guard.status:
        host.remove(FOLDER)
        raise Refused(f"the timer that restores cannot be armed: {guard.words}")
    begun = host.run(
        *("systemd-run", f"--unit={UNIT}", "--collect", "--service-type=exec"),
        *("-p", f"ExecStopPost={' '.join(restore)}", "-p", "TimeoutStopSec=150"),
        *("-p", f"RuntimeMaxSec={seconds + SPARE}", "/bin/sh", f"{FOLDER}/run"),
    )
    if begun.status:
        host.run("systemctl", "stop", f"{GUARD}.timer")
        host.run(*restore)
        raise Refused(f"the fault cannot be armed: {begun.words}")


def await_broken(host: Host, seconds: float = 20) -> None:
    """Returns once the fault is there. Raises :class:`Refused` if it did not come."""
    deadline = time.monotonic() + seconds
    while not host.exists(f"{FOLDER}/broken"):
        if host.exists(f"{FOLDER}/restored") or time.monotonic() > deadline:
            host.run("systemctl", "stop", UNIT)
            said = host.run("journalctl", "-q", "-o", "cat", "-n", "5", "-u", UNIT).words
            raise Refused(f"the fault could not be made, and is taken back: {said}")
        host.sleep(0.1)


def armed(host: Host) -> str | None:
    """The fault that this router has now, or never restored; None if it has none."""
    units = (UNIT, f"{GUARD}.timer")
    active = any(host.run("systemctl", "show", "-P", "ActiveState", u).out.strip() not in IDLE for u in units)
    # A run that was killed before it armed anything leaves files only.
    left = host.exists(f"{FOLDER}/breaking") and not host.exists(f"{FOLDER}/restored")
    if active or left:
        return (host.read(f"{FOLDER}/fault") or "").strip() or "unknown"
    return None


def disarm(host: Host) -> None:
    """Ends a fault now; returns when all is restored."""
    host.run("systemctl", "stop", UNIT)
    if host.exists(f"{FOLDER}/restore"):
        host.run("/bin/sh", f"{FOLDER}/restore")


def times(host: Host) -> dict[str, float]:
    """Seconds of uptime at which the fault came and went, as far as they are known."""
    found = {}
    for mark in ("broken", "restoring", "line", "restored"):
        text = (host.read(f"{FOLDER}/{mark}") or "").strip()
        if re.fullmatch(r"[0-9]+\.[0-9]+", text):
            found[mark] = float(text)
    return found


def management(host: Host) -> list[str] | None:
    """The interfaces that this connection uses; None if it is not one of SSH that can be found."""
    connection = _ssh_connection()
    if connection is None:
        return None
    client, server = connection
    answer = host.run("ip", "-j", "route", "get", client, "from", server)
    try:
        routes = json.loads(answer.out or "[]")
        found = {str(route["dev"]) for route in routes if "dev" in route}
        for interface in json.loads(host.run("ip", "-j", "addr", "show").out or "[]"):
            if any(address.get("local") == server for address in interface.get("addr_info", ())):
                found.add(str(interface["ifname"]))
    except (ValueError, TypeError, KeyError):
        return None
    return sorted(found) or None


def _ssh_connection() -> tuple[str, str] | None:
    """Addresses of client and server, from this process or one above it: sudo takes the variable away."""
    value: str | None = os.environ.get("SSH_CONNECTION")
    pid = os.getpid()
    while not value and pid > 1:
        try:
            with open(f"/proc/{pid}/environ", "rb") as file:
                for pair in file.read().split(b"\0"):
                    if pair.startswith(b"SSH_CONNECTION="):
                        value = pair.partition(b"=")[2].decode()
            with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
                pid = int(file.read().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            return None
    words = (value or "").split()
    return (words[0], words[2]) if len(words) == 4 else None


def begin_probes(host: Host, flows: Sequence[Mapping[str, Any]], rate: int, limit: int) -> None:
    """Starts to send along flows. Raises :class:`Refused`."""
    host.run("systemctl", "stop", PROBE_UNIT)
    host.run("systemctl", "reset-failed", PROBE_UNIT)
    host.remove(PROBES)
    host.directory(PROBES, 0o700)
    host.write(f"{PROBES}/probe.py", inspect.getsource(fault_probe), 0o600)
    config = {"flows": [dict(flow) for flow in flows], "rate": rate, "limit": limit}
    host.write(f"{PROBES}/probe.json", json.dumps(config), 0o600)
    done = host.run(
        *("systemd-run", f"--unit={PROBE_UNIT}", "--collect", "--service-type=exec"),
        *("-p", f"RuntimeMaxSec={limit + 60}", sys.executable, "-I", f"{PROBES}/probe.py", PROBES),
    )
    if done.status:
        raise Refused(f"the probes cannot be started: {done.words}")


def end_probes(host: Host) -> dict[str, Any]:
    """Stops sending; what the probes saw. Raises :class:`Refused` if they saw nothing."""
    host.run("systemctl", "stop", PROBE_UNIT)
    text = host.read(f"{PROBES}/seen.json")
    host.remove(PROBES)
    try:
        seen: dict[str, Any] = json.loads(text or "")
    except ValueError:
        said = host.run("journalctl", "-q", "-o", "cat", "-n", "3", "-u", PROBE_UNIT).words
        raise Refused(f"the probes of this router left nothing: {said or 'they were not running'}") from None
    return seen
