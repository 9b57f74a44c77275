"""The rows of an insert, nested ones included, laid flat: one list of rows for each insert to be made.

Rows come in thousands and are mostly alike, so what they have in common is found by sets of keys, not row by row. All
rows of one relationship go together, whichever row they hang on; only a different `on_conflict` parts them.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from gql_gen.dialects.hasura.given import Settled, frozen, unexpected
from gql_gen.dialects.hasura.typesystem import (
    FieldInput,
    InputField,
    InputObject,
    ListOf,
    NestedRowsInput,
    Plain,
    named,
    nullable,
)
from gql_gen.errors import Rejected
from gql_gen.model.types import Field, Link


@dataclass(frozen=True, slots=True)
class RowsOf(ListOf):
    """What a variable is used as that holds rows of an insert, or one row."""


@dataclass(frozen=True, slots=True)
class RelatedOf(ListOf):
    """What a variable is used as that holds the related rows of one row: `{data, on_conflict}`."""


Row = dict[str, Any]
PathOf = Callable[[int], str]
"""Position of a row → its path in the caller's words."""


@dataclass(frozen=True, slots=True)
class FlatColumn:
    """A column that rows give."""

    name: str
    field: Field
    in_every_row: bool


@dataclass(frozen=True, slots=True)
class FlatRows:
    """The rows of one insert. `parents` are the positions of the rows they hang on, empty at the root."""

    type: InputObject
    rows: Sequence[Row]
    path_of: PathOf
    columns: tuple[FlatColumn, ...]
    links: tuple[FlatLink, ...]
    parents: Sequence[int] = ()


@dataclass(frozen=True, slots=True)
class FlatLink:
    """Related rows with one and the same `on_conflict`, as JSON."""

    link: Link
    type: RelatedType
    on_conflict: Any
    below: FlatRows


def flatten(value: Any, type_: InputObject, at: str, *, is_list: bool = True) -> FlatRows:
    """Rows as JSON, or a single one, laid flat. Raises Rejected for what is no row of that type."""
    rows = value if isinstance(value, list) and is_list else [value]
    return _flat(rows, type_, lambda position: f"{at}[{position}]" if is_list else at)


def rows_structure(value: Any, type_: InputObject) -> Hashable:
    """What of rows decides the inserts to be made."""
    return _structure(flatten(value, type_, "$"))


def related_structure(value: Any, type_: InputObject) -> Hashable:
    """The same for the related rows of one row."""
    related = related_type(type_)
    data, on_conflict = _related(value, related, lambda _: "$", 0)
    return frozen(on_conflict), rows_structure(data, related.row) if data else None


@dataclass(frozen=True, slots=True)
class RelatedType:
    """What `{data, on_conflict}` is made of: the names of its fields and the types below them."""

    type: InputObject
    row: InputObject
    data: InputField
    is_list: bool
    on_conflict: InputField | None


def related_type(type_: InputObject) -> RelatedType:
    words = {found.meaning.word: found for found in type_.fields.values() if isinstance(found.meaning, Plain)}
    data = words["data"]
    row = cast(InputObject, named(data.type))
    return RelatedType(type_, row, data, isinstance(nullable(data.type), ListOf), words.get("on_conflict"))


def _structure(flat: FlatRows) -> Hashable:
    columns = tuple((column.name, column.in_every_row) for column in flat.columns)
    links = tuple((link.link.name, frozen(link.on_conflict), _structure(link.below)) for link in flat.links)
    return bool(flat.rows), columns, links


def _flat(rows: Sequence[Any], type_: InputObject, path_of: PathOf, parents: Sequence[int] = ()) -> FlatRows:
    if not set(map(type, rows)) <= {dict}:
        _refuse_other(rows, type_, path_of)
    kinds: set[tuple[str, ...]] = set(map(tuple, rows))
    some = frozenset[str]().union(*kinds)
    if not some <= type_.fields.keys():
        _refuse_unknown(rows, type_, path_of)
    every = some.intersection(*kinds)
    columns: list[FlatColumn] = []
    links: list[FlatLink] = []
    for name, given in type_.fields.items():
        if name not in some:
            continue
        match given.meaning:
            case FieldInput(field=own):
                columns.append(FlatColumn(name, own, name in every))
            case NestedRowsInput(link=link):
                links += _links(rows, name, link, cast(InputObject, named(given.type)), path_of)
            case _:
                pass  # the placeholder of a type that has nothing to give
    return FlatRows(type_, rows, path_of, tuple(columns), tuple(links), parents)


# ---------------------------------------------------------------- related rows


@dataclass(frozen=True, slots=True)
class _Group:
    """Related rows with one `on_conflict`: each with its parent's position, and its own within the parent's list."""

    on_conflict: Any
    rows: list[Any] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    places: list[int] = field(default_factory=list)

    def add(self, parent: int, data: Sequence[Any]) -> None:
        self.rows.extend(data)
        self.parents.extend([parent] * len(data))
        self.places.extend(range(len(data)))


def _links(rows: Sequence[Row], name: str, link: Link, type_: InputObject, path_of: PathOf) -> list[FlatLink]:
    def path_here(position: int) -> str:
        return f"{path_of(position)}.{name}"

    related = related_type(type_)
    groups: dict[Hashable, _Group] = {}
    for position, row in enumerate(rows):
        given = row.get(name)
        if given is None:
            continue
        data, on_conflict = _related(given, related, path_here, position)
        if data:
            groups.setdefault(frozen(on_conflict), _Group(on_conflict)).add(position, data)
    return [_link(group, link, related, path_here) for group in groups.values()]


def _link(group: _Group, link: Link, related: RelatedType, path_above: PathOf) -> FlatLink:
    def path_of(position: int) -> str:
        above = f"{path_above(group.parents[position])}.{related.data.name}"
        return f"{above}[{group.places[position]}]" if related.is_list else above

    return FlatLink(link, related, group.on_conflict, _flat(group.rows, related.row, path_of, group.parents))


def _related(given: Any, related: RelatedType, path_of: PathOf, position: int) -> tuple[list[Any], Any]:
    """The rows of `{data, on_conflict}` and what to do on conflict, None for nothing."""
    if not isinstance(given, dict):
        raise unexpected("an object", related.type, Settled((), given), path_of(position))
    for key in given:
        if key not in related.type.fields:
            message = f"field '{key}' not found in type: '{related.type.name}'"
            raise Rejected(message, path=f"{path_of(position)}.{key}")
    name = related.data.name
    if name not in given:
        raise Rejected(f"missing required field '{name}'", path=f"{path_of(position)}.{name}")
    data = given[name]
    if data is None:
        raise unexpected("rows", related.row, Settled((), None), f"{path_of(position)}.{name}")
    on_conflict = None if related.on_conflict is None else given.get(related.on_conflict.name)
    return data if related.is_list and isinstance(data, list) else [data], on_conflict


# ---------------------------------------------------------------- refusals


def _refuse_other(rows: Sequence[Any], type_: InputObject, path_of: PathOf) -> None:
    for position, row in enumerate(rows):
        if not isinstance(row, dict):
            raise unexpected("an object", type_, Settled((), row), path_of(position))


def _refuse_unknown(rows: Sequence[Row], type_: InputObject, path_of: PathOf) -> None:
    for position, row in enumerate(rows):
        for key in row:
            if key not in type_.fields:
                raise Rejected(f"field '{key}' not found in type: '{type_.name}'", path=f"{path_of(position)}.{key}")
