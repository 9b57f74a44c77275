"""Aggregate functions over rows, as Postgres computes them; averages and deviations exactly, to be compared nearly."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from math import sqrt
from typing import TYPE_CHECKING, Any

from property.kinds import Kind, as_json, group_key, key

if TYPE_CHECKING:
    from property.world import Row, Table

SPREADS = ("stddev", "stddev_pop", "stddev_samp", "var_pop", "var_samp", "variance")
NUMBER_FUNCTIONS = ("sum", "avg", *SPREADS)


@dataclass(frozen=True, slots=True)
class Nearly:
    """A number that Postgres rounds."""

    value: float


@dataclass(frozen=True, slots=True)
class OneOf:
    """Equal values that are written differently: any may be shown."""

    values: tuple[Any, ...]


def count(table: Table, rows: Sequence[Row], columns: tuple[str, ...], *, distinct: bool) -> int:
    """`count(*)`, `count(a)`, or over records, which count whatever is in them."""
    if not columns:
        return len(rows)
    kept = [row for row in rows if len(columns) > 1 or row[columns[0]] is not None]
    if not distinct:
        return len(kept)
    return len({tuple(group_key(table.column(name).kind, row[name]) for name in columns) for row in kept})


def shown(kind: Kind, found: Sequence[Any], function: str) -> Any:
    """What an answer shows for `function { column }`, these being the column's values."""
    values = [value for value in found if value is not None]
    match function:
        case "sum":
            return sum(values, start=Decimal(0)) if values else None
        case "min" | "max":
            return _peaks(kind, values, min if function == "min" else max)
        case _:
            number = exact(kind, values, function)
            return None if number is None else Nearly(float(number))


def _peaks(kind: Any, values: list[Any], choose: Any) -> Any:
    if not values:
        return None
    peak = choose(key(kind, value) for value in values)
    same = tuple(as_json(kind, value) for value in values if key(kind, value) == peak)
    return OneOf(same)


def exact(kind: Kind, found: Sequence[Any], function: str) -> Any:
    """The value that an order compares by; None for null."""
    values = [value for value in found if value is not None]
    if not values:
        return None
    match function:
        case "min" | "max":
            return (min if function == "min" else max)(key(kind, value) for value in values)
        case "sum":
            return sum(map(Fraction, values))
        case "avg":
            return sum(map(Fraction, values)) / len(values)
    divisor = len(values) - (0 if function.endswith("_pop") else 1)
    if not divisor:
        return None
    mean = sum(map(Fraction, values)) / len(values)
    variance = sum((Fraction(value) - mean) ** 2 for value in values) / divisor
    return variance if function.startswith("var") else sqrt(variance)
