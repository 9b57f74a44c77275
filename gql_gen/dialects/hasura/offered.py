"""Which aggregates, orders and updates are offered for which types."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from gql_gen.catalog.types import Ident
from gql_gen.model.types import ComputedField, Field, RoleEntity, Scalar
from gql_gen.plan.nodes import AggregateFunction, Direction, Nulls

PG = "pg_catalog"
TEXT = Ident(PG, "text")
NUMERIC = frozenset(Ident(PG, name) for name in ("int2", "int4", "int8", "float4", "float8", "numeric"))
STRINGIFIED = frozenset(Ident(PG, name) for name in ("int8", "float8", "numeric"))
"""What stringify_numeric_types prints as JSON strings: numbers that JavaScript would round."""
SUMMED = NUMERIC | {Ident(PG, "money")}
COMPARED = SUMMED | {
    Ident(PG, name)
    for name in ("text", "varchar", "bpchar", "date", "time", "timetz", "timestamp", "timestamptz", "interval", "inet")
}
"""Types with min and max in every supported Postgres; citext is compared too, wherever it lives."""
FLOAT_FUNCTIONS: tuple[AggregateFunction, ...] = (
    "avg",
    "stddev",
    "stddev_pop",
    "stddev_samp",
    "var_pop",
    "var_samp",
    "variance",
)
_FUNCTIONS: tuple[AggregateFunction, ...] = (*FLOAT_FUNCTIONS, "max", "min", "sum")
ORDERS: tuple[tuple[str, Direction, Nulls | None, str], ...] = (
    ("asc", "asc", None, "smallest first, nulls last"),
    ("asc_nulls_first", "asc", "first", "smallest first, nulls before"),
    ("asc_nulls_last", "asc", "last", "smallest first, nulls last"),
    ("desc", "desc", None, "largest first, nulls before"),
    ("desc_nulls_first", "desc", "first", "largest first, nulls before"),
    ("desc_nulls_last", "desc", "last", "largest first, nulls last"),
)


def aggregated(entity: RoleEntity, function: AggregateFunction) -> tuple[Field, ...]:
    """The columns an aggregate function is offered for."""
    types = {"sum": SUMMED, "max": COMPARED, "min": COMPARED}.get(function, NUMERIC)
    return tuple(
        field
        for field in entity.fields.values()
        if field.scalar.element is None
        and field.scalar.values is None
        and (field.scalar.pg in types or (types is COMPARED and field.scalar.pg.name == "citext"))
    )


def aggregated_computed(entity: RoleEntity, function: AggregateFunction) -> tuple[tuple[ComputedField, Scalar], ...]:
    """The same for computed fields of single values."""
    types = {"sum": SUMMED, "max": COMPARED, "min": COMPARED}.get(function, NUMERIC)
    return tuple(
        (field, field.returns)
        for field in entity.computed.values()
        if isinstance(field.returns, Scalar)
        and field.returns.element is None
        and field.returns.values is None
        and field.returns.pg in types
    )


def functions(entity: RoleEntity) -> Iterable[AggregateFunction]:
    """The aggregate functions that have a column to work on; count needs none."""
    for function in _FUNCTIONS:
        if aggregated(entity, function) or aggregated_computed(entity, function):
            yield function


# ---------------------------------------------------------------- updates


@dataclass(frozen=True, slots=True)
class Operator:
    """An argument of updates: which columns it takes, None being all, and what it takes for each."""

    word: str
    types: frozenset[Ident] | None
    operand: Literal["the column's", "String", "Int", "[String!]"]
    description: str
    of_type: str | None = None
    """What its input type is described as, before the table's name; None: as the argument."""


_JSONB = frozenset({Ident(PG, "jsonb")})
OPERATORS = (
    Operator(
        "_set",
        None,
        "the column's",
        "sets the columns of the filtered rows to the given values",
        "input type for updating data in table",
    ),
    Operator(
        "_inc",
        SUMMED,
        "the column's",
        "increments the numeric columns with given value of the filtered values",
        "input type for incrementing numeric columns in table",
    ),
    Operator("_append", _JSONB, "the column's", "append existing jsonb value of filtered columns with new jsonb value"),
    Operator(
        "_prepend", _JSONB, "the column's", "prepend existing jsonb value of filtered columns with new jsonb value"
    ),
    Operator(
        "_delete_key",
        _JSONB,
        "String",
        "delete key/value pair or string element. key/value pairs are matched based on their key value",
    ),
    Operator(
        "_delete_elem",
        _JSONB,
        "Int",
        "delete the array element with specified index (negative integers count from the end). "
        "throws an error if top level container is not an array",
    ),
    Operator(
        "_delete_at_path",
        _JSONB,
        "[String!]",
        "delete the field or element with specified path (for JSON arrays, negative integers count from the end)",
    ),
)


def updated(entity: RoleEntity, operator: Operator) -> tuple[Field, ...]:
    """The columns an operator is offered for. One that builds on the old value could tell it: only readable ones."""
    fields = entity.update_fields.values()
    if operator.types is None:
        return tuple(fields)
    amendable = (field for field in fields if field.sql in entity.amendable)
    return tuple(field for field in amendable if field.scalar.element is None and field.scalar.pg in operator.types)


# ---------------------------------------------------------------- keys and words


def key_fields(entity: RoleEntity) -> tuple[Field, ...]:
    """The primary key, where the role may read all of it."""
    by_column = {field.sql: field for field in entity.fields.values()}
    return tuple(by_column[column] for column in entity.entity.primary_key)


def described(chosen: str | None, ours: str) -> str | None:
    """A chosen comment, "" meaning none, else our own words."""
    return ours if chosen is None else chosen or None
