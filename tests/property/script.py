"""A world as the files a user would write: an SQL script and permissions.yaml."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from property.ddl import after_rows, column_line, constraint_lines, ident, literal, names, relation
from property.grants import Grant
from property.kinds import MOODS, json_text
from property.making import computed_settings, function_settings, functions_sql
from property.predicates import (
    All,
    Any_,
    Both,
    Compare,
    CompareColumns,
    CompareMade,
    Counted,
    ExistsIn,
    Items,
    MadeRows,
    Named,
    Not,
    Operand,
    Pred,
    Related,
    Session,
    Test,
)
from property.world import Key, Link, Table, World
from property.write_rules import NO_WRITES, Generated, InsertRule, Preset, SqlText, UpdateRule

RESET = (
    "drop schema if exists app cascade; drop schema if exists public cascade; create schema public; create schema app;"
)
TYPES = f"""create type app.mood as enum ({", ".join(repr(mood) for mood in MOODS)});
create domain app.small as int4 check (value < 1000);"""
ONCE = "create schema ext; create extension citext schema ext;"
"""For a new database; RESET leaves it alone."""


# ---------------------------------------------------------------- SQL


def sql_script(world: World) -> str:
    """Types, tables, rows and keys, for an empty database."""
    parts = [TYPES, *map(_create, world.tables), functions_sql(world), *map(_insert, world.tables)]
    parts += [_foreign_key(table, key, world) for table in world.tables for key in table.keys]
    parts += [after_rows(table, world) for table in world.tables]
    return "\n".join(part for part in parts if part)


def data_script(world: World) -> str:
    """The world's rows in place of all that are there."""
    stored = [table for table in world.tables if table.shape.view is None]
    # Rows of one table may refer to one another in any order, and tables in circles: keys are looked at in the end.
    parts = ["begin;", "set local session_replication_role = replica;"]
    parts += [f"delete from {relation(table)};" for table in stored]
    parts += [_insert(table) for table in stored]
    return "\n".join(part for part in (*parts, "commit;") if part)


def _create(table: Table) -> str:
    if table.shape.view is not None:
        return ""
    lines = [column_line(table, column) for column in table.columns]
    if table.primary_key:
        name = f"constraint {ident(table.shape.key_name)} " if table.shape.key_name else ""
        lines.append(f"{name}primary key ({names(table.primary_key)})")
    lines += constraint_lines(table)
    return f"create table {relation(table)} ({', '.join(lines)});"


def _insert(table: Table) -> str:
    """Rows go in as they are; what is generated is left to the database."""
    if not table.rows or table.shape.view is not None:
        return ""
    columns = [column.name for column in table.columns if not isinstance(column.source, Generated)]
    rows = (f"({', '.join(literal(table.column(name).kind, row[name]) for name in columns)})" for row in table.rows)
    into = f"insert into {relation(table)} ({names(tuple(columns))}) overriding system value values"
    return f"{into}\n  " + ",\n  ".join(rows) + ";"


def _foreign_key(table: Table, key: Key, world: World) -> str:
    target = world.table(key.table)
    return (
        f"alter table {relation(table)} add foreign key ({names(key.columns)}) "
        f"references {relation(target)} ({names(key.targets)}) on delete {key.on_delete};"
    )


# ---------------------------------------------------------------- permissions.yaml


def permissions_yaml(world: World) -> str:
    """JSON is YAML: one line for each setting, so that it reads like a file somebody keeps."""
    lines = ["version: 1", f"naming: {world.spelling.naming}"]
    if world.ignores_select:
        lines.append("writes_ignore_select: true")
    if world.infers_functions:
        lines.append("infer_function_permissions: true")
    lines += ["roles:", *(f"  {role}: {_role(role, world)}" for role in world.roles)]
    if world.named:
        lines += ["rules:", *(f"  {name}: {json_text(rule_tree(pred, world))}" for name, pred in world.named)]
    if world.functions:
        lines.append("functions:")
        lines += [f"  app.{each.name}: {json_text(function_settings(each))}" for each in world.functions]
    lines.append("tables:")
    for table in world.tables:
        lines.append(f"  {json_text(table_name(table))}:")
        lines += [f"    {key}: {json_text(value)}" for key, value in _settings(table, world)]
        permissions = {role: _permissions(table, role, world) for role in world.roles}
        if any(permissions.values()):
            lines.append("    permissions:")
            lines += [f"      {role}: {json_text(tree)}" for role, tree in permissions.items() if tree]
    return "\n".join(lines) + "\n"


def _role(role: str, world: World) -> str:
    parents = dict(world.parents).get(role)
    return "{}" if parents is None else f"{{inherits: [{', '.join(parents)}]}}"


def table_name(table: Table) -> str:
    return f"{table.schema}.{table.sql}" if table.sql.isidentifier() else f"{ident(table.schema)}.{ident(table.sql)}"


def _settings(table: Table, world: World) -> Iterator[tuple[str, Any]]:
    yield "name", table.name
    if table.hidden:
        yield "hide", list(table.hidden)
    renamed = {
        column.name: column.field for column in table.columns if column.field != world.spelling.column(column.name)
    }
    if renamed:
        yield "columns", renamed
    usual = world.spelling.roots(table.name)
    chosen = {root: {"name": name} for root, name in table.roots if name != usual[root]}
    if chosen:
        yield "root_fields", chosen
    if table.links:
        yield "relationships", {link.name: _link(link, world) for link in table.links}
    if table.computed:
        yield "computed_fields", {each.name: computed_settings(each) for each in table.computed}
    if not table.infers:
        yield "infer_relationships", False


def _link(link: Link, world: World) -> Any:
    target = table_name(world.table(link.table))
    ours, theirs = [pair[0] for pair in link.on], [pair[1] for pair in link.on]
    match link.source:
        case "own key":
            return {link.kind: {"key": ours}}
        case "their key":
            return {link.kind: {"table": target, "key": theirs}}
        case _:
            return {link.kind: target, "on": dict(link.on)}


def _permissions(table: Table, role: str, world: World) -> dict[str, Any]:
    grants = [_grant(grant, world) for name, grant in table.grants if name == role]
    tree: dict[str, Any] = {"select": grants[0] if len(grants) == 1 else grants} if grants else {}
    writes = dict(table.shape.writes).get(role, NO_WRITES)
    if writes.insert is not None:
        tree["insert"] = {**_values(writes.insert), "check": rule_tree(writes.insert.check, world)}
    if writes.update is not None:
        tree["update"] = {**_values(writes.update), "filter": rule_tree(writes.update.filter, world)}
        if writes.update.check is not None:
            tree["update"]["check"] = rule_tree(writes.update.check, world)
    if writes.delete is not None:
        tree["delete"] = {"filter": rule_tree(writes.delete.filter, world)}
        if writes.delete.backend_only:
            tree["delete"]["backend_only"] = True
    return tree


def _values(rule: InsertRule | UpdateRule) -> dict[str, Any]:
    tree: dict[str, Any] = {"columns": "*" if rule.columns is None else list(rule.columns)}
    if rule.presets:
        tree["set"] = {preset.column: _preset(preset) for preset in rule.presets}
    if rule.backend_only:
        tree["backend_only"] = True
    return tree


def _preset(preset: Preset) -> Any:
    match preset.value:
        case None:
            return None
        case Session(name=name):
            return name
        case SqlText(sql=sql):
            return {"sql": sql}
        case value:
            return {"json": value.json}


def _grant(grant: Grant, world: World) -> Any:
    tree: dict[str, Any] = {
        "columns": "*" if grant.columns is None else list(grant.columns),
        "filter": rule_tree(grant.filter, world),
    }
    if grant.limit is not None:
        tree["limit"] = grant.limit
    if grant.aggregates:
        tree["allow_aggregations"] = True
    if grant.computed:
        tree["computed_fields"] = list(grant.computed)
    if grant.roots is not None:
        tree["query_root_fields"] = list(grant.roots)
    return tree


def rule_tree(pred: Pred, world: World) -> Any:
    """A rule in Hasura's words, with SQL names."""
    match pred:
        case Both(parts=parts):
            return _merged([rule_tree(part, world) for part in parts])
        case All(parts=parts):
            return {"_and": [rule_tree(part, world) for part in parts]}
        case Any_(parts=parts):
            return {"_or": [rule_tree(part, world) for part in parts]}
        case Not(part=part):
            return {"_not": rule_tree(part, world)}
        case Named(name=name):
            return name
        case Compare(column=column, tests=tests, as_text=as_text):
            operators = _operators(tests)
            return {column: {"_cast": {"String": operators}} if as_text else operators}
        case CompareColumns():
            return {pred.column: {pred.operator: ["$", pred.other] if pred.root else pred.other}}
        case CompareMade(field=name, tests=tests):
            return {name: _operators(tests)}
        case Related(link=name, part=part) | MadeRows(field=name, part=part):
            return {name: _nested(part, world)}
        case ExistsIn(table=table, part=part):
            name = table_name(world.table(table))
            return {"_exists": {"_table": name, "_where": rule_tree(part, world)}}
        case Counted():
            return {world.spelling.aggregate_field(pred.link): {pred.function: _counted(pred, world)}}
    raise AssertionError(f"no such condition: {pred}")


def _merged(trees: list[Any]) -> Any:
    """One mapping where keys differ; a list of all otherwise."""
    keys = [key for tree in trees if isinstance(tree, dict) for key in tree]
    if all(isinstance(tree, dict) for tree in trees) and len(set(keys)) == len(keys):
        return {key: value for tree in trees for key, value in tree.items()}
    return {"_and": trees}


def _nested(part: Pred, world: World) -> Any:
    """Below a field a bare text would be a value."""
    tree = rule_tree(part, world)
    return {"_and": [tree]} if isinstance(tree, str) else tree


def _counted(pred: Counted, world: World) -> Any:
    tree: dict[str, Any] = {"predicate": _operators(pred.tests)}
    if pred.columns:
        tree["arguments"] = list(pred.columns)
    if pred.distinct:
        tree["distinct"] = True
    if pred.filter is not None:
        tree["filter"] = _nested(pred.filter, world)
    return tree


def _operators(tests: tuple[Test, ...]) -> dict[str, Any]:
    return {test.operator: _operand(test.operand) for test in tests}


def _operand(operand: Operand) -> Any:
    match operand:
        case Session(name=name):
            return name
        case Items(items=items):
            return [_operand(item) for item in items]
        case _:
            return operand.json
