"""Hasura v2 metadata (version 3, one Postgres source) → Rules.

It fails closed: every key is honoured, replaced and named in the report, or refused with its path. Nothing is dropped
in silence, since what narrows access in Hasura would widen it here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final, cast, get_args

from gql_gen.catalog.types import Ident
from gql_gen.rules.dump import dump_rules
from gql_gen.rules.faults import listed, nearest
from gql_gen.rules.hasura_absent import Absent, find_absent
from gql_gen.rules.hasura_collections import import_allow_list, import_collections
from gql_gen.rules.hasura_desk import Desk, ImportRefused, step
from gql_gen.rules.hasura_files import read_metadata
from gql_gen.rules.hasura_functions import import_functions
from gql_gen.rules.hasura_keys import KINDS, NOT_LEAVABLE
from gql_gen.rules.hasura_limits import import_limits
from gql_gen.rules.hasura_permissions import OPERATIONS, PermissionImport
from gql_gen.rules.hasura_roles import Heritage, import_heritage, import_unseeing, roles_of
from gql_gen.rules.hasura_tables import import_table, table_name
from gql_gen.rules.idents import ident_text
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import (
    READ_COMMITTED,
    Customization,
    IsolationLevel,
    Mark,
    Naming,
    RoleRules,
    Rules,
    RulesError,
    TableRules,
)

__all__ = ["KINDS", "ImportRefused", "Imported", "import_metadata"]

NAMINGS: Final[Mapping[str, Naming]] = MappingProxyType(
    {"hasura-default": "hasura", "graphql-default": "graphql-default"}
)


@dataclass(frozen=True, slots=True)
class _Table:
    """One table as the metadata has it, and its honoured keys."""

    ident: Ident
    written: dict[str, Any]
    honoured: dict[str, Any]
    path: str


@dataclass(frozen=True, slots=True)
class Imported:
    """The rules, what was left out, and what was replaced or needs no place: lines that begin with JSON paths."""

    rules: Rules
    left_out: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def head(self) -> str:
        """The report, to stand at the head of the written file."""
        lines = [f"Imported from Hasura's metadata: {Path(self.rules.file).name}"]
        for title, found in (
            ("Left out:", self.left_out),
            ("Replaced, or without effect here:", self.notes),
        ):
            lines += ["", title, *(f"  {line}" for line in found)] if found else []
        return "\n".join(lines)


def import_metadata(
    source: Path,
    *,
    without: frozenset[str],
    hide: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
    infer_function_permissions: bool | None = None,
) -> Imported:
    """The rules that an exported file or a metadata folder stands for. `without` names KINDS to leave out; `hide` takes
    columns of a table (`schema.table`) away from every role; `infer_function_permissions` says how the Hasura server
    was set, and None that it is to be told from the functions. Raises ImportRefused with all refusals."""
    desk = Desk(without)
    _check_kinds(without, desk)
    metadata = desk.open("metadata", read_metadata(source, desk), "$")
    if metadata.get("version") != 3:
        desk.refuse("$.version", "expected version 3: export the metadata from Hasura v2")
    at = Mark(str(source), 1, 1)
    heritage = import_heritage(metadata.get("inherited_roles"), desk, "$.inherited_roles")
    tracked = _source(_only_source(metadata, desk), heritage, desk, at, hide, infer_function_permissions)
    rules = _with_operations(tracked, heritage, metadata, desk, at)
    desk.check()
    _check_written(rules)
    return Imported(rules, tuple(desk.left_out), tuple(desk.notes))


def _check_kinds(without: frozenset[str], desk: Desk) -> None:
    for kind in sorted(without - KINDS.keys()):
        reason = NOT_LEAVABLE.get(kind)
        hint = nearest(kind, KINDS) or f"it may name {', '.join(KINDS)}"
        desk.refuse(f"--without {kind}", reason or f"there is no such kind; {hint}")


def _only_source(metadata: dict[str, Any], desk: Desk) -> dict[str, Any]:
    sources = list(desk.items(metadata.get("sources"), "$.sources"))
    for _, path in sources[1:]:
        desk.refuse(path, "only one database is served")
    if not sources:
        desk.refuse("$.sources", "expected one source, a Postgres database")
        return {}
    source = desk.open("source", sources[0][0], "$.sources[0]")
    if source.get("kind") not in ("postgres", "pg"):
        desk.refuse("$.sources[0].kind", "expected a Postgres database")
    return source


def _with_operations(rules: Rules, heritage: Heritage, metadata: dict[str, Any], desk: Desk, at: Mark) -> Rules:
    """The rules of the source with what the metadata says of roles, and of operations as a whole."""
    limits = import_limits(metadata.get("api_limits"), desk, "$.api_limits")
    key = "graphql_schema_introspection"
    unseeing = import_unseeing(metadata.get(key), desk, f"$.{key}")
    collections = import_collections(metadata.get("query_collections"), desk, "$.query_collections", at)
    allow_list = import_allow_list(metadata.get("allowlist"), collections, desk, "$.allowlist", at)
    named = {*rules.roles, *(role for allowed in allow_list for role, _ in allowed.roles or ())}
    return replace(
        rules,
        roles=MappingProxyType(roles_of(named, heritage, unseeing, limits, at)),
        limits=limits.whole,
        query_collections=MappingProxyType(collections),
        allow_list=allow_list,
    )


def _source(
    source: dict[str, Any],
    heritage: Heritage,
    desk: Desk,
    at: Mark,
    hide: Mapping[str, tuple[str, ...]],
    infer: bool | None,
) -> Rules:
    path = "$.sources[0]"
    isolation_level = _connection(source, path, desk)
    naming, customization = _customization(source, path, desk)
    tables = _tables(source, path, desk)
    for name in sorted(hide.keys() - {ident_text(table.ident) for table in tables}):
        desk.refuse(f"hide {name}", "the metadata has no such table")
    absent = find_absent([(table.ident, table.written) for table in tables], desk.without)
    found = {table.ident: _table(table, absent, heritage, desk, at, hide) for table in tables}
    functions, infer_function_permissions = import_functions(source, path, desk, at, found, infer)
    callers = {role for function in functions.values() for role, _ in function.permissions or ()}
    return Rules(
        file=at.file,
        naming=naming,
        roles=MappingProxyType({role: RoleRules(role, at) for role in _roles(tables) | callers}),
        named=MappingProxyType({}),
        tables=MappingProxyType(found),
        customization=customization,
        isolation_level=isolation_level,
        # Hasura names every constraint, whoever asks; forms were written for such answers.
        reveal_constraints=True,
        writes_ignore_select=True,
        # Hasura makes global ids and cursors of every primary key.
        ids_show_keys=True,
        functions=MappingProxyType(functions),
        infer_function_permissions=infer_function_permissions,
    )


def _table(
    table: _Table, absent: Absent, heritage: Heritage, desk: Desk, at: Mark, hide: Mapping[str, tuple[str, ...]]
) -> TableRules:
    permissions = PermissionImport(table.ident, desk, at, absent, heritage).roles(table.honoured, table.path)
    hidden = hide.get(ident_text(table.ident), ())
    return import_table(table.ident, table.honoured, table.path, desk, at, hide=hidden, permissions=permissions)


def _connection(source: dict[str, Any], path: str, desk: Desk) -> IsolationLevel:
    """Where the database is stays behind; the isolation level of its transactions comes along."""
    here = step(path, "configuration")
    configuration = desk.open("the configuration of the source", source.get("configuration") or {}, here)
    below = step(here, "connection_info")
    connection = desk.open("connection_info", configuration.get("connection_info") or {}, below)
    if connection.get("database_url") is not None:
        desk.notes.append(f"{step(below, 'database_url')}: replaced by --database-url")
    level = connection.get("isolation_level", READ_COMMITTED)
    if level not in get_args(IsolationLevel):
        desk.refuse(step(below, "isolation_level"), f"expected {listed(get_args(IsolationLevel))}")
        return READ_COMMITTED
    return cast(IsolationLevel, level)


def _customization(source: dict[str, Any], path: str, desk: Desk) -> tuple[Naming, Customization]:
    here = step(path, "customization")
    found = desk.open("customization", source.get("customization") or {}, here)
    convention = desk.optional(str, found, "naming_convention", here) or "hasura-default"
    if convention not in NAMINGS:
        desk.refuse(step(here, "naming_convention"), f"expected {' or '.join(NAMINGS)}")
    texts: dict[str, str] = {}
    for group, kind in (("root_fields", "root fields"), ("type_names", "type names")):
        below = step(here, group)
        opened = desk.open(f"the customization of {kind}", found.get(group) or {}, below)
        texts |= {f"{group}_{key}": desk.expect(str, value, step(below, key), "") for key, value in opened.items()}
    customization = Customization(**{key: value for key, value in texts.items() if value})
    return NAMINGS.get(convention, "hasura"), customization


def _tables(source: dict[str, Any], path: str, desk: Desk) -> tuple[_Table, ...]:
    found: dict[Ident, _Table] = {}
    for value, here in desk.items(source.get("tables"), step(path, "tables")):
        honoured = desk.open("table", value, here)
        ident = table_name(honoured.get("table"), desk, step(here, "table"))
        if ident in found:
            desk.refuse(here, f"the table {ident_text(ident)} stands here twice")
        elif ident is not None:
            found[ident] = _Table(ident, value, honoured, here)
    return tuple(found.values())


def _roles(tables: tuple[_Table, ...]) -> set[str]:
    """Every role that the metadata gives a permission, also one that is left out."""
    lists = [table.written.get(f"{operation}_permissions") for table in tables for operation in OPERATIONS]
    permissions = [item for items in lists if isinstance(items, list) for item in items if isinstance(item, dict)]
    return {role for permission in permissions if isinstance(role := permission.get("role"), str)}


def _check_written(rules: Rules) -> None:
    """What will be written reads back as it is: names that this format does not allow are found here."""
    text = dump_rules(rules)
    try:
        again = dump_rules(parse_rules(text, rules.file))
    except RulesError as error:
        raise ImportRefused(
            tuple(("$", f"{fault.message} (in the imported rules)") for fault in error.faults)
        ) from error
    if again != text:
        raise AssertionError("imported rules read back differently from how they were written")
