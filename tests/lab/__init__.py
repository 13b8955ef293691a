# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""A lab of whole Debian routers, each a user-mode-linux process. See docs/lab.md."""

from __future__ import annotations

from .host import LabError
from .lab import Lab, build
from .pcap import Count, count
from .topology import Topology, load

__all__ = ["Count", "Lab", "LabError", "Topology", "build", "count", "load"]
