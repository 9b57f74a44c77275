"""The input types of mutations: rows to insert, what to do on conflict, updates."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from gql_gen.dialects.document import ABSENT
from gql_gen.dialects.hasura.input_types import InputTypes
from gql_gen.dialects.hasura.offered import OPERATORS, Operator, key_fields, updated
from gql_gen.dialects.hasura.typesystem import (
    EnumMember,
    EnumType,
    FieldInput,
    InputField,
    InputObject,
    ListOf,
    NestedRowsInput,
    NonNull,
    Plain,
    TypeRef,
)
from gql_gen.model.types import ConflictTarget, Field, Link, RoleEntity
from gql_gen.names import is_graphql_name, valid_graphql_name

UPDATED_ROWS = "filter the rows which have to be updated"
NO_COLUMN = "_placeholder"
"""The one field of an insert input without columns: GraphQL knows no empty input objects. It means nothing."""
NO_UPDATE_COLUMN = "_PLACEHOLDER"
_NO_ENUM_MEMBERS = frozenset({"true", "false", "null"})


class WriteInputs(InputTypes):
    """The input types of one role's mutations."""

    def _input(
        self, entity: RoleEntity, suffix: str, make: Callable[[], Iterable[InputField]], description: str | None
    ) -> InputObject:
        name = self._entity_type(entity, suffix)

        def fields() -> Mapping[str, InputField]:
            return {field.name: field for field in make()}

        return self._made(name, InputObject, lambda: InputObject(name, fields, description))

    # ------------------------------------------------------------ rows to insert

    def insert_input(self, entity: RoleEntity) -> InputObject:
        description = f'input type for inserting data into table "{entity.entity.ident.name}"'
        return self._input(entity, "insert_input", lambda: self._insert_fields(entity), description)

    def _insert_fields(self, entity: RoleEntity) -> list[InputField]:
        columns = [self._column_input(field, self.scalar(field.scalar)) for field in entity.insert_fields.values()]
        nested = [field for link in entity.write_links.values() for field in self._nested(link)]
        return [*columns, *nested] or [self._nothing_to_give()]

    def _nothing_to_give(self) -> InputField:
        description = "does nothing: the row is made of presets and defaults alone"
        return InputField(NO_COLUMN, self.plain("Boolean"), Plain(NO_COLUMN), description)

    @staticmethod
    def _column_input(field: Field, ref: TypeRef) -> InputField:
        return InputField(field.name, ref, FieldInput(field), field.comment or None)

    def _nested(self, link: Link) -> Iterable[InputField]:
        target = self.role.entities.get(link.target)
        if target is not None and target.insert is not None:
            yield InputField(link.name, self._related_rows(target, link), NestedRowsInput(link))

    def _related_rows(self, target: RoleEntity, link: Link) -> InputObject:
        def make() -> Iterable[InputField]:
            row = NonNull(self.insert_input(target))
            data = row if link.kind == "object" else NonNull(ListOf(row))
            yield InputField("data", data, Plain("data"))
            yield from self.conflict_inputs(target)

        suffix = "obj_rel_insert_input" if link.kind == "object" else "arr_rel_insert_input"
        description = f'input type for inserting {link.kind} relation for remote table "{target.entity.ident.name}"'
        return self._input(target, suffix, make, description)

    # ------------------------------------------------------------ conflicts

    def conflict_inputs(self, entity: RoleEntity) -> Iterable[InputField]:
        """`on_conflict`, where there is a key to conflict with."""
        if entity.conflict_targets:
            yield self._plain_input("on_conflict", self.on_conflict(entity), "upsert condition")

    def on_conflict(self, entity: RoleEntity) -> InputObject:
        description = f'on_conflict condition type for table "{entity.entity.ident.name}"'
        return self._input(entity, "on_conflict", lambda: self._conflict_fields(entity), description)

    def _conflict_fields(self, entity: RoleEntity) -> Iterable[InputField]:
        columns = NonNull(ListOf(NonNull(self.update_column(entity))))
        yield self._plain_input("constraint", NonNull(self.constraint(entity)))
        yield self._plain_input("update_columns", columns, default=[])
        if entity.is_selectable:
            yield self._plain_input("where", self.bool_exp(entity))
            yield self._plain_input(
                "return_existing", self.plain("Boolean"), "give the existing row back where it was left alone"
            )

    def _plain_input(
        self, word: str, ref: TypeRef, description: str | None = None, *, default: Any = ABSENT
    ) -> InputField:
        return InputField(self._argument(word), ref, Plain(word), description, default)

    def constraint(self, entity: RoleEntity) -> EnumType:
        name = self._entity_type(entity, "constraint")
        description = f'unique or primary key constraints on table "{entity.entity.ident.name}"'
        members = _constraint_members(entity.conflict_targets)
        return self._made(name, EnumType, lambda: EnumType(name, members, description))

    def update_column(self, entity: RoleEntity) -> EnumType:
        name = self._entity_type(entity, "update_column")
        shown = entity.entity.ident.name
        if not entity.update_fields:
            words = f'placeholder for update columns of table "{shown}" (current role has no relevant permissions)'
            nothing = {NO_UPDATE_COLUMN: EnumMember(None, "placeholder (do not use)")}
            return self._made(name, EnumType, lambda: EnumType(name, nothing, words))
        members = {field.name: EnumMember(field) for field in entity.update_fields.values()}
        return self._made(name, EnumType, lambda: EnumType(name, members, f'update columns of table "{shown}"'))

    # ------------------------------------------------------------ updates

    def update_inputs(self, entity: RoleEntity) -> Iterable[InputField]:
        """`_set`, `_inc`, …: those that the role has columns for."""
        for operator in OPERATORS:
            if updated(entity, operator):
                yield self._plain_input(operator.word, self._operands(entity, operator), operator.description)

    def _operands(self, entity: RoleEntity, operator: Operator) -> InputObject:
        words, shown = operator.of_type, entity.entity.ident.name
        return self._input(
            entity,
            f"{operator.word.removeprefix('_')}_input",
            lambda: [self._column_input(field, self._operand(field, operator)) for field in updated(entity, operator)],
            operator.description if words is None else f'{words} "{shown}"',
        )

    def _operand(self, field: Field, operator: Operator) -> TypeRef:
        match operator.operand:
            case "the column's":
                return self.scalar(field.scalar)
            case "[String!]":
                return ListOf(NonNull(self.plain("String")))
            case name:
                return self.plain(name)

    def pk_columns_input(self, entity: RoleEntity) -> InputObject:
        """The primary key, all of it."""
        description = f"primary key columns input for table: {entity.entity.ident.name}"
        return self._input(
            entity,
            "pk_columns_input",
            lambda: [self._column_input(part, NonNull(self.scalar(part.scalar))) for part in key_fields(entity)],
            description,
        )

    def updates(self, entity: RoleEntity) -> InputObject:
        """One update among many."""

        def make() -> Iterable[InputField]:
            yield from self.update_inputs(entity)
            yield self._plain_input("where", NonNull(self.bool_exp(entity)), UPDATED_ROWS)

        return self._input(entity, "updates", make, None)


# ---------------------------------------------------------------- conflict targets


def _constraint_members(targets: Iterable[ConflictTarget]) -> Mapping[str, EnumMember]:
    """The targets under their names. Of those that are no GraphQL names the nearest one is taken, unless another has
    it."""
    members: dict[str, EnumMember] = {}
    for target in sorted(targets, key=lambda target: not is_graphql_name(target.name)):
        name = valid_graphql_name(target.name)
        name = f"_{name}" if name in _NO_ENUM_MEMBERS else name
        members.setdefault(name, EnumMember(target, _target_description(target)))
    return members


def _target_description(target: ConflictTarget) -> str:
    """Expressions and predicates are not told: they may speak of columns that the role does not know."""
    if target.is_exclusion:
        return "exclusion constraint; a row in conflict can only be left out"
    parts = ", ".join("an expression" if column is None else f'"{column}"' for column in target.columns)
    words = "unique index on" if None in target.columns else "unique or primary key constraint on columns"
    return f"{words} {parts}" if target.predicate is None else f"{words} {parts}, for some rows only"
