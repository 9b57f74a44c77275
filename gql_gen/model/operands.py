"""One operator of a rule, applied to a column: which operators the column's type has, and what their value becomes.

Literals are checked and encoded here, once; session variables become slots that the request fills. A session variable
inside a list stands for one element, so such a list is taken apart into one comparison per element.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.errors import UsherError
from gql_gen.model.certainty import surely_valid
from gql_gen.model.operators import OperatorSpec, operand_type, operators_for
from gql_gen.model.predicates import (
    FALSE,
    All,
    AnyOf,
    CastRef,
    Compare,
    IsNull,
    Not,
    Pred,
    Slot,
    ValueType,
    both,
)
from gql_gen.model.predicates import Value as Computable
from gql_gen.model.scalars import PG_CATALOG, scalar_of
from gql_gen.model.types import Scalar
from gql_gen.model.values import array_literal, encode
from gql_gen.rules.expressions import is_session_variable, session_name
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.types import Mark, Operator, Value

TEXT = Ident(PG_CATALOG, "text")
_JSONB = Ident(PG_CATALOG, "jsonb")
_PER_ELEMENT: Mapping[str, str] = MappingProxyType(
    {
        "_in": "_eq",
        "_nin": "_eq",
        "_has_keys_any": "_has_key",
        "_has_keys_all": "_has_key",
        "_ancestor_any": "_ancestor",
        "_descendant_any": "_descendant",
        "_matches_any": "_matches",
    }
)
"""Operators over a list → what each element must pass."""


@dataclass(frozen=True, slots=True)
class Left:
    """What stands on the left of an operator. `said` is how messages call it."""

    ref: Computable | CastRef
    scalar: Scalar
    said: str


def apply_operator(left: Left, operator: Operator, catalog: Catalog, faults: Faults) -> Pred:
    """The comparison that one operator makes, column-to-column ones apart. `FALSE` stands in for what is a fault."""
    match operator.name:
        case "_is_null":
            return _is_null(left, operator, faults)
        case "_cast":
            return _cast(left, operator, catalog, faults)
    spec = find_operator(left, operator.name, operator.at, faults)
    return FALSE if spec is None else _compare(left, spec, operator.value, faults)


def find_operator(left: Left, name: str, at: Mark, faults: Faults) -> OperatorSpec | None:
    """The operator as the column's type has it. A reference to an enum table counts as the text it is."""
    specs = {spec.name: spec for spec in operators_for(replace(left.scalar, values=None))}
    if name not in specs:
        hint = nearest(name, (*specs, "_is_null"))
        faults.add(at, f'"{name}" does not work on {left.said}, which is of type {left.scalar.pg.name}', hint)
    return specs.get(name)


def _is_null(left: Left, operator: Operator, faults: Faults) -> Pred:
    if not isinstance(operator.value.json, bool):
        faults.add(operator.value.at, '"_is_null" expects true or false')
        return FALSE
    return IsNull(left.ref, negated=not operator.value.json)


def _cast(left: Left, operator: Operator, catalog: Catalog, faults: Faults) -> Pred:
    casts = operator.value.json
    if left.scalar.pg != _JSONB or isinstance(left.ref, CastRef) or list(casts) != ["String"]:
        faults.add(operator.at, f'"_cast" takes a jsonb column to String only; {left.said} is {left.scalar.pg.name}')
        return FALSE
    text = Left(CastRef(left.ref, TEXT), scalar_of(TEXT, catalog), f"{left.said} cast to String")
    inner = (Operator(name, Value(json, operator.value.at), operator.at) for name, json in casts["String"].items())
    return both(*(apply_operator(text, each, catalog, faults) for each in inner))


# ---------------------------------------------------------------- values


def _compare(left: Left, spec: OperatorSpec, value: Value, faults: Faults) -> Pred:
    type = operand_type(spec, left.scalar)
    if isinstance(value.json, list) and type.is_list and _must_be_taken_apart(value.json, type):
        return _each(left, spec, value, faults)
    slot = slot_of(value, type, faults)
    return FALSE if slot is None else Compare(left.ref, spec.name, slot)


def _must_be_taken_apart(items: list[Any], type: ValueType) -> bool:
    """Elements that come with the session; and arrays, since Postgres has no array of arrays."""
    return type.element is not None or any(map(is_session_variable, items))


def _each(left: Left, spec: OperatorSpec, value: Value, faults: Faults) -> Pred:
    single = find_operator(left, _PER_ELEMENT[spec.name], value.at, faults)
    if single is None:
        return FALSE
    parts = tuple(_compare(left, single, Value(item, value.at), faults) for item in value.json)
    if spec.name == "_nin":
        return Not(AnyOf(parts))
    return All(parts) if spec.name == "_has_keys_all" else AnyOf(parts)


def slot_of(value: Value, type: ValueType, faults: Faults) -> Slot | None:
    """A literal or a session variable, ready to be bound; None when it is a fault."""
    json = value.json
    if isinstance(json, str) and is_session_variable(json):
        if type.is_list and type.element is not None:
            faults.add(value.at, "a list of arrays cannot come from one session variable")
            return None
        return Slot("session", (session_name(json),), type)
    if _mentions_session(json):
        faults.add(value.at, "a session variable inside a JSON value or an array is not understood")
        return None
    if json is None:
        faults.add(value.at, "null equals nothing, not even null", 'write {"_is_null": true}')
        return None
    try:
        return Slot("literal", (), type, _literal(json, type))
    except UsherError as error:
        faults.add(value.at, error.message)
        return None


def _mentions_session(json: Any) -> bool:
    match json:
        case str():
            return is_session_variable(json)
        case list(items):
            return any(map(_mentions_session, items))
        case dict(entries):
            return any(map(_mentions_session, entries.values()))
    return False


def _literal(json: Any, type: ValueType) -> str:
    """As `encode`, and forgiving as Hasura's rules are: `"3"` will do for a number, `"true"` for a boolean."""
    if type.is_list and isinstance(json, list):
        item = replace(type, is_list=False)
        return array_literal([_literal(each, item) for each in json], item)
    if isinstance(json, str) and _is_plain(type) and surely_valid(json, type.pg):
        return json
    return encode(json, type)


def _is_plain(type: ValueType) -> bool:
    is_json = type.pg.name in {"json", "jsonb"}
    return type.labels is None and type.element is None and not type.is_list and not is_json
