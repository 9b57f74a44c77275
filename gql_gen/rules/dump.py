"""Rules → permissions.yaml in its one canonical form, so that a diff shows only what changed.

Tables, functions, columns, relationships and allowed collections are sorted by name; roles, named rules, collections
and several grants of one role keep the order they were written in, and each table's permissions follow the roles.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, assert_never, get_args

from gql_gen.catalog.types import Ident
from gql_gen.rules.dump_operations import allow_list_tree, collections_tree, function_tree, limits_tree, role_tree
from gql_gen.rules.dump_parts import chosen, name_list, names_or_all, present
from gql_gen.rules.format import VERSION
from gql_gen.rules.idents import ident_text
from gql_gen.rules.tables import JSON_PRESET, SQL_PRESET
from gql_gen.rules.types import (
    READ_COMMITTED,
    BoolExp,
    Both,
    ByForeignKey,
    ByMapping,
    ComputedFieldRules,
    Customization,
    DeleteRule,
    Either,
    ExistsIn,
    InsertRule,
    Mark,
    NameAndComment,
    NamedRule,
    Negated,
    OnField,
    Preset,
    QueryRoot,
    Relationship,
    RootField,
    Rules,
    SelectRule,
    SubscriptionRoot,
    TablePermissions,
    TableRules,
    UpdateRule,
)
from gql_gen.rules.yaml_text import comment, entry

OPEN_LEVELS: Mapping[str, int] = {
    "columns": 1,
    "root_fields": 1,
    "relationships": 1,
    "computed_fields": 1,
    "permissions": 2,
}
"""How many levels below a key of a table are always spread over lines: one line per grant, column and relationship."""


def dump_rules(rules: Rules, *, head: str = "") -> str:
    """The file's text, below `head` as a comment. Reading it gives equal rules; dumping those gives the same text."""
    parts = [
        list(comment(head)),
        [*entry("version", VERSION), *entry("naming", rules.naming)],
        list(_section("customization", _customization(rules.customization), 2)),
        list(_switches_of_all(rules)),
        list(_section("limits", limits_tree(rules.limits), 0)),
        list(_section("roles", {name: role_tree(role) for name, role in rules.roles.items()}, 1)),
        list(_section("rules", {name: expression_tree(named) for name, named in rules.named.items()}, 1)),
        list(_tables_lines(rules)),
        list(_functions_lines(rules)),
        list(_section("query_collections", collections_tree(rules), 2)),
        list(_section("allow_list", allow_list_tree(rules), 1)),
    ]
    return "\n\n".join("\n".join(part) for part in parts if part) + "\n"


def expression_tree(expression: BoolExp) -> Any:
    """An expression as it is written in the file."""
    match expression:
        case NamedRule(name=name):
            return name
        case Both(parts=parts):
            return _both(parts)
        case Either(parts=parts):
            return {"_or": [expression_tree(part) for part in parts]}
        case Negated(part=part):
            return {"_not": expression_tree(part)}
        case ExistsIn(table=table, where=where):
            return {"_exists": {"_table": ident_text(table), "_where": expression_tree(where)}}
        case OnField():
            return {expression.name: _below_field(expression)}
        case _:
            assert_never(expression)


def _both(parts: tuple[BoolExp, ...]) -> Any:
    """One mapping when its keys differ, which reads best; a list otherwise."""
    trees = [_and_list(part.parts) if isinstance(part, Both) else expression_tree(part) for part in parts]
    merged: dict[str, Any] = {}
    for tree in trees:
        if not isinstance(tree, dict) or merged.keys() & tree.keys() or len(parts) == 1:
            return {"_and": [expression_tree(part) for part in parts]}
        merged |= tree
    return merged


def _and_list(parts: tuple[BoolExp, ...]) -> dict[str, Any]:
    return {"_and": [expression_tree(part) for part in parts]}


def _below_field(field: OnField) -> Any:
    if field.operators is not None:
        return {operator.name: operator.value.json for operator in field.operators}
    match field.nested:
        case None:
            return {}
        case NamedRule(name=name):
            # A bare text below a field would be a value.
            return {"_and": [name]}
        case nested:
            return expression_tree(nested)


def _section(key: str, value: Mapping[str, Any], open_levels: int) -> Iterator[str]:
    if value:
        yield from entry(key, value, 0, open_levels)


def _switches_of_all(rules: Rules) -> Iterator[str]:
    """What holds for all, where it is not as usual."""
    if rules.connections:
        yield from entry("connections", True)
    if rules.ids_show_keys:
        yield from entry("ids_show_keys", True)
    if rules.isolation_level != READ_COMMITTED:
        yield from entry("isolation_level", rules.isolation_level)
    if rules.reveal_constraints:
        yield from entry("reveal_constraints", True)
    if rules.writes_ignore_select:
        yield from entry("writes_ignore_select", True)
    if rules.infer_function_permissions:
        yield from entry("infer_function_permissions", True)


def _customization(customization: Customization) -> dict[str, Any]:
    root_fields = present(
        namespace=customization.root_fields_namespace,
        prefix=customization.root_fields_prefix or None,
        suffix=customization.root_fields_suffix or None,
    )
    type_names = present(
        prefix=customization.type_names_prefix or None,
        suffix=customization.type_names_suffix or None,
    )
    return present(root_fields=root_fields or None, type_names=type_names or None)


# ---------------------------------------------------------------- tables


def _tables_lines(rules: Rules) -> Iterator[str]:
    """The tables by name, a blank line between them."""
    yield "tables:" if rules.tables else "tables: {}"
    tables = sorted(rules.tables.values(), key=lambda table: table.ident)
    for place, table in enumerate(tables):
        yield from [""] if place else []
        yield from _lines(table.ident, _table(table, tuple(rules.roles)))


def _functions_lines(rules: Rules) -> Iterator[str]:
    """The functions by name."""
    if rules.functions:
        yield "functions:"
    for function in sorted(rules.functions.values(), key=lambda function: function.ident):
        yield from _lines(function.ident, function_tree(function))


def _lines(ident: Ident, keys: Mapping[str, Any]) -> Iterator[str]:
    first, *_ = entry(ident_text(ident), {}, 2)
    yield first if not keys else first.removesuffix(" {}")
    for key, value in keys.items():
        yield from entry(key, value, 4, OPEN_LEVELS.get(key, 0))


def _table(table: TableRules, roles: tuple[str, ...]) -> dict[str, Any]:
    relationships = sorted(table.relationships, key=lambda relationship: relationship.name)
    computed_fields = sorted(table.computed_fields, key=lambda field: field.name)
    permissions = sorted(table.permissions.values(), key=lambda found: _place(found.role, roles))
    return present(
        name=table.name,
        comment=table.comment,
        is_enum=table.is_enum or None,
        hide=name_list(table.hide) or None,
        columns={name: chosen(table.columns[name]) for name in sorted(table.columns)} or None,
        root_fields={name: chosen(found) for name, found in _root_fields(table)} or None,
        infer_relationships=None if table.infer_relationships else False,
        relationships={relationship.name: _relationship(relationship) for relationship in relationships} or None,
        computed_fields={field.name: _computed_field(field) for field in computed_fields} or None,
        reveal_constraints=_revealed(table.reveal_constraints),
        permissions={found.role: _permissions(found) for found in permissions} or None,
    )


def _root_fields(table: TableRules) -> list[tuple[RootField, NameAndComment]]:
    order = get_args(RootField)
    return sorted(table.root_fields.items(), key=lambda item: order.index(item[0]))


def _place(role: str, roles: tuple[str, ...]) -> tuple[int, str]:
    return (roles.index(role) if role in roles else len(roles), role)


def _revealed(names: tuple[tuple[str, Mark], ...] | None) -> Any:
    return names_or_all(names) or None


def _relationship(relationship: Relationship) -> dict[str, Any]:
    match relationship.using:
        case ByMapping(table=table, columns=columns):
            target: Any = ident_text(table)
            mapping: dict[str, str] | None = dict(columns)
        case ByForeignKey(columns=columns, table=table):
            target = present(table=None if table is None else ident_text(table), key=list(columns))
            mapping = None
        case _:
            assert_never(relationship.using)
    return {
        relationship.kind: target,
        **present(on=mapping, insert_before_parent=relationship.insert_before_parent, comment=relationship.comment),
    }


def _computed_field(field: ComputedFieldRules) -> Any:
    more = present(table_argument=field.table_argument, session_argument=field.session_argument, comment=field.comment)
    function = ident_text(field.function)
    return {"function": function, **more} if more else function


# ---------------------------------------------------------------- permissions


def _permissions(permissions: TablePermissions) -> dict[str, Any]:
    return present(
        select=_grants([_select(grant) for grant in permissions.select]),
        insert=None if permissions.insert is None else _insert(permissions.insert),
        update=None if permissions.update is None else _update(permissions.update),
        delete=None if permissions.delete is None else _delete(permissions.delete),
    )


def _grants(grants: list[dict[str, Any]]) -> Any:
    """One grant stands alone, several in a list, in the order they were written in."""
    return grants[0] if len(grants) == 1 else grants or None


def _select(rule: SelectRule) -> dict[str, Any]:
    return present(
        columns=names_or_all(rule.columns),
        filter=expression_tree(rule.filter),
        limit=rule.limit,
        allow_aggregations=rule.allow_aggregations or None,
        computed_fields=sorted(rule.computed_fields) or None,
        query_root_fields=_roots(rule.query_root_fields, QueryRoot),
        subscription_root_fields=_roots(rule.subscription_root_fields, SubscriptionRoot),
    )


def _roots(roots: frozenset[Any] | None, literal: Any) -> list[str] | None:
    return None if roots is None else [root for root in get_args(literal) if root in roots]


def _insert(rule: InsertRule) -> dict[str, Any]:
    return present(
        columns=names_or_all(rule.columns),
        check=expression_tree(rule.check),
        set=_presets(rule.presets),
        **_switches(rule),
    )


def _update(rule: UpdateRule) -> dict[str, Any]:
    return present(
        columns=names_or_all(rule.columns),
        filter=expression_tree(rule.filter),
        check=None if rule.check is None else expression_tree(rule.check),
        set=_presets(rule.presets),
        **_switches(rule),
    )


def _delete(rule: DeleteRule) -> dict[str, Any]:
    return present(
        filter=expression_tree(rule.filter),
        backend_only=rule.backend_only or None,
        message=rule.message,
    )


def _switches(rule: InsertRule | UpdateRule) -> dict[str, Any]:
    return {"backend_only": rule.backend_only or None, "recheck": rule.recheck or None, "message": rule.message}


def _presets(presets: tuple[Preset, ...]) -> dict[str, Any] | None:
    return {preset.column: _preset(preset) for preset in sorted(presets, key=lambda preset: preset.column)} or None


def _preset(preset: Preset) -> Any:
    if preset.sql is not None:
        return {SQL_PRESET: preset.sql}
    value = None if preset.value is None else preset.value.json
    looks_special = isinstance(value, dict) and len(value) == 1 and (SQL_PRESET in value or JSON_PRESET in value)
    return {JSON_PRESET: value} if looks_special else value
