"""Which aggregates and orders are offered for which types."""

from __future__ import annotations

from collections.abc import Iterable

from gql_gen.catalog.types import Ident
from gql_gen.model.types import Field, RoleEntity
from gql_gen.plan.nodes import AggregateFunction, Direction, Nulls

PG = "pg_catalog"
TEXT = Ident(PG, "text")
JSON_TYPES = frozenset({Ident(PG, "json"), Ident(PG, "jsonb")})
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


def functions(entity: RoleEntity) -> Iterable[AggregateFunction]:
    """The aggregate functions that have a column to work on; count needs none."""
    for function in _FUNCTIONS:
        if aggregated(entity, function):
            yield function
