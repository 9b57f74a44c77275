"""One predicate language for callers' filters, row rules and checks, with every name resolved.

A predicate speaks about "the row tested". Inside `Exists` and `AggregateTest` the row tested is the related one, and
outer rows are reached by `ColumnRef.depth` (0: the row tested, 1: the row one relation outwards, …), so a predicate
needs no aliases and can be placed anywhere.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from gql_gen.catalog.types import Ident


@dataclass(frozen=True, slots=True)
class ValueType:
    """How a value is checked and bound: `pg` is the exact type it is cast to (never a domain), `graphql` its name in
    messages, `is_list` a list of such values bound as one array literal, `labels` the only values allowed,
    `element` the type of an array type's items."""

    pg: Ident
    graphql: str
    is_list: bool = False
    labels: tuple[str, ...] | None = None
    element: ValueType | None = None
    bound: Literal["limit", "offset"] | None = None
    """Set for `limit` (a 32-bit number not below 0) and `offset` (64-bit, also as a string)."""


@dataclass(frozen=True, slots=True)
class Slot:
    """A value that comes with the request, or a literal of the document or rule. Always bound as a parameter.

    `path`: for a variable its name and the keys into it; for a session variable its lower-case name; for a literal ().
    Writes know two more sources: `rows`, the rows of the n-th insert as one JSON text, `path` being (n,); and `step`,
    what an earlier statement of the same root answered, `path` being (statement, column). `claims` are all session
    variables as one JSON object, `path` being ().
    `text`: a literal's Postgres text form, already checked. `at`: the argument's path in the caller's words."""

    source: Literal["variable", "session", "claims", "literal", "rows", "step"]
    path: tuple[str | int, ...]
    type: ValueType
    text: str | None = None
    at: str = "$"


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column by its SQL name. `type` is the base type below domains."""

    column: str
    type: Ident
    depth: int = 0


@dataclass(frozen=True, slots=True)
class CastRef:
    """A column read as another type (`_cast`)."""

    column: ColumnRef
    to: Ident


@dataclass(frozen=True, slots=True)
class Compare:
    """`operator` is a canonical name of gql_gen.model.operators (`_eq`, `_like`, …; `_ceq` is `_eq` with a column)."""

    left: ColumnRef | CastRef
    operator: str
    right: Slot | ColumnRef


@dataclass(frozen=True, slots=True)
class IsNull:
    column: ColumnRef | CastRef
    negated: bool


@dataclass(frozen=True, slots=True)
class All:
    """Conjunction; empty is true."""

    parts: tuple[Pred, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Disjunction; empty is false."""

    parts: tuple[Pred, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Pred


@dataclass(frozen=True, slots=True)
class Exists:
    """Some row of `relation` with our `on[i][0]` = its `on[i][1]` satisfies `where`. `on` is empty for `_exists`.
    `rule` is the target's own row rule: filled by the gate for a caller's predicate, never inside a rule."""

    relation: Ident
    on: tuple[tuple[str, str], ...]
    where: Pred
    rule: Pred | None = None


@dataclass(frozen=True, slots=True)
class AggregateTest:
    """An aggregate over related rows compared with a value: `count(…) > 3`, `bool_and(col) = true`."""

    relation: Ident
    on: tuple[tuple[str, str], ...]
    function: Literal[
        "count", "bool_and", "bool_or", "avg", "corr", "covar_samp", "max", "min", "sum", "stddev_samp", "var_samp"
    ]
    arguments: tuple[str, ...]
    distinct: bool
    where: Pred
    tests: tuple[Compare | IsNull, ...]
    """Each `left` is ignored and stands for the aggregate's value; all must hold."""
    rule: Pred | None = None


Pred = Compare | IsNull | All | AnyOf | Not | Exists | AggregateTest

TRUE = All(())
FALSE = AnyOf(())


def both(*parts: Pred | None) -> Pred:
    """The conjunction of what is there, flattened; `TRUE` for nothing."""
    flat: list[Pred] = []
    for part in parts:
        if part is None:
            continue
        if isinstance(part, All):
            flat.extend(part.parts)
        else:
            flat.append(part)
    return flat[0] if len(flat) == 1 else All(tuple(flat))


def literals(pred: Pred) -> Iterator[tuple[Slot, str]]:
    """Every literal in a predicate with the operator it is the operand of."""
    match pred:
        case Compare(operator=operator, right=Slot(source="literal") as slot):
            yield slot, operator
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from literals(part)
        case Not(part=part):
            yield from literals(part)
        case Exists(where=where):
            yield from literals(where)
        case AggregateTest(where=where, tests=tests):
            yield from literals(where)
            for test in tests:
                yield from literals(test)
        case _:
            return


def reaches_tables(pred: Pred) -> bool:
    """Whether a predicate looks at other rows than the one tested."""
    match pred:
        case Exists() | AggregateTest():
            return True
        case All(parts=parts) | AnyOf(parts=parts):
            return any(reaches_tables(part) for part in parts)
        case Not(part=part):
            return reaches_tables(part)
        case _:
            return False


def row_columns(pred: Pred, depth: int = 0) -> frozenset[str]:
    """The columns of the row `depth` relations outwards that a predicate looks at; 0 is the row tested."""
    match pred:
        case Compare(left=left, right=right):
            refs = [left.column if isinstance(left, CastRef) else left]
            if isinstance(right, ColumnRef):
                refs.append(right)
            return frozenset(ref.column for ref in refs if ref.depth == depth)
        case IsNull(column=column):
            ref = column.column if isinstance(column, CastRef) else column
            return frozenset((ref.column,) if ref.depth == depth else ())
        case All(parts=parts) | AnyOf(parts=parts):
            return frozenset().union(*(row_columns(part, depth) for part in parts))
        case Not(part=part):
            return row_columns(part, depth)
        case Exists(on=on, where=where, rule=rule):
            return _joined_columns(on, (where, rule), depth)
        case AggregateTest(on=on, where=where, rule=rule, tests=tests):
            return _joined_columns(on, (where, rule, *tests), depth)


def _joined_columns(on: tuple[tuple[str, str], ...], inner: tuple[Pred | None, ...], depth: int) -> frozenset[str]:
    ours = frozenset(column for column, _ in on) if depth == 0 else frozenset[str]()
    return ours.union(*(row_columns(part, depth + 1) for part in inner if part is not None))


def session_slots(pred: Pred) -> Iterator[Slot]:
    """Every session variable in a predicate."""
    match pred:
        case Compare(right=Slot(source="session") as slot):
            yield slot
        case All(parts=parts) | AnyOf(parts=parts):
            for part in parts:
                yield from session_slots(part)
        case Not(part=part):
            yield from session_slots(part)
        case Exists(where=where):
            yield from session_slots(where)
        case AggregateTest(where=where, tests=tests):
            for inner in (where, *tests):
                yield from session_slots(inner)
        case _:
            return
