# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What the lab needs of the machine it runs on: commands, packages, paths, and a check of all three."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

RUN = Path("/run/mgre-lab")

# command that must exist -> Debian package that brings it
TO_RUN = {
    "ip": "iproute2",
    "sysctl": "procps",
    "nc": "netcat-openbsd",
    "ssh": "openssh-client",
    "dnsmasq": "dnsmasq-base",
    "nft": "nftables",
    "iptables-legacy": "iptables",
    "tcpdump": "tcpdump",
    "ping": "iputils-ping",
    "iperf3": "iperf3",
}
TO_BUILD = {
    "mmdebstrap": "mmdebstrap",
    "mkfs.ext4": "e2fsprogs",
    "gcc": "build-essential",
    "make": "build-essential",
    "bc": "bc",
    "bison": "bison",
    "flex": "flex",
    "xz": "xz-utils",
}


class LabError(Exception):
    """Something that the user can act upon; its text is the whole message."""


def say(text: str) -> None:
    """One line of progress, on standard error: standard output belongs to results."""
    print(f"lab: {text}", file=sys.stderr, flush=True)


def run(argv: Sequence[str], *, stdin: str | None = None, timeout: float | None = None) -> str:
    """Run a command and return its output. Raises LabError with what the command said."""
    try:
        done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=timeout, check=False)
    except FileNotFoundError:
        raise LabError(f"{argv[0]} is not installed; write: {_install_hint(argv[0])}") from None
    except subprocess.TimeoutExpired:
        raise LabError(f"{' '.join(argv)}: no end after {timeout:.0f} s") from None
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip())[-2000:]
        raise LabError(f"{' '.join(argv)}: exit status {done.returncode}: {said}")
    return done.stdout


def _install_hint(command: str) -> str:
    package = {**TO_BUILD, **TO_RUN}.get(command, command)
    return f"apt-get install {package}"


def cache() -> Path:
    """Kernel, images, keys and disks: outside the tree, kept between labs."""
    base = os.environ.get("XDG_CACHE_HOME") or str(Path.home() / ".cache")
    path = Path(base) / "mgre-dmvpn" / "lab"
    path.mkdir(parents=True, exist_ok=True, mode=0o700)
    return path


@contextlib.contextmanager
def locked(path: Path, waiting: str) -> Iterator[None]:
    """Hold a lock on ``path``; says ``waiting`` if another process has it.

    Children inherit the lock: when this process is killed, its half-done build cannot be disturbed
    by the next one.
    """
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    fd = _lock(path, waiting)
    try:
        yield
    finally:
        os.close(fd)


def _lock(path: Path, waiting: str) -> int:
    while True:
        fd = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            say(waiting)
            fcntl.flock(fd, fcntl.LOCK_EX)
        with contextlib.suppress(FileNotFoundError):
            if path.stat().st_ino == os.fstat(fd).st_ino:
                os.set_inheritable(fd, True)
                return fd
        os.close(fd)  # its last holder removed the file; somebody may hold a new one


def os_release() -> dict[str, str]:
    """/etc/os-release as a dictionary."""
    pairs = (line.split("=", 1) for line in Path("/etc/os-release").read_text().splitlines() if "=" in line)
    return {key: value.strip('"') for key, value in pairs}


def doctor() -> list[str]:
    """What is missing on this machine, one line each; empty means that a lab can run."""
    missing = []
    if os.geteuid() != 0:
        missing.append("not root: network namespaces and taps need it; run the same command with sudo")
    if "debian" not in (os_release().get("ID"), os_release().get("ID_LIKE")):
        missing.append("not Debian: kernel and images are built with Debian's packages; use Debian 12 or 13")
    if os.uname().machine != "x86_64":
        missing.append(f"{os.uname().machine} machine: user-mode linux needs x86_64")
    try:
        os.close(os.open("/dev/net/tun", os.O_RDWR))
    except OSError as err:
        missing.append(f"/dev/net/tun: {err.strerror}; the host kernel must offer tap devices (CONFIG_TUN)")
    return missing


def install(commands: dict[str, str], libraries: Sequence[str] = ()) -> None:
    """Install the Debian packages of missing commands, and of ``libraries`` that dpkg does not know."""
    # A shell that came from plain `su` has no sbin.
    if "/usr/sbin" not in os.environ.get("PATH", "").split(":"):
        os.environ["PATH"] = os.environ.get("PATH", "/usr/bin:/bin") + ":/usr/sbin:/sbin"
    wanted = {package for command, package in commands.items() if not shutil.which(command)}
    for library in libraries:
        query = subprocess.run(
            ["dpkg-query", "-W", "-f=${db:Status-Status}", library],
            capture_output=True,
            text=True,
            check=False,
        )
        if query.stdout != "installed":
            wanted.add(library)
    if not wanted:
        return
    say(f"installing {' '.join(sorted(wanted))}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    base = ["apt-get", "-qq", "-y", "-o", "DPkg::Lock::Timeout=600"]
    for step in (["update"], ["install", "--no-install-recommends", *sorted(wanted)]):
        done = subprocess.run([*base, *step], capture_output=True, text=True, env=env, check=False)
        if done.returncode and step[0] == "install":
            raise LabError(
                f"apt-get could not install {' '.join(sorted(wanted))}: {done.stderr.strip()[-1500:]}"
            )
