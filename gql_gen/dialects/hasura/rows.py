"""The rows of an operation's inserts as JSON texts, one for each insert, made anew from each request's variables."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from gql_gen.catalog.types import Ident
from gql_gen.dialects.hasura.flat_rows import FlatLink, FlatRows, flatten
from gql_gen.dialects.hasura.given import Given, Values
from gql_gen.dialects.hasura.inserts import PARENT, InsertPlanner, paired
from gql_gen.dialects.hasura.row_cells import JSON, cells, is_certain
from gql_gen.dialects.hasura.row_literals import Constant, Part, filled, rows_part
from gql_gen.dialects.hasura.typesystem import FieldInput, InputObject, ListOf, TypeRef, named, nullable
from gql_gen.errors import Rejected
from gql_gen.model.predicates import ValueType
from gql_gen.model.values import encode
from gql_gen.plan.writes import Answer, GivenColumn, Insert, NestedInsert, OnConflict

_Pairs = tuple[tuple[FlatLink, NestedInsert], ...]


@dataclass(frozen=True, slots=True)
class _Planned:
    """Rows beside their insert. Rows that go in after those they hang on have `parents`, and `determined` columns that
    come from there."""

    flat: FlatRows
    insert: Insert
    nested: _Pairs
    parents: Sequence[int]
    determined: frozenset[str]


@dataclass(frozen=True, slots=True)
class RootRows:
    """Rows as they are written in the document, and the insert planned for them. Those that hang on the row of an
    update have `hung` columns that come from there."""

    part: Part
    type: InputObject
    at: str
    is_list: bool
    insert: Insert
    hung: frozenset[str] | None = None

    def flat(self, variables: Mapping[str, Any]) -> FlatRows:
        found = flatten(filled(self.part, variables), self.type, self.at, is_list=self.is_list)
        return found if self.hung is None else replace(found, parents=(0,) * len(found.rows))

    def planned(self, variables: Mapping[str, Any]) -> Iterator[_Planned]:
        return _walk(self.flat(variables), self.insert, self.hung)

    def texts(self, variables: Mapping[str, Any]) -> tuple[str, ...]:
        return tuple(map(_text, self.planned(variables)))


@dataclass(frozen=True, slots=True)
class InsertReader:
    """Reads the inserts of one operation; `roots` are their rows, in the order read."""

    values: Values
    planner: InsertPlanner
    roots: list[RootRows] = field(default_factory=list)

    def insert(
        self,
        relation: Ident,
        given: Given,
        ref: TypeRef,
        at: str,
        *,
        conflict: Callable[[], OnConflict | None] = lambda: None,
        answer: Answer | None = None,
        hung: frozenset[str] | None = None,
    ) -> Insert:
        """Rows, or a single one where the type says so, and what is to be done on `conflict`, which the document tells
        after them. `hung` as in RootRows."""
        type_, is_list = cast(InputObject, named(ref)), isinstance(nullable(ref), ListOf)
        written = rows_part(given, ref, self.values, at)
        on_conflict = conflict()
        flat = flatten(filled(written, self.values.variables), type_, at, is_list=is_list)
        insert = self.planner.insert(relation, flat, at, on_conflict, answer)
        self.roots.append(RootRows(written, type_, at, is_list, insert, hung))
        return insert


class RowSource:
    """The rows of all inserts of an operation. Its variables must have the shape of those that the plan was made for.

    Inserts are counted as the plan counts them, rows from 0."""

    __slots__ = ("_constant", "_roots")

    def __init__(self, roots: Sequence[RootRows]) -> None:
        self._roots = tuple(roots)
        self._constant = tuple(root.texts({}) if isinstance(root.part, Constant) else None for root in roots)

    def texts(self, variables: Mapping[str, Any]) -> tuple[str, ...]:
        """The rows of each insert as a JSON array of objects. Raises what is wrong with them, as `encode` does."""
        found: list[str] = []
        for root, constant in zip(self._roots, self._constant, strict=True):
            found += root.texts(variables) if constant is None else constant
        return tuple(found)

    def cells(self, variables: Mapping[str, Any]) -> Iterator[tuple[str, ValueType, str]]:
        """(text, type, path) of each cell that only Postgres can judge."""
        for planned in self._planned(variables):
            for column, given in zip(planned.flat.columns, planned.insert.columns, strict=True):
                yield from _doubts(planned.flat, column.name, given.type)

    def given(self, variables: Mapping[str, Any], number: int) -> Iterator[tuple[str, Any, str]]:
        """(SQL column, value as sent, path) of each cell of the n-th insert that is not null."""
        for planned in self._planned(variables):
            if planned.insert.rows.path != (number,):
                continue
            for column, given in zip(planned.flat.columns, planned.insert.columns, strict=True):
                for position, row in enumerate(planned.flat.rows):
                    if (value := row.get(column.name)) is not None:
                        yield given.column, value, f"{planned.flat.path_of(position)}.{column.name}"

    def row_path(self, variables: Mapping[str, Any], number: int, position: int) -> str:
        """The path of a row of the n-th insert: `$.selectionSet.insert_note.args.objects[3]`."""
        for planned in self._planned(variables):
            if planned.insert.rows.path == (number,):
                return planned.flat.path_of(position)
        raise AssertionError(f"there is no insert {number}")

    def _planned(self, variables: Mapping[str, Any]) -> Iterator[_Planned]:
        for root in self._roots:
            yield from root.planned(variables)


def _walk(flat: FlatRows, insert: Insert, hung: frozenset[str] | None) -> Iterator[_Planned]:
    """All inserts from one on, in the order they are numbered. `hung`: the columns that parents give to rows that go in
    after them."""
    own = [(column.field.sql, column.in_every_row) for column in flat.columns]
    assert own == [(given.column, given.in_every_row) for given in insert.columns], "rows of another shape"
    pairs = tuple(paired(flat, insert))
    yield _Planned(flat, insert, pairs, () if hung is None else flat.parents, hung or frozenset())
    for link, nested in pairs:
        theirs = frozenset(their for _, their in nested.on)
        yield from _walk(link.below, nested.insert, theirs if nested.key == PARENT else None)


def _doubts(flat: FlatRows, name: str, type_: ValueType) -> Iterator[tuple[str, ValueType, str]]:
    for position, row in enumerate(flat.rows):
        value = row.get(name)
        if value is not None and not is_certain(value, text := encode(value, type_), type_):
            yield text, type_, f"{flat.path_of(position)}.{name}"


# ---------------------------------------------------------------- texts


def _text(planned: _Planned) -> str:
    _refuse_determined(planned)
    flat, columns = planned.flat, planned.insert.columns
    found = [cells(flat, index, given) for index, given in enumerate(columns)]
    positions = _positions(planned)
    is_bare = not planned.parents and not positions and _are_all_keys(flat, columns)
    if is_bare and all(is_sent for _, is_sent in found):
        return JSON.encode(flat.rows).decode()
    return JSON.encode(_rebuilt(planned, [values for values, _ in found], positions)).decode()


def _are_all_keys(flat: FlatRows, columns: tuple[GivenColumn, ...]) -> bool:
    """Whether the rows' own keys are those of the columns and nothing else."""
    if not all(column.name == given.key for column, given in zip(flat.columns, columns, strict=True)):
        return False
    return set(map(len, flat.rows)) == {len(columns)}


def _positions(planned: _Planned) -> list[tuple[str, FlatLink]]:
    return [(nested.key, link) for link, nested in planned.nested if nested.key != PARENT]


def _rebuilt(planned: _Planned, found: list[list[Any]], positions: list[tuple[str, FlatLink]]) -> list[dict[str, Any]]:
    """Rows with the cells and keys that Postgres reads."""
    flat = planned.flat
    whole: dict[str, Sequence[Any]] = {}
    for given, values in zip(planned.insert.columns, found, strict=True):
        if given.in_every_row:
            whole[given.key] = values
    if planned.parents:
        whole[PARENT] = planned.parents
    rows: list[dict[str, Any]] = [dict(zip(whole, row, strict=True)) for row in zip(*whole.values(), strict=True)]
    rows = rows if whole else [{} for _ in flat.rows]
    for column, given, values in zip(flat.columns, planned.insert.columns, found, strict=True):
        if not given.in_every_row:
            _add_sparse(rows, flat, column.name, given.key, values)
    for key, link in positions:
        for position, parent in enumerate(link.below.parents):
            rows[parent][key] = position
    return rows


def _add_sparse(rows: list[dict[str, Any]], flat: FlatRows, name: str, key: str, values: list[Any]) -> None:
    following = iter(values)
    for row, sent in zip(rows, flat.rows, strict=True):
        if name in sent:
            row[key] = next(following)
        else:
            row[f"~{key}"] = True


# ---------------------------------------------------------------- columns given twice


def _refuse_determined(planned: _Planned) -> None:
    """A column that related rows decide cannot be given as well."""
    flat, determined = planned.flat, planned.determined
    twice = [column for column in flat.columns if column.field.sql in determined]
    if twice and flat.rows:
        position, row = next((at, row) for at, row in enumerate(flat.rows) if any(each.name in row for each in twice))
        names = ", ".join(f'"{column.name}"' for column in twice if column.name in row)
        message = f"cannot insert {names} columns as their values are already being determined by parent insert"
        raise Rejected(message, path=flat.path_of(position))
    taken: dict[str, set[int]] = {}
    for link, nested in planned.nested:
        if nested.key != PARENT:
            _refuse_second(planned, link, taken)


def _refuse_second(planned: _Planned, link: FlatLink, taken: dict[str, set[int]]) -> None:
    """A row before ours gives our key columns: nothing else may, neither the caller nor another such row."""
    flat, ours = planned.flat, [our for our, _ in link.link.on]
    given = [column for column in flat.columns if column.field.sql in ours]
    others = [our for our in ours if our in planned.determined or our in taken]
    if given or others:
        for position in link.below.parents:
            row = flat.rows[position]
            columns = {column.field.sql for column in given if column.name in row}
            columns |= {our for our in others if our in planned.determined or position in taken[our]}
            if columns:
                raise _already_determined(planned, link, columns, position)
    for our in ours:
        taken.setdefault(our, set()).update(link.below.parents)


def _already_determined(planned: _Planned, link: FlatLink, columns: set[str], position: int) -> Rejected:
    shown = {
        known.meaning.field.sql: name
        for name, known in planned.flat.type.fields.items()
        if isinstance(known.meaning, FieldInput)
    }
    names = ", ".join(f'"{shown[column]}"' for column in sorted(columns) if column in shown) or "its"
    name = link.link.name
    message = f'cannot insert object relationship "{name}" as {names} column values are already determined'
    return Rejected(message, path=f"{planned.flat.path_of(position)}.{name}")
