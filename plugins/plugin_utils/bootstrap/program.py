# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The router's side of the collection as one file that Python runs."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

LIBRARY = Path(__file__).resolve().parents[2] / "module_utils"
MAIN = "from mgre_dmvpn.linux.first_boot import main\nraise SystemExit(main())\n"
# The same bytes from the same files.
EPOCH = (1980, 1, 1, 0, 0, 0)


def archive() -> bytes:
    """A zip archive with a ``__main__``."""
    paths = sorted([*LIBRARY.glob("*.py"), *(LIBRARY / "linux").glob("*.py")])
    files = {f"mgre_dmvpn/{path.relative_to(LIBRARY)}": path.read_text(encoding="utf-8") for path in paths}
    files |= {"__main__.py": MAIN, "mgre_dmvpn/__init__.py": "", "mgre_dmvpn/linux/__init__.py": ""}
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as target:
        for name, text in sorted(files.items()):
            target.writestr(zipfile.ZipInfo(name, EPOCH), text, zipfile.ZIP_DEFLATED)
    return held.getvalue()
