"""How SQL writes names, values, columns and constraints of a world."""

from __future__ import annotations

from typing import Any

from property.kinds import Kind, as_text
from property.world import Column, Table, World
from property.write_rules import Default, Generated, Identity, Unique


def ident(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def names(columns: tuple[str, ...]) -> str:
    return ", ".join(map(ident, columns))


def relation(table: Table) -> str:
    return f"{ident(table.schema)}.{ident(table.sql)}"


def literal(kind: Kind, value: Any) -> str:
    if value is None:
        return "null"
    return "'" + as_text(kind, value).replace("'", "''") + "'"


def column_line(table: Table, column: Column) -> str:
    """One column of a CREATE TABLE."""
    line = f"{ident(column.name)} {column.kind.sql}{'' if column.nullable else ' not null'}"
    match column.source:
        case Default(value=value):
            return f"{line} default {literal(column.kind, value)}"
        case Identity(always=always, start=start):
            # Above all that is there, so that numbers never meet.
            first = max([start, *(row[column.name] + 1 for row in table.rows if row[column.name] < start + 500_000)])
            return f"{line} generated {'always' if always else 'by default'} as identity (start with {first})"
        case Generated(formula=formula, of=of):
            made = f"{ident(of)} is null" if formula == "missing" else f"coalesce({ident(of)}, '') || '!'"
            return f"{line} generated always as ({made}) stored"
        case None:
            return line


def constraint_lines(table: Table) -> list[str]:
    """Unique keys that are constraints, and checks."""
    lines = [
        f"constraint {ident(unique.name)} unique ({names(tuple(part.column for part in unique.parts))})"
        for unique in table.shape.uniques
        if not unique.is_index
    ]
    for each in table.shape.forbidden:
        value = literal(table.column(each.column).kind, each.value)
        lines.append(f"constraint {ident(each.name)} check ({ident(each.column)} <> {value})")
    return lines


def after_rows(table: Table, world: World) -> str:
    """Unique indexes, or the view itself."""
    view = table.shape.view
    if view is None:
        return "\n".join(_index(table, unique) for unique in table.shape.uniques if unique.is_index)
    where = "" if view.column is None else f" where {ident(view.column)} is not null"
    selected = names(tuple(column.name for column in table.columns))
    checked = "" if view.column is None else " with check option"
    return (
        f"create view {relation(table)} as select {selected} from {relation(world.table(view.base))}{where}{checked};"
    )


def _index(table: Table, unique: Unique) -> str:
    parts = ", ".join(f"lower({ident(part.column)})" if part.lowered else ident(part.column) for part in unique.parts)
    where = "" if unique.where is None else f" where {ident(unique.where[0])} {unique.where[1]}"
    return f"create unique index {ident(unique.name)} on {relation(table)} ({parts}){where};"
