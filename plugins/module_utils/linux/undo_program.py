# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The program with which a router undoes a change by itself: the sources of this very run, in one file.

So it reads the generation that this run has written, whatever release of the collection comes later.
"""

from __future__ import annotations

import inspect
import io
import zipfile

from . import (
    deadman,
    drift,
    frr,
    frr_config,
    frr_delta,
    frr_merge,
    history,
    host,
    journal,
    preflight,
    release,
    settings,
    steps,
    store,
    undo,
    watch,
)

PACKAGE = "mgre_dmvpn"
MODULES = (
    *(deadman, drift, frr, frr_config, frr_delta, frr_merge, history, host, journal, preflight, release),
    *(settings, steps, store, undo, watch),
)


def program() -> bytes:
    """A zip file that Python runs."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(f"{PACKAGE}/__init__.py", "")
        for module in MODULES:
            name = module.__name__.rpartition(".")[2]
            archive.writestr(f"{PACKAGE}/{name}.py", inspect.getsource(module))
        archive.writestr("__main__.py", f"from {PACKAGE}.watch import main\n\nmain()\n")
    return made.getvalue()
