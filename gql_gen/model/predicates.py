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
from gql_gen.model.calls import Call
from gql_gen.model.slots import Slot as Slot
from gql_gen.model.slots import ValueType as ValueType


@dataclass(frozen=True, slots=True)
class ColumnRef:
    """A column by its SQL name. `type` is the base type below domains. `guard` (gate) is about the row that the column
    is of: where it does not hold the value counts as null."""

    column: str
    type: Ident
    depth: int = 0
    guard: Pred | None = None


@dataclass(frozen=True, slots=True)
class ComputedRef:
    """A single value that a function computes from the row `depth` relations outwards; `guard` as for a column."""

    call: Call
    type: Ident
    depth: int = 0
    guard: Pred | None = None


Value = ColumnRef | ComputedRef


@dataclass(frozen=True, slots=True)
class CastRef:
    """A value read as another type (`_cast`)."""

    column: Value
    to: Ident


@dataclass(frozen=True, slots=True)
class Compare:
    """`operator` is a canonical name of gql_gen.model.operators (`_eq`, `_like`, …; `_ceq` is `_eq` with a column)."""

    left: Value | CastRef
    operator: str
    right: Slot | ColumnRef


@dataclass(frozen=True, slots=True)
class IsNull:
    column: Value | CastRef
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
    `rule` is the target's own row rule: filled by the gate for a caller's predicate, never inside a rule. `rows`: of
    the rows that a function makes from the row tested, instead of all; made where `guard` (gate) holds, else none."""

    relation: Ident
    on: tuple[tuple[str, str], ...]
    where: Pred
    rule: Pred | None = None
    rows: Call | None = None
    guard: Pred | None = None


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
    guards: tuple[tuple[str, Pred], ...] = ()
    """Those of the arguments that have one (gate): elsewhere the argument counts as null."""


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
    """Whether a predicate looks at other rows than the one tested, as a function may."""
    match pred:
        case Exists() | AggregateTest():
            return True
        case Compare(left=value) | IsNull(column=value):
            return reaches_further(value)
        case All(parts=parts) | AnyOf(parts=parts):
            return any(reaches_tables(part) for part in parts)
        case Not(part=part):
            return reaches_tables(part)
        case _:
            return False


def reaches_further(value: Value | CastRef) -> bool:
    """The same for a value: whether it, or its guard, looks at other rows."""
    ref = value.column if isinstance(value, CastRef) else value
    return isinstance(ref, ComputedRef) or (ref.guard is not None and reaches_tables(ref.guard))


def row_columns(pred: Pred, depth: int = 0) -> frozenset[str]:
    """The columns of the row `depth` relations outwards that a predicate looks at; 0 is the row tested."""
    match pred:
        case Compare(left=left, right=right):
            ours = value_columns(left, depth)
            return ours | value_columns(right, depth) if isinstance(right, ColumnRef) else ours
        case IsNull(column=column):
            return value_columns(column, depth)
        case All(parts=parts) | AnyOf(parts=parts):
            return frozenset().union(*(row_columns(part, depth) for part in parts))
        case Not(part=part):
            return row_columns(part, depth)
        case Exists(on=on, where=where, rule=rule, rows=rows, guard=guard):
            made = frozenset(rows.routine.row) if rows is not None and depth == 0 else frozenset[str]()
            guarded = frozenset[str]() if guard is None else row_columns(guard, depth)
            return made | guarded | _joined_columns(on, (where, rule), depth)
        case AggregateTest(on=on, where=where, rule=rule, tests=tests, guards=guards):
            return _joined_columns(on, (where, rule, *tests, *(guard for _, guard in guards)), depth)


def value_columns(value: Value | CastRef, depth: int = 0) -> frozenset[str]:
    """The same for a value: its column, or all of the row that a function takes, and what its guard looks at."""
    ref = value.column if isinstance(value, CastRef) else value
    guard = frozenset[str]()
    if ref.guard is not None and depth >= ref.depth:
        guard = row_columns(ref.guard, depth - ref.depth)
    if ref.depth != depth:
        return guard
    return guard | (frozenset((ref.column,)) if isinstance(ref, ColumnRef) else frozenset(ref.call.routine.row))


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
