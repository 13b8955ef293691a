# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""netconfd (yuma123, Debian's package) with Cisco's cut models: a real NETCONF server with candidate,
confirmed commit 1.1 and validate. Needs no root.
"""

from __future__ import annotations

import asyncio
import getpass
import os
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import asyncssh

from .front import Front
from .prune import LOADED, PREFIX, prune

SERVER = "netconfd"
SUBSYSTEM = "netconf-subsystem"
YUMA = Path("/usr/share/yuma/modules")
# netconfd takes sessions of this SSH port only; the front's true port has nothing to do with it.
LABEL = 830
STARTS_WITHIN = 120  # seconds; 3 on an idle machine


class NotInstalled(Exception):
    """netconfd is missing; the text says what to install."""


def find(command: str) -> str:
    path = shutil.which(command, path=f"{os.environ.get('PATH', '')}:/usr/sbin")
    if path is None:
        raise NotInstalled(f"{command} is not installed; write: apt-get install netconfd")
    return path


class Netconfd:
    """One server with an empty configuration, gone when the context ends or its owner is killed."""

    def __init__(self, folder: Path, models: Path) -> None:
        self._folder = folder
        self._models = models
        self._process: subprocess.Popen[bytes] | None = None
        self.front = Front(self._session)

    @property
    def log(self) -> str:
        return (self._folder / "log").read_text(encoding="utf-8", errors="replace")

    def _command(self) -> list[str]:
        startup = self._folder / "startup.xml"
        startup.write_text('<config xmlns="urn:ietf:params:xml:ns:netconf:base:1.0"/>\n', encoding="utf-8")
        return [
            # The kernel ends it with whoever started it, also when that is killed.
            *(find("setpriv"), "--pdeathsig", "TERM", "--"),
            find(SERVER),
            f"--startup={startup}",
            f"--superuser={getpass.getuser()}",
            "--access-control=off",
            "--target=candidate",
            f"--modpath={self._folder}:{YUMA}",
            f"--ncxserver-sockname={self._folder / 'socket'}",
            f"--port={LABEL}",
            f"--log={self._folder / 'log'}",
            *(f"--module={PREFIX}{name}" for name in LOADED),
        ]

    def __enter__(self) -> Self:
        prune(self._models, self._folder)
        (self._folder / "data").mkdir()
        with (self._folder / "output").open("wb") as output:
            self._process = subprocess.Popen(
                self._command(),
                cwd=self._folder,
                # It keeps a counter there, else in the user's home.
                env={**os.environ, "YUMA_HOME": str(self._folder)},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        end = time.monotonic() + STARTS_WITHIN
        while not (self._folder / "socket").is_socket():
            if self._process.poll() is not None or time.monotonic() > end:
                self._stop()
                raise RuntimeError(f"netconfd did not start: {self.log[-3000:]}")
            time.sleep(0.1)
        self.front.__enter__()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.front.__exit__(kind, error, trace)
        self._stop()

    def _stop(self) -> None:
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(timeout=20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    async def _session(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        """One SSH session: the subsystem ``netconf`` and nothing else."""
        if process.subsystem != "netconf":
            process.exit(1)
            return
        inner = await asyncio.create_subprocess_exec(
            find(SUBSYSTEM),
            f"--ncxserver-sockname={LABEL}@{self._folder / 'socket'}",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            # What sshd would tell it.
            env={"SSH_CONNECTION": f"127.0.0.1 1024 127.0.0.1 {LABEL}", "USER": getpass.getuser()},
        )
        try:
            await process.redirect(stdin=inner.stdin, stdout=inner.stdout)
            await inner.wait()
            process.exit(0)
        finally:
            if inner.returncode is None:
                inner.kill()
