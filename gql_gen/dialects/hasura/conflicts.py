"""`on_conflict` → OnConflict."""

from __future__ import annotations

from typing import cast

from gql_gen.dialects.hasura.given import Given, Values
from gql_gen.dialects.hasura.inputs import required_where
from gql_gen.dialects.hasura.typesystem import EnumType, InputField, InputObject, ListOf, Plain, named, nullable
from gql_gen.errors import Rejected
from gql_gen.model.types import ConflictTarget, Field
from gql_gen.plan.writes import OnConflict


def on_conflict(given: Given, type_: InputObject, values: Values, at: str) -> OnConflict | None:
    """What to do with rows that are there already; null and absent mean not given."""
    if values.is_null(given):
        return None
    found: dict[str, tuple[InputField, Given, str]] = {}
    for field, child, place in values.fields(given, type_, at):
        if not values.is_absent(child):
            found[cast(Plain, field.meaning).word] = (field, child, place)
    if "constraint" not in found:
        raise Rejected("missing required field 'constraint'", path=f"{at}.constraint")
    conflict = OnConflict(_target(*found["constraint"], values), ())
    update = _update(*found["update_columns"], values) if "update_columns" in found else ()
    where = conflict.where
    if "where" in found:
        field, child, place = found["where"]
        where = required_where(child, cast(InputObject, named(field.type)), values, place)
    return OnConflict(conflict.target, update, where, _returns_existing(found.get("return_existing"), values))


def _target(field: InputField, given: Given, at: str, values: Values) -> ConflictTarget:
    return cast(ConflictTarget, values.member(given, cast(EnumType, named(field.type)), at).meaning)


def _update(field: InputField, given: Given, at: str, values: Values) -> tuple[str, ...]:
    """The columns to update, each once; the placeholder of a role that may update none is nothing."""
    of = cast(ListOf, nullable(field.type)).of
    members = [
        values.member(item, cast(EnumType, named(of)), place).meaning for item, place in values.items(given, of, at)
    ]
    return tuple(dict.fromkeys(cast(Field, member).sql for member in members if member is not None))


def _returns_existing(found: tuple[InputField, Given, str] | None, values: Values) -> bool:
    if found is None or values.is_null(found[1]):
        return False
    return values.boolean(found[1], found[2])
