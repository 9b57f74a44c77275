"""Reads connections and `node`: pages with cursors, and single rows by their global ids."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

from gql_gen.catalog.types import Ident
from gql_gen.dialects.document import Collected, Expander
from gql_gen.dialects.hasura.given import Given, Sent
from gql_gen.dialects.hasura.inputs import LIMIT, column, page_slot
from gql_gen.dialects.hasura.relay_cursors import cursor_keys, token_slot
from gql_gen.dialects.hasura.relay_ids import FIRST_VALUE, check_length, invalid, read_node_id
from gql_gen.dialects.hasura.selections import Below, Walker, object_of
from gql_gen.dialects.hasura.typesystem import (
    CursorField,
    EdgeNodeField,
    EdgesField,
    InterfaceType,
    ListOf,
    ObjectType,
    OutputField,
    PageInfoField,
    PageInfoPart,
)
from gql_gen.errors import Rejected
from gql_gen.model.node_keys import node_fields
from gql_gen.model.predicates import Compare, Slot, both
from gql_gen.model.slots import Inside
from gql_gen.model.types import Field
from gql_gen.plan.nodes import (
    Connection,
    ConnectionShow,
    CursorKey,
    Select,
    Show,
    ShowCursor,
    ShowEdges,
    ShowNode,
    ShowPage,
    ShowPageInfo,
    SortKey,
)


@dataclass(frozen=True, slots=True)
class NodeIdOf(ListOf):
    """What a variable is used as that holds a global id: the table named in it is part of the plan, the rest of it is
    not."""


class ConnectionReader(Walker, ABC):
    """Reads what is asked of pages."""

    @abstractmethod
    def object(self, below: Below, type_: ObjectType) -> tuple[Show, ...]:
        """What is shown of a row."""

    @abstractmethod
    def filters(self, field: OutputField, arguments: Mapping[str, Given], path: str) -> dict[str, Any]:
        """where, order and distinct, as far as they are given."""

    # ------------------------------------------------------------ pages

    def connection(
        self, relation: Ident, below: Below, field: OutputField, arguments: Mapping[str, Given]
    ) -> Connection:
        at = f"{below.path}.args"
        given = {name: value for name, value in arguments.items() if not self.values.is_null(value)}
        found = self.filters(field, arguments, below.path)
        distinct = found.get("distinct", ())
        order = found.pop("order", ()) or tuple(SortKey("asc", None, each) for each in distinct)
        keys = cursor_keys(order, relation, self.schema.role)
        split, slice_ = _one_of("after", "before", given, at), _one_of("first", "last", given, at)
        return Connection(
            relation,
            self._connection(below, object_of(field)),
            keys,
            cursor=() if split is None else self._cursor(given[split], keys, split, at),
            is_before=split == "before",
            limit=None if slice_ is None else page_slot(given[slice_], LIMIT, self.values, f"{at}.{slice_}"),
            is_last=slice_ == "last",
            **found,
        )

    def _cursor(self, given: Given, keys: tuple[CursorKey, ...], name: str, at: str) -> tuple[Slot, ...]:
        return tuple(token_slot(given, key.type, self.values, at, place=f"{at}.{name}") for key in keys)

    def _connection(self, below: Below, type_: ObjectType) -> tuple[ConnectionShow, ...]:
        return self.shown(below, type_, self._connection_part)

    def _connection_part(self, field: OutputField, collected: Collected) -> ShowEdges | ShowPageInfo:
        self.arguments(field, collected)
        inner, of = self.below(collected), object_of(field)
        match field.meaning:
            case EdgesField():
                return ShowEdges(collected.key, self.shown(inner, of, self._edge_part))
            case PageInfoField():
                return ShowPageInfo(collected.key, self.shown(inner, of, self._page_part))
            case _:
                raise AssertionError(f"a connection has no {field.meaning}")

    def _edge_part(self, field: OutputField, collected: Collected) -> ShowCursor | ShowNode:
        self.arguments(field, collected)
        match field.meaning:
            case CursorField():
                self.leaf(collected)
                return ShowCursor(collected.key)
            case EdgeNodeField():
                return ShowNode(collected.key, self.object(self.below(collected), object_of(field)))
            case _:
                raise AssertionError(f"an edge has no {field.meaning}")

    def _page_part(self, field: OutputField, collected: Collected) -> ShowPage:
        self.arguments(field, collected)
        self.leaf(collected)
        assert isinstance(field.meaning, PageInfoPart)
        return ShowPage(collected.key, field.meaning.part)

    # ------------------------------------------------------------ node

    def node(self, field: OutputField, collected: Collected) -> Select:
        """One row by its id, what is shown of it being chosen by the type that the id names."""
        below, given = self.below(collected), self.arguments(field, collected)["id"]
        self._check_common(below, cast(InterfaceType, object_of(field)))
        at = f"{collected.path}.args.id"
        if isinstance(given, Sent):
            self.values.used[str(given.path[0])] = NodeIdOf(field.arguments["id"].type)
            token = given.value
        else:
            token = self.values.json(given)
        node_id = read_node_id(token, at)
        entity = self.schema.role.entities.get(node_id.table)
        key = () if entity is None else node_fields(entity, self.schema.role.model)
        if entity is None or not key:
            # What is not there and what the role cannot see look the same.
            raise invalid(f"no such table found: '{node_id.table.name}'", at)
        check_length(node_id.values, [part.sql for part in key], at)
        tests = [
            Compare(column(part), "_eq", self._id_part(given, part, place, collected.path))
            for place, part in enumerate(key, FIRST_VALUE)
        ]
        return Select(node_id.table, self.object(below, self.schema.object(entity)), where=both(*tests), single=True)

    def _id_part(self, given: Given, part: Field, place: int, path: str) -> Slot:
        type_ = replace(part.scalar.value_type(), labels=None, inside=Inside((place,), part.sql))
        return token_slot(given, type_, self.values, path, place=f"{path}.args.id")

    def _check_common(self, below: Below, interface: InterfaceType) -> None:
        """Beside fragments there is nothing but the interface's own fields."""
        scout = Expander(self.operation, self.values.variables, self.limits)
        for collected in scout.fields(below.sets, below.inside, interface.name, below.path):
            if collected.name != "__typename":
                self.field(interface, collected)


def _one_of(
    one: Literal["after", "first"], other: Literal["before", "last"], given: Mapping[str, Given], at: str
) -> Literal["after", "first", "before", "last"] | None:
    if one in given and other in given:
        raise Rejected(f'"{one}" and "{other}" are not allowed at once', path=at)
    return one if one in given else other if other in given else None
