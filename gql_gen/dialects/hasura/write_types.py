"""The fields of `mutation_root`, and what they answer with."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping

from gql_gen.dialects.hasura.offered import described, key_fields
from gql_gen.dialects.hasura.related_types import RelatedTypes
from gql_gen.dialects.hasura.typesystem import (
    AffectedRowsField,
    Argument,
    DeleteByKeyRoot,
    DeleteRoot,
    InputField,
    InsertRoot,
    ListOf,
    MutationRoot,
    NonNull,
    ObjectType,
    OutputField,
    ReturningField,
    TypeRef,
    UpdateByKeyRoot,
    UpdateManyRoot,
    UpdateRoot,
)
from gql_gen.dialects.hasura.write_inputs import UPDATED_ROWS
from gql_gen.model.types import RoleEntity
from gql_gen.names import argument_name
from gql_gen.plan.writes import TableWrite

_DESCRIPTIONS: Mapping[TableWrite, str] = {
    "insert": "insert data into the table",
    "insert_one": "insert a single row into the table",
    "update": "update data of the table",
    "update_by_pk": "update single row of the table",
    "update_many": "update multiples rows of table",
    "delete": "delete data from the table",
    "delete_by_pk": "delete single row from the table",
}
_WORDS = (
    *("objects", "object", "on_conflict", "where", "updates", "pk_columns"),
    *("_set", "_inc", "_append", "_prepend", "_delete_key", "_delete_elem", "_delete_at_path"),
)
_WORD_OF_NAME = {argument_name(word, "graphql-default"): word for word in _WORDS}


def argument_word(name: str) -> str:
    """An argument of a mutation in snake case, whatever the naming: `pkColumns` → `pk_columns`. Other names stay."""
    return _WORD_OF_NAME.get(name, name)


class WriteTypes(RelatedTypes, ABC):
    """The roots of one role's mutations and their answers."""

    @abstractmethod
    def object(self, entity: RoleEntity) -> ObjectType:
        """A row, as queries show it."""

    # ------------------------------------------------------------ roots

    def served_writes(self, entity: RoleEntity) -> tuple[TableWrite, ...]:
        """The mutations that the role has on a table. An update needs something to set; what is not selectable has
        neither rows to give back nor a `where` to find them by."""
        update = entity.update is not None and bool(entity.update_fields or entity.update.presets)
        exists: Mapping[TableWrite, bool] = {
            "insert": entity.insert is not None,
            "insert_one": entity.insert is not None and self.is_shown(entity),
            "update": update and entity.is_selectable,
            "update_by_pk": update and entity.by_primary_key,
            "update_many": update and entity.is_selectable,
            "delete": entity.delete is not None and entity.is_selectable,
            "delete_by_pk": entity.delete is not None and entity.by_primary_key,
        }
        return tuple(access for access in exists if exists[access] and access in entity.entity.root_fields)

    def writes(self, entity: RoleEntity) -> Iterable[OutputField]:
        """The mutations on a table as fields of `mutation_root`."""
        for access in self.served_writes(entity):
            root = entity.entity.root_fields[access]
            yield OutputField(
                root.name,
                self._answer(entity, access),
                _meaning(entity, access),
                {argument.name: argument for argument in self._write_arguments(entity, access)},
                described(root.comment, f'{_DESCRIPTIONS[access]}: "{entity.entity.ident.name}"'),
            )

    def _answer(self, entity: RoleEntity, access: TableWrite) -> TypeRef:
        match access:
            case "insert" | "update" | "delete":
                return self.mutation_response(entity)
            case "update_many":
                return ListOf(self.mutation_response(entity))
            case "insert_one" | "update_by_pk" | "delete_by_pk":
                return self.object(entity)

    # ------------------------------------------------------------ arguments

    def _write_arguments(self, entity: RoleEntity, access: TableWrite) -> Iterable[Argument]:
        match access:
            case "insert" | "insert_one":
                return self._insert_arguments(entity, one=access == "insert_one")
            case "update" | "update_by_pk":
                return self._update_arguments(entity, by_key=access == "update_by_pk")
            case "update_many":
                updates = NonNull(ListOf(NonNull(self.updates(entity))))
                return [Argument("updates", updates, "updates to execute, in order")]
            case "delete":
                return [self._where(entity, "filter the rows which have to be deleted")]
            case "delete_by_pk":
                key = key_fields(entity)
                return [Argument(part.name, NonNull(self.scalar(part.scalar)), part.comment or None) for part in key]

    def _insert_arguments(self, entity: RoleEntity, *, one: bool) -> Iterable[Argument]:
        row = NonNull(self.insert_input(entity))
        if one:
            yield Argument("object", row, "the row to be inserted")
        else:
            yield Argument("objects", NonNull(ListOf(row)), "the rows to be inserted")
        yield from map(_as_argument, self.conflict_inputs(entity))

    def _update_arguments(self, entity: RoleEntity, *, by_key: bool) -> Iterable[Argument]:
        yield from map(_as_argument, self.update_inputs(entity))
        if by_key:
            yield Argument(self._argument("pk_columns"), NonNull(self.pk_columns_input(entity)))
            yield from self.related_arguments(entity)
        else:
            yield self._where(entity, UPDATED_ROWS)

    def _where(self, entity: RoleEntity, description: str) -> Argument:
        return Argument("where", NonNull(self.bool_exp(entity)), description)

    # ------------------------------------------------------------ answers

    def mutation_response(self, entity: RoleEntity) -> ObjectType:
        name = self._entity_type(entity, "mutation_response")
        description = f'response of any mutation on the table "{entity.entity.ident.name}"'

        def make() -> Mapping[str, OutputField]:
            return {field.name: field for field in self._response_fields(entity)}

        return self._made(name, ObjectType, lambda: ObjectType(name, make, description))

    def _response_fields(self, entity: RoleEntity) -> Iterable[OutputField]:
        count, description = NonNull(self.plain("Int")), "number of rows affected by the mutation"
        yield OutputField(self._argument("affected_rows"), count, AffectedRowsField(), {}, description)
        if self.is_shown(entity):
            rows = NonNull(ListOf(NonNull(self.object(entity))))
            yield OutputField("returning", rows, ReturningField(), {}, "data from the rows affected by the mutation")


def _as_argument(field: InputField) -> Argument:
    return Argument(field.name, field.type, field.description)


def _meaning(entity: RoleEntity, access: TableWrite) -> MutationRoot:
    relation = entity.entity.ident
    match access:
        case "insert" | "insert_one":
            return InsertRoot(relation, one=access == "insert_one")
        case "update":
            return UpdateRoot(relation)
        case "update_by_pk":
            return UpdateByKeyRoot(relation)
        case "update_many":
            return UpdateManyRoot(relation)
        case "delete":
            return DeleteRoot(relation)
        case "delete_by_pk":
            return DeleteByKeyRoot(relation, key_fields(entity))
