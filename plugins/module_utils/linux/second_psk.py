# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""While a PSK rolls: a second file of secrets, with the old and the new one, beside that of apply.

Whoever checks an authentication tries every secret that fits both identities; whoever makes one takes the
secret that fits best. That of apply names the router's own identity and is taken, those here fit any member
of the cloud and are only accepted (docs/keys.md).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from .host import Host
from .release import SWANCTL_SECRETS

SECOND = "/etc/swanctl/conf.d/mgre-dmvpn-rotation.conf"
_SECTION = re.compile(r"^ {4}ike-mgre-(\S+) \{\n(.*?)^ {4}\}", re.MULTILINE | re.DOTALL)
_SECRET = re.compile(r'^ +secret = "(.*)"$', re.MULTILINE)


def used(text: str) -> dict[str, str]:
    """The PSK of each cloud in the file that apply wrote."""
    found = {}
    for cloud, body in _SECTION.findall(text):
        match = _SECRET.search(body)
        if match:
            found[cloud] = match[1]
    return found


def accept(host: Host, wanted: Mapping[str, str], *, check: bool = False) -> bool:
    """Accept the new secrets beside those that are used. Whether anything differs from before.

    What an earlier run has put there stays accepted: the peers may still use it.
    """
    held = host.read(SECOND) or ""
    secrets: dict[str, list[str]] = {}
    for cloud, secret in [*used(host.read(SWANCTL_SECRETS) or "").items(), *_second(held), *wanted.items()]:
        if secret not in secrets.setdefault(cloud, []):
            secrets[cloud].append(secret)
    rolling = {cloud: all_of for cloud, all_of in secrets.items() if len(all_of) > 1}
    text = _text(rolling) if rolling else held
    if text == held:
        return False
    if not check:
        host.write(SECOND, text, 0o600)
        host.must("swanctl", "--load-creds", "--noprompt")
    return True


def drop(host: Host, *, check: bool = False) -> bool:
    """Accept only what apply wrote. Whether anything differs from before."""
    if not host.exists(SECOND):
        return False
    if not check:
        host.remove(SECOND)
        host.must("swanctl", "--load-creds", "--noprompt")
    return True


def _second(text: str) -> Iterator[tuple[str, str]]:
    for name, secret in used(text).items():
        yield name.rpartition("-")[0], secret


def _text(rolling: Mapping[str, list[str]]) -> str:
    lines = ["# mgre.dmvpn: there while the PSK rolls (rotate_keys.yml)", "secrets {"]
    for cloud, secrets in rolling.items():
        for number, secret in enumerate(secrets, 1):
            lines += [
                f"    ike-mgre-{cloud}-{number} {{",
                f'        id = "*.{cloud}.mgre-dmvpn"',
                f'        secret = "{secret}"',
                "    }",
            ]
    return "\n".join([*lines, "}", ""])
