# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""`python3 -m lab`."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
