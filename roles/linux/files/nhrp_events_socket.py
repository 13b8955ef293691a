# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The listening socket, and how systemd keeps it while the daemon restarts."""

from __future__ import annotations

import array
import grp
import logging
import os
import socket
import stat
from contextlib import suppress

log = logging.getLogger("nhrp-events")

# nhrpd runs as this user and group (Debian's package makes them).
GROUP = "frr"
FIRST_PASSED_FD = 3
STORED_AS = "nhrp-events"


def listen(path: str) -> socket.socket:
    """A socket at ``path`` that root and group frr may use, and nobody else. Raises OSError.

    systemd hands back the one of the run before, if the unit has ``FileDescriptorStoreMax=``: then nhrpd,
    which waits 10 s after a refused connection, notices no restart.
    """
    if (kept := _kept(path)) is not None:
        kept.setblocking(False)
        return kept
    with suppress(FileNotFoundError):
        if not stat.S_ISSOCK(os.lstat(path).st_mode):
            raise FileExistsError(f"{path} is in the way: it is no socket. Remove it.")
        os.unlink(path)
    listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    before = os.umask(0o117)
    try:
        listener.bind(path)
        _give_to_group(path)
        listener.listen(16)
        listener.setblocking(False)
    except OSError as error:
        listener.close()
        raise OSError(f"No socket at {path}: {error}") from error
    finally:
        os.umask(before)
    # One that was kept for another path, or whose file has gone, must not come back.
    notify(f"FDSTOREREMOVE=1\nFDNAME={STORED_AS}")
    notify(f"FDSTORE=1\nFDNAME={STORED_AS}", listener)
    return listener


def notify(state: str, passed: socket.socket | None = None) -> None:
    """Tells systemd (sd_notify(3)); without systemd, nothing happens."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    ancillary = []
    if passed is not None:
        ancillary = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", [passed.fileno()]).tobytes())]
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as channel:
            channel.connect("\0" + address[1:] if address.startswith("@") else address)
            channel.sendmsg([state.encode()], ancillary)
    except OSError as error:
        log.warning("systemd did not take %s: %s.", state.partition("=")[0], error)


def _kept(path: str) -> socket.socket | None:
    """The listening socket that systemd passes (sd_listen_fds(3)), if it is the one at ``path``."""
    if os.environ.get("LISTEN_PID") != str(os.getpid()):
        return None
    count = os.environ.get("LISTEN_FDS", "0")
    for number in range(FIRST_PASSED_FD, FIRST_PASSED_FD + (int(count) if count.isdigit() else 0)):
        passed = socket.socket(fileno=number)
        passed.set_inheritable(False)
        if passed.family == socket.AF_UNIX and passed.getsockname() == path and os.path.exists(path):
            return passed
        passed.close()
    return None


def _give_to_group(path: str) -> None:
    try:
        os.chown(path, -1, grp.getgrnam(GROUP).gr_gid)
    except (KeyError, PermissionError) as error:
        log.warning("Could not give %s to group %s, so nhrpd may be refused: %s.", path, GROUP, error)
