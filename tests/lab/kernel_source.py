# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Where the source of the routers' kernel comes from: Debian's newest backport, else the host's own release.

From Linux 6.16 user-mode linux catches a process's system calls with seccomp instead of ptrace, and does
without two stops of the process for each: a router boots in a fifth of the time. No Debian release has such a
kernel yet, its backports have.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from .host import LabError, install, run, say
from .mirrors import mirrors

BACKPORTS = "trixie-backports"
WITH_SECCOMP = (6, 16)
# Taken for as long as the backports have it; then the newest there is.
TRIED = "linux-source-7.2"
KEYRING = "/usr/share/keyrings/debian-archive-keyring.gpg"


@dataclass(frozen=True, slots=True)
class Source:
    """An archive of Debian's kernel source; ``name`` is package and version."""

    name: str
    archive: Path


def sources(folder: Path) -> Iterator[Source]:
    """The sources to try, best first: one fetched into ``folder``, and that of the host's release.

    ``MGRE_LAB_KERNEL_SOURCE=release`` asks for the latter only. Raises LabError if there is none.
    """
    if os.environ.get("MGRE_LAB_KERNEL_SOURCE") != "release":
        try:
            yield _backport(folder)
        except LabError as error:
            say(f"kernel: no backport, so the lab will be slow: {error}")
    install({}, ["linux-source"])
    yield _installed()


def _backport(folder: Path) -> Source:
    install({}, ["debian-archive-keyring"])
    for needed in ("lists/partial", "cache/archives/partial"):  # apt makes its own ones only
        (folder / needed).mkdir(parents=True, exist_ok=True)
    sources = folder / "sources.list"
    sources.write_text(
        "".join(f"deb [signed-by={KEYRING}] {uri} {BACKPORTS} main\n" for uri in mirrors("Debian"))
    )
    apart = {
        "Dir::Etc::sourcelist": sources,
        "Dir::Etc::sourceparts": "/dev/null",
        "Dir::State::lists": folder / "lists",
        "Dir::State::status": "/dev/null",
        "Dir::Cache": folder / "cache",
        "APT::Sandbox::User": "root",
        "Acquire::Retries": 3,
    }
    options = [part for key, value in apart.items() for part in ("-o", f"{key}={value}")]
    run(["apt-get", "-qq", *options, "update"])
    names = run(["apt-cache", *options, "search", "--names-only", r"^linux-source-[0-9.]+$"]).split()
    packages = sorted((name for name in names if re.fullmatch(r"linux-source-[\d.]+", name)), key=_version)
    if not packages or tuple(_version(packages[-1])) < WITH_SECCOMP:
        raise LabError(f"{BACKPORTS} has none from {'.'.join(map(str, WITH_SECCOMP))} on")
    package = TRIED if TRIED in packages else packages[-1]
    say(f"kernel: fetching Debian's {package}")
    run(["env", "-C", str(folder), "apt-get", "-qq", *options, "download", package])
    deb = next(folder.glob("*.deb"))
    run(["dpkg-deb", "-x", str(deb), str(folder)])
    archive = next((folder / "usr/src").glob("linux-source-*.tar.xz"))
    return Source(f"{package}_{deb.name.split('_')[1]}", archive)


def _installed() -> Source:
    archives = sorted(Path("/usr/src").glob("linux-source-*.tar.xz"), key=lambda path: _version(path.name))
    if not archives:
        raise LabError("Debian's linux-source package is not installed")
    package = archives[-1].name.removesuffix(".tar.xz")
    return Source(f"{package}_{run(['dpkg-query', '-W', '-f=${Version}', package])}", archives[-1])


def _version(name: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", name)]
