"""`usher import-hasura`: Hasura v2 metadata as a permissions.yaml, with a report of what was left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType

from gql_gen.catalog.types import Ident
from gql_gen.rules.dump import dump_rules
from gql_gen.rules.hasura_v2 import import_metadata
from gql_gen.rules.idents import parse_ident
from gql_gen.rules.types import Mark, Rules
from usher.failures import StartRefused


@dataclass(frozen=True, slots=True)
class Written:
    """The text to write, and what a person should know about it."""

    text: str
    report: tuple[str, ...]


def imported(
    source: Path, without: frozenset[str], hidden: Sequence[str], infer_function_permissions: bool | None = None
) -> Written:
    """Read metadata. Raises ImportRefused when anything in it can be neither honoured nor left out as told."""
    found = import_metadata(source, without=without, infer_function_permissions=infer_function_permissions)
    rules = found.rules
    for column in hidden:
        rules = _with_hidden(rules, column)
    report = (*_left_out(found.left_out), *(str(note) for note in found.notes))
    head = "\n".join([f"Imported from Hasura metadata: {source.name}.", *report])
    return Written(dump_rules(rules, head=head), report)


def _left_out(left_out: Sequence[object]) -> tuple[str, ...]:
    return tuple(f"left out: {thing}" for thing in left_out)


def _with_hidden(rules: Rules, column: str) -> Rules:
    table, _, name = column.rpartition(".")
    ident: Ident | None = parse_ident(table)
    if not name or ident is None or ident not in rules.tables:
        raise StartRefused(f"--hide {column}: the metadata has no such table; write schema.table.column")
    rule = rules.tables[ident]
    if any(name == known for known, _ in rule.hide):
        return rules
    hide = (*rule.hide, (name, Mark("--hide", 1, 1)))
    return replace(rules, tables=MappingProxyType({**rules.tables, ident: replace(rule, hide=hide)}))
