# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Answers FRR's nhrpd: may this peer hold this tunnel address?

Stock nhrpd takes a peer to be reachable before IPsec is. With ``nhrp event socket`` it asks here first,
and the answer is yes only when an ESP SA to the peer stands, and when the certificate behind that SA
lists the tunnel address. See docs/nhrp-events.md. Needs root, CAP_NET_RAW, and charon's vici socket.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import os
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path

# Isolated mode (python3 -I) leaves the program's own directory out.
sys.path.insert(0, str(Path(__file__).resolve().parent))

from nhrp_events_bfd import Sessions
from nhrp_events_config import Config, ConfigError, Interface, read_config
from nhrp_events_frr import FrrError, Request, learnt_bindings
from nhrp_events_nhrpd import Nhrpd
from nhrp_events_peer import Verdict, judge, knock
from nhrp_events_registration import Registration
from nhrp_events_return import Return
from nhrp_events_sas import EVENTS, Sas
from nhrp_events_shortcuts import clear_dead, spokes
from nhrp_events_socket import listen, notify
from nhrp_events_vici import Session, ViciError

log = logging.getLogger("nhrp-events")

# nhrpd gives up after 10 s and takes silence for a no; answering earlier puts the reason in the journal.
DEADLINE = 9.0
# The trap may not be there yet when charon has just started.
KNOCK_EVERY = 2.0
RELIST_EVERY = 60.0
RECONNECT_AFTER = 0.5
SWEEP_EVERY = 1.0
BFD_EVERY = 30.0


class Daemon:
    """Everything between nhrpd's connections and charon's; one per router.

    ``send_knock`` and ``deadline`` (seconds) are parameters for tests.
    """

    def __init__(
        self,
        config_path: Path,
        vici: str,
        vtysh: str,
        send_knock: Callable[[Interface, str], None] = knock,
        deadline: float = DEADLINE,
    ) -> None:
        self._config_path = config_path
        self._vici = vici
        self._vtysh = vtysh
        self._knock = send_knock
        self._deadline = deadline
        self._loaded_at = self._mtime()
        self.config: Config = read_config(config_path)
        self._doubt = asyncio.Event()
        self._sweep = asyncio.Event()
        self.sas = Sas(on_lost=self._lost, on_doubt=self._doubt.set)
        self._bfd = Sessions()
        self._return = Return()
        self._registered = asyncio.Event()
        self._session = Session(self.sas.apply, self._listed)
        self._nhrpd = Nhrpd(self._decide)
        self._registration = Registration(
            vtysh,
            self.sas,
            send_knock,
            interfaces=lambda: self.config.interfaces,
            ready=lambda: self.sas.known and bool(self._nhrpd.connected),
        )

    async def run(self) -> None:
        """Serves until cancelled. Raises OSError if the socket cannot be made."""
        # Not asyncio's server: from Python 3.12 it waits for nhrpd to hang up, and 3.13 removes the socket.
        with listen(self.config.socket) as listener:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow_charon())
                group.create_task(self._relist())
                group.create_task(self._sweep_shortcuts())
                group.create_task(self._keep_bfd())
                group.create_task(self._registration.keep())
                notify("READY=1")
                served = ", ".join(self.config.interfaces)
                log.info("Answering nhrpd on %s for %s.", self.config.socket, served)
                while True:
                    connection, _address = await asyncio.get_running_loop().sock_accept(listener)
                    group.create_task(self._serve(*await asyncio.open_unix_connection(sock=connection)))

    def reload(self) -> None:
        """Reads the configuration again; a bad one leaves the old one in force. The socket's path stays."""
        self._loaded_at = self._mtime()
        try:
            new = read_config(self._config_path)
        except ConfigError as error:
            log.error("Kept the old configuration. %s", error)
            return
        if new.socket != self.config.socket:
            log.warning("The socket's path has changed: restart the service for that.")
        self.config = new
        self._bfd.doubt()
        self._registered.set()
        log.info("Read the configuration again: %s.", ", ".join(new.interfaces))

    def _mtime(self) -> int:
        with suppress(OSError):
            return self._config_path.stat().st_mtime_ns
        return 0

    # nhrpd

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._sweep.set()
        self._registered.set()
        await self._nhrpd.serve(reader, writer)

    async def _decide(self, request: Request) -> Verdict:
        if request.event != "authorize-binding":
            return Verdict(False, f"nothing is known of the event {request.event[:40]!r}")
        if request.interface not in self.config.interfaces and self._mtime() != self._loaded_at:
            self.reload()
        interface = self.config.interfaces.get(request.interface)
        if interface is None:
            return Verdict(True, "the interface is none of ours, so nothing is checked")
        if request.remote is None or request.nbma is None:
            return Verdict(False, "the event names no IPv4 tunnel address and NBMA address")
        local = interface.source or (str(request.local) if request.local else None)
        clock = asyncio.get_running_loop().time
        end = clock() + self._deadline
        verdict = await self._decide_by_sa(interface, str(request.remote), str(request.nbma), local, end)
        if verdict.accepted and interface.holds(str(request.remote)):
            left = max(0.0, end - clock())
            if str(request.remote) not in interface.hubs and not await self._return.over(
                self._vtysh, tuple(interface.hubs), partial(self._hub_is_alive, interface), left
            ):
                return Verdict(False, "this hub has just come back, and lacks the routes of the other hubs")
            if self._bfd.saw(interface, str(request.remote), clock()):
                self._registered.set()
        return verdict

    async def _decide_by_sa(
        self, interface: Interface, address: str, nbma: str, local: str | None, end: float
    ) -> Verdict:
        clock = asyncio.get_running_loop().time
        knock_error = ""
        while (left := end - clock()) > 0:
            if verdict := judge(interface, address, self.sas.towards(nbma, local)):
                return verdict
            if self.sas.known:
                try:
                    self._knock(interface, nbma)
                except OSError as error:
                    knock_error = f" (asking for one failed: {error})"
            await self.sas.change(nbma, min(left, KNOCK_EVERY))
        if not self.sas.known:
            return Verdict(False, f"charon did not answer on {self._vici} for {self._deadline:.0f} s")
        return Verdict(False, f"no ESP SA came up within {self._deadline:.0f} s{knock_error}")

    def _hub_is_alive(self, interface: Interface) -> bool:
        """Whether an SA with another hub of the cloud stands."""
        verdicts = (
            judge(interface, address, self.sas.towards(nbma, interface.source))
            for address, nbma in interface.hubs.items()
        )
        return any(verdict is not None and verdict.accepted for verdict in verdicts)

    # charon

    async def _follow_charon(self) -> None:
        complained = False
        while True:
            try:
                await self._session.run(self._vici, EVENTS)
            except (OSError, EOFError, ViciError) as error:
                if self.sas.known or not complained:
                    log.warning("No connection to charon (%s): nothing new is accepted.", error)
                complained = True
            self.sas.forget()
            await asyncio.sleep(RECONNECT_AFTER)

    def _listed(self) -> None:
        if not self.sas.known:
            log.info("Connected to charon.")
        self.sas.end_list()
        self._sweep.set()

    async def _relist(self) -> None:
        while True:
            # Not wait_for: Python 3.11's loses a cancellation that meets the end of what it waits for.
            with suppress(TimeoutError):
                async with asyncio.timeout(RELIST_EVERY):
                    await self._doubt.wait()
            self._doubt.clear()
            if self._session.list_sas():
                self.sas.begin_list()
            await asyncio.sleep(SWEEP_EVERY)

    # BFD with registered spokes

    async def _keep_bfd(self) -> None:
        clock = asyncio.get_running_loop().time
        due = 0.0
        complained = False
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(SWEEP_EVERY):
                    await self._registered.wait()
            told = self._registered.is_set()
            self._registered.clear()
            hub = any(interface.bfd for interface in self.config.interfaces.values())
            if not hub or not (self._bfd.bfdd_changed() or told or clock() >= due):
                continue
            try:
                bindings = await learnt_bindings(self._vtysh)
                added, removed = await self._bfd.settle(
                    self._vtysh, self.config.interfaces, bindings, clock()
                )
            except FrrError as error:
                # FRR starts after this program, and its daemons one after the other.
                if not complained:
                    log.warning("No BFD session was added: %s.", error)
                complained, due = True, clock() + SWEEP_EVERY
                continue
            complained, due = False, clock() + BFD_EVERY
            for what, sessions in (("Began", added), ("Ended", removed)):
                if sessions:
                    log.info("%s BFD with %s.", what, ", ".join(one.peer.split()[0] for one in sessions))
            await asyncio.sleep(SWEEP_EVERY)

    # Shortcuts whose SA has gone

    def _lost(self, _remote: str) -> None:
        # A hub need not look each time that one of its spokes goes: every minute is enough for it.
        if spokes(self.config.interfaces):
            self._sweep.set()

    async def _sweep_shortcuts(self) -> None:
        while True:
            await self._sweep.wait()
            self._sweep.clear()
            if self.sas.known and self._nhrpd.connected:
                try:
                    await clear_dead(self._vtysh, self.config.interfaces, self.sas)
                except FrrError as error:
                    log.warning("Did not look for bindings without an SA: %s.", error)
            await asyncio.sleep(SWEEP_EVERY)


def main() -> int:
    """Exit status 1 and one sentence for what the administrator has to mend."""
    parser = argparse.ArgumentParser(description="Answers nhrpd's event socket.")
    parser.add_argument("--config", type=Path, default=Path("/etc/mgre-dmvpn/nhrp-events.json"))
    parser.add_argument("--vici", default="/run/charon.vici")
    parser.add_argument("--vtysh", default="/usr/bin/vtysh")
    arguments = parser.parse_args()
    under_systemd = "JOURNAL_STREAM" in os.environ
    style = "%(syslog)s%(message)s" if under_systemd else "%(message)s"
    logging.basicConfig(format=style, level=logging.INFO)
    logging.setLogRecordFactory(_record)
    try:
        asyncio.run(_main(arguments.config, arguments.vici, arguments.vtysh))
    except (ConfigError, OSError) as error:
        log.error("%s", error)
        return 1
    return 0


def _record(*args: object, **kwargs: object) -> logging.LogRecord:
    """A record that carries systemd's priority prefix, and no control character of a peer's making."""
    record = logging.LogRecord(*args, **kwargs)  # type: ignore[arg-type]
    record.msg = "".join(c if c.isprintable() else "?" for c in record.getMessage())
    record.args = None
    record.syslog = {logging.WARNING: "<4>", logging.ERROR: "<3>"}.get(record.levelno, "<6>")
    return record


async def _main(config: Path, vici: str, vtysh: str) -> None:
    daemon = Daemon(config, vici, vtysh)
    serving = asyncio.ensure_future(daemon.run())
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGHUP, daemon.reload)
    loop.add_signal_handler(signal.SIGTERM, serving.cancel)
    loop.add_signal_handler(signal.SIGINT, serving.cancel)
    with suppress(asyncio.CancelledError):
        await serving


if __name__ == "__main__":
    sys.exit(main())
