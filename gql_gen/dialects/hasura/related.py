"""`_related` of an update by primary key → what is written along it.

Whatever the order in the document, what our own key refers to comes first, then our row, then the rows on the other
side: deleted, disconnected, set, updated, connected, created.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal, cast

from gql_gen.catalog.types import Ident
from gql_gen.dialects.hasura.assignments import Part, assignments, filtered, key_columns, parts_of, where_of
from gql_gen.dialects.hasura.given import Given, Sent, Values
from gql_gen.dialects.hasura.related_types import freed
from gql_gen.dialects.hasura.rows import InsertReader
from gql_gen.dialects.hasura.typesystem import InputObject, ListOf, Plain, RelatedInput, ScalarType, named, nullable
from gql_gen.errors import Rejected
from gql_gen.model.predicates import TRUE, AnyOf, Not, Pred
from gql_gen.model.types import Entity, Link, RoleModel
from gql_gen.plan.writes import Assignment, Delete, Insert, Lookup, OwnKey, RelatedWrite, Update

_RANKS = ("delete", "disconnect", "set", "update", "connect", "create")
_OURS = "exactly one of connect, disconnect, create, update and delete is expected"
_SET = "'set' tells all rows that are to be related: 'connect' and 'disconnect' cannot stand beside it"
_Ranked = tuple[int, RelatedWrite]
_Reach = Literal["related", "was_related", "connect", "create"]


@dataclass(frozen=True, slots=True)
class RelatedReader:
    """Reads the `_related` of one update."""

    role: RoleModel
    values: Values
    inserts: InsertReader

    def read(self, update: Update, part: Part) -> Update:
        """The update with all that is written along. Raises Rejected for what cannot be done together."""
        if self.values.is_null(part.given):
            return update
        entity = self.role.entities[update.relation].entity
        own_keys: list[OwnKey] = []
        ranked: list[_Ranked] = []
        for field, child, place in self.values.fields(part.given, cast(InputObject, named(part.type)), part.at):
            meaning = cast(RelatedInput, field.meaning)
            given = self._given(child, cast(InputObject, named(field.type)), place)
            if meaning.is_ours:
                keys, writes = self._ours(entity, meaning.link, given, place)
                own_keys += keys
            else:
                writes = list(self._theirs(meaning.link, given, place))
            ranked += writes
        _refuse_determined(entity, update.assignments, own_keys)
        ranked.sort(key=lambda each: each[0])
        return replace(update, own_keys=tuple(own_keys), related=tuple(write for _, write in ranked))

    def _given(self, given: Given, type_: InputObject, at: str) -> dict[str, Part]:
        """The operations of one relationship; null means not given, and so does false."""
        if self.values.is_null(given):
            return {}
        found: dict[str, Part] = {}
        for field, child, place in self.values.fields(given, type_, at):
            if not self.values.is_null(child) and (
                not isinstance(field.type, ScalarType) or self._is_true(child, place)
            ):
                word = field.meaning.word if isinstance(field.meaning, Plain) else "create"
                found[word] = Part(word, field.type, child, place)
        return found

    def _is_true(self, given: Given, at: str) -> bool:
        # A boolean inside a variable counts by its value in any shape: the variable itself need not.
        if isinstance(given, Sent) and isinstance(given.value, bool):
            return given.value
        return self.values.boolean(given, at)

    # ------------------------------------------------------------ our own key

    def _ours(
        self, entity: Entity, link: Link, given: Mapping[str, Part], at: str
    ) -> tuple[list[OwnKey], list[_Ranked]]:
        if not given:
            return [], []
        if len(given) > 1:
            raise Rejected(_OURS, path=at)
        ((word, part),) = given.items()
        match word:
            case "connect":
                source = Lookup(link.target, key_columns(part, self.values), part.at)
                return [OwnKey(link.name, link.on, source, part.at)], []
            case "create":
                return [OwnKey(link.name, link.on, self._insert(link, part, hung=False), part.at)], []
            case "disconnect":
                return [_freeing(entity, link, part.at)], []
            case "delete":
                deleted = Delete(link.target, TRUE, part.at, None)
                return [_freeing(entity, link, part.at)], [_ranked(word, link, deleted, "was_related", part.at)]
            case _:
                return [], [_ranked(word, link, self._changes(link, part), "related", part.at)]

    # ------------------------------------------------------------ the other side

    def _theirs(self, link: Link, given: Mapping[str, Part], at: str) -> Iterator[_Ranked]:
        if "set" in given and ("connect" in given or "disconnect" in given):
            raise Rejected(_SET, path=at)
        for word, part in given.items():
            match word:
                case "delete":
                    deleted = Delete(link.target, self._which(part), part.at, None)
                    yield _ranked(word, link, deleted, "related", part.at)
                case "disconnect":
                    yield self._disconnected(word, link, self._which(part), part.at)
                case "set":
                    keys = self._keys(part)
                    others = Not(AnyOf(tuple(key for key, _ in keys)))
                    yield self._disconnected(word, link, others, part.at)
                    yield _connected(word, link, keys, part.at)
                case "connect":
                    yield _connected(word, link, self._keys(part), part.at)
                case "create":
                    yield _ranked(word, link, self._insert(link, part, hung=True), "create", part.at)
                case _:
                    for update, place in self._updates(link, part):
                        yield _ranked(word, link, update, "related", place)

    def _which(self, part: Part) -> Pred:
        """The related rows meant: those of a filter, or the one."""
        return TRUE if isinstance(part.type, ScalarType) else where_of(part, self.values)

    def _disconnected(self, word: str, link: Link, where: Pred, at: str) -> _Ranked:
        target = self.role.entities[link.target].entity
        nulls = tuple(Assignment(name, "set", None) for name in freed(target, (their for _, their in link.on)))
        return _ranked(word, link, Update(link.target, where, nulls, at, None), "related", at)

    def _keys(self, part: Part) -> list[tuple[Pred, str]]:
        """Rows by their primary keys, each with its path."""
        ref = nullable(part.type)
        if not isinstance(ref, ListOf):
            return [(key_columns(part, self.values), part.at)]
        items = self.values.items(part.given, ref.of, part.at)
        return [(key_columns(Part("", ref.of, item, place), self.values), place) for item, place in items]

    def _updates(self, link: Link, part: Part) -> Iterator[tuple[Update, str]]:
        ref = nullable(part.type)
        if not isinstance(ref, ListOf):
            yield self._changes(link, part), part.at
            return
        for item, place in self.values.items(part.given, ref.of, part.at):
            parts = parts_of(item, cast(InputObject, named(ref)), self.values, place)
            yield self._update(link.target, filtered(parts, self.values, place), parts.values(), place), place

    # ------------------------------------------------------------ what both do

    def _changes(self, link: Link, part: Part) -> Update:
        parts = parts_of(part.given, cast(InputObject, named(part.type)), self.values, part.at)
        return self._update(link.target, TRUE, parts.values(), part.at)

    def _update(self, relation: Ident, where: Pred, parts: Iterable[Part], at: str) -> Update:
        return Update(relation, where, assignments(parts, self.role.entities[relation], self.values, at), at, None)

    def _insert(self, link: Link, part: Part, *, hung: bool) -> Insert:
        """Rows to insert; those that are `hung` take their side of the key from our row."""
        determined = frozenset(their for _, their in link.on) if hung else None
        return self.inserts.insert(link.target, part.given, part.type, part.at, hung=determined)


def _ranked(
    word: str, link: Link, node: Insert | Update | Delete, reach: _Reach, at: str, expected: int | None = None
) -> _Ranked:
    return _RANKS.index(word), RelatedWrite(link.name, link.on, node, reach, at, expected)


def _connected(word: str, link: Link, keys: list[tuple[Pred, str]], at: str) -> _Ranked:
    """Where one row is named its path tells which."""
    place = keys[0][1] if len(keys) == 1 else at
    update = Update(link.target, AnyOf(tuple(key for key, _ in keys)), (), place, None)
    return _ranked(word, link, update, "connect", place, len(keys))


def _freeing(entity: Entity, link: Link, at: str) -> OwnKey:
    nulls = freed(entity, (our for our, _ in link.on))
    return OwnKey(link.name, tuple(pair for pair in link.on if pair[0] in nulls), None, at)


def _refuse_determined(entity: Entity, given: tuple[Assignment, ...], own_keys: list[OwnKey]) -> None:
    """A column has one value: not one of the caller's and one of a relationship, nor those of two relationships."""
    taken = {assignment.column: "an operator" for assignment in given}
    for key in own_keys:
        for column, _ in key.on:
            if column in taken:
                field = entity.field_of(column)
                shown = key.name if field is None else field.name
                raise Rejected(f"'{shown}' is given by '{key.name}' and by {taken[column]}", path=key.path)
            taken[column] = f"'{key.name}'"
