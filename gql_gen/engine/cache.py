"""Known documents and their statements, bounded in bytes and shared fairly between roles."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from gql_gen.dialects.document import Operation
from gql_gen.dialects.hasura.shape import shape_of
from gql_gen.dialects.hasura.typesystem import TypeRef
from gql_gen.model.predicates import Slot
from gql_gen.sql.statement import Statement

_SHAPES = 64
_SHAPE_LENGTH = 16_384
_OVERHEAD = 4_096
_PER_CHARACTER = 24
"""What a parsed document weighs for each character of its text, measured roughly with tracemalloc."""


@dataclass(slots=True)
class Prepared:
    """A statement ready to run: `statement` is None when the answer needs no database. `variable_slots` and
    `session_slots` are bound on each request, `arguments` holds the literals already in their places."""

    statement: Statement | None
    frame: tuple[bytes, ...]
    arguments: tuple[str | None, ...]
    variable_slots: tuple[tuple[int, Slot], ...]
    session_slots: tuple[tuple[int, Slot], ...]
    uses: int = 0


@dataclass(slots=True)
class Document:
    """A parsed operation and the statements made from it, by the shape of its variables."""

    operation: Operation
    used: Mapping[str, TypeRef] = field(default_factory=dict)
    by_value: frozenset[str] = frozenset()
    statements: OrderedDict[Hashable, Prepared] = field(default_factory=OrderedDict)
    weight: int = 0

    def key(self, variables: Mapping[str, Any]) -> Hashable:
        return shape_of(variables, self.used, self.by_value) if self.used or self.by_value else ()

    def learn(self, used: Mapping[str, TypeRef], by_value: frozenset[str]) -> None:
        """What a reading found out about the variables. A variable seen for the first time changes what a shape is, so
        the statements kept under the older, coarser shapes go."""
        if used.keys() <= self.used.keys() and by_value <= self.by_value:
            return
        self.used = {**self.used, **used}
        self.by_value = self.by_value | by_value
        self.statements.clear()


class PlanCache:
    """Least recently used documents leave first, from the role that holds the most: one role's flood of documents never
    pushes out another's."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._roles: dict[str, OrderedDict[tuple[str, str | None], Document]] = {}
        self._weights: dict[str, int] = {}

    def get(self, role: str, text: str, operation: str | None) -> Document | None:
        documents = self._roles.get(role)
        if documents is None:
            return None
        found = documents.get((text, operation))
        if found is not None:
            documents.move_to_end((text, operation))
        return found

    def add(self, role: str, text: str, operation: str | None, document: Document) -> None:
        documents = self._roles.setdefault(role, OrderedDict())
        if (text, operation) in documents:
            return
        document.weight = _OVERHEAD + _PER_CHARACTER * len(text)
        documents[(text, operation)] = document
        self._weights[role] = self._weights.get(role, 0) + document.weight
        self._shrink()

    def keep(self, role: str, document: Document, key: Hashable, prepared: Prepared) -> None:
        """A statement for one shape. An attacker may send every subset of keys: the number and size of shapes is
        bounded; beyond, statements are made anew each time."""
        if len(repr(key)) > _SHAPE_LENGTH:
            return
        document.statements[key] = prepared
        if prepared.statement is not None:
            weight = _OVERHEAD + 2 * len(prepared.statement.text)
            document.weight += weight
            self._weights[role] = self._weights.get(role, 0) + weight
        if len(document.statements) > _SHAPES:
            document.statements.popitem(last=False)
        self._shrink()

    def _shrink(self) -> None:
        while sum(self._weights.values()) > self._max_bytes:
            role = max(self._weights, key=lambda name: self._weights[name])
            documents = self._roles[role]
            if len(documents) <= 1:
                documents.clear()
                self._weights[role] = 0
                return
            _, document = documents.popitem(last=False)
            self._weights[role] -= document.weight
