# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The router around the daemons: versions, units, certificates, and what the IKE daemon complained of."""

from __future__ import annotations

import os
import re
import ssl
import time
from collections.abc import Sequence

from ..state import Certificate, Host, IkeError, Service
from .observe_run import Unreadable, integer, parse, read, run, text

PROPERTIES = "Id,LoadState,ActiveState,SubState,Result,NRestarts"
CHARON_UNITS = ("strongswan.service", "strongswan-starter.service")
LOG_LINES = 200
LOG_SECONDS = 180
# Failures, and the lines that tell which peer an IKE_SA is about.
INTERESTING = (
    r"AUTH_FAILED|AUTHENTICATION_FAILED|NO_PROPOSAL|MAC mismatched|no shared key|no trusted"
    r"|constraint check failed"
    r"|no matching peer config|no IKE config|TS_UNACCEPTABLE|giving up after|not responding|expired"
    r"|certificate invalid|unable to install|INVALID_SYNTAX|no private key|initiating"
    r"|established between|received DELETE for IKE_SA"
)
SETTLED = re.compile(r"^IKE_SA \S+ established between .*\.\.\.(\d+\.\d+\.\d+\.\d+)\[")
# Who began an SA tells so that it does not take our certificate: we have let it in already.
REFUSED = "received DELETE for IKE_SA"
REFUSED_WITHIN = 2_000_000  # microseconds
NO_COMPLAINT = ("initiating", "generating", "parsed", "loaded plugins", REFUSED)
ABOUT = (
    re.compile(r"initiating IKE_SA \S+ to (\d+\.\d+\.\d+\.\d+)"),
    re.compile(r"^(\d+\.\d+\.\d+\.\d+) is initiating an? "),
)


def host() -> Host:
    """Never raises: what cannot be read is None."""
    uname = os.uname()
    release = dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', read("/etc/os-release") or "", re.MULTILINE))
    uptime = (read("/proc/uptime") or "").split(" ")[0]
    forwarding = read("/proc/sys/net/ipv4/ip_forward")
    return Host(
        name=uname.nodename,
        distribution=text(release.get("PRETTY_NAME")),
        kernel=uname.release,
        time=time.time(),
        uptime=float(uptime) if re.fullmatch(r"\d+\.?\d*", uptime) else None,
        forwarding=None if forwarding is None else forwarding == "1",
        versions={"frr": package_version("frr"), "strongswan": package_version("libstrongswan")},
    )


def package_version(name: str, status: str = "/var/lib/dpkg/status") -> str | None:
    """The version of an installed Debian package, None elsewhere."""
    try:
        with open(status, encoding="utf-8", errors="replace") as file:
            record = re.search(rf"^Package: {re.escape(name)}\n(?:.+\n)*", file.read(), re.MULTILINE)
    except OSError:
        return None
    if record is None or "\nStatus: install ok installed" not in record[0]:
        return None
    version = re.search(r"^Version: (\S+)", record[0], re.MULTILINE)
    return version[1] if version else None


def services(units: Sequence[str]) -> dict[str, Service]:
    """The state of units, asked at once. Raises Unreadable."""
    if not units:
        return {}
    return parse_services(run(("systemctl", "show", "--no-pager", "-p", PROPERTIES, "--", *units)), units)


def parse_services(output: str, units: Sequence[str]) -> dict[str, Service]:
    """``systemctl show``: one block per unit, in the order asked; an alias shows its target's Id."""
    blocks = [block for block in re.split(r"\n\s*\n", output.strip()) if block]
    if len(blocks) != len(units):
        raise Unreadable(f"systemctl told of {len(blocks)} units, asked of {len(units)}")
    found = {}
    for unit, block in zip(units, blocks, strict=True):
        value = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
        found[unit] = Service(
            load=text(value.get("LoadState")),
            active=text(value.get("ActiveState")),
            sub=text(value.get("SubState")),
            result=text(value.get("Result")),
            restarts=integer(value.get("NRestarts")),
        )
    return found


def certificates(paths: Sequence[str]) -> list[Certificate]:
    """Those of the files that exist. Raises Unreadable if openssl does not take one."""
    return [
        parse_certificate(
            path,
            run(("openssl", "x509", "-in", path, "-noout", "-dates", "-subject", "-nameopt", "RFC2253")),
        )
        for path in paths
        if os.path.exists(path)
    ]


def parse_certificate(path: str, output: str) -> Certificate:
    start = re.search(r"^notBefore=(.+)$", output, re.MULTILINE)
    end = re.search(r"^notAfter=(.+)$", output, re.MULTILINE)
    subject = re.search(r"^subject=\s*(.+)$", output, re.MULTILINE)
    return Certificate(
        path,
        subject[1].strip() if subject else None,
        float(ssl.cert_time_to_seconds(end[1].strip())) if end else None,
        path.endswith("-ca.crt"),
        float(ssl.cert_time_to_seconds(start[1].strip())) if start else None,
    )


def ike_errors() -> list[IkeError]:
    """What charon complained of in the last minutes, newest first. Raises Unreadable."""
    argv = ["journalctl", "--no-pager", "-q", "-o", "json", "-n", str(LOG_LINES), f"--since=-{LOG_SECONDS}s"]
    argv += ["--output-fields=MESSAGE,IKE_SA_UNIQUE_ID", "-g", INTERESTING, "--case-sensitive=yes"]
    for unit in CHARON_UNITS:
        argv += ["-u", unit]
    # 1: no line matched.
    return parse_log(run(argv, accept=(0, 1)), time.time())


def parse_log(output: str, now: float) -> list[IkeError]:
    peers: dict[str, str] = {}
    errors: dict[tuple[str | None, str], IkeError] = {}
    records = []
    for line in output.splitlines():
        if not line.startswith("{"):
            continue
        record = parse(line, "journalctl")
        message, stamp = record.get("MESSAGE"), integer(record.get("__REALTIME_TIMESTAMP"))
        if not isinstance(message, str) or stamp is None:
            continue
        # Written while the clock was ahead, who knows when.
        if stamp / 1e6 > now + 60:
            continue
        sa = str(record.get("IKE_SA_UNIQUE_ID", ""))
        records.append((stamp, sa, message))
        for pattern in ABOUT:
            if match := pattern.search(message):
                peers[sa] = match[1]
    refused = {sa: stamp for stamp, sa, said in records if sa and said.startswith(REFUSED)}
    settled = {
        match[1]: stamp
        for stamp, sa, said in sorted(records)
        if (match := SETTLED.search(said)) and not stamp <= refused.get(sa, -1) <= stamp + REFUSED_WITHIN
    }
    for stamp, sa, message in sorted(records, reverse=True):
        # What was decided is told beside what was sent and received.
        told = any(pattern.search(message) for pattern in (*ABOUT, SETTLED))
        if told or message.startswith(NO_COMPLAINT):
            continue
        # The same complaint comes with every retry: once is enough, the newest.
        peer = peers.get(sa) if sa else None
        # What was before the peer was let in is over.
        if stamp <= settled.get(peer or "", -1):
            continue
        errors.setdefault((peer, message), IkeError(peer, message, max(0.0, now - stamp / 1e6)))
    return list(errors.values())
