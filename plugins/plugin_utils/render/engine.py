# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""Templates, compiled once per process. A name that a template does not get is an error, never empty."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import jinja2

TEMPLATES = Path(__file__).resolve().parents[3] / "roles" / "render" / "templates"


@cache
def environment() -> jinja2.Environment:
    """The environment of all platforms; templates are named ``linux/guard.nft.j2``."""
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
        autoescape=False,  # the output is configuration text, not HTML
        auto_reload=False,
        cache_size=-1,
    )


@cache
def template(name: str) -> jinja2.Template:
    """One compiled template; ``jinja2.TemplateNotFound`` if there is none of that name."""
    return environment().get_template(name)
