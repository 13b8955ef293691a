# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Looks for secrets where none may be: what a run leaves on the controller, and what others see on routers.

Secrets go to a router over standard input only, so that looking for them does not spread them.
"""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

from . import ssh
from .lab import Lab

Secrets = Mapping[str, str]
Leaks = set[tuple[str, str]]
"""Place, and the name of the secret that is there."""

PAUSE = 0.05  # seconds between two looks at the process list
LARGEST = 32 * 1024 * 1024
KEY = "/etc/swanctl/private/mgre-dmvpn.key"
# Runs on a router: what anybody may read there, journals, histories, and the collection's own records.
LOOK = r"""
import json, os, subprocess, sys
secrets = {name: value.encode() for name, value in json.load(sys.stdin).items()}
def tell(place, data):
    for name, value in secrets.items():
        if value in data:
            print(json.dumps([place, name]))
journal = ["journalctl", "-q", "--no-pager", "-o", "export"]
tell("journal", subprocess.run(journal, capture_output=True).stdout)
for top in ("/etc", "/home", "/root", "/run", "/tmp", "/usr/local", "/var"):
    for folder, folders, files in os.walk(top):
        closed = [f for f in folders if not os.lstat(os.path.join(folder, f)).st_mode & 0o001]
        own = folder.startswith("/var/lib/mgre-dmvpn")
        if not own and folder != "/root":
            folders[:] = [f for f in folders if f not in closed or f == "mgre-dmvpn"]
        for name in files:
            path = os.path.join(folder, name)
            noted = "history" in name or (own and "/generations/" not in path)
            try:
                held = os.stat(path, follow_symlinks=False)
                if held.st_mode & 0o170000 == 0o100000 and held.st_size < 1 << 25:
                    if noted or (held.st_mode & 0o004 and folder != "/root"):
                        with open(path, "rb") as file:
                            tell(path, file.read())
            except OSError:
                pass
"""
# Runs on a router until its standard input ends: command lines of everything that starts meanwhile.
WATCH = r"""
import json, os, select, sys
secrets = {name: value.encode() for name, value in json.loads(sys.stdin.readline()).items()}
print("watching", flush=True)
found = set()
while not select.select([sys.stdin], [], [], 0.05)[0]:
    for pid in os.listdir("/proc"):
        if pid.isdecimal():
            try:
                with open(f"/proc/{pid}/cmdline", "rb") as file:
                    line = file.read()
            except OSError:
                continue
            found.update(name for name, value in secrets.items() if value in line)
for name in found:
    print(json.dumps(["process list", name]))
"""


def on_router(lab: Lab, host: str, secrets: Secrets) -> Leaks:
    """What anybody on a router could find there now."""
    done = subprocess.run(
        _python(lab, host, LOOK),
        input=json.dumps(dict(secrets)),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return {(f"{host}: {place}", name) for place, name in map(json.loads, done.stdout.splitlines())}


def in_folder(folder: Path, secrets: Secrets, keep: tuple[str, ...] = ()) -> Leaks:
    """Files below a folder that hold a secret; those whose path ends with one of ``keep`` are its home."""
    found = set()
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.is_symlink() and not str(path).endswith(keep):
            assert path.stat().st_size < LARGEST, path
            data = path.read_bytes()
            found |= {(str(path), name) for name, value in secrets.items() if value.encode() in data}
    return found


@contextmanager
def watched(lab: Lab, hosts: tuple[str, ...], secrets: Secrets) -> Iterator[Leaks]:
    """The process lists of routers and of this machine while the block runs; afterwards, what was in them."""
    leaks: Leaks = set()
    ended = threading.Event()
    here = threading.Thread(target=_watch_here, args=(secrets, ended, leaks))
    with ExitStack() as stack:
        watchers = {
            host: stack.enter_context(
                subprocess.Popen(
                    _python(lab, host, WATCH), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
                )
            )
            for host in hosts
        }
        for watcher in watchers.values():
            assert watcher.stdin and watcher.stdout
            watcher.stdin.write(json.dumps(dict(secrets)) + "\n")
            watcher.stdin.flush()
            assert watcher.stdout.readline() == "watching\n"
        here.start()
        try:
            yield leaks
        finally:
            ended.set()
            here.join()
            for host, watcher in watchers.items():
                said = watcher.communicate(timeout=30)[0]
                leaks |= {(f"{host}: {place}", name) for place, name in map(json.loads, said.splitlines())}


def _watch_here(secrets: Secrets, ended: threading.Event, leaks: Leaks) -> None:
    while not ended.wait(PAUSE):
        for pid in filter(str.isdecimal, os.listdir("/proc")):
            try:
                line = Path("/proc", pid, "cmdline").read_bytes()
            except OSError:  # it has ended
                continue
            leaks |= {("process list", name) for name, value in secrets.items() if value.encode() in line}


def _python(lab: Lab, host: str, program: str) -> list[str]:
    return ssh.command(lab.state, lab.topology.node(host), "--", f"python3 -I -c {shlex.quote(program)}")


def private_key(pem: str) -> str:
    """A line of a private key in PEM that no other file has."""
    lines = [line for line in pem.splitlines() if line and not line.startswith("-----")]
    return lines[len(lines) // 2]


def everywhere(lab: Lab, folder: Path, secrets: Secrets) -> Leaks:
    """All that can be looked at afterwards: a folder, and every Linux router of a lab."""
    linux = [name for name, node in lab.topology.nodes.items() if node.platform != "ios"]
    known = dict(secrets)
    for host in linux:
        if key := lab.ssh(host, f"cat {KEY} 2>/dev/null || true"):
            known[f"private key of {host}"] = private_key(key)
    leaks = in_folder(folder, known, ("/ca.key",))
    for host in linux:
        leaks |= on_router(lab, host, known)
    return leaks
