"""Rows laid flat → Insert: which columns are given, which related rows go in before us and which after."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import cast

from gql_gen.catalog.types import Ident, Relation
from gql_gen.dialects.hasura.conflicts import on_conflict
from gql_gen.dialects.hasura.flat_rows import FlatColumn, FlatLink, FlatRows
from gql_gen.dialects.hasura.given import Settled, Values
from gql_gen.dialects.hasura.typesystem import InputObject, named
from gql_gen.errors import Rejected
from gql_gen.model.predicates import Slot, ValueType
from gql_gen.model.types import Link, RoleModel
from gql_gen.plan.writes import Answer, GivenColumn, Insert, NestedInsert, OnConflict

ROWS = ValueType(Ident("pg_catalog", "json"), "rows")
PARENT = "~p"
"""The key under which a row tells the position of the row it hangs on."""
_LONGEST_KEY = 60
"""Bytes of a key: with its mark for "not given" it is a Postgres name of at most 63."""
_MAX_INSERTS = 200
"""Inserts in one operation: rows nested in rows, or with an `on_conflict` of their own, ask for one each."""


@dataclass(slots=True)
class InsertPlanner:
    """Plans the inserts of one operation, whose rows are numbered through."""

    role: RoleModel
    values: Values
    count: int = 0

    def insert(
        self, relation: Ident, flat: FlatRows, path: str, conflict: OnConflict | None, answer: Answer | None
    ) -> Insert:
        number = self._next(path)
        first, last = in_order(flat.links, self._before(relation, flat.links))
        before = tuple(self._nested(link, f"~l{index}", path) for index, link in enumerate(first))
        after = tuple(self._nested(link, PARENT, path) for link in last)
        rows = Slot("rows", (number,), ROWS, at=path)
        return Insert(relation, rows, _columns(flat), path, conflict, before, after, answer)

    def _next(self, path: str) -> int:
        if self.count == _MAX_INSERTS:
            raise Rejected(f"the rows ask for more than {_MAX_INSERTS} inserts", path=path)
        self.count += 1
        return self.count - 1

    def _before(self, relation: Ident, links: tuple[FlatLink, ...]) -> frozenset[str]:
        return frozenset(each.link.name for each in links if self._goes_before(relation, each.link))

    def _goes_before(self, relation: Ident, link: Link) -> bool:
        """Whether the related row must be there before ours: where ours holds the key."""
        if link.kind == "array":
            return False
        if link.insert_before_parent is not None:
            return link.insert_before_parent
        ours, theirs = self._relation(relation), self._relation(link.target)
        if refers(ours, theirs.ident, link.on):
            return True
        return not refers(theirs, ours.ident, tuple((their, our) for our, their in link.on))

    def _relation(self, ident: Ident) -> Relation:
        return self.role.entities[ident].entity.relation

    def _nested(self, flat: FlatLink, key: str, path: str) -> NestedInsert:
        link, related = flat.link, flat.type
        here = f"{path}.{link.name}"
        insert = self.insert(link.target, flat.below, f"{here}.{related.data.name}", self._conflict(flat, here), None)
        return NestedInsert(link.name, link.on, insert, key, link.kind == "array")

    def _conflict(self, flat: FlatLink, path: str) -> OnConflict | None:
        field = flat.type.on_conflict
        if field is None:
            return None
        type_ = cast(InputObject, named(field.type))
        return on_conflict(Settled((), flat.on_conflict), type_, self.values, f"{path}.{field.name}")


def in_order(links: tuple[FlatLink, ...], before: frozenset[str]) -> tuple[tuple[FlatLink, ...], tuple[FlatLink, ...]]:
    """The links that go before the row, and those after."""
    first = tuple(link for link in links if link.link.name in before)
    return first, tuple(link for link in links if link.link.name not in before)


def paired(flat: FlatRows, insert: Insert) -> Iterator[tuple[FlatLink, NestedInsert]]:
    """Related rows beside the inserts planned for rows of the same structure."""
    first, last = in_order(flat.links, frozenset(nested.name for nested in insert.before))
    yield from zip(first, insert.before, strict=True)
    yield from zip(last, insert.after, strict=True)


def _columns(flat: FlatRows) -> tuple[GivenColumn, ...]:
    return tuple(_given(column, index) for index, column in enumerate(flat.columns))


def _given(column: FlatColumn, index: int) -> GivenColumn:
    """A column that some rows leave out is numbered: its mark cannot be taken for another key then."""
    plain = column.in_every_row and len(column.name.encode()) <= _LONGEST_KEY
    key = column.name if plain else f"~{index}"
    return GivenColumn(column.field.sql, column.field.scalar.value_type(), key, column.in_every_row)


def refers(relation: Relation, target: Ident, on: tuple[tuple[str, str], ...]) -> bool:
    """Whether a foreign key of the relation says the same as a relationship to the target."""
    return any(
        key.target == target and set(zip(key.columns, key.target_columns, strict=True)) == set(on)
        for key in relation.foreign_keys
    )
