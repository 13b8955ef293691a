# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""One NETCONF session with a router, by ncclient, and what goes wrong with it in plain words."""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree
from xml.sax.saxutils import escape

from ..pending.errors import Lost
from .config_xml import BASE

# What of the configuration is read: all places that the table knows are below these.
FILTER = """<native xmlns="http://cisco.com/ns/yang/Cisco-IOS-XE-native">
  <interface><Tunnel/></interface>
  <crypto/>
  <ip><route/><prefix-lists/></ip>
  <route-map/>
  <router/>
</native>"""
IA = "http://cisco.com/yang/cisco-ia"
LIBRARY = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
# ncclient logs every message at these levels, secrets included.
QUIET = ("ncclient", "paramiko")


class Unreachable(Exception):
    """No session with the router. Its text says why and what to do."""


class Rejected(Exception):
    """The router refused a request. ``holder`` is the session that holds a lock, if that is why."""

    def __init__(self, tag: str, message: str, holder: str = "") -> None:
        super().__init__(message or tag)
        self.tag = tag
        self.holder = holder


@dataclass(frozen=True, slots=True)
class Target:
    """Where a router is and who asks. ``password`` and ``key`` (a file) may both be there."""

    host: str
    port: int
    user: str
    password: str | None = None
    key: str | None = None
    verify_host_key: bool = True
    timeout: int = 60  # seconds, for one answer
    ssh_port: int = 22  # of the command line


class Client:
    """A session. Every method raises ``Rejected`` or ``Lost``."""

    def __init__(self, manager: Any) -> None:
        self._manager = manager
        self._lost = False

    @property
    def session(self) -> str:
        return str(self._manager.session_id)

    @property
    def capabilities(self) -> tuple[str, ...]:
        return tuple(self._manager.server_capabilities)

    def can(self, capability: str, version: str = "") -> bool:
        """Whether the router has a capability of the base namespace, such as ``candidate``; in any version
        if none is named."""
        start = f"urn:ietf:params:netconf:capability:{capability}:{version}"
        return any(each.startswith(start) for each in self.capabilities)

    def get_config(self, source: str = "running") -> ElementTree.Element | None:
        """``<data>`` of what the table knows places for."""
        reply = self._send(
            f'<get-config><source><{source}/></source><filter type="subtree">{FILTER}</filter></get-config>'
        )
        return reply.find(f"{{{BASE}}}data")

    def whole(self, source: str) -> str:
        """All of a datastore in one form, to compare it with another; it holds secrets."""
        reply = self._send(f"<get-config><source><{source}/></source></get-config>")
        data = reply.find(f"{{{BASE}}}data")
        text = ElementTree.tostring(data, encoding="unicode") if data is not None else ""
        return ElementTree.canonicalize(text, strip_text=True, rewrite_prefixes=True) if text else ""

    def get(self, subtree: str) -> ElementTree.Element | None:
        reply = self._send(f'<get><filter type="subtree">{subtree}</filter></get>')
        return reply.find(f"{{{BASE}}}data")

    def lock(self, target: str) -> None:
        self._send(f"<lock><target><{target}/></target></lock>")

    def unlock(self, target: str) -> None:
        self._send(f"<unlock><target><{target}/></target></unlock>")

    def edit(self, target: str, config: str) -> None:
        """Merges ``<config>``; what it marks is removed. All of it or nothing, where the router can that.

        The router validates first where it can. A ``<validate>`` of its own would do the same, but netconfd
        2.13 forgets then that the candidate was edited, and its commit does nothing.
        """
        error = "rollback-on-error" if self.can("rollback-on-error") else "stop-on-error"
        test = "<test-option>test-then-set</test-option>" if self.can("validate") else ""
        self._send(
            f"<edit-config><target><{target}/></target><default-operation>merge</default-operation>"
            f"{test}<error-option>{error}</error-option>{config}</edit-config>"
        )

    def discard(self) -> None:
        self._send("<discard-changes/>")

    def commit_for(self, seconds: int, token: str = "", *, again: bool = False) -> None:
        """A commit that the router takes back unless ``confirm(token)`` comes within that time.

        Without a token it is also taken back when this session ends, and only this session confirms it.
        ``again`` gives a commit with that token the time anew, from any session.
        """
        # Both: without <persist> a commit ends with its session, also one that follows up on another.
        named = f"<persist>{escape(token)}</persist>" if token else ""
        if again:
            named += f"<persist-id>{escape(token)}</persist-id>"
        self._send(
            f"<commit><confirmed/><confirm-timeout>{seconds}</confirm-timeout>{named}</commit>",
        )

    def confirm(self, token: str = "") -> None:
        named = f"<persist-id>{escape(token)}</persist-id>" if token else ""
        self._send(f"<commit>{named}</commit>")

    def cancel(self, token: str) -> None:
        self._send(f"<cancel-commit><persist-id>{escape(token)}</persist-id></cancel-commit>")

    def agent(self, name: str, body: str = "") -> str:
        """A request of Cisco's own agent (``cisco-ia``), and what the router said to it."""
        reply = self._send(f'<{name} xmlns="{IA}">{body}</{name}>')
        result = reply.find(f".//{{{IA}}}result")
        return (result.text or "").strip() if result is not None else ""

    def close(self) -> None:
        """Ends the session; a router that is gone does not matter any more."""
        try:
            if self._lost:
                self._manager._session.close()  # asking it to end would wait for an answer
            else:
                self._manager.close_session()
        except Exception:  # ncclient raises whatever the transport does
            logging.getLogger(__name__).debug("the session was gone before it was closed")

    def _send(self, request: str) -> ElementTree.Element:
        from ncclient.operations import (  # type: ignore[import-untyped]
            RPCError,
            TimeoutExpiredError,
        )
        from ncclient.transport.errors import TransportError  # type: ignore[import-untyped]
        from ncclient.xml_ import to_ele  # type: ignore[import-untyped]

        try:
            # ncclient adds the envelope; the request's own namespace is the base one.
            reply = self._manager.rpc(to_ele(_based(request)))
        except RPCError as error:
            raise Rejected(error.tag or "", _reason(error), _holder(error)) from None
        except (TransportError, TimeoutExpiredError, OSError, EOFError) as error:
            self._lost = True
            raise Lost(str(error) or type(error).__name__) from None
        return ElementTree.fromstring(reply.xml.encode())


def _based(request: str) -> str:
    """A request with the base namespace, unless it names its own."""
    if re.match(r"<[a-z-]+ xmlns=", request):
        return request
    return re.sub(r"^<([a-z-]+)", rf'<\1 xmlns="{BASE}"', request, count=1)


def _reason(error: Any) -> str:
    """The router's own words on one line, with the place where it says one."""
    text = " ".join((error.message or error.tag or "no reason given").split())
    where = " ".join((error.path or "").split())
    return f"{text} ({where})" if where else text


def _holder(error: Any) -> str:
    found = re.search(r"session-id[^>]*>(\d+)<", error.info or "")
    return found[1] if found else ""


def connect(target: Target) -> Client:
    """A new session. Raises ``Unreachable``."""
    try:
        from ncclient import manager  # type: ignore[import-untyped]
        from ncclient.transport import errors  # type: ignore[import-untyped]
    except ImportError:
        raise Unreachable(
            "the Python package ncclient is not installed on the controller; write: pip install ncclient"
        ) from None
    for name in QUIET:
        logging.getLogger(name).setLevel(logging.CRITICAL)
    where = f"{target.host} port {target.port}"
    try:
        session = manager.connect(
            host=target.host,
            port=target.port,
            username=target.user,
            password=target.password,
            key_filename=target.key,
            hostkey_verify=target.verify_host_key,
            timeout=target.timeout,
            look_for_keys=target.key is None and target.password is None,
            allow_agent=target.key is None and target.password is None,
            device_params={"name": "default"},
            manager_params={"timeout": target.timeout},
        )
    except errors.AuthenticationError:
        raise Unreachable(
            f"{where}: the router does not accept user {target.user}; see ansible_user, ansible_password and "
            "ansible_ssh_private_key_file (NETCONF needs privilege 15)"
        ) from None
    except errors.SSHUnknownHostError:
        raise Unreachable(
            f"{where}: the router's host key is not in known_hosts; add it (ssh-keyscan -p {target.port} "
            f"{target.host}), or set ansible_host_key_checking: false"
        ) from None
    except (errors.TransportError, OSError, EOFError) as error:
        raise Unreachable(
            f"{where}: no NETCONF session ({_one_line(error)}); see that the router has 'netconf-yang', and "
            "dmvpn_netconf_port"
        ) from None
    return Client(session)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


@contextmanager
def session(opened: Callable[[], Client]) -> Iterator[Client]:
    """A session that is closed behind its use."""
    client = opened()
    try:
        yield client
    finally:
        client.close()
