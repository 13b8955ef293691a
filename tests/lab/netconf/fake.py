# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An IOS-XE router without a candidate configuration, as far as NETCONF and a change by checkpoint need it.

Strict: it takes the requests of RFC 6241 and of ``cisco-ia`` that it knows, in exactly their form, and
answers the rest with an error. Its configuration is a tree that merges and removes; it does not know Cisco's
models (netconfd does). ``minute`` is the length of a minute of its rollback timer, in seconds.
"""

from __future__ import annotations

import asyncio
import copy
import re
from collections.abc import Callable, Iterator
from xml.etree import ElementTree as ET

import asyncssh

from .front import Front

BASE = "urn:ietf:params:xml:ns:netconf:base:1.0"
IA = "http://cisco.com/yang/cisco-ia"
LIBRARY = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
NATIVE = "http://cisco.com/ns/yang/Cisco-IOS-XE-native"
END = b"]]>]]>"
# Keys of the lists in DMVPN configurations, written down from the models. The fake is the judge of what we
# send, so it has its own list.
KEYS = {
    **dict.fromkeys(("Tunnel", "proposal", "policy", "keyring", "profile", "peer", "vrf"), ("name",)),
    "route-map": ("name", "inout"),  # of the router, and of a neighbor
    "transform-set": ("tag",),
    "ip-route-interface-forwarding-list": ("prefix", "mask"),
    "fwd-list": ("fwd",),
    "bgp": ("id",),
    "neighbor": ("id",),
    "range": ("network-range", "peer-group"),
    "with-mask": ("number", "mask"),
    "prefixes": ("name", "no"),
    "route-map-without-order-seq": ("seq_no",),
}
CAPABILITIES = (
    "urn:ietf:params:netconf:base:1.0",
    "urn:ietf:params:netconf:capability:writable-running:1.0",
    "urn:ietf:params:netconf:capability:rollback-on-error:1.0",
    "urn:ietf:params:netconf:capability:validate:1.1",
    "urn:ietf:params:netconf:capability:yang-library:1.0?revision=2016-06-21&module-set-id=1",
)
MODELS = {"Cisco-IOS-XE-native": "2024-07-01", "Cisco-IOS-XE-nhrp": "2024-07-01", "cisco-ia": "2024-07-01"}
# Of a tunnel; for values that are refused, the one that it knows.
LARGEST_MTU = 9976
QUIET = "%No Rollback Confirmed Change pending\n"


Doer = Callable[[ET.Element, int], str]


class Fault(Exception):
    """An rpc-error of the server."""

    def __init__(self, tag: str, message: str, info: str = "") -> None:
        super().__init__(message)
        self.tag = tag
        self.info = info


def local(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]


def same(one: ET.Element, other: ET.Element) -> bool:
    """Whether two elements are one node: one name and, in a list, one key."""
    if one.tag != other.tag:
        return False
    keys = KEYS.get(local(one), ())
    values = [
        [(child.text or "") for key in keys for child in each if local(child) == key] for each in (one, other)
    ]
    # Containers may be named like a list; they have no such leaf.
    return values[0] == values[1]


def merge(target: ET.Element, source: ET.Element) -> None:
    for child in source:
        operation = child.attrib.get(f"{{{BASE}}}operation", "merge")
        found = next((each for each in target if same(each, child)), None)
        if operation == "remove":
            if found is not None:
                target.remove(found)
        elif operation != "merge":
            raise Fault("operation-not-supported", f"operation {operation}")
        elif found is None:
            fresh = ET.SubElement(target, child.tag)
            fresh.text = child.text
            merge(fresh, child)
        else:
            found.text = child.text
            merge(found, child)


def _lines(tree: ET.Element, above: str = "") -> Iterator[str]:
    """A line for each node: what a command line of this router shows of its configuration."""
    for child in tree:
        path = f"{above}{local(child)} "
        yield f"{path}{(child.text or '').strip()}\n"
        yield from _lines(child, path)


class FakeRouter:
    """``faults`` change what it does; see where they are asked for."""

    capabilities: tuple[str, ...] = CAPABILITIES

    def __init__(self, *faults: str, minute: float = 30.0, models: dict[str, str] | None = None) -> None:
        self.faults = set(faults)
        self.models = MODELS if models is None else models
        self.on_change: list[Callable[[], None]] = []
        self._running = ET.Element("config")
        self.startup: str | None = None
        self.archive: list[ET.Element] = []
        self.holder: int | None = None
        self.edits = 0
        self.commands: list[str] = []
        self._minute = minute
        self._minutes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._revert_to: ET.Element | None = None
        self._sessions = 0
        self.front = Front(self._session)

    @property
    def running(self) -> ET.Element:
        return self._running

    @running.setter
    def running(self, tree: ET.Element) -> None:
        self._running = tree
        for listener in self.on_change:
            listener()

    def text(self) -> str:
        """The running configuration."""
        return str(self.front.call(lambda: ET.tostring(self.running, encoding="unicode")))

    def begin_with(self, text: str) -> None:
        """Someone else's configuration, a ``config`` element in XML."""
        self.front.call(lambda: merge(self.running, ET.fromstring(text)))

    def timer_runs(self) -> bool:
        return bool(self.front.call(lambda: self._timer is not None))

    # the command line

    def command(self, line: str) -> str:
        self.commands.append(line)
        if line == "show archive config rollback timer":
            return f"Timer value: {self._minutes} min\n" if self._timer else QUIET
        if line == "show privilege":
            return "Current privilege level is 15\n"
        if line == "show running-config":
            return f"hostname fake\n{''.join(_lines(self.running))}end\n"
        if line == "write memory":
            self.startup = ET.tostring(self.running, encoding="unicode")
            return "Building configuration...\n[OK]\n"
        if line == "show archive":
            if not self.archive:
                return "Archive feature not enabled\n"
            rows = [
                f"   {number}        flash:mgre-dmvpn-{number}" for number in range(1, len(self.archive) + 1)
            ]
            return "Archive #  Name\n" + "\n".join(rows) + " <- Most Recent\n"
        if line == "configure confirm":
            if "no_confirm" in self.faults:
                return "% Invalid input detected at '^' marker.\n"
            self._stop()
            return ""
        if line.startswith("configure revert ") and self._timer is None:
            return QUIET
        if line == "configure revert now":
            self._stop()
            self._back()
            return ""
        if timer := re.fullmatch(r"configure revert timer (\d+)", line):
            if "no_more_time" in self.faults:
                return "% Invalid input detected at '^' marker.\n"
            self._arm(int(timer[1]))
            return ""
        return "% Invalid input detected at '^' marker.\n"

    def _arm(self, minutes: int) -> None:
        self._stop()
        self._minutes = minutes
        loop = asyncio.get_running_loop()
        self._timer = loop.call_later(minutes * self._minute, self._back)

    def _stop(self) -> None:
        if self._timer:
            self._timer.cancel()
        self._timer = None

    def _back(self) -> None:
        self._timer = None
        if self._revert_to is not None:
            self.running = copy.deepcopy(self._revert_to)

    # NETCONF

    async def _session(self, process: asyncssh.SSHServerProcess[bytes]) -> None:
        if process.command is not None:
            process.stdout.write(self.command(process.command).encode())
            process.exit(0)
            return
        if process.subsystem != "netconf" or "no_netconf" in self.faults:
            process.exit(1)
            return
        self._sessions += 1
        number = self._sessions
        caps = "".join(f"<capability>{each.replace('&', '&amp;')}</capability>" for each in self.capabilities)
        hello = f"<capabilities>{caps}</capabilities><session-id>{number}</session-id>"
        process.stdout.write(f'<hello xmlns="{BASE}">{hello}</hello>'.encode() + END)
        held = b""
        greeted = False
        try:
            while data := await process.stdin.read(65536):
                held += data
                while END in held:
                    message, held = held.split(END, 1)
                    if not greeted:
                        greeted = ET.fromstring(message).tag == f"{{{BASE}}}hello"
                        continue
                    if not self._answer(process, number, message):
                        return
        except (asyncssh.Error, OSError):
            return
        finally:
            self._ended(number)
            process.exit(0)

    def _ended(self, number: int) -> None:
        """A session is over, however it ended."""
        if self.holder == number:
            self.holder = None

    def _answer(self, process: asyncssh.SSHServerProcess[bytes], number: int, message: bytes) -> bool:
        rpc = ET.fromstring(message)
        request = rpc[0]
        try:
            body = self._done(request, number)
        except Fault as fault:
            info = f"<error-info>{fault.info}</error-info>" if fault.info else ""
            body = (
                "<rpc-error><error-type>protocol</error-type>"
                f"<error-tag>{fault.tag}</error-tag><error-severity>error</error-severity>"
                f"<error-message>{fault}</error-message>{info}</rpc-error>"
            )
        if "lose_edit" in self.faults and local(request) == "edit-config":
            self.faults.discard("lose_edit")
            process.get_extra_info("connection").abort()
            return False
        reply = f'<rpc-reply xmlns="{BASE}" message-id="{rpc.get("message-id")}">{body}</rpc-reply>'
        process.stdout.write(reply.encode() + END)
        return local(request) != "close-session"

    def _done(self, request: ET.Element, number: int) -> str:
        namespace = request.tag[1:].partition("}")[0]
        doer = self._doers().get((namespace, local(request)))
        if doer is None:
            raise Fault("operation-not-supported", f"unknown request {request.tag}")
        return doer(request, number)

    def _doers(self) -> dict[tuple[str, str], Doer]:
        """What it does, by namespace and name of the request."""
        return {
            (BASE, "get-config"): self._get_config,
            (BASE, "get"): self._get,
            (BASE, "lock"): self._lock,
            (BASE, "unlock"): self._unlock,
            (BASE, "edit-config"): self._edit,
            (BASE, "close-session"): lambda _request, _number: "<ok/>",
            (IA, "checkpoint"): self._checkpoint,
            (IA, "rollback"): self._rollback,
            (IA, "revert"): self._revert,
            (IA, "save-config"): self._save,
        }

    def _get_config(self, request: ET.Element, _number: int) -> str:
        if request.find(f"{{{BASE}}}source/{{{BASE}}}running") is None:
            raise Fault("invalid-value", "only running is here")
        held = "".join(ET.tostring(child, encoding="unicode") for child in self.running)
        return f"<data>{held}</data>"

    def _get(self, request: ET.Element, _number: int) -> str:
        if request.find(f".//{{{LIBRARY}}}modules-state") is None:
            return "<data/>"
        held = "".join(
            f"<module><name>{name}</name><revision>{revision}</revision></module>"
            for name, revision in self.models.items()
        )
        return f'<data><modules-state xmlns="{LIBRARY}">{held}</modules-state></data>'

    def _lock(self, _request: ET.Element, number: int) -> str:
        if self.holder not in (None, number):
            raise Fault("lock-denied", "the lock is held", f"<session-id>{self.holder}</session-id>")
        self.holder = number
        return "<ok/>"

    def _unlock(self, _request: ET.Element, number: int) -> str:
        if self.holder != number:
            raise Fault("operation-failed", "no lock of yours")
        self.holder = None
        return "<ok/>"

    def _edit(self, request: ET.Element, number: int) -> str:
        names = [local(child) for child in request]
        if names != ["target", "default-operation", "test-option", "error-option", "config"]:
            raise Fault("bad-element", f"edit-config of {names}")
        if self.holder != number:
            raise Fault("in-use", "the running configuration is not locked by this session")
        self.running = self._edited(request, self.running)
        return "<ok/>"

    def _edited(self, request: ET.Element, tree: ET.Element) -> ET.Element:
        """A tree with the edit in it."""
        if request.findtext(f"{{{BASE}}}error-option") != "rollback-on-error":
            raise Fault("bad-element", "error-option")
        if "refuse_edit" in self.faults:
            words = " ".join(element.text or "" for element in request.iter() if (element.text or "").strip())
            raise Fault("invalid-value", f"inconsistent value: {words}")
        config = request.find(f"{{{BASE}}}config")
        if config is None:
            raise Fault("missing-element", "config")
        for element in config.iter():
            if local(element) == "mtu" and int(element.text or 0) > LARGEST_MTU:
                raise Fault("invalid-value", f"mtu {element.text} is above {LARGEST_MTU}")
        fresh = copy.deepcopy(tree)
        merge(fresh, config)
        if "forget_mtu" in self.faults:
            for parent in fresh.iter():
                for child in [each for each in parent if local(each) == "mtu"]:
                    parent.remove(child)
        self.edits += 1
        return fresh

    def _checkpoint(self, _request: ET.Element, _number: int) -> str:
        if "no_archive" in self.faults:
            raise Fault("operation-failed", "Archive feature not enabled")
        self.archive.append(copy.deepcopy(self.running))
        return f'<result xmlns="{IA}">Checkpoint successful</result>'

    def _rollback(self, request: ET.Element, _number: int) -> str:
        if [local(child) for child in request] != ["target-url", "revert-timer"]:
            raise Fault("bad-element", "rollback takes target-url and revert-timer")
        file = re.fullmatch(r"flash:mgre-dmvpn-(\d+)", request.findtext(f"{{{IA}}}target-url", ""))
        minutes = request.findtext(f"{{{IA}}}revert-timer", "")
        if file is None or int(file[1]) > len(self.archive):
            raise Fault("invalid-value", "no such file")
        if not (minutes.isdecimal() and 1 <= int(minutes) <= 120):
            raise Fault("invalid-value", "revert-timer")
        if self._timer:
            raise Fault("operation-failed", "Existing rollback change already pending")
        self._revert_to = copy.deepcopy(self.running)
        self.running = copy.deepcopy(self.archive[int(file[1]) - 1])
        if "no_timer" not in self.faults:
            self._arm(int(minutes))
        return f'<result xmlns="{IA}">Rollback successful</result>'

    def _revert(self, request: ET.Element, _number: int) -> str:
        if [local(child) for child in request] != ["now"]:
            raise Fault("bad-element", "revert takes now")
        if self._timer is None:
            raise Fault("operation-failed", "No Rollback Confirmed Change pending")
        self._stop()
        self._back()
        return f'<result xmlns="{IA}">Revert successful</result>'

    def _save(self, _request: ET.Element, _number: int) -> str:
        self.startup = ET.tostring(self.running, encoding="unicode")
        return f'<result xmlns="{IA}">Save running-config successful</result>'
