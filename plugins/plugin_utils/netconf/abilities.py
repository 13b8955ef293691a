# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which way of changing a router safely it offers, and whether it has the models that the table is for."""

from __future__ import annotations

import re
from typing import Literal

from .client import IA, LIBRARY, Client

Way = Literal["candidate", "checkpoint"]

# What the table is written for; older ones lack map/multicast/dynamic_new and other places (17.14.1).
MODELS = "Cisco-IOS-XE-nhrp"
OLDEST = "2024-03-01"


class CannotDo(Exception):
    """The router offers no safe way. Its text names the command that enables one."""


def way(client: Client) -> Way:
    """How to change this router. Raises ``CannotDo``."""
    models = modules(client)
    _check_models(models)
    if client.can("candidate") and client.can("confirmed-commit"):
        return "candidate"
    if client.can("writable-running") and "cisco-ia" in models:
        return "checkpoint"
    raise CannotDo(
        "the router offers neither a candidate configuration with confirmed commit nor checkpoints "
        "(cisco-ia), so a change that cuts it off could not be taken back; write on the router: "
        "netconf-yang feature candidate-datastore (it restarts the NETCONF processes), or apply over the "
        "command line"
    )


def _check_models(models: dict[str, str]) -> None:
    if MODELS not in models:
        raise CannotDo(
            f"the router does not list Cisco's model {MODELS}; NETCONF here needs IOS-XE 17.14 or newer "
            "with 'netconf-yang'; apply over the command line"
        )
    if models[MODELS] < OLDEST:
        raise CannotDo(
            f"the router's model {MODELS} is of {models[MODELS]}, that of a release before IOS-XE 17.14; its "
            "places differ; apply over the command line"
        )


def modules(client: Client) -> dict[str, str]:
    """Models of the router with their revisions: from its hello, from the YANG library since 17.12."""
    found = {}
    for text in client.capabilities:
        if module := re.search(r"[?&;]module=([\w-]+)", text):
            revision = re.search(r"[?&;]revision=([\d-]{10})", text)
            found[module[1]] = revision[1] if revision else ""
        elif text.split("?")[0] == IA:
            found["cisco-ia"] = ""
    if MODELS not in found and any(LIBRARY in text or "yang-library" in text for text in client.capabilities):
        found.update(_library(client))
    return found


def _library(client: Client) -> dict[str, str]:
    """The YANG library of RFC 8525 and of RFC 7895, whichever the router has."""
    leaves = "<name/><revision/>"
    for subtree in (
        f'<yang-library xmlns="{LIBRARY}"><module-set><module>{leaves}</module></module-set></yang-library>',
        f'<modules-state xmlns="{LIBRARY}"><module>{leaves}</module></modules-state>',
    ):
        data = client.get(subtree)
        entries = data.iter(f"{{{LIBRARY}}}module") if data is not None else ()
        found = {
            entry.findtext(f"{{{LIBRARY}}}name", ""): entry.findtext(f"{{{LIBRARY}}}revision", "")
            for entry in entries
        }
        if found:
            return found
    return {}
