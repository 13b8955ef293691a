# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Archive, rollback timer, replace, reload and saving."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ios_lines import CRYPTO, PLAIN_HUB

if TYPE_CHECKING:
    from conftest import Cli, Make

NONE_PENDING = "%No Rollback Confirmed Change pending\n\n"
TIMER = "show archive config rollback timer"


@pytest.fixture
def archived(make: Make) -> Cli:
    """A router whose minutes last 20 ms, with an archive."""
    cli = make(minute=0.02)
    cli.configure("archive", "path flash:backup")
    return cli


def slow(cli: Cli) -> Cli:
    cli.device.archive.minute = 60
    return cli


def test_the_timer_needs_an_archive(cli: Cli) -> None:
    said = cli.run("configure terminal revert timer 2")
    assert said.startswith("%Turn config archive on before using Rollback Confirmed Change")
    assert cli.session.prompt == "R1#"
    assert cli.run("show archive").strip() == "Archive feature not enabled"
    assert "% Error" in cli.run("archive config")


@pytest.mark.parametrize("minutes", ["0", "121", "x"])
def test_the_timer_takes_1_to_120_minutes(archived: Cli, minutes: str) -> None:
    assert "% Invalid input" in archived.run(f"configure terminal revert timer {minutes}")


def test_what_is_not_confirmed_is_undone(archived: Cli) -> None:
    before = archived.running
    said = archived.run("configure terminal revert timer 2")
    assert said.startswith("Rollback Confirmed Change: Backing up current running config to flash:backup-")
    assert archived.session.prompt == "R1(config)#"
    archived.run("hostname changed", "interface Tunnel10")
    assert archived.running != before
    archived.until(lambda: archived.running == before)
    assert archived.run("end", TIMER) == NONE_PENDING


def test_the_session_is_warned_a_minute_before(archived: Cli) -> None:
    archived.run("configure terminal revert timer 2")
    archived.until(lambda: not archived.device.archive.pending)
    assert "Rollback will begin in one minute." in archived._keys.screen.decode()


def test_what_is_confirmed_stays(archived: Cli) -> None:
    slow(archived)
    archived.run("configure terminal revert timer 3", "hostname changed", "end")
    said = archived.run(TIMER)
    assert "Timer value: 3 min\n" in said and "User: admin\n" in said
    assert archived.run("configure confirm") == ""
    assert archived.run(TIMER) == NONE_PENDING
    assert archived.device.hostname == "changed"
    assert archived.run("configure confirm") == NONE_PENDING


def test_a_second_timer_is_refused(archived: Cli) -> None:
    slow(archived)
    archived.run("configure terminal revert timer 3", "end")
    assert "Existing rollback change already pending" in archived.run("configure terminal revert timer 3")
    assert archived.session.prompt == "R1#"


def test_revert_now_and_a_new_deadline(archived: Cli) -> None:
    slow(archived)
    before = archived.running
    archived.run("configure terminal revert timer 3", "hostname changed", "end", "configure revert timer 7")
    assert "Timer value: 7 min" in archived.run(TIMER)
    assert "Rollback Done" in archived.run("configure revert now")
    assert archived.running == before
    assert archived.run("configure revert now") == NONE_PENDING


def test_replace(archived: Cli) -> None:
    before = archived.running
    archived.run("copy running-config flash:good", typing="\r")
    assert archived.device.configuration.load(CRYPTO + PLAIN_HUB) == []
    assert "Rollback Done" in archived.run("configure replace flash:good force")
    assert archived.running == before
    archived.run("configure terminal", "hostname other", "end")
    assert "[no]:" in archived.run("configure replace flash:good", typing="\r")
    assert archived.device.hostname == "other"
    archived.run("configure replace flash:good", typing="yes\r")
    assert archived.running == before
    assert "No such file" in archived.run("configure replace flash:none force")


def test_replace_that_cannot_be_applied_changes_nothing(archived: Cli) -> None:
    archived.device.flash.write("flash:bad", "hostname bad\ninterface Tunnel10\n ip mtue 1400\nend\n")
    before = archived.running
    said = archived.run("configure replace flash:bad force")
    assert "Failed to apply command" in said and "Aborting Rollback." in said and "ip mtue 1400" in said
    assert archived.running == before


def test_the_archive_keeps_so_many(archived: Cli) -> None:
    archived.configure("archive", "maximum 2")
    for _unused in range(3):
        archived.run("archive config")
    shown = archived.run("show archive")
    assert "The maximum archive configurations allowed is 2." in shown
    assert shown.count("flash:backup-") == 3 and "<- Most Recent" in shown  # two, and the name of the next
    assert len(archived.device.flash.names()) == 2


def test_differences(archived: Cli) -> None:
    archived.run("write memory")
    assert "!No changes were found" in archived.run("show archive config differences")
    archived.configure("interface Tunnel10", "ip mtu 1400", "no archive")
    assert archived.run("show archive config differences") == (
        "!Contextual Config Diffs:\n-archive\n -path flash:backup\n+interface Tunnel10\n +no ip address\n"
        " +ip mtu 1400\n"
    )


def test_a_full_flash(make: Make) -> None:
    cli = make(faults=("archive-full",))
    cli.configure("archive", "path flash:backup")
    assert "No space left on device" in cli.run("configure terminal revert timer 2")
    assert cli.session.prompt == "R1#"
    assert cli.run(TIMER) == NONE_PENDING
    assert "No space left on device" in cli.run("write memory")


def test_reload_goes_back_to_what_was_saved(cli: Cli, make: Make, tmp_path: Path) -> None:
    seen: list[str] = []
    cli.device.on_reload.append(lambda device: seen.append("reload"))
    cli.device.on_change.append(lambda device: seen.append(device.hostname))
    cli.configure("hostname saved")
    assert cli.run("write memory") == "Building configuration...\n[OK]\n"
    cli.configure("hostname lost")
    assert "Save? [yes/no]" in cli.run("reload", typing="no\r\r")
    assert cli.device.hostname == "saved"
    assert seen == ["saved", "lost", "reload", "saved"]


def test_the_state_outlives_the_device(make: Make, tmp_path: Path) -> None:
    first = make(state=tmp_path / "r1")
    first.configure("hostname kept")
    first.run("copy running-config startup-config", typing="\r")
    assert make(state=tmp_path / "r1").device.hostname == "kept"
    assert "hostname kept" in first.run("show startup-config")
    for path in (tmp_path / "r1").rglob("*"):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path
