"""Choices → a world: tables with keys, links, rows and rules."""

from __future__ import annotations

from dataclasses import replace
from itertools import product
from typing import Any

from property.choices import Choices
from property.kinds import KEY_KINDS, KINDS, group_key
from property.make_functions import with_functions
from property.make_grants import Granter
from property.spelling import NAMINGS, Spelling
from property.world import Column, Key, Link, Row, Table, World

TABLES = ("anchor", "bottle", "canal", "dancer", "engine")
ODD_NAMES = {"bottle": 'odd "Bottle" table', "engine": "Engine%s"}
WORDS = {
    "int4": "size",
    "text": "label",
    "bool": "open",
    "int8": "score",
    "numeric": "price",
    "timestamptz": "seen_at",
    "uuid": "token",
    "jsonb": "extra",
    "texts": "words",
    "mood": "mood",
    "citext": "nick",
    "small": "rank",
    "int2": "floor",
    "date": "born",
    "sizes": "steps",
}
RICH = ("text", "jsonb", "texts", "citext", "int4", "bool")
"""Kinds with more to ask about: they come up twice as often."""
ROLES = ("reader", "writer", "auditor")
HEIRS = ("heir", "grandheir")
MAX_ROWS = 12


def make_world(choices: Choices) -> World:
    spelling = Spelling(choices.one(NAMINGS))
    tables: list[Table] = []
    for name in TABLES[: choices.between(2, 5)]:
        tables.append(_table(choices, name, tables, spelling))
    linked = tuple(_linked(choices, table, tables) for table in tables)
    world = World(spelling, linked, (), (), stringifies=choices.chance(1, 5))
    world = replace(world, tables=_filled(choices, world.tables))
    return Granter(choices, with_functions(choices, with_roles(choices, world))).ruled()


# ---------------------------------------------------------------- columns and keys


def _table(choices: Choices, name: str, earlier: list[Table], spelling: Spelling) -> Table:
    taken: dict[str, int] = {}

    def column(kind: str, *, nullable: bool) -> Column:
        taken[kind] = taken.get(kind, 0) + 1
        sql = f"{WORDS[kind]}_{'abcdefghijkl'[taken[kind] - 1]}"
        field = f"{WORDS[kind].title().replace('_', '')}{taken[kind]}" if choices.chance(1, 8) else spelling.column(sql)
        if choices.chance(1, 12):
            sql, field = f'{sql} "%s', f"odd{WORDS[kind].title().replace('_', '')}{taken[kind]}"
        return Column(sql, field, kind, nullable)

    primary = [column(choices.one(KEY_KINDS), nullable=False) for _ in range(choices.one((1, 1, 1, 2, 0)))]
    kinds = [choices.one((*KINDS, *RICH)) for _ in range(choices.between(2, 6))]
    columns = [*primary, *(column(kind, nullable=choices.chance(2, 3)) for kind in kinds)]
    table = Table(
        name=name,
        schema=choices.one(("public", "app")),
        sql=ODD_NAMES[name] if name in ODD_NAMES and choices.chance(1, 3) else name,
        columns=tuple(columns),
        primary_key=tuple(each.name for each in primary),
        keys=(),
        links=(),
        hidden=(),
        roots=tuple(spelling.roots(name).items()),  # type: ignore[arg-type]
        infers=choices.chance(1, 2),
        grants=(),
        rows=(),
    )
    if choices.chance(1, 6):
        table = replace(table, roots=tuple((root, f"{name}_{root}_x") for root, _ in table.roots))
    return _keyed(choices, table, earlier, column)


def _keyed(choices: Choices, table: Table, earlier: list[Table], column: Any) -> Table:
    for _ in range(choices.one((1, 2, 0))):
        targets = [other for other in (*earlier, table) if other.primary_key]
        if not targets:
            break
        target = choices.one(targets)
        nullable = target.name == table.name or choices.chance(1, 2)
        added = [column(target.column(name).kind_name, nullable=nullable) for name in target.primary_key]
        key = Key(tuple(each.name for each in added), target.name, target.primary_key)
        table = replace(table, columns=(*table.columns, *added), keys=(*table.keys, key))
    return table


# ---------------------------------------------------------------- links


def _linked(choices: Choices, table: Table, tables: list[Table]) -> Table:
    links: list[Link] = []
    for index, key in enumerate(table.keys):
        on = tuple(zip(key.columns, key.targets, strict=True))
        links.append(Link(f"to_{key.table}_{index}", "object", key.table, on, "own key"))
    for other in tables:
        for index, key in enumerate(other.keys):
            if key.table == table.name:
                back = tuple(zip(key.targets, key.columns, strict=True))
                links.append(Link(f"from_{other.name}_{index}", "array", other.name, back, "their key"))
    for index in range(choices.one((0, 0, 1, 2))):
        found = mapped(choices, table, choices.one(tables), f"like_{index}")
        if found is not None and not any(link.table == found.table and set(link.on) == set(found.on) for link in links):
            links.append(found)
    return replace(table, links=tuple(links))


def mapped(choices: Choices, table: Table, target: Table, name: str) -> Link | None:
    """A relationship that no key stands behind. An object needs a target that is unique."""
    pairs = [
        (ours.name, theirs.name)
        for ours, theirs in product(table.columns, target.columns)
        if ours.kind_name == theirs.kind_name
    ]
    if not pairs:
        return None
    on = choices.some(pairs, 1, 1 if choices.chance(3, 4) else 2)
    if len({ours for ours, _ in on}) < len(on):
        on = on[:1]
    is_unique = bool(target.primary_key) and {theirs for _, theirs in on} >= set(target.primary_key)
    return Link(f"{name}_{target.name}", "object" if is_unique else "array", target.name, on, "mapping")


# ---------------------------------------------------------------- rows


def _filled(choices: Choices, tables: tuple[Table, ...]) -> tuple[Table, ...]:
    filled: dict[str, Table] = {}
    for table in tables:
        rows: list[Row] = []
        for _ in range(choices.one((4, 8, MAX_ROWS, 6, 3, 10, 1, 0))):
            row = make_row(choices, table, {**filled, table.name: replace(table, rows=tuple(rows))})
            if row is not None:
                rows.append(row)
        filled[table.name] = replace(table, rows=tuple(rows))
    return tuple(filled.values())


def make_row(choices: Choices, table: Table, filled: dict[str, Table]) -> Row | None:
    """A row that the keys allow; None when there is no room for one."""
    row: dict[str, Any] = {}
    for column in table.columns:
        is_null = column.nullable and choices.chance(1, 3)
        row[column.name] = None if is_null else choices.one(column.kind.pool)
    for key in table.keys:
        target = filled[key.table]
        is_needed = not table.column(key.columns[0]).nullable
        if is_needed and not target.rows:
            return None
        points = bool(target.rows) and (is_needed or not choices.chance(1, 4))
        found = choices.one(target.rows) if points else None
        for ours, theirs in zip(key.columns, key.targets, strict=True):
            row[ours] = None if found is None else found[theirs]
    return _with_free_key(table, row, filled[table.name].rows)


def _with_free_key(table: Table, row: Row, rows: tuple[Row, ...]) -> Row | None:
    """The row, its primary key moved to the next one that is free."""
    names = table.primary_key
    if not names:
        return row

    def key_of(values: tuple[Any, ...]) -> Any:
        return tuple(group_key(table.column(name).kind, value) for name, value in zip(names, values, strict=True))

    taken = {key_of(tuple(other[name] for name in names)) for other in rows}
    candidates = [tuple(row[name] for name in names), *product(*(table.column(name).kind.pool for name in names))]
    free = next((values for values in candidates if key_of(values) not in taken), None)
    return None if free is None else {**row, **dict(zip(names, free, strict=True))}


# ---------------------------------------------------------------- roles


def with_roles(choices: Choices, world: World) -> World:
    """Two or three roles, often one that inherits from some of them, and at times one that inherits from that."""
    roles = ROLES[: choices.between(2, 3)]
    parents: dict[str, tuple[str, ...]] = {}
    for heir in HEIRS[: choices.one((2, 1, 0, 2))]:
        nearest = tuple(parents)[-1:]
        parents[heir] = (*nearest, *choices.some(roles, 0 if nearest else choices.one((2, 1, 2)), 2))
    tables = tuple(replace(table, parents=tuple(parents.items())) for table in world.tables)
    return replace(world, tables=tables, roles=(*roles, *parents), parents=tuple(parents.items()))
