# Copyright (c) 2026 The mgre.dmvpn authors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
"""New branches in a table: a CSV or YAML file, one branch a row, to variables with their place in the file.

What a value means is the inventory model's to say; here only its shape is judged: columns, cells, names.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from ..findings import Finding, FindingsError
from ..fleet.models import Inventory
from ..fleet.nearest import nearest, or_one_of
from ..fleet.values import shown
from ..render.writer import HOST_NAME

NAME, GROUP = "name", "group"
# Of the fleet or secret: neither belongs into a row of a table.
FLEET_ONLY = frozenset({"dmvpn_clouds", "dmvpn_psks", "dmvpn_nhrp_secrets"})
SECRET = re.compile(r"ansible_.*(pass|secret|token)")
KNOWN = tuple(name for name in Inventory.model_fields if name not in FLEET_ONLY)
MOST_ROWS = 1000
TRUE, FALSE = ("true", "yes"), ("false", "no")


@dataclass(frozen=True, slots=True)
class Row:
    """One new branch. ``place`` is where it stands, for messages; ``groups`` may be empty."""

    place: str
    name: str
    groups: tuple[str, ...]
    variables: Mapping[str, Any]

    @property
    def label(self) -> str:
        return f"{self.place} ({self.name})"


@dataclass(slots=True)
class Table:
    """The rows that can be used, and everything that is wrong with the others."""

    rows: list[Row] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)


def read_table(path: Path) -> Table:
    """The rows of a ``.csv``, ``.yml`` or ``.yaml`` file. Raises :class:`FindingsError` if it is none."""
    file = path.name
    try:
        text = path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise FindingsError([Finding(file, "branches", "is not UTF-8", "save it as UTF-8")]) from None
    except OSError as error:
        remedy = "write the path of a CSV or YAML file with one branch a row"
        raise FindingsError([Finding(str(path), "branches", error.strerror or "no file", remedy)]) from None
    if path.suffix not in (".csv", ".yml", ".yaml"):
        problem = f"{shown(path.suffix)} is no kind of table"
        raise FindingsError([Finding(file, "branches", problem, "write a .csv or a .yml file")])
    table = Table()
    entries = _csv_entries(file, text, table) if path.suffix == ".csv" else _yaml_entries(file, text)
    seen: dict[str, str] = {}
    for place, entry in entries:
        row = _row(place, entry, table)
        if row is None:
            continue
        if row.name in seen:
            problem = f"{row.name!r} is also in {seen[row.name]}"
            table.findings.append(Finding(place, NAME, problem, "write each branch once"))
            continue
        seen[row.name] = place
        table.rows.append(row)
    if not table.rows and not table.findings:
        table.findings.append(Finding(file, "branches", "holds no row", "write one branch a row"))
    if len(table.rows) > MOST_ROWS:
        problem = f"holds {len(table.rows)} rows"
        table.findings.append(
            Finding(file, "branches", problem, f"write {MOST_ROWS} at most, in several files")
        )
    return table


def _row(place: str, entry: Mapping[str, Any], table: Table) -> Row | None:
    """One entry as a row; what is wrong with it goes into the table's findings."""
    name = entry.get(NAME)
    if name in (None, ""):
        table.findings.append(Finding(place, NAME, "is missing", "write the name of the router"))
        return None
    if not isinstance(name, str) or not HOST_NAME.fullmatch(name):
        remedy = "write letters, digits, dots and dashes"
        table.findings.append(Finding(place, NAME, f"{shown(name)} is no host name", remedy))
        return None
    groups = entry.get(GROUP) or []
    groups = groups.split() if isinstance(groups, str) else groups
    if not isinstance(groups, list) or not all(isinstance(group, str) for group in groups):
        table.findings.append(
            Finding(f"{place} ({name})", GROUP, "is no name", "write a group of the inventory")
        )
        return None
    variables = {key: value for key, value in entry.items() if key not in (NAME, GROUP)}
    for variable in variables:
        table.findings += [Finding(f"{place} ({name})", *wrong) for wrong in _unusable(variable)]
    return Row(place, name, tuple(groups), variables)


def _unusable(variable: object) -> Iterator[tuple[str, str, str]]:
    """Subject, problem and remedy of a variable that has no place in a row."""
    if not isinstance(variable, str):
        yield shown(variable), "is no name of a variable", "write variables by name"
    elif variable in FLEET_ONLY or SECRET.fullmatch(variable):
        kind = "is the fleet's, not a branch's" if variable == "dmvpn_clouds" else "is a secret"
        yield variable, kind, "keep it in group_vars or host_vars, secrets in a vault"
    elif not variable.startswith(("dmvpn_", "ansible_")):
        # Without the prefix, which would make any two names alike.
        bare = {name.removeprefix("dmvpn_"): name for name in KNOWN}
        close = nearest(variable, (*bare, NAME, GROUP, "ansible_host"))
        meant = bare.get(close, close) if close else None
        remedy = (
            or_one_of(meant, (NAME, GROUP, "ansible_host", *KNOWN))
            if meant
            else ("write name, group, ansible_ and dmvpn_ variables; others belong into host_vars")
        )
        yield variable, "unknown column", remedy


def _csv_entries(file: str, text: str, table: Table) -> Iterator[tuple[str, dict[str, Any]]]:
    """Place and variables of each line of a CSV; columns such as ``dmvpn_transports.internet.address``."""
    heading = text.partition("\n")[0]
    delimiter = ";" if heading.count(";") > heading.count(",") else ","
    reader = csv.reader(io.StringIO(text), delimiter=delimiter, strict=True)
    columns: list[str] = []
    try:
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            place = f"{file} line {reader.line_num}"
            if not columns:
                columns = [cell.strip() for cell in cells]
                table.findings += _heading(place, columns)
                continue
            if len(cells) != len(columns):
                problem = f"has {len(cells)} cells, the heading has {len(columns)}"
                remedy = "write as many, and cells with a delimiter in quotes"
                table.findings.append(Finding(place, "row", problem, remedy))
                continue
            yield place, _nested(place, dict(zip(columns, map(str.strip, cells), strict=True)), table)
    except csv.Error as error:
        place = f"{file} line {reader.line_num}"
        table.findings.append(Finding(place, "row", f"is no CSV ({error})", "close what quotes open"))


def _heading(place: str, columns: list[str]) -> Iterator[Finding]:
    for column in sorted({column for column in columns if columns.count(column) > 1}):
        problem = "an empty column name" if not column else f"{column!r} is there twice"
        yield Finding(place, "heading", problem, "name each column once")
    if NAME not in columns:
        yield Finding(
            place, "heading", f"has no column {NAME!r}", f"write {NAME} and the variables of a branch"
        )


def _nested(place: str, cells: Mapping[str, str], table: Table) -> dict[str, Any]:
    """Cells as variables; an empty cell is a variable that the branch does not have."""
    entry: dict[str, Any] = {}
    for column, cell in cells.items():
        if not cell:
            continue
        *parts, last = column.split(".")
        held = entry
        for part in parts:
            inner = held.setdefault(part, {})
            if not isinstance(inner, dict):
                problem = f"{part!r} is a value and holds others"
                table.findings.append(Finding(place, column, problem, f"leave the column {part!r} out"))
                break
            held = inner
        else:
            held[last] = _typed(tuple(column.split(".")), cell)
    return entry


def _typed(path: tuple[str, ...], cell: str) -> Any:
    """A cell as the type that the schema has at its place; else the text, for the model to judge."""
    kinds = _kinds(path)
    if "integer" in kinds and re.fullmatch(r"[0-9]{1,10}", cell):
        return int(cell)
    if "boolean" in kinds and cell.lower() in TRUE + FALSE:
        return cell.lower() in TRUE
    if "array" in kinds:
        return [part for part in re.split(r"[\s;,]+", cell) if part]
    return cell


SCHEMA = Inventory.model_json_schema()


def _kinds(path: tuple[str, ...]) -> set[str]:
    """JSON types that may stand at a place of a host's variables; empty for a place that there is not."""
    node: Mapping[str, Any] = SCHEMA
    for part in path:
        inner: Mapping[str, Any] = {**node.get("properties", {})}.get(part) or next(
            iter(node.get("patternProperties", {}).values()), {}
        )
        node = SCHEMA["$defs"][inner["$ref"].rpartition("/")[2]] if "$ref" in inner else inner
    kinds: set[str] = set()
    for option in node.get("anyOf", [node]):
        kind = option.get("type", [])
        kinds.update([kind] if isinstance(kind, str) else kind)
    return kinds


def _yaml_entries(file: str, text: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Place and variables of each entry of a list of mappings. Raises :class:`FindingsError`."""
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        data = yaml.safe_load(text)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        problem = f"is no YAML ({error.problem})"
        raise FindingsError([Finding(f"{file} line {line}", "branches", problem, "mend that line")]) from None
    except yaml.YAMLError:
        raise FindingsError([Finding(file, "branches", "is no YAML", "write a list of branches")]) from None
    if not isinstance(data, list) or node is None:
        remedy = "write a list, each entry with name and its variables"
        raise FindingsError([Finding(file, "branches", "is not a list", remedy)])
    for item, entry in zip(node.value, data, strict=True):
        place = f"{file} line {item.start_mark.line + 1}"
        if not isinstance(entry, dict):
            raise FindingsError(
                [Finding(place, "row", f"{shown(entry)} is no mapping", "write name: and variables")]
            )
        yield place, entry
