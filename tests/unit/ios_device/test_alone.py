# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""The device stands alone: nothing but the standard library and asyncssh, and nothing of what it judges."""

from __future__ import annotations

import ast
import re
import signal
import subprocess
import sys
from pathlib import Path

import paramiko
import pytest

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "tests/lab/ios"
FILES = [*PACKAGE.glob("*.py"), *PACKAGE.glob("grammar/*.py"), *PACKAGE.glob("checks/*.py")]


@pytest.mark.parametrize("file", FILES, ids=lambda file: str(file.relative_to(PACKAGE)))
def test_imports(file: Path) -> None:
    inside = len(file.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.level:
            assert node.level <= inside, f"line {node.lineno} leaves the package"
            continue
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        else:
            continue
        for name in names:
            top = name.partition(".")[0]
            assert top in sys.stdlib_module_names or top == "asyncssh", f"line {node.lineno}: {name}"


def start(tmp_path: Path, *options: str) -> subprocess.Popen[str]:
    """The device as a program of its own, copied away from the collection."""
    copy = tmp_path / "copy" / "ios"
    copy.mkdir(parents=True)
    for file in FILES:
        target = copy / file.relative_to(PACKAGE)
        target.parent.mkdir(exist_ok=True)
        target.write_text(file.read_text())
    return subprocess.Popen(
        [sys.executable, "-m", "ios", *options],
        cwd=copy.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_it_runs_as_a_program(tmp_path: Path) -> None:
    state = tmp_path / "state"
    options = ["--state", str(state), "--host-key", str(tmp_path / "key"), "--hostname", "hub1"]
    options += ["--address", "GigabitEthernet2=198.51.100.2/255.255.255.252", "--release", "15.5"]
    with start(tmp_path, *options) as program:
        try:
            assert program.stdout is not None
            found = re.fullmatch(r"listening on 127\.0\.0\.1 port (\d+)\n", program.stdout.readline())
            assert found
            client = paramiko.SSHClient()
            client.set_missing_host_key_policy(paramiko.AutoAddPolicy())
            client.connect(
                "127.0.0.1",
                int(found[1]),
                "admin",
                "admin",
                look_for_keys=False,
                allow_agent=False,
                timeout=20,
            )
            shown = client.exec_command("show ip interface brief", timeout=20)[1].read().decode()
            client.close()
        finally:
            program.send_signal(signal.SIGTERM)
            program.communicate(timeout=20)
    assert re.search(r"GigabitEthernet2 +198\.51\.100\.2 ", shown)
    assert program.returncode == 0
    assert "show ip interface brief" in (state / "session.log").read_text()


def test_a_wrong_fault_is_told_in_one_line(tmp_path: Path) -> None:
    with start(tmp_path, "--fault", "nonsense") as program:
        _unused, errors = program.communicate(timeout=20)
    assert program.returncode == 2
    assert errors.startswith("ios: no fault nonsense; there are: slow, drop,")
    assert errors.count("\n") == 1
