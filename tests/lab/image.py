# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The routers' disks: one image for each Debian release, made by mmdebstrap, cached by content."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import time
from pathlib import Path

import yaml

from .host import TO_BUILD, LabError, cache, install, locked, run, say
from .mirrors import mirrors

OVERLAY = Path(__file__).with_name("overlay")
SUITES = {12: "bookworm", 13: "trixie"}
SIZE_MIB = 2048

CONTENT: dict[str, list[str]] = {
    key: [name for row in rows for name in (row if isinstance(row, list) else [row])]
    for key, rows in yaml.safe_load(Path(__file__).with_name("image.yml").read_text()).items()
}


def image(debian: int) -> Path:
    """Path of the base image of one Debian release (12 or 13); builds it if the cache has none."""
    suite = SUITES[debian]
    target = cache() / "images" / f"debian-{debian}-{_key(suite)}.img"
    if target.exists():
        return target
    with locked(
        cache() / "images" / f".lock-{debian}", "another build of this image is running: waiting for it"
    ):
        if not target.exists():
            install(TO_BUILD, ["debian-archive-keyring"])
            _build(suite, target)
    return target


def _key(suite: str) -> str:
    digest = hashlib.sha256(repr((suite, CONTENT, SIZE_MIB)).encode())
    for file in sorted(path for path in OVERLAY.rglob("*") if path.is_file()):
        digest.update(
            f"{file.relative_to(OVERLAY)} {file.stat().st_mode & 0o777}".encode() + file.read_bytes()
        )
    return digest.hexdigest()[:16]


def _build(suite: str, target: Path) -> None:
    say(f"image: Debian {suite}, {len(CONTENT['packages'])} packages and what they need (about 1 min)")
    started = time.monotonic()
    root = target.with_suffix(".root")
    draft = target.with_suffix(".tmp")
    log = target.with_suffix(".log")
    shutil.rmtree(root, ignore_errors=True)
    draft.unlink(missing_ok=True)
    with log.open("w") as out:
        build = subprocess.run(
            ["nice", *_mmdebstrap(suite, root)],
            stdout=out,
            stderr=subprocess.STDOUT,
            close_fds=False,
            check=False,
        )
    if build.returncode:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise LabError(f"the {suite} image cannot be made; last lines of {log}:\n{tail}")
    say("image: writing the file system")
    run(["mkfs.ext4", "-q", "-F", "-L", "router", "-d", str(root), str(draft), f"{SIZE_MIB}M"])
    shutil.rmtree(root)
    # Routers write to copy-on-write files only.
    draft.chmod(0o400)
    draft.rename(target)
    say(f"image: done in {time.monotonic() - started:.0f} s")


def _mmdebstrap(suite: str, root: Path) -> list[str]:
    hooks = [
        f'--customize-hook=cp -a --no-preserve=ownership "{OVERLAY}/." "$1/"',
        '--customize-hook=chroot "$1" systemctl enable systemd-networkd ssh',
        '--customize-hook=chroot "$1" systemctl disable '
        + " ".join(CONTENT["disabled"])
        + " 2>/dev/null || true",
        '--customize-hook=chroot "$1" systemctl mask ' + " ".join(CONTENT["masked"]),
        # Each router gets its own on the first boot.
        '--customize-hook=: > "$1/etc/machine-id"; rm -f "$1/var/lib/dbus/machine-id"',
        '--customize-hook=rm -f "$1"/etc/ssh/ssh_host_* "$1/etc/resolv.conf" "$1/etc/hostname"',
    ]
    lean = [f"--dpkgopt=path-exclude=/usr/share/{part}/*" for part in ("doc", "man", "locale", "info")]
    return [
        *["mmdebstrap", "--mode=root", "--variant=minbase", f"--include={','.join(CONTENT['packages'])}"],
        *['--aptopt=Acquire::Retries "3"', *_proxy(), *lean, *hooks],
        *[suite, str(root), *_mirrors(suite)],
    ]


def _mirrors(suite: str) -> list[str]:
    """The host's own Debian mirrors, for another suite; none means mmdebstrap's default."""
    main, security = (next(iter(mirrors(label)), None) for label in ("Debian", "Debian-Security"))
    if not main:
        return []
    lines = [f"deb {main} {suite} main", f"deb {main} {suite}-updates main"]
    return [*lines, f"deb {security} {suite}-security main"] if security else lines


def _proxy() -> list[str]:
    """apt's proxies on the host, as options for mmdebstrap (which reads no host configuration)."""
    lines = run(["apt-config", "dump", "--no-empty", "Acquire::http::Proxy"]).splitlines()
    lines += run(["apt-config", "dump", "--no-empty", "Acquire::https::Proxy"]).splitlines()
    return [f"--aptopt={line.rstrip(';')}" for line in lines]
