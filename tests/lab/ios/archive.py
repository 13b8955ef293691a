# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The flash, the archive on it, and the rollback that waits for a confirmation."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path

from .configuration import Configuration


class FlashError(Exception):
    """What IOS prints when a file operation fails."""


class Flash:
    """Files by their IOS name (`flash:backup-1`); they hold secrets, so they are 0600."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.full: Callable[[], bool] = lambda: False

    def _path(self, url: str) -> Path:
        device, colon, name = url.partition(":")
        if not colon or device not in ("flash", "bootflash", "nvram", "disk0", "unix"):
            raise FlashError(f"%Error opening {url} (No such device)")
        plain = name.strip("/").replace("/", "_")
        if not plain:
            raise FlashError(f"%Error opening {url} (No such file or directory)")
        return self.directory / f"{'nvram' if device == 'nvram' else 'flash'}_{plain}"

    def write(self, url: str, text: str) -> None:
        if self.full():
            raise FlashError(f"%Error opening {url} (No space left on device)")
        path = self._path(url)
        draft = path.with_name(f".{path.name}")
        draft.touch(mode=0o600)
        draft.write_text(text)
        draft.replace(path)

    def read(self, url: str) -> str:
        path = self._path(url)
        if not path.exists():
            raise FlashError(f"%Error opening {url} (No such file or directory)")
        return path.read_text()

    def exists(self, url: str) -> bool:
        return self._path(url).exists()

    def delete(self, url: str) -> None:
        path = self._path(url)
        if not path.exists():
            raise FlashError(f"%Error deleting {url} (No such file or directory)")
        path.unlink()

    def names(self) -> list[tuple[str, int, float]]:
        """Name, bytes and time of every file on the flash."""
        found = sorted(self.directory.glob("flash_*"))
        return [(path.name[6:], path.stat().st_size, path.stat().st_mtime) for path in found]


class Archive:
    """`archive`: numbered copies of the running configuration, and the rollback timer.

    `minute` is how long a minute of the timer lasts, in seconds.
    """

    def __init__(self, flash: Flash, minute: float) -> None:
        self.flash = flash
        self.minute = minute
        self.saved: list[str] = []
        self.count = 0
        self.pending = ""
        self.user = ""
        self.minutes = 0
        self.armed_at = 0.0
        self._handles: list[asyncio.TimerHandle] = []
        self._warn: Callable[[], None] = lambda: None
        self.roll: Callable[[str], None] = lambda url: None

    @staticmethod
    def path(config: Configuration) -> str:
        """`archive` / `path`, empty when it is not configured."""
        archive = config.root.get("archive")
        return archive.value("path", "url") if archive else ""

    @staticmethod
    def maximum(config: Configuration) -> int:
        archive = config.root.get("archive")
        return int(archive.value("maximum", "maximum", "10")) if archive else 10

    def save(self, config: Configuration, text: str) -> str:
        """Write a copy; returns its name."""
        now = time.time()
        # IOS pads the day with a blank and then replaces blanks: May--4.
        stamp = time.strftime("%b-%e-%H-%M-%S", time.gmtime(now)).replace(" ", "-")
        name = f"{self.path(config)}-{stamp}.{int(now * 1000) % 1000:03d}-{self.count}"
        self.flash.write(name, text)
        self.count += 1
        self.saved.append(name)
        while len(self.saved) > self.maximum(config):
            oldest = self.saved.pop(0)
            if self.flash.exists(oldest):
                self.flash.delete(oldest)
        return name

    def arm(self, name: str, minutes: int, user: str, warn: Callable[[], None]) -> None:
        """Roll back to a copy after so many minutes; `warn` is called one minute before."""
        self.disarm()
        self.pending, self.minutes, self.user, self._warn = name, minutes, user, warn
        self.armed_at = time.time()
        loop = asyncio.get_running_loop()
        self._handles = [
            loop.call_later(minutes * self.minute, self._expire),
            loop.call_later((minutes - 1) * self.minute, warn),
        ]

    def extend(self, minutes: int) -> None:
        self.arm(self.pending, minutes, self.user, self._warn)

    def disarm(self) -> str:
        """Forget the rollback; returns the copy that it would have gone back to."""
        name, self.pending = self.pending, ""
        for handle in self._handles:
            handle.cancel()
        self._handles = []
        return name

    def _expire(self) -> None:
        name = self.disarm()
        if name:
            self.roll(name)
