# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The routers' kernel: user-mode linux from Debian's kernel source, cached by its configuration."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import time
from pathlib import Path

from .host import TO_BUILD, LabError, cache, install, locked, run, say
from .kernel_source import sources

FRAGMENT = Path(__file__).with_name("kernel.config")
# The constant is the size of the buffer for the host's floating point registers. 2696 bytes are too
# few on CPUs with AMX: the kernel then panics at init with "ptrace set fp regs failed". Linux 6.14
# asks the host for the size instead; 16 KiB hold what every CPU of today has.
FP_SIZE = (re.compile(r"DEFINE_LONGS\(HOST_FP_SIZE, \d+\)"), "DEFINE_LONGS(HOST_FP_SIZE, 16384)")


def kernel() -> Path:
    """Path of the lab's kernel; builds it when the cache has none for this configuration.

    There is no fallback on Debian's user-mode-linux package: it has no nftables, and does not boot on CPUs
    with AMX.
    """
    folder = cache() / "kernel"
    if found := _find(folder):
        return found
    install(TO_BUILD, ["libelf-dev", "libssl-dev"])
    with locked(folder / ".lock", "another build of the kernel is running: waiting for it"):
        if found := _find(folder):
            return found
        fetched = folder / "source.tmp"
        shutil.rmtree(fetched, ignore_errors=True)
        try:
            return _built(folder, fetched)
        finally:
            shutil.rmtree(fetched, ignore_errors=True)


def _built(folder: Path, fetched: Path) -> Path:
    """Builds the first source that compiles. Raises LabError with what the last one said."""
    failed = LabError("there is no kernel source")
    for source in sources(fetched):
        target = folder / f"{source.name}-{_configuration()}" / "linux"
        try:
            _build(source.archive, target)
        except LabError as error:
            say(f"kernel: {source.name} cannot be built: {error}")
            failed = error
        else:
            return target
    raise failed


def _find(folder: Path) -> Path | None:
    """The newest kernel in the cache that was made with this configuration."""
    found = folder.glob(f"*-{_configuration()}/linux")
    return max(found, key=lambda path: path.stat().st_mtime, default=None)


def _configuration() -> str:
    content = f"{FRAGMENT.read_text()}\n{FP_SIZE[1]}\n{os.environ.get('MGRE_LAB_KERNEL_SOURCE', '')}"
    return hashlib.sha256(content.encode()).hexdigest()[:16]


def _build(archive: Path, target: Path) -> None:
    tree = target.parent.with_name(f"{target.parent.name}.tmp")
    shutil.rmtree(tree, ignore_errors=True)
    tree.mkdir(parents=True)
    log = tree.parent / f"{target.parent.name}.log"
    say(f"kernel: unpacking {archive.name}")
    run(["tar", "-xf", str(archive), "-C", str(tree), "--strip-components=1"])
    offsets = tree / "arch/x86/um/user-offsets.c"
    offsets.write_text(FP_SIZE[0].sub(FP_SIZE[1], offsets.read_text()))
    say("kernel: configuring")
    run(["make", "-C", str(tree), "ARCH=um", "defconfig"])
    merge = ["scripts/kconfig/merge_config.sh", "-m", ".config", str(FRAGMENT)]
    run(["env", "-C", str(tree), "ARCH=um", *merge])
    run(["make", "-C", str(tree), "ARCH=um", "olddefconfig"])
    _check_config(tree)
    cores = os.cpu_count() or 1
    say(f"kernel: compiling on {cores} cores (about {8 // cores + 1} min on an idle machine; log: {log})")
    _make(tree, log, cores)
    target.parent.mkdir(parents=True, exist_ok=True)
    run(["strip", "-o", str(target.with_suffix(".tmp")), str(tree / "linux")])
    target.with_suffix(".tmp").chmod(0o755)
    target.with_suffix(".tmp").rename(target)
    shutil.rmtree(tree)
    say(f"kernel: done ({target.stat().st_size >> 20} MiB)")


def _check_config(tree: Path) -> None:
    """Every option of the fragment took effect; kconfig drops one silently if a dependency is missing.

    An option that this kernel version does not have at all is only named: such things get built in.
    """
    have = set((tree / ".config").read_text().splitlines())
    lines = FRAGMENT.read_text().splitlines()
    lost = [line for line in lines if line.startswith("CONFIG_") and line.endswith("=y") and line not in have]
    known = set(run(["grep", "-rhoP", r"^\s*(menu)?config \K\w+", str(tree), "--include=Kconfig*"]).split())
    dropped = [line for line in lost if line.removeprefix("CONFIG_").removesuffix("=y") in known]
    if dropped:
        raise LabError(
            f"{FRAGMENT.name}: not taken by this kernel, name what they need: {', '.join(dropped)}"
        )
    if lost:
        say(f"kernel: this version has no option {', '.join(lost)}")


def _make(tree: Path, log: Path, cores: int) -> None:
    argv = ["nice", "make", "-C", str(tree), "ARCH=um", f"-j{cores}", "linux"]
    started = time.monotonic()
    with log.open("w") as out:
        build = subprocess.Popen(argv, stdout=out, stderr=subprocess.STDOUT, close_fds=False)
        while True:
            try:
                status = build.wait(timeout=20)
                break
            except subprocess.TimeoutExpired:
                objects = log.read_text(errors="replace").count("\n")
                say(f"kernel: {objects} files compiled after {time.monotonic() - started:.0f} s")
    if status:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-15:])
        raise LabError(f"the kernel does not compile; last lines of {log}:\n{tail}")
