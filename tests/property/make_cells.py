"""Choices → values that a caller gives for columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from property.choices import Choices
from property.kinds import KINDS, Kind, as_json, spellings
from property.make_predicates import HAS_KEYS
from property.make_write_rules import givable
from property.predicates import How, Value
from property.world import Column, Key, Row, Table, World
from property.writes import UpdateOperator

FRESH = {
    "int4": tuple(range(10, 90)),
    "int8": tuple(range(10, 90)),
    "int2": tuple(range(10, 90)),
    "text": tuple(f"t{number}" for number in range(60)),
    "citext": tuple(f"C{number}" for number in range(60)),
    "uuid": tuple(f"{number:08}-0000-4000-8000-000000000000" for number in range(20, 90)),
    "date": tuple(f"2001-01-{number:02}" for number in range(1, 29)),
}
"""Values that no row has at first, so that there is room for new ones."""
PATHS = (("a",), ("b",), ("0",), ("a", "b"), ("a", "b", "1"), ("-1",), ("nope", "x"), ())
ELEMENTS = (0, 1, -1, 5)
SMALL_STEPS = (1, -1, 3, 0)
LARGE_STEPS = (2147483647, 100)


@dataclass(slots=True)
class CellMaker:
    choices: Choices
    world: World
    may_vary: bool = True

    def how(self) -> How:
        return "variable" if self.may_vary and self.choices.chance(1, 4) else "inline"

    def given(self, kind: Kind, value: Any, *, required: bool = False) -> Value:
        """The value as a document gives it."""
        written = self.choices.one(spellings(kind, value))
        return Value(value, written, f"{kind.type}!" if required else kind.type, kind.name, "_eq", self.how())

    # ------------------------------------------------------------ what goes into a column

    def value(self, table: Table, column: Column) -> Any:
        """Often one that no row has, where that is what is needed; never null."""
        kind = column.kind
        if column.name in self.keyed(table) and kind.name in FRESH and self.choices.chance(2, 3):
            return self.choices.one(FRESH[kind.name])
        stored = givable(kind, [row[column.name] for row in table.rows if row[column.name] is not None])
        if stored and self.choices.chance(1, 4):
            return self.choices.one(stored)
        return self.choices.one(givable(kind, kind.pool))

    @staticmethod
    def keyed(table: Table) -> set[str]:
        """Columns of unique keys."""
        return {*table.primary_key, *(part.column for unique in table.shape.uniques for part in unique.parts)}

    def referred(self, key: Key) -> Row | None:
        """A row to point to, mostly."""
        rows = self.world.table(key.table).rows
        return self.choices.one(rows) if rows and self.choices.chance(7, 8) else None

    # ------------------------------------------------------------ what an operator takes

    def operand(self, table: Table, column: Column, operator: UpdateOperator) -> Value:
        match operator:
            case "_set":
                return self.given(column.kind, self.value(table, column))
            case "_inc":
                steps = LARGE_STEPS if self.choices.chance(1, 12) else SMALL_STEPS
                step = self.choices.one(steps)
                too_large = column.kind_name == "int2" and step > 32767
                return self.given(column.kind, 32767 if too_large else step)
            case "_append" | "_prepend":
                return self.given(column.kind, self.choices.one(givable(column.kind, column.kind.pool)))
            case "_delete_key":
                return self.given(KINDS["text"], self.choices.one(HAS_KEYS))
            case "_delete_elem":
                return self.given(KINDS["int4"], self.choices.one(ELEMENTS))
            case _:
                path = self.choices.one(PATHS)
                return Value(path, as_json(KINDS["texts"], path), "[String!]", "texts", "_eq", self.how())


def operators(column: Column) -> tuple[UpdateOperator, ...]:
    """What an update can do with a column; identities are left as they are."""
    if column.kind_name == "jsonb":
        return ("_set", "_append", "_prepend", "_delete_key", "_delete_elem", "_delete_at_path")
    return ("_set", "_inc") if column.kind.sums and column.source is None else ("_set",)
