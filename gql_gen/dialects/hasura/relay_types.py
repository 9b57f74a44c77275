"""Lists with cursors: the types of connections, edges and page info."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping
from functools import cached_property

from gql_gen.dialects.hasura.typesystem import (
    Argument,
    CursorField,
    EdgeNodeField,
    EdgesField,
    LinkConnectionField,
    ListOf,
    NonNull,
    ObjectType,
    OutputField,
    PageInfoField,
    PageInfoPart,
    RootConnectionField,
)
from gql_gen.dialects.hasura.write_types import WriteTypes
from gql_gen.model.node_keys import node_key
from gql_gen.model.types import Link, RoleEntity, TrackedFunction
from gql_gen.names import connection_field_name

_PAGE_INFO = "PageInfo"


class ConnectionTypes(WriteTypes, ABC):
    """Connections of one role: of the tables whose rows it can tell apart."""

    @property
    def offers_connections(self) -> bool:
        """Whether they stand beside the ordinary lists, as the rules say."""
        return self.role.model.connections

    @abstractmethod
    def list_arguments(self, entity: RoleEntity) -> Mapping[str, Argument]:
        """The arguments of an ordinary list."""

    @abstractmethod
    def function_arguments(self, function: TrackedFunction) -> dict[str, Argument]:
        """What a caller gives to a function."""

    @cached_property
    def type_names(self) -> frozenset[str]:
        """The names of the tables' types."""
        return frozenset(entity.entity.type_name for entity in self.role.entities.values())

    def has_connection(self, entity: RoleEntity) -> bool:
        """Where a table is called as one of our types, there is none."""
        ours = {_PAGE_INFO, f"{entity.entity.type_name}Connection", f"{entity.entity.type_name}Edge"}
        return (
            self.offers_connections
            and self.is_shown(entity)
            and bool(node_key(entity, self.role.model))
            and ours.isdisjoint(self.type_names)
        )

    # ------------------------------------------------------------ fields

    def connection_roots(self) -> Iterable[OutputField]:
        """Those of tables and of functions that return rows."""
        for entity in self.role.entities.values():
            root = entity.entity.root_fields.get("select")
            if root is not None and "select" in entity.query_roots and self.has_connection(entity):
                yield self._root(root.name, entity, RootConnectionField(entity.entity.ident), {})
        for function in self.role.functions.values():
            target = self._rows_of(function)
            if target is not None:
                meaning = RootConnectionField(target.entity.ident, function)
                arguments = self.function_arguments(function)
                yield self._root(function.root_fields["function"].name, target, meaning, arguments)

    def _rows_of(self, function: TrackedFunction) -> RoleEntity | None:
        """The entity whose rows a function returns, where they have a connection. One that may write has none: a page
        may have to call it twice."""
        if not function.is_set or function.exposed_as != "query" or function.routine.is_volatile:
            return None
        entity = next((each for ident, each in self.role.entities.items() if ident == function.returns), None)
        return entity if entity is not None and self.has_connection(entity) else None

    def _root(
        self, name: str, entity: RoleEntity, meaning: RootConnectionField, before: Mapping[str, Argument]
    ) -> OutputField:
        return OutputField(
            connection_field_name(name, self.naming, is_root=True),
            NonNull(self.connection(entity)),
            meaning,
            {**before, **self.connection_arguments(entity)},
            f'pages of the rows of "{entity.entity.ident.name}"',
        )

    def connection_link(self, link: Link) -> Iterable[OutputField]:
        """The same beside an array relationship."""
        target = self.role.entities[link.target]
        if link.kind == "array" and self.has_connection(target):
            name = connection_field_name(link.name, self.naming)
            arguments = self.connection_arguments(target)
            ref = NonNull(self.connection(target))
            yield OutputField(name, ref, LinkConnectionField(link), arguments, "An array relationship connection")

    def connection_arguments(self, entity: RoleEntity) -> dict[str, Argument]:
        found = [argument for name, argument in self.list_arguments(entity).items() if name not in ("limit", "offset")]
        found += [
            Argument("after", self.plain("String"), "rows after that of a cursor"),
            Argument("before", self.plain("String"), "rows before that of a cursor"),
            Argument("first", self.plain("Int"), "the most rows to return, from the start"),
            Argument("last", self.plain("Int"), "the most rows to return, from the end"),
        ]
        return {argument.name: argument for argument in found}

    # ------------------------------------------------------------ types

    def connection(self, entity: RoleEntity) -> ObjectType:
        name = f"{entity.entity.type_name}Connection"
        description = f'A page of the rows of "{entity.entity.ident.name}".'
        return self._made(
            name, ObjectType, lambda: ObjectType(name, lambda: self._connection_fields(entity), description)
        )

    def _connection_fields(self, entity: RoleEntity) -> Mapping[str, OutputField]:
        edges = NonNull(ListOf(NonNull(self._edge(entity))))
        return {
            "edges": OutputField("edges", edges, EdgesField(), {}),
            "pageInfo": OutputField("pageInfo", NonNull(self._page_info()), PageInfoField(), {}),
        }

    def _edge(self, entity: RoleEntity) -> ObjectType:
        name = f"{entity.entity.type_name}Edge"

        def make() -> Mapping[str, OutputField]:
            node = NonNull(self.object(entity))
            return {
                "cursor": OutputField("cursor", NonNull(self.plain("String")), CursorField(), {}),
                "node": OutputField("node", node, EdgeNodeField(), {}),
            }

        description = f'A row of "{entity.entity.ident.name}" and its place in the order.'
        return self._made(name, ObjectType, lambda: ObjectType(name, make, description))

    def _page_info(self) -> ObjectType:
        flag, text = NonNull(self.plain("Boolean")), NonNull(self.plain("String"))
        fields = {
            "hasNextPage": OutputField("hasNextPage", flag, PageInfoPart("next"), {}),
            "hasPreviousPage": OutputField("hasPreviousPage", flag, PageInfoPart("previous"), {}),
            "startCursor": OutputField("startCursor", text, PageInfoPart("start"), {}),
            "endCursor": OutputField("endCursor", text, PageInfoPart("end"), {}),
        }
        description = "What lies around a page: cursors are empty where it has no rows."
        return self._made(_PAGE_INFO, ObjectType, lambda: ObjectType(_PAGE_INFO, lambda: fields, description))
