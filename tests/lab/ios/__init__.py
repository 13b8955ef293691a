# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""An SSH device that behaves as Cisco IOS does in exec and configuration mode, and refuses what IOS refuses.

It is the judge of the configuration that this collection renders, and shares no code with what it judges: its
grammar is written from Cisco's command references and YANG models (docs/ios-stand-ins.md). Standard library
and asyncssh only, Python 3.11 or newer, so that the package runs on a lab node as it is.

    python -m tests.lab.ios --port 2222 --release 17.15 --state DIR --minute 0.05 --fault drop=5

    from ansible_collections.mgre.dmvpn.tests.lab.ios import Device, Options, running

    with running(Device(Options(hostname="hub1"))) as port:     # a thread of its own, 127.0.0.1
        ...

For what makes the device alive (drives daemons from its configuration, answers `show dmvpn`):

`device.config`
    the root Node of the configuration. A Node has `words` (in full, `("no", "ip", "redirects")` where a
    default is off), `text`, `values` (the named values of its rule), `children` (a dict in the order of
    entry), `parent`, `get("tunnel key")`, `all("ip nhrp map")`, `value("ip mtu", "mtu", otherwise="")` and
    `walk()`. `device.config.children[("interface", "Tunnel10")]` is an interface.
`device.is_on(node, "ip nhrp shortcut")`
    whether a line holds, also when this release hides it because it is the default.
`device.unmasked(node)`
    the clear text of the secret of a line, however it is printed.
`device.on_change`
    callables of the device, called after every line that changed the configuration, after a rollback, a
    replace and a reload. They run in the event loop: keep them short, start tasks.
`device.on_reload`
    called before `on_change` when the power was cut.
`device.execs.add("show dmvpn [detail]", handler, privilege=1)`
    answers an exec command. `handler(session, values)` returns the text or an awaitable of it; `values` are
    the named values of the syntax (`peer:A.B.C.D`), `session.said("detail")` tells whether a word was there.
    Pipes, paging and errors are done for it.
`device.options`, `device.release`, `device.hostname`
    as given; `(17, 15)`; as configured.
"""

from .device import Device, Options
from .server import listen, running
from .tree import Node

__all__ = ["Device", "Node", "Options", "listen", "running"]
