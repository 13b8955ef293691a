# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The host's own Debian mirrors, for suites that the host does not use itself."""

from __future__ import annotations

from .host import run


def mirrors(label: str) -> list[str]:
    """Addresses of an archive (``Debian``, ``Debian-Security``) as the host's apt has it; at most one."""
    wanted = ["Created-By: Packages", f"Label: {label}"]
    return run(["apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted]).split()[:1]
