"""The primary key of an entity, as global ids and cursors hold it."""

from __future__ import annotations

from gql_gen.model.predicates import ColumnRef
from gql_gen.model.types import Field, Model, RoleEntity


def node_fields(entity: RoleEntity, model: Model) -> tuple[Field, ...]:
    """The parts of the key by which a role's rows are told apart. Empty where there is no key, and where the role may
    not read all of it in every row that it sees: an id would show it. The rules may allow that (`ids_show_keys`)."""
    key = entity.entity.primary_key
    if not entity.is_selectable or not (model.ids_show_keys or entity.always_readable.issuperset(key)):
        return ()
    return tuple(field for column in key if (field := entity.entity.field_of(column)) is not None)


def node_key(entity: RoleEntity, model: Model) -> tuple[ColumnRef, ...]:
    """The same as columns."""
    return tuple(ColumnRef(field.sql, field.scalar.pg) for field in node_fields(entity, model))
