# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The daemons' own checkers on the staged files, before anything live changes."""

from __future__ import annotations

from . import frr
from .host import CommandFailed, Host
from .release import GUARDS, STRONGSWAN, SWANCTL, SWANCTL_SECRETS, SYSTEMD, Release
from .store import STAGING


def stage(host: Host, wanted: Release, folder: str = STAGING) -> None:
    """Write every file below ``folder`` (0700, it holds secrets)."""
    host.remove(folder)
    host.directory(folder, 0o700)
    for path, file in wanted.files.items():
        host.write(folder + path, file.text, file.mode & 0o700)


def validate(
    host: Host, wanted: Release, configs: dict[str, str], units: bool, folder: str = STAGING
) -> None:
    """Raises :class:`CommandFailed` with the checker's words.

    ``configs`` are whole FRR configurations by name; ``units`` says whether unit files changed, because
    their check is slow.
    """
    staged = {path: str(host.at(folder + path)) for path in wanted.files}
    if wanted.firewall == "nftables":
        host.must("nft", "-c", "-f", staged[GUARDS["nftables"]])
    elif wanted.firewall == "iptables":
        host.must("iptables-restore", "--test", "--noflush", staged[GUARDS["iptables"]])
    for path in (STRONGSWAN, SWANCTL, SWANCTL_SECRETS):
        if path in staged:
            _strongswan(host, staged[path])
    for name, text in configs.items():
        path = f"{folder}/{name}"
        host.write(path, text, 0o600)
        frr.check(host, str(host.at(path)))
    ours = [path for path in wanted.files if path.startswith(f"{SYSTEMD}/mgre-dmvpn-")]
    if units and ours:
        _units(host, [staged[path] for path in ours])


def _strongswan(host: Host, path: str) -> None:
    """swanctl has no dry run, but reads any file in strongswan.conf's place, which has the same syntax."""
    argv = ("swanctl", "--version")
    result = host.run(*argv, environment={"STRONGSWAN_CONF": path})
    if "invalid config file" in result.words or "invalid configuration" in result.words:
        raise CommandFailed(argv, result)


def _units(host: Host, paths: list[str]) -> None:
    """Only complaints about our own files count: systemd-analyze also reads what they depend on."""
    argv = ("systemd-analyze", "verify", "--man=no", *paths)
    result = host.run(*argv)
    names = [path.rpartition("/")[2] for path in paths]
    ours = [line for line in result.words.splitlines() if any(name in line for name in names)]
    # Programs of ours come with this very run.
    ours = [line for line in ours if "/usr/local/lib/mgre-dmvpn/" not in line]
    if result.status and ours:
        raise CommandFailed(argv[:2], type(result)(result.status, err="\n".join(ours)))
