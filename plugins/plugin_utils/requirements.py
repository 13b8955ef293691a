# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What an action says when the controller lacks a Python package of requirements.txt."""

from __future__ import annotations

from ansible.errors import AnsibleActionFail  # type: ignore[import-untyped]


def require(missing: str | None) -> None:
    """``missing`` is the package that could not be imported, None if all are there."""
    if missing:
        raise AnsibleActionFail(
            f"the controller lacks the Python package {missing}; install requirements.txt"
        )
