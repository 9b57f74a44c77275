"""One table of Hasura's metadata → TableRules: names, relationships, enums."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any, cast

from gql_gen.catalog.types import Ident
from gql_gen.rules.hasura_desk import Desk, step
from gql_gen.rules.types import (
    ByForeignKey,
    ByMapping,
    ComputedFieldRules,
    Mark,
    NameAndComment,
    NamedRelation,
    Relationship,
    RootField,
    TablePermissions,
    TableRules,
)


def table_name(value: Any, desk: Desk, path: str) -> Ident | None:
    """A table as Hasura names it: an object, or a text that is the name of a table in public, dots and all."""
    return _qualified("table", value, desk, path)


def function_name(value: Any, desk: Desk, path: str) -> Ident | None:
    """A function, named in the same two ways."""
    return _qualified("function", value, desk, path)


def _qualified(kind: str, value: Any, desk: Desk, path: str) -> Ident | None:
    if isinstance(value, str) and value:
        return Ident("public", value)
    found = desk.open(f"the name of a {kind}", value, path)
    schema, name = desk.optional(str, found, "schema", path), desk.optional(str, found, "name", path)
    if not name:
        desk.refuse(path, f"expected the name of a {kind}")
        return None
    return Ident(schema or "public", name)


def import_table(
    ident: Ident,
    table: dict[str, Any],
    path: str,
    desk: Desk,
    at: Mark,
    *,
    hide: tuple[str, ...],
    permissions: dict[str, TablePermissions],
) -> TableRules:
    """The rules of one table, `table` its honoured keys. Only what the metadata lists is tracked."""
    configuration = desk.open(
        "the configuration of a table", table.get("configuration") or {}, step(path, "configuration")
    )
    below = step(path, "configuration")
    return TableRules(
        ident=ident,
        at=at,
        name=desk.optional(str, configuration, "custom_name", below),
        comment=desk.optional(str, configuration, "comment", below),
        is_enum=desk.optional(bool, table, "is_enum", path) or False,
        hide=tuple((column, at) for column in hide),
        columns=MappingProxyType(_columns(configuration, desk, below, at)),
        root_fields=MappingProxyType(_root_fields(configuration, desk, below, at)),
        relationships=_relationships(table, desk, path, at),
        infer_relationships=False,
        computed_fields=_computed_fields(table, desk, path, at),
        permissions=MappingProxyType(permissions),
    )


def _columns(configuration: dict[str, Any], desk: Desk, path: str, at: Mark) -> dict[str, NameAndComment]:
    names: dict[str, str] = {}
    comments: dict[str, str] = {}
    here = step(path, "custom_column_names")
    for column, name, name_path in desk.pairs(configuration.get("custom_column_names"), here):
        names[column] = desk.expect(str, name, name_path, column)
    here = step(path, "column_config")
    for column, config, config_path in desk.pairs(configuration.get("column_config"), here):
        found = desk.open("the configuration of a column", config, config_path)
        name, comment = (desk.optional(str, found, key, config_path) for key in ("custom_name", "comment"))
        names |= {} if name is None else {column: name}
        comments |= {} if comment is None else {column: comment}
    return {
        column: NameAndComment(names.get(column), comments.get(column), at)
        for column in dict.fromkeys((*names, *comments))
    }


def _root_fields(configuration: dict[str, Any], desk: Desk, path: str, at: Mark) -> dict[RootField, NameAndComment]:
    here = step(path, "custom_root_fields")
    found: dict[RootField, NameAndComment] = {}
    for key, value in desk.open("custom_root_fields", configuration.get("custom_root_fields") or {}, here).items():
        root_field = cast(RootField, key)
        if isinstance(value, str):
            found[root_field] = NameAndComment(value, None, at)
            continue
        chosen = desk.open("a custom root field", value, step(here, key))
        name, comment = (desk.optional(str, chosen, part, step(here, key)) for part in ("name", "comment"))
        if name is not None or comment is not None:
            found[root_field] = NameAndComment(name, comment, at)
    return found


# ---------------------------------------------------------------- computed fields


def _computed_fields(table: dict[str, Any], desk: Desk, path: str, at: Mark) -> tuple[ComputedFieldRules, ...]:
    found: dict[str, ComputedFieldRules] = {}
    for value, here in desk.items(table.get("computed_fields"), step(path, "computed_fields")):
        field = _computed_field(value, desk, here, at)
        if field is None:
            continue
        if field.name in found:
            desk.refuse(here, f'the table has two computed fields named "{field.name}"')
        found[field.name] = field
    return tuple(found.values())


def _computed_field(value: Any, desk: Desk, path: str, at: Mark) -> ComputedFieldRules | None:
    found = desk.open("a computed field", value, path)
    name = desk.expect(str, found.get("name"), step(path, "name"), "")
    here = step(path, "definition")
    definition = desk.open("the definition of a computed field", found.get("definition"), here)
    function = function_name(definition.get("function"), desk, step(here, "function"))
    row, session = (desk.optional(str, definition, key, here) for key in ("table_argument", "session_argument"))
    comment = desk.optional(str, found, "comment", path)
    return None if function is None else ComputedFieldRules(name, function, at, row, session, comment)


# ---------------------------------------------------------------- relationships


def _relationships(table: dict[str, Any], desk: Desk, path: str, at: Mark) -> tuple[Relationship, ...]:
    found: dict[str, Relationship] = {}
    kinds: tuple[NamedRelation, ...] = ("object", "array")
    for kind in kinds:
        for value, here in desk.items(table.get(f"{kind}_relationships"), step(path, f"{kind}_relationships")):
            relationship = _relationship(kind, value, desk, here, at)
            if relationship is None:
                continue
            if relationship.name in found:
                desk.refuse(here, f'the table has two relationships named "{relationship.name}"')
            found[relationship.name] = relationship
    return tuple(found.values())


def _relationship(kind: NamedRelation, value: Any, desk: Desk, path: str, at: Mark) -> Relationship | None:
    found = desk.open("a relationship", value, path)
    name = desk.expect(str, found.get("name"), step(path, "name"), "")
    here = step(path, "using")
    definition = desk.open("the definition of a relationship", found.get("using"), here)
    comment = desk.optional(str, found, "comment", path)
    match definition:
        case {"foreign_key_constraint_on": key, **others} if not others:
            key_path = step(here, "foreign_key_constraint_on")
            by_key = _by_key(kind, key, desk, key_path)
            return None if by_key is None else Relationship(name, kind, by_key, at, None, comment)
        case {"manual_configuration": manual, **others} if not others:
            return _manual(name, kind, manual, desk, step(here, "manual_configuration"), at, comment)
    desk.refuse(here, "expected either foreign_key_constraint_on or manual_configuration")
    return None


def _by_key(kind: NamedRelation, key: Any, desk: Desk, path: str) -> ByForeignKey | None:
    if isinstance(key, dict):
        found = desk.open("foreign_key_constraint_on", key, path)
        table = table_name(found.get("table"), desk, step(path, "table"))
        columns = _key_columns(found, desk, path)
        return None if table is None or not columns else ByForeignKey(columns, table)
    if kind == "array":
        desk.refuse(path, "an array relationship names the other table and its columns")
        return None
    columns = (key,) if isinstance(key, str) else desk.texts(key, path)
    if not columns:
        desk.refuse(path, "expected the columns of the key")
    return ByForeignKey(columns) if columns else None


def _key_columns(found: dict[str, Any], desk: Desk, path: str) -> tuple[str, ...]:
    match found.get("column"), found.get("columns"):
        case (str() as column, None) | (None, str() as column):
            return (column,)
        case None, list() as columns if columns:
            return desk.texts(columns, step(path, "columns"))
    desk.refuse(path, 'expected either "column" or "columns"')
    return ()


def _manual(
    name: str, kind: NamedRelation, manual: Any, desk: Desk, path: str, at: Mark, comment: str | None
) -> Relationship | None:
    found = desk.open("manual_configuration", manual, path)
    table = table_name(found.get("remote_table"), desk, step(path, "remote_table"))
    here = step(path, "column_mapping")
    mapping = tuple(
        (ours, desk.expect(str, theirs, at_column, ""))
        for ours, theirs, at_column in desk.pairs(found.get("column_mapping"), here)
    )
    if not mapping:
        desk.refuse(here, "expected at least one column: without any, every row would belong to every other")
    order = found.get("insertion_order")
    if order not in (None, "before_parent", "after_parent"):
        desk.refuse(step(path, "insertion_order"), "expected before_parent or after_parent")
    if table is None or not mapping:
        return None
    return Relationship(
        name, kind, ByMapping(table, mapping), at, None if order is None else order == "before_parent", comment
    )
