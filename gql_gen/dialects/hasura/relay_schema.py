"""RoleModel → the GraphQL types of one role as Relay wants them: connections in place of lists, global ids, `node`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import cached_property

from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.dialects.hasura.typesystem import (
    Argument,
    GlobalIdField,
    InterfaceType,
    NonNull,
    ObjectType,
    OutputField,
    OutputMeaning,
    RootCallField,
    RootListField,
    RootNodeField,
)
from gql_gen.model.node_keys import node_key
from gql_gen.model.types import RoleEntity

_NODE = "Node"


class RelaySchema(RoleSchema):
    """As RoleSchema, with every list at the root replaced by a connection. A row whose key the role may read has an
    `id` that tells it apart from all rows of all tables; a column of that name can be filtered and sorted by alone."""

    @property
    def offers_connections(self) -> bool:
        return True

    def has_id(self, entity: RoleEntity) -> bool:
        """Where a table is called `Node`, nothing has: that name is taken."""
        return self.is_shown(entity) and bool(node_key(entity, self.role.model)) and _NODE not in self.type_names

    def nodes(self) -> Iterable[RoleEntity]:
        """All entities whose rows have an id."""
        return (entity for entity in self.role.entities.values() if self.has_id(entity))

    def extra_types(self) -> Iterable[ObjectType]:
        return map(self.object, self.nodes())

    def _query_root(self) -> Mapping[str, OutputField]:
        found = super()._query_root()
        return {**found, "node": self._node_field()} if any(True for _ in self.nodes()) else found

    def _served(self, found: Iterable[OutputField]) -> Iterable[OutputField]:
        return (field for field in found if not _is_list(field))

    def _node_field(self) -> OutputField:
        argument = Argument("id", NonNull(self.plain("ID")), "A globally unique id")
        return OutputField("node", self.node_interface, RootNodeField(), {"id": argument}, "one row by its id")

    @cached_property
    def node_interface(self) -> InterfaceType:
        fields = {"id": self._id(RootNodeField())}
        return InterfaceType(_NODE, lambda: fields, "An object with globally unique ID")

    def _id(self, meaning: OutputMeaning) -> OutputField:
        return OutputField("id", NonNull(self.plain("ID")), meaning, {}, "A globally unique identifier")

    def _interfaces(self, entity: RoleEntity) -> tuple[InterfaceType, ...]:
        return (self.node_interface,) if self.has_id(entity) else ()

    def _object_fields(self, entity: RoleEntity) -> Mapping[str, OutputField]:
        found = super()._object_fields(entity)
        if not self.has_id(entity):
            return found
        return {**found, "id": self._id(GlobalIdField(entity.entity.ident, node_key(entity, self.role.model)))}


def _is_list(field: OutputField) -> bool:
    match field.meaning:
        case RootListField():
            return True
        case RootCallField(function=function, is_aggregate=False):
            return function.is_set and function.exposed_as == "query" and not function.routine.is_volatile
        case _:
            return False
