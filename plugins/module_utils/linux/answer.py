# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""What a module answers that changes a router in one transaction: its result, or why nothing came of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, Protocol

from .outcome import Outcome, Refused
from .release import BadBundle
from .store import Locked
from .undo import Failed


class Module(Protocol):
    """What is used of ``AnsibleModule``."""

    _diff: bool

    def fail_json(self, msg: str, **more: Any) -> NoReturn: ...

    def warn(self, warning: str) -> None: ...


def outcome_of(module: Module, work: Callable[[], Outcome]) -> tuple[Outcome, dict[str, Any]]:
    """The outcome, and what every answer says of it; what it raises ends the module."""
    try:
        outcome = work()
    except Refused as refused:
        module.fail_json(msg="\n".join(refused.messages), restored=True)
    except (Locked, BadBundle) as error:
        module.fail_json(msg=str(error), restored=True)
    except Failed as failed:
        module.fail_json(msg=str(failed), step=failed.step, restored=not failed.trouble)
    except OSError as error:
        module.fail_json(msg=f"{error.filename or 'the router'}: {error.strerror}")
    for text in outcome.warnings:
        module.warn(text)
    result: dict[str, Any] = {
        "changed": outcome.changed,
        "reasons": outcome.reasons,
        "pending": outcome.pending,
    }
    if outcome.commit is not None:
        result["commit"] = outcome.commit
    if module._diff:
        result["diff"] = outcome.diff
    return outcome, result
