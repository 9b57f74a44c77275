"""One table of a rules file → TableRules, from nodes that already have the file's shape.

Where a fault cut something away, what is built in its place allows nothing; such rules are never handed out, since
the fault is raised.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, Final, cast

from gql_gen.catalog.types import Ident
from gql_gen.rules.expressions import read_expression, table_ident
from gql_gen.rules.faults import Faults
from gql_gen.rules.reading import Entry, Keyed, Leaf, Listing, Node, plain
from gql_gen.rules.types import (
    BoolExp,
    ByForeignKey,
    ByMapping,
    ComputedFieldRules,
    DeleteRule,
    Either,
    InsertRule,
    Mark,
    NameAndComment,
    NamedRelation,
    Preset,
    Relationship,
    RootField,
    SelectRule,
    TablePermissions,
    TableRules,
    UpdateRule,
    Value,
)

SQL_PRESET: Final = "sql"
JSON_PRESET: Final = "json"
"""The only key of a preset's mapping when it is an SQL expression, or a literal mapping that would look like one."""


def entries(node: Node | None, key: str) -> tuple[Entry, ...]:
    """The entries of the mapping under `key`; none when it is absent."""
    below = node.get(key) if isinstance(node, Keyed) else None
    return below.entries if isinstance(below, Keyed) else ()


def text(node: Keyed, key: str) -> str | None:
    """The text under `key`."""
    leaf = node.get(key)
    return leaf.json if isinstance(leaf, Leaf) and isinstance(leaf.json, str) else None


def flag(node: Keyed, key: str, *, default: bool = False) -> bool:
    """The true or false under `key`."""
    leaf = node.get(key)
    return leaf.json if isinstance(leaf, Leaf) and isinstance(leaf.json, bool) else default


def read_table(ident: Ident, node: Keyed, at: Mark, faults: Faults) -> TableRules:
    """The rules of one table, `at` the place of its name."""
    relationships = [_relationship(entry, faults) for entry in entries(node, "relationships")]
    return TableRules(
        ident=ident,
        at=at,
        name=text(node, "name"),
        comment=text(node, "comment"),
        is_enum=flag(node, "is_enum"),
        hide=names(node.get("hide")),
        columns=MappingProxyType({entry.key: name_and_comment(entry) for entry in entries(node, "columns")}),
        root_fields=MappingProxyType(
            {cast(RootField, entry.key): name_and_comment(entry) for entry in entries(node, "root_fields")}
        ),
        relationships=tuple(relationship for relationship in relationships if relationship is not None),
        infer_relationships=flag(node, "infer_relationships", default=True),
        computed_fields=tuple(
            field for entry in entries(node, "computed_fields") if (field := _computed_field(entry)) is not None
        ),
        reveal_constraints=names_or_all(node.get("reveal_constraints")),
        permissions=MappingProxyType(
            {entry.key: _permissions(entry, faults) for entry in entries(node, "permissions")}
        ),
    )


def names(node: Node | None) -> tuple[tuple[str, Mark], ...]:
    """The texts of a list with their places; none when it is absent."""
    items = node.items if isinstance(node, Listing) else ()
    return tuple((item.json, item.at) for item in items if isinstance(item, Leaf) and isinstance(item.json, str))


def names_or_all(node: Node | None) -> tuple[tuple[str, Mark], ...] | None:
    """The texts of a list with their places; None for "*"."""
    return None if isinstance(node, Leaf) and node.json == "*" else names(node)


def _columns(node: Keyed) -> tuple[tuple[str, Mark], ...] | None:
    return names_or_all(node.get("columns"))


def _texts(node: Node | None) -> tuple[str, ...]:
    return tuple(name for name, _ in names(node))


def name_and_comment(entry: Entry) -> NameAndComment:
    """A chosen name, bare or with a comment."""
    value = entry.value
    if isinstance(value, Keyed):
        return NameAndComment(text(value, "name"), text(value, "comment"), entry.at)
    return NameAndComment(cast(str, plain(value)), None, entry.at)


# ---------------------------------------------------------------- relationships


def _relationship(entry: Entry, faults: Faults) -> Relationship | None:
    node = entry.value
    if not isinstance(node, Keyed):
        return None
    kind: NamedRelation = "object" if node.get("object") is not None else "array"
    using = _using(kind, node, faults)
    if using is None:
        return None
    before = node.get("insert_before_parent")
    insert_before_parent = before.json if isinstance(before, Leaf) and isinstance(before.json, bool) else None
    return Relationship(entry.key, kind, using, entry.at, insert_before_parent, text(node, "comment"))


def _using(kind: NamedRelation, node: Keyed, faults: Faults) -> ByForeignKey | ByMapping | None:
    target, mapping = node.get(kind), node.get("on")
    match target, mapping:
        case Keyed(), None:
            return _by_key(kind, target, faults)
        case Leaf(), Keyed():
            table = table_ident(target)
            pairs = tuple((pair.key, cast(str, plain(pair.value))) for pair in mapping.entries)
            return None if table is None else ByMapping(table, pairs)
        case Keyed(), Keyed():
            faults.add(mapping.at, '"on" cannot stand beside a foreign key, which says it already')
        case Leaf(), None:
            hint = "or name the foreign key: " + (
                "{key: [column]}" if kind == "object" else "{table: …, key: [column]}"
            )
            faults.add(target.at, 'this relationship needs "on": {our_column: their_column}', hint)
    return None


def _by_key(kind: NamedRelation, target: Keyed, faults: Faults) -> ByForeignKey | None:
    key, table_node = target.get("key"), target.get("table")
    columns = (cast(str, key.json),) if isinstance(key, Leaf) else _texts(key)
    table = None if table_node is None else table_ident(table_node)
    if table is None and kind == "array":
        faults.add(target.at, 'an array relationship by key needs the "table" that holds the key')
    return ByForeignKey(columns, table)


# ---------------------------------------------------------------- computed fields


def _computed_field(entry: Entry) -> ComputedFieldRules | None:
    """A bare text is the function."""
    node = entry.value
    named = node.get("function") if isinstance(node, Keyed) else node
    function = None if named is None else table_ident(named)
    if function is None:
        return None
    if not isinstance(node, Keyed):
        return ComputedFieldRules(entry.key, function, entry.at)
    row, session = text(node, "table_argument"), text(node, "session_argument")
    return ComputedFieldRules(entry.key, function, entry.at, row, session, text(node, "comment"))


# ---------------------------------------------------------------- permissions


def _permissions(entry: Entry, faults: Faults) -> TablePermissions:
    node = entry.value
    found: dict[str, Any] = {}
    for operation in node.entries if isinstance(node, Keyed) else ():
        if operation.key == "select":
            found["select"] = tuple(_select(grant, at, faults) for grant, at in _grants(operation))
        elif isinstance(operation.value, Keyed):
            found[operation.key] = _READERS[operation.key](operation.value, operation.at, faults)
    return TablePermissions(entry.key, entry.at, **found)


def _grants(operation: Entry) -> tuple[tuple[Keyed, Mark], ...]:
    """One grant, at the place of the word `select`, or several, each at its own."""
    match operation.value:
        case Keyed() as grant:
            return ((grant, operation.at),)
        case Listing(items=items):
            return tuple((item, item.at) for item in items if isinstance(item, Keyed))
    return ()


def _expression(node: Keyed, key: str, faults: Faults) -> BoolExp:
    """False for all rows when it is not there: its absence is a fault already."""
    below = node.get(key)
    return Either((), node.at) if below is None else read_expression(below, faults)


def _select(node: Keyed, at: Mark, faults: Faults) -> SelectRule:
    limit = node.get("limit")
    return SelectRule(
        columns=_columns(node),
        filter=_expression(node, "filter", faults),
        at=at,
        limit=limit.json if isinstance(limit, Leaf) and isinstance(limit.json, int) else None,
        allow_aggregations=flag(node, "allow_aggregations"),
        computed_fields=_texts(node.get("computed_fields")),
        query_root_fields=_roots(node.get("query_root_fields")),
        subscription_root_fields=_roots(node.get("subscription_root_fields")),
    )


def _roots(node: Node | None) -> frozenset[Any] | None:
    return None if node is None else frozenset(_texts(node))


def _insert(node: Keyed, at: Mark, faults: Faults) -> InsertRule:
    return InsertRule(
        columns=None if node.get("columns") is None else _columns(node),
        check=_expression(node, "check", faults),
        at=at,
        presets=_presets(node, faults),
        backend_only=flag(node, "backend_only"),
        message=text(node, "message"),
        recheck=flag(node, "recheck"),
    )


def _update(node: Keyed, at: Mark, faults: Faults) -> UpdateRule:
    return UpdateRule(
        columns=_columns(node),
        filter=_expression(node, "filter", faults),
        check=None if node.get("check") is None else _expression(node, "check", faults),
        at=at,
        presets=_presets(node, faults),
        backend_only=flag(node, "backend_only"),
        message=text(node, "message"),
        recheck=flag(node, "recheck"),
    )


def _delete(node: Keyed, at: Mark, faults: Faults) -> DeleteRule:
    return DeleteRule(
        filter=_expression(node, "filter", faults),
        at=at,
        backend_only=flag(node, "backend_only"),
        message=text(node, "message"),
    )


def _presets(node: Keyed, faults: Faults) -> tuple[Preset, ...]:
    return tuple(_preset(entry, faults) for entry in entries(node, "set"))


def _preset(entry: Entry, faults: Faults) -> Preset:
    match plain(entry.value):
        case {"sql": str() as sql, **others} if not others and sql.strip():
            return Preset(entry.key, None, sql, entry.at)
        case {"sql": _, **others} if not others:
            faults.add(
                entry.value.at, 'expected an SQL expression as text: {sql: "now()"}', "a literal is {json: {sql: …}}"
            )
            return Preset(entry.key, Value(None, entry.value.at), None, entry.at)
        case {"json": literal, **others} if not others:
            return Preset(entry.key, Value(literal, entry.value.at), None, entry.at)
        case literal:
            return Preset(entry.key, Value(literal, entry.value.at), None, entry.at)


_READERS: Final[Mapping[str, Any]] = {"insert": _insert, "update": _update, "delete": _delete}
