"""One mutation × a role's types → the roots of a WritePlan, and the rows of its inserts."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from gql_gen.catalog.types import Ident
from gql_gen.dialects.document import Collected, Limits, Operation
from gql_gen.dialects.hasura.assignments import Part, assignments, filtered, key_columns, parts_of, where_of
from gql_gen.dialects.hasura.conflicts import on_conflict
from gql_gen.dialects.hasura.given import Given
from gql_gen.dialects.hasura.inserts import InsertPlanner
from gql_gen.dialects.hasura.related import RelatedReader
from gql_gen.dialects.hasura.rows import InsertReader, RowSource
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.dialects.hasura.selections import Below, object_of
from gql_gen.dialects.hasura.shows import RowReader
from gql_gen.dialects.hasura.typesystem import (
    AffectedRowsField,
    DeleteByKeyRoot,
    DeleteRoot,
    InputObject,
    InsertRoot,
    ListOf,
    OutputField,
    ReturningField,
    RootCallField,
    TypeRef,
    UpdateByKeyRoot,
    UpdateManyRoot,
    UpdateRoot,
    named,
    nullable,
)
from gql_gen.dialects.hasura.write_types import argument_word
from gql_gen.model.predicates import Pred
from gql_gen.plan.nodes import Root
from gql_gen.plan.writes import (
    Answer,
    Delete,
    Insert,
    Invoke,
    OnConflict,
    OneRow,
    Response,
    ResponseShow,
    ShowAffected,
    ShowReturning,
    Update,
    UpdateMany,
    Write,
    WriteAccess,
    WriteRoot,
)


class MutationReader(RowReader):
    def __init__(self, operation: Operation, variables: Mapping[str, Any], schema: RoleSchema, limits: Limits) -> None:
        super().__init__(operation, variables, schema, limits)
        self.roots: list[WriteRoot] = []
        self.inserts = InsertReader(self.values, InsertPlanner(schema.role, self.values))

    def read(self) -> RowSource | None:
        assert self.schema.mutation_root is not None
        self.walk(self.schema.mutation_root)
        if not self.inserts.roots:
            return None
        source = RowSource(self.inserts.roots)
        # Bad rows are refused before anything is planned on for them.
        source.texts(self.values.variables)
        return source

    # ------------------------------------------------------------ roots

    def root(self, field: OutputField, collected: Collected) -> None:
        if isinstance(field.meaning, RootCallField):
            called = Root(collected.key, self.called_node(field.meaning, field, collected), "call")
            self.roots.append(WriteRoot(collected.key, Invoke(called), "invoke"))
            return
        below = self.below(collected)
        given = self.arguments(field, collected)
        parts: dict[str, Part] = {}
        for name, value in given.items():
            word = argument_word(name)
            parts[word] = Part(word, field.arguments[name].type, value, f"{below.path}.args.{name}")
        access, node = self._write(field, below, given, parts)
        self.roots.append(WriteRoot(collected.key, node, access))

    def _write(
        self, field: OutputField, below: Below, given: Mapping[str, Given], parts: Mapping[str, Part]
    ) -> tuple[WriteAccess, Write]:
        at = f"{below.path}.args"
        match field.meaning:
            case InsertRoot(relation=relation, one=True):
                return "insert_one", self._insert(relation, parts, "object", self._one(below, field))
            case InsertRoot(relation=relation):
                return "insert", self._insert(relation, parts, "objects", self._response(below, field))
            case UpdateRoot(relation=relation):
                where = where_of(parts["where"], self.values)
                return "update", self._update(relation, where, parts.values(), at, self._response(below, field))
            case UpdateByKeyRoot(relation=relation):
                return "update_by_pk", self._update_by_key(relation, parts, at, self._one(below, field))
            case UpdateManyRoot(relation=relation):
                return "update_many", self._updates(relation, parts["updates"], self._response(below, field))
            case DeleteRoot(relation=relation):
                where = where_of(parts["where"], self.values)
                return "delete", Delete(relation, where, at, self._response(below, field))
            case DeleteByKeyRoot(relation=relation, key=key):
                where = self.key_test(key, given, below.path)
                return "delete_by_pk", Delete(relation, where, at, self._one(below, field))
            case _:
                raise AssertionError(f"no mutation is {field.meaning}")

    # ------------------------------------------------------------ insert

    def _insert(self, relation: Ident, parts: Mapping[str, Part], word: str, answer: Answer) -> Insert:
        rows = parts[word]

        def conflict() -> OnConflict | None:
            return self._conflict(parts.get("on_conflict"))

        return self.inserts.insert(relation, rows.given, rows.type, rows.at, conflict=conflict, answer=answer)

    def _conflict(self, part: Part | None) -> OnConflict | None:
        if part is None:
            return None
        return on_conflict(part.given, cast(InputObject, named(part.type)), self.values, part.at)

    # ------------------------------------------------------------ update and delete

    def _update(self, relation: Ident, where: Pred, parts: Iterable[Part], at: str, answer: Answer) -> Update:
        made = assignments(parts, self.schema.role.entities[relation], self.values, at)
        return Update(relation, where, made, at, answer)

    def _update_by_key(self, relation: Ident, parts: Mapping[str, Part], at: str, answer: Answer) -> Update:
        update = self._update(relation, key_columns(parts["pk_columns"], self.values), parts.values(), at, answer)
        related = RelatedReader(self.schema.role, self.values, self.inserts)
        return related.read(update, parts["_related"]) if "_related" in parts else update

    def _updates(self, relation: Ident, part: Part, answer: Answer) -> UpdateMany:
        of = cast(ListOf, nullable(part.type)).of
        items = self.values.items(part.given, of, part.at)
        return UpdateMany(relation, tuple(self._item(relation, of, item, place, answer) for item, place in items))

    def _item(self, relation: Ident, ref: TypeRef, given: Given, at: str, answer: Answer) -> Update:
        """One of many updates."""
        parts = parts_of(given, cast(InputObject, named(ref)), self.values, at)
        return self._update(relation, filtered(parts, self.values, at), parts.values(), at, answer)

    # ------------------------------------------------------------ answers

    def _one(self, below: Below, field: OutputField) -> OneRow:
        return OneRow(self.object(below, object_of(field)))

    def _response(self, below: Below, field: OutputField) -> Response:
        return Response(self.shown(below, object_of(field), self._response_part))

    def _response_part(self, field: OutputField, collected: Collected) -> ResponseShow:
        match field.meaning:
            case AffectedRowsField():
                self.leaf(collected)
                self.arguments(field, collected)
                return ShowAffected(collected.key)
            case ReturningField():
                self.arguments(field, collected)
                return ShowReturning(collected.key, self.object(self.below(collected), object_of(field)))
            case _:
                raise AssertionError(f"a mutation does not answer with {field.meaning}")
