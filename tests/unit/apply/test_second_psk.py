# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Two PSKs at a time: both are accepted, an interrupted run forgets neither, and the end leaves one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.host import Host, Result
from ansible_collections.mgre.dmvpn.plugins.module_utils.linux.second_psk import SECOND, accept, drop, used

APPLIED = "/etc/swanctl/conf.d/mgre-dmvpn-secrets.conf"
TEMPLATE = (
    'secrets {{\n    ike-mgre-blue {{\n        id-own = "hub1.blue.mgre-dmvpn"\n'
    '        id-peers = "*.blue.mgre-dmvpn"\n        secret = "{}"\n    }}\n}}\n'
)


@pytest.fixture
def host(tmp_path: Path) -> Host:
    def run(argv: Sequence[str], **_unused: Any) -> Result:
        assert "secret" not in " ".join(argv)
        return Result(0)

    host = Host(tmp_path, run)
    host.write(APPLIED, TEMPLATE.format("the-old-secret"))
    return host


def second(host: Host) -> list[str]:
    return sorted(used(host.read(SECOND) or "").values())


def test_both_are_accepted_and_only_by_members_of_the_cloud(host: Host) -> None:
    assert accept(host, {"blue": "the-new-secret"})
    assert second(host) == ["the-new-secret", "the-old-secret"]
    text = host.read(SECOND) or ""
    assert text.count('id = "*.blue.mgre-dmvpn"') == 2 and "hub1" not in text
    assert host.mode(SECOND) == 0o600
    assert not accept(host, {"blue": "the-new-secret"})


def test_a_run_that_goes_on_forgets_no_secret_that_a_peer_may_use(host: Host) -> None:
    accept(host, {"blue": "the-new-secret"})
    host.write(APPLIED, TEMPLATE.format("the-new-secret"))
    accept(host, {"blue": "the-new-secret"})
    assert second(host) == ["the-new-secret", "the-old-secret"]
    accept(host, {"blue": "a-third-secret"})
    assert second(host) == ["a-third-secret", "the-new-secret", "the-old-secret"]


def test_the_end_leaves_what_apply_wrote(host: Host) -> None:
    accept(host, {"blue": "the-new-secret"})
    assert drop(host) and not host.exists(SECOND) and not drop(host)


def test_what_is_used_already_needs_no_second(host: Host) -> None:
    assert not accept(host, {"blue": "the-old-secret"}) and not host.exists(SECOND)


def test_check_touches_nothing(host: Host) -> None:
    assert accept(host, {"blue": "the-new-secret"}, check=True) and not host.exists(SECOND)
    accept(host, {"blue": "the-new-secret"})
    assert drop(host, check=True) and host.exists(SECOND)
