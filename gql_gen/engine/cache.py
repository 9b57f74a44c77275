"""Known documents and their statements, bounded in bytes and shared fairly between roles."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from gql_gen.dialects.document import Operation
from gql_gen.dialects.hasura.shape import shape_of
from gql_gen.dialects.hasura.typesystem import ListOf, NonNull, ScalarType, TypeRef
from gql_gen.engine.binding import Quick
from gql_gen.model.predicates import Slot
from gql_gen.sql.statement import Statement

_SHAPES = 64
_SHAPE_LENGTH = 16_384
OVERHEAD = 4_096
_PER_CHARACTER = 24
"""What a parsed document weighs for each character of its text, measured roughly with tracemalloc."""


@dataclass(slots=True)
class Prepared:
    """A statement ready to run: `statement` is None when the answer needs no database. `variable_slots` and
    `session_slots` are bound on each request, `arguments` holds the literals already in their places."""

    statement: Statement | None
    frame: tuple[bytes, ...]
    arguments: tuple[str | None, ...]
    variable_slots: tuple[tuple[int, Slot, Quick | None], ...]
    session_slots: tuple[tuple[int, Slot, Quick | None], ...]
    uses: int = 0

    @property
    def weight(self) -> int:
        text = 0 if self.statement is None else 2 * len(self.statement.text)
        return OVERHEAD + text + sum(map(len, self.frame))


class Kept(Protocol):
    """What is kept for one shape of a document's variables: a read or a write made ready."""

    @property
    def weight(self) -> int: ...


@dataclass(slots=True, eq=False)
class Document:
    """A parsed operation and the statements made from it, by the shape of its variables."""

    operation: Operation
    size: int = 0
    """Characters of its text."""
    used: Mapping[str, TypeRef] = field(default_factory=dict)
    by_value: frozenset[str] = frozenset()
    statements: OrderedDict[Hashable, Kept] = field(default_factory=OrderedDict)
    fillings: tuple[str, ...] | None = ()
    """The variables, when all of them only fill places: given, they all have one shape. None when one decides more."""

    @property
    def weight(self) -> int:
        return OVERHEAD + _PER_CHARACTER * self.size + sum(kept.weight for kept in self.statements.values())

    def key(self, variables: Mapping[str, Any]) -> Hashable:
        """The shape of the variables."""
        if self.fillings is not None:
            for name in self.fillings:
                if variables.get(name) is None:
                    break
            else:
                return ()
        return shape_of(variables, self.used, self.by_value)

    def learn(self, used: Mapping[str, TypeRef], by_value: frozenset[str]) -> None:
        """What a reading found out about the variables. A variable seen for the first time changes what a shape is, so
        the statements kept under the older, coarser shapes go."""
        if used.keys() <= self.used.keys() and by_value <= self.by_value:
            return
        self.used = {**self.used, **used}
        self.by_value = self.by_value | by_value
        self.fillings = tuple(self.used) if not self.by_value and all(map(_fills, self.used.values())) else None
        self.statements.clear()


def _fills(ref: TypeRef) -> bool:
    """Whether a variable of the type has one shape whenever it is given: a scalar, or a list of scalars. A global id
    names a table."""
    while isinstance(ref, NonNull | ListOf):
        ref = ref.of
    return isinstance(ref, ScalarType) and ref.name not in ("Boolean", "ID")


@dataclass(slots=True)
class _Shelf:
    """One role's documents, the least recently used first, and what each was last found to weigh."""

    documents: OrderedDict[tuple[str, str | None], Document] = field(default_factory=OrderedDict)
    weights: dict[tuple[str, str | None], int] = field(default_factory=dict)
    total: int = 0

    def weigh(self, key: tuple[str, str | None]) -> None:
        weight = self.documents[key].weight
        self.total += weight - self.weights.get(key, 0)
        self.weights[key] = weight

    def drop_oldest(self) -> None:
        key, _ = self.documents.popitem(last=False)
        self.total -= self.weights.pop(key)


class PlanCache:
    """Least recently used documents leave first, from the role that holds the most: one role's flood of documents never
    pushes out another's."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._shelves: dict[str, _Shelf] = {}

    def get(self, role: str, text: str, operation: str | None) -> Document | None:
        shelf = self._shelves.get(role)
        if shelf is None:
            return None
        found = shelf.documents.get((text, operation))
        if found is not None:
            shelf.documents.move_to_end((text, operation))
        return found

    def add(self, role: str, text: str, operation: str | None, document: Document) -> None:
        document.size = len(text)
        shelf = self._shelves.setdefault(role, _Shelf())
        shelf.documents[(text, operation)] = document
        shelf.weigh((text, operation))
        self._shrink()

    def keep(self, role: str, text: str, operation: str | None, key: Hashable, prepared: Kept) -> None:
        """A statement for one shape of a document. An attacker may send every subset of keys: the number and the size
        of shapes are bounded; beyond, statements are made anew each time."""
        document = self.get(role, text, operation)
        if document is None or len(repr(key)) > _SHAPE_LENGTH:
            return
        document.statements[key] = prepared
        if len(document.statements) > _SHAPES:
            document.statements.popitem(last=False)
        self._shelves[role].weigh((text, operation))
        self._shrink()

    def _shrink(self) -> None:
        while sum(shelf.total for shelf in self._shelves.values()) > self._max_bytes:
            max(self._shelves.values(), key=lambda shelf: shelf.total).drop_oldest()
