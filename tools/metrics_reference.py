# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Writes docs/reference/metrics.md from the table of metrics and the alert rules."""

from __future__ import annotations

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / ".build" / "collections"))

from ansible_collections.mgre.dmvpn.plugins.plugin_utils.health.reference import page  # noqa: E402

if __name__ == "__main__":
    (ROOT / "docs" / "reference" / "metrics.md").write_text(page(), encoding="utf-8")
