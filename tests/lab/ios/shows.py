# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Shows that the configuration and the clock alone can answer."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from .execs import Registry
from .tree import Node

if TYPE_CHECKING:
    from .session import Session


def register(found: Registry) -> None:
    found.add("show running-config", _running, 15)
    found.add("show running-config interface name:INTERFACE", _running_interface, 15)
    found.add("show startup-config", _startup, 15)
    found.add("show version", _version)
    found.add("show privilege", _privilege)
    found.add("show clock", _clock)
    found.add("show inventory", _inventory)
    found.add("show archive", _archive, 15)
    found.add("show archive config rollback timer", _timer, 15)
    found.add("show archive config differences [old:URL [new:URL]]", _differences, 15)
    found.add("show ip interface brief", _brief)
    found.add("show interfaces [name:INTERFACE]", _interfaces)
    found.add("show crypto pki certificates [trustpoint:WORD]", _certificates)
    found.add("dir [url:URL]", _dir, 15)
    found.add("show history", lambda session, values: "")


def _running(session: Session, _unused: dict[str, str]) -> str:
    device = session.device
    body = device.text()
    changed = ""
    if device.changed_at:
        stamp = time.strftime("%H:%M:%S UTC %a %b %-d %Y", time.gmtime(device.changed_at))
        by = f" by {device.changed_by}" if device.changed_by else ""
        changed = f"!\n! Last configuration change at {stamp}{by}\n"
    head = f"Building configuration...\n\nCurrent configuration : {len(body)} bytes"
    return f"{head}\n{changed}!\n{body.rstrip()}\n"


def _running_interface(session: Session, values: dict[str, str]) -> str:
    node = session.device.config.children.get(("interface", values["name"]))
    if node is None:
        return f"% Interface {values['name']} does not exist\n"
    body = session.device.configuration.text(node, 1)
    text = f"!\n{node.text}\n{body}\nend\n" if body else f"!\n{node.text}\nend\n"
    return f"Building configuration...\n\nCurrent configuration : {len(text)} bytes\n{text}"


def _startup(session: Session, _unused: dict[str, str]) -> str:
    text = session.device.startup()
    if not text:
        return "startup-config is not present\n"
    return f"Using {len(text)} out of 33554432 bytes\n!\n{text.rstrip()}\n"


def _version(session: Session, _unused: dict[str, str]) -> str:
    device = session.device
    seconds = int(time.time() - device.booted)
    uptime = f"{seconds // 3600} hours, {seconds // 60 % 60} minutes"
    if device.release >= (16, 0):
        train = f"{device.release[0]}.{device.release[1]:02d}.01a"
        head = (
            f"Cisco IOS XE Software, Version {train}\n"
            f"Cisco IOS Software [IOSXE], Virtual XE Software (X86_64_LINUX_IOSD-UNIVERSALK9-M), "
            f"Version {device.release[0]}.{device.release[1]}.1a, RELEASE SOFTWARE (fc1)\n"
        )
        model, image = "C8000V (VXE) processor (revision VXE)", "bootflash:packages.conf"
    else:
        head = (
            "Cisco IOS Software, IOSv Software (VIOS-ADVENTERPRISEK9-M), "
            f"Version {device.options.release}(3)M, RELEASE SOFTWARE (fc1)\n"
        )
        model, image = "IOSv (revision 1.0) processor (revision 1.0)", "flash0:/vios-adventerprisek9-m"
    return (
        f"{head}Technical Support: http://www.cisco.com/techsupport\n\n"
        f"ROM: IOS-XE ROMMON\n\n{device.hostname} uptime is {uptime}\n"
        f'System returned to ROM by reload\nSystem image file is "{image}"\nLast reload reason: reload\n\n'
        f"cisco {model} with 2071862K/3075K bytes of memory.\nProcessor board ID 9STANDIN001\n"
        f"{len(device.options.interfaces)} Gigabit Ethernet interfaces\n"
        "32768K bytes of non-volatile configuration memory.\n\nConfiguration register is 0x2102\n"
    )


def _privilege(session: Session, _unused: dict[str, str]) -> str:
    return f"Current privilege level is {session.privilege}"


def _clock(_unused: Session, __: dict[str, str]) -> str:
    return time.strftime("*%H:%M:%S.000 UTC %a %b %-d %Y", time.gmtime())


def _inventory(session: Session, _unused: dict[str, str]) -> str:
    model = "C8000V" if session.device.release >= (16, 0) else "IOSv"
    return (
        f'NAME: "Chassis", DESCR: "Cisco {model} Chassis"\n'
        f"PID: {model}            , VID: V00  , SN: 9STANDIN001\n"
    )


def _archive(session: Session, _unused: dict[str, str]) -> str:
    device = session.device
    path = device.archive.path(device.configuration)
    if not path:
        return " Archive feature not enabled\n"
    most = device.archive.maximum(device.configuration)
    saved = device.archive.saved
    lines = [
        f"The maximum archive configurations allowed is {most}.",
        f"There are currently {len(saved)} archive configurations saved.",
        f"The next archive file will be named {path}-<timestamp>-{device.archive.count}",
        " Archive #  Name",
    ]
    for number in range(1, most + 1):
        name = saved[number - 1] if number <= len(saved) else ""
        recent = " <- Most Recent" if number == len(saved) else ""
        lines.append(f"   {number:<9}{name}{recent}")
    return "\n".join(lines)


def _differences(session: Session, values: dict[str, str]) -> str:
    """What `-` is in the old file alone and `+` in the new one, below the lines that it belongs to."""
    device = session.device
    old = device.flash.read(values["old"]) if "old" in values else device.startup()
    new = device.flash.read(values["new"]) if "new" in values else device.text()
    before, after = _paths(old), _paths(new)
    out: list[str] = []
    for path in dict.fromkeys([*before, *after]):
        mark = "" if path in before and path in after else "-" if path in before else "+"
        below = any(other[: len(path)] == path for other in set(before) ^ set(after))
        if mark or below:
            out.append(f"{' ' * (len(path) - 1)}{mark}{path[-1]}")
    return "\n".join(["!Contextual Config Diffs:", *(out or ["!No changes were found"])])


def _paths(text: str) -> list[tuple[str, ...]]:
    """Every line of a configuration with the lines that it stands below."""
    found: list[tuple[str, ...]] = []
    above: list[str] = []
    for line in text.splitlines():
        if line.strip() in ("", "!", "end") or line.startswith("!"):
            continue
        depth = len(line) - len(line.lstrip())
        above = [*above[:depth], line.strip()]
        found.append(tuple(above))
    return found


def _timer(session: Session, _unused: dict[str, str]) -> str:
    archive = session.device.archive
    if not archive.pending:
        return "%No Rollback Confirmed Change pending\n"
    return (
        "Time configured(or reconfigured): "
        f"{time.strftime('%H:%M:%S UTC %a %b %-d %Y', time.gmtime(archive.armed_at))}\n"
        f"Timer type: absolute timer\nTimer value: {archive.minutes} min\nUser: {archive.user}\n"
    )


def status(node: Node) -> tuple[str, str, str]:
    """Address, line and protocol state of an interface, as the configuration alone tells them."""
    found = node.get("ip address")
    address = found.values.get("address", "unassigned") if found else "unassigned"
    if node.get("shutdown"):
        return address, "administratively down", "down"
    source = node.parent and node.parent.children.get(("interface", node.value("tunnel source", "out")))
    return address, "up", "down" if source and source.get("shutdown") else "up"


def _brief(session: Session, _unused: dict[str, str]) -> str:
    lines = ["Interface              IP-Address      OK? Method Status                Protocol"]
    for node in session.device.configuration.ordered(session.device.config):
        if node.words[0] != "interface":
            continue
        address, line, protocol = status(node)
        lines.append(f"{node.words[1]:<22} {address:<15} YES NVRAM  {line:<21} {protocol}")
    return "\n".join(lines)


def _interfaces(session: Session, values: dict[str, str]) -> str:
    wanted = values.get("name")
    out = []
    for node in session.device.configuration.ordered(session.device.config):
        if node.words[0] == "interface" and wanted in (None, node.words[1]):
            out.append(_interface(node))
    return "\n".join(out) if out else f"% Interface {wanted} does not exist\n"


def _interface(node: Node) -> str:
    address, line, protocol = status(node)
    name = node.words[1]
    lines = [f"{name} is {line}, line protocol is {protocol} "]
    lines.append(f"  Hardware is {'Tunnel' if name.startswith('Tunnel') else 'vNIC'}")
    if description := node.get("description"):
        lines.append(f"  Description: {' '.join(description.words[1:])}")
    if address != "unassigned":
        lines.append(f"  Internet address is {address}")
    lines.append(f"  MTU {'9976' if name.startswith('Tunnel') else '1500'} bytes, BW 100 Kbit/sec")
    if name.startswith("Tunnel"):
        lines.append(f"  Tunnel source {node.value('tunnel source', 'source', 'UNKNOWN')}")
    return "\n".join(lines)


def _certificates(session: Session, values: dict[str, str]) -> str:
    out = []
    for name, subject in session.device.options.certificates.items():
        if values.get("trustpoint") not in (None, name):
            continue
        for title, usage, common in (
            ("Certificate", "General Purpose", subject),
            ("CA Certificate", "Signature", name),
        ):
            out.append(
                f"{title}\n  Status: Available\n  Certificate Serial Number (hex): 02\n"
                f"  Certificate Usage: {usage}\n  Issuer: \n    cn={name}\n  Subject:\n    cn={common}\n"
                "  Validity Date: \n    start date: 00:00:00 UTC Jan 1 2024\n"
                "    end   date: 00:00:00 UTC Jan 1 2044\n"
                f"  Associated Trustpoints: {name} \n"
            )
    return "\n".join(out)


def _dir(session: Session, _unused: dict[str, str]) -> str:
    lines = ["Directory of flash:/", ""]
    for number, (name, size, changed) in enumerate(session.device.flash.names(), 11):
        stamp = time.strftime("%b %d %Y %H:%M:%S +00:00", time.gmtime(changed))
        lines.append(f"   {number}  -rw-  {size:>12}  {stamp}  {name}")
    return "\n".join([*lines, "", "6286540800 bytes total (5000000000 bytes free)"])
