"""`where`, `order_by`, `distinct_on`, `limit`, `offset`: arguments → predicates, sort keys and slots."""

from __future__ import annotations

from typing import cast

from gql_gen.catalog.types import Ident
from gql_gen.dialects.hasura.given import Given, Values
from gql_gen.dialects.hasura.typesystem import (
    AggregateOrder,
    AggregatePredicate,
    CastInput,
    ComputedInput,
    ComputedRowsInput,
    Connective,
    EachInput,
    EnumMember,
    EnumType,
    FieldInput,
    InputField,
    InputObject,
    LinkAggregateInput,
    LinkInput,
    ListOf,
    NullInput,
    OperatorInput,
    TypeRef,
    named,
    nullable,
)
from gql_gen.errors import Rejected
from gql_gen.model.predicates import (
    TRUE,
    AggregateTest,
    All,
    AnyOf,
    CastRef,
    ColumnRef,
    Compare,
    ComputedRef,
    Exists,
    IsNull,
    Not,
    Pred,
    Slot,
    Value,
    ValueType,
    both,
)
from gql_gen.model.types import Call, ComputedField, Field, Link, Scalar
from gql_gen.plan.nodes import Direction, Hop, Nulls, SortKey

TEXT = Ident("pg_catalog", "text")
LIMIT = ValueType(Ident("pg_catalog", "int8"), "Int", bound="limit")
OFFSET = ValueType(Ident("pg_catalog", "int8"), "Int", bound="offset")


def column(field: Field) -> ColumnRef:
    return ColumnRef(field.sql, field.scalar.pg)


def computed(field: ComputedField, returns: Scalar) -> ComputedRef:
    """The value of a computed field that takes nothing from the caller."""
    return ComputedRef(Call(field.routine), returns.pg)


def _object(ref: TypeRef) -> InputObject:
    return cast(InputObject, named(ref))


# ---------------------------------------------------------------- where


def where(given: Given, expected: InputObject, values: Values, at: str) -> Pred:
    """A boolean expression; null and absent mean not given."""
    if values.is_null(given):
        return TRUE
    return bool_exp(given, expected, values, at)


def required_where(given: Given, expected: InputObject, values: Values, at: str) -> Pred:
    """The same where rows are changed: a null, or a variable not sent, must never mean all of them."""
    if values.is_null(given):
        raise Rejected(f"unexpected null value for type '{expected.name}'", path=at)
    return bool_exp(given, expected, values, at)


def bool_exp(given: Given, expected: InputObject, values: Values, at: str) -> Pred:
    """Inside a filter null is an error: dropping a key would match more rows than were meant."""
    parts = [_bool_exp_field(field, child, values, place) for field, child, place in values.fields(given, expected, at)]
    return both(*parts)


def _bool_exp_field(field: InputField, given: Given, values: Values, at: str) -> Pred:
    match field.meaning:
        case Connective(word="_not"):
            return Not(bool_exp(given, _object(field.type), values, at))
        case Connective(word="_and"):
            return All(_parts(field, given, values, at))
        case Connective():
            return AnyOf(_parts(field, given, values, at))
        case FieldInput(field=compared):
            return comparison(given, _object(field.type), column(compared), values, at)
        case ComputedInput(field=made, returns=returns):
            return comparison(given, _object(field.type), computed(made, returns), values, at)
        case ComputedRowsInput(field=made, relation=relation):
            return Exists(relation, (), bool_exp(given, _object(field.type), values, at), rows=Call(made.routine))
        case LinkInput(link=link):
            return Exists(link.target, link.on, bool_exp(given, _object(field.type), values, at))
        case LinkAggregateInput(link=link):
            return _aggregate_predicate(given, _object(field.type), link, values, at)
        case _:
            raise AssertionError(f"a filter has no {field.meaning}")


def _parts(field: InputField, given: Given, values: Values, at: str) -> tuple[Pred, ...]:
    if values.is_null(given):
        raise Rejected(f"unexpected null value for type '{named(field.type).name}'", path=at)
    of = cast(ListOf, nullable(field.type)).of
    return tuple(bool_exp(item, _object(of), values, place) for item, place in values.items(given, of, at))


def comparison(given: Given, expected: InputObject, left: Value | CastRef, values: Values, at: str) -> Pred:
    """`{_eq: …, _gt: …}`: all of them hold."""
    parts = [
        _comparison_field(field, child, left, values, place)
        for field, child, place in values.fields(given, expected, at)
    ]
    return both(*parts)


def _comparison_field(field: InputField, given: Given, left: Value | CastRef, values: Values, at: str) -> Pred:
    match field.meaning:
        case OperatorInput(spec=spec, type=value_type):
            if values.is_null(given):
                raise Rejected(f"unexpected null value for type '{value_type.graphql}'", path=at)
            return Compare(left, spec.name, values.slot(given, value_type, at))
        case NullInput():
            return IsNull(left, negated=not values.boolean(given, at))
        case EachInput(operator=operator, type=value_type):
            if values.is_null(given):
                raise Rejected(f"unexpected null value for type '{value_type.graphql}'", path=at)
            items = values.items(given, cast(ListOf, nullable(field.type)).of, at)
            tests = tuple(Compare(left, "_eq", values.slot(item, value_type, place)) for item, place in items)
            return AnyOf(tests) if operator == "_eq" else Not(AnyOf(tests))
        case CastInput(to=None):
            targets = [
                comparison(child, _object(target.type), CastRef(cast(Value, left), TEXT), values, place)
                for target, child, place in values.fields(given, _object(field.type), at)
            ]
            return both(*targets)
        case _:
            raise AssertionError(f"a comparison has no {field.meaning}")


def _aggregate_predicate(given: Given, expected: InputObject, link: Link, values: Values, at: str) -> Pred:
    entries = list(values.fields(given, expected, at))
    if len(entries) != 1:
        raise Rejected("exactly one predicate should be specified", path=at)
    field, below, place = entries[0]
    meaning = cast(AggregatePredicate, field.meaning)
    result = Ident("pg_catalog", "int8" if meaning.function == "count" else "bool")
    arguments: tuple[str, ...] = ()
    distinct = False
    filtered: Pred = TRUE
    predicate: Pred | None = None
    for part, child, spot in values.fields(below, _object(field.type), place):
        match part.name:
            case "arguments":
                arguments = _columns(part.type, child, values, spot)
            case "distinct":
                distinct = not values.is_null(child) and values.boolean(child, spot)
            case "filter":
                filtered = where(child, _object(part.type), values, spot)
            case _:
                predicate = comparison(child, _object(part.type), ColumnRef("", result), values, spot)
    if predicate is None:
        raise Rejected("missing required field 'predicate'", path=f"{place}.predicate")
    if meaning.function != "count" and not arguments:
        raise Rejected("missing required field 'arguments'", path=f"{place}.arguments")
    tests = predicate.parts if isinstance(predicate, All) else (predicate,)
    return AggregateTest(
        link.target,
        link.on,
        meaning.function,
        arguments,
        distinct and bool(arguments),
        filtered,
        cast(tuple[Compare | IsNull, ...], tests),
    )


def _columns(ref: TypeRef, given: Given, values: Values, at: str) -> tuple[str, ...]:
    if values.is_null(given):
        return ()
    inner = nullable(ref)
    items = values.items(given, inner.of, at) if isinstance(inner, ListOf) else [(given, at)]
    members = [values.member(item, cast(EnumType, named(ref)), place) for item, place in items]
    return tuple(cast(Field, member.meaning).sql for member in members)


# ---------------------------------------------------------------- order


def order_by(given: Given, ref: TypeRef, values: Values, at: str) -> tuple[SortKey, ...]:
    """Sort keys in the order given; null anywhere means that key is not given."""
    if values.is_null(given):
        return ()
    of = cast(ListOf, nullable(ref)).of
    keys: list[SortKey] = []
    for item, place in values.items(given, of, at):
        if not values.is_null(item):
            keys += _order_fields(item, _object(of), (), values, place)
    return tuple(keys)


def _order_fields(given: Given, expected: InputObject, hops: tuple[Hop, ...], values: Values, at: str) -> list[SortKey]:
    keys: list[SortKey] = []
    for field, child, place in values.fields(given, expected, at):
        if values.is_null(child):
            continue
        match field.meaning:
            case FieldInput(field=sorted_by):
                direction, nulls = _direction(child, field.type, values, place)
                keys.append(SortKey(direction, nulls, column(sorted_by), hops))
            case ComputedInput(field=made, returns=returns):
                direction, nulls = _direction(child, field.type, values, place)
                keys.append(SortKey(direction, nulls, computed(made, returns), hops))
            case ComputedRowsInput(field=made, relation=relation):
                hop = Hop(relation, (), rows=Call(made.routine))
                keys += _order_aggregates(child, _object(field.type), (*hops, hop), values, place)
            case LinkInput(link=link):
                keys += _order_fields(child, _object(field.type), (*hops, _hop(link)), values, place)
            case LinkAggregateInput(link=link):
                keys += _order_aggregates(child, _object(field.type), (*hops, _hop(link)), values, place)
            case _:
                raise AssertionError(f"an order has no {field.meaning}")
    return keys


def _order_aggregates(
    given: Given, expected: InputObject, hops: tuple[Hop, ...], values: Values, at: str
) -> list[SortKey]:
    keys: list[SortKey] = []
    for field, child, place in values.fields(given, expected, at):
        if values.is_null(child):
            continue
        function = cast(AggregateOrder, field.meaning).function
        if function == "count":
            direction, nulls = _direction(child, field.type, values, place)
            keys.append(SortKey(direction, nulls, None, hops, function))
            continue
        for inner, leaf, spot in values.fields(child, _object(field.type), place):
            if values.is_null(leaf):
                continue
            direction, nulls = _direction(leaf, inner.type, values, spot)
            keys.append(SortKey(direction, nulls, _sorted(inner), hops, function))
    return keys


def _sorted(field: InputField) -> Value:
    match field.meaning:
        case FieldInput(field=column_field):
            return column(column_field)
        case ComputedInput(field=made, returns=returns):
            return computed(made, returns)
        case _:
            raise AssertionError(f"nothing is sorted by {field.meaning}")


def _hop(link: Link) -> Hop:
    return Hop(link.target, link.on)


def _direction(given: Given, ref: TypeRef, values: Values, at: str) -> tuple[Direction, Nulls | None]:
    member: EnumMember = values.member(given, cast(EnumType, named(ref)), at)
    return cast(tuple[Direction, Nulls | None], member.meaning)


# ---------------------------------------------------------------- pages


def distinct_on(given: Given, ref: TypeRef, values: Values, at: str) -> tuple[ColumnRef, ...]:
    if values.is_null(given):
        return ()
    items = values.items(given, cast(ListOf, nullable(ref)).of, at)
    members = [values.member(item, cast(EnumType, named(ref)), place) for item, place in items]
    return tuple(dict.fromkeys(column(cast(Field, member.meaning)) for member in members))


def check_distinct(distinct: tuple[ColumnRef, ...], order: tuple[SortKey, ...], at: str) -> None:
    """Postgres wants the `distinct on` columns to lead the order."""
    if not distinct or not order:
        return
    wanted = {ref.column for ref in distinct}
    leading: set[str] = set()
    for key in order:
        if leading == wanted:
            return
        if key.hops or not isinstance(key.column, ColumnRef) or key.column.column not in wanted:
            raise Rejected('"distinct_on" columns must match initial "order_by" columns', path=at)
        leading.add(key.column.column)
    if leading != wanted:
        raise Rejected('"distinct_on" columns must match initial "order_by" columns', path=at)


def page_slot(given: Given, value_type: ValueType, values: Values, at: str) -> Slot | None:
    return None if values.is_null(given) else values.slot(given, value_type, at)
