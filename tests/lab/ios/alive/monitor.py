# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Follows what the kernel tells of, so that nobody has to ask again and again."""

from __future__ import annotations

import asyncio
from asyncio.subprocess import DEVNULL, PIPE
from collections.abc import Awaitable, Callable

GATHER_SECONDS = 0.3
AGAIN_SECONDS = 1.0


async def monitor(changed: Callable[[], Awaitable[None]], *argv: str) -> None:
    """Call ``changed`` after each burst of lines that a command prints. If it ends, it is started again."""
    while True:
        process = await asyncio.create_subprocess_exec(*argv, stdin=DEVNULL, stdout=PIPE, stderr=DEVNULL)
        assert process.stdout is not None
        try:
            while await process.stdout.read(65536):
                await asyncio.sleep(GATHER_SECONDS)
                await changed()
        finally:
            if process.returncode is None:
                process.kill()
            await process.wait()
        await asyncio.sleep(AGAIN_SECONDS)
