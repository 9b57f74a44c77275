"""`_related` of an update by primary key: what may be written along each relationship.

An operation is offered where the role's rules can allow it, and nowhere else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property

from gql_gen.catalog.types import Ident
from gql_gen.dialects.hasura.inserts import refers
from gql_gen.dialects.hasura.offered import OPERATORS, updated
from gql_gen.dialects.hasura.typesystem import (
    Argument,
    CreatedRowsInput,
    InputField,
    InputObject,
    ListOf,
    NonNull,
    Plain,
    RelatedInput,
    TypeRef,
)
from gql_gen.dialects.hasura.write_inputs import WriteInputs
from gql_gen.model.types import Entity, Link, RoleEntity, WriteRule
from gql_gen.names import TABLE_SUFFIXES, link_type_name, type_name

_RELATED = "writes to related rows, in the same transaction; each under the rules of its own table"
_ARRAY: Mapping[str, str] = {
    "delete": "1st: deletes the related rows that match",
    "disconnect": "2nd: the related rows that match are related no longer; they stay",
    "set": "3rd: these rows, by primary key, are the related ones; others that the role may update are disconnected",
    "update": "4th: changes the related rows that match",
    "connect": "5th: rows that are there, by primary key, become related",
    "create": "6th: inserts rows that are related",
}
_ONE: Mapping[str, str] = {
    "delete": "1st: deletes the related row",
    "disconnect": "2nd: the related row is related no longer; it stays",
    "update": "3rd: changes the related row",
    "connect": "4th: a row that is there, by primary key, becomes the related one",
    "create": "5th: inserts a row that is the related one",
}
_OURS: Mapping[str, str] = {
    "connect": "a row that is there, by primary key, becomes the related one",
    "disconnect": "no row is the related one any more; it stays",
    "create": "inserts a row that becomes the related one",
    "update": "changes the related row",
    "delete": "deletes the related row",
}


def is_ours(entity: Entity, target: Entity, link: Link) -> bool:
    """Whether our own columns hold the key of a relationship: they change when another row is to be the related one.
    Where no foreign key says so, our primary key is no reference to others."""
    if link.kind == "array":
        return False
    if refers(entity.relation, target.ident, link.on):
        return True
    if refers(target.relation, entity.ident, tuple((their, our) for our, their in link.on)):
        return False
    if link.insert_before_parent is not None:
        return link.insert_before_parent
    return not {our for our, _ in link.on}.issuperset(entity.primary_key or ("",))


def freed(entity: Entity, columns: Iterable[str]) -> tuple[str, ...]:
    """The columns of a key that are null when it refers to nothing."""
    return tuple(name for name in columns if entity.relation.columns[name].nullable)


class RelatedTypes(WriteInputs):
    """The input types of writes to related rows."""

    def related_arguments(self, entity: RoleEntity) -> Iterable[Argument]:
        """`_related`, where there is anything to write along."""
        if self.related_input(entity).fields:
            yield Argument("_related", self.related_input(entity), _RELATED)

    def related_input(self, entity: RoleEntity) -> InputObject:
        description = f'writes to rows related to a row of "{entity.entity.ident.name}"'
        return self._input(entity, "related_input", lambda: self._related_fields(entity), description)

    def _related_fields(self, entity: RoleEntity) -> Iterator[InputField]:
        for link in entity.entity.links.values():
            if link.name not in entity.links and link.name not in entity.write_links:
                continue
            target = self.role.entities[link.target]
            meaning = RelatedInput(link, is_ours(entity.entity, target.entity, link))
            type_ = self._link_input(entity, target, meaning)
            if type_.fields:
                yield InputField(link.name, type_, meaning, link.comment or None)

    def _link_input(self, entity: RoleEntity, target: RoleEntity, meaning: RelatedInput) -> InputObject:
        link = meaning.link
        name = self._link_names[entity.entity.ident, link.name]

        def make() -> Mapping[str, InputField]:
            return {field.name: field for field in self._operations(entity, target, meaning)}

        words = "at most one of its fields" if meaning.is_ours else "in the order that its fields tell"
        description = f'writes to what "{link.name}" of "{entity.entity.ident.name}" leads to: {words}'
        return self._made(name, InputObject, lambda: InputObject(name, make, description))

    @cached_property
    def _link_names(self) -> Mapping[tuple[Ident, str], str]:
        """A type name for each relationship, none of which another type has. The same for all roles."""
        entities = self.role.model.entities
        taken = {entity.type_name for entity in entities.values()}
        taken |= {type_name(each, suffix, self.naming) for each in tuple(taken) for suffix in TABLE_SUFFIXES}
        found: dict[tuple[Ident, str], str] = {}
        for ident, entity in entities.items():
            for link in entity.links:
                name = link_type_name(entity.type_name, link, self.naming)
                while name in taken:
                    name += "_"
                taken.add(name)
                found[ident, link] = name
        return found

    # ------------------------------------------------------------ operations

    def _operations(self, entity: RoleEntity, target: RoleEntity, meaning: RelatedInput) -> Iterator[InputField]:
        words = _OURS if meaning.is_ours else _ONE if meaning.link.kind == "object" else _ARRAY
        offered = _ours(entity, target, meaning.link) if meaning.is_ours else _theirs(target, meaning.link)
        for word, description in words.items():
            if word in offered:
                is_array = meaning.link.kind == "array"
                ref = self._many(target, word) if is_array else self._one(target, word)
                yield InputField(word, ref, CreatedRowsInput() if word == "create" else Plain(word), description)

    def _many(self, target: RoleEntity, word: str) -> TypeRef:
        match word:
            case "connect" | "set":
                return ListOf(NonNull(self.pk_columns_input(target)))
            case "create":
                return ListOf(NonNull(self.insert_input(target)))
            case "update":
                return ListOf(NonNull(self.updates(target)))
            case _:
                return self.bool_exp(target)

    def _one(self, target: RoleEntity, word: str) -> TypeRef:
        match word:
            case "connect":
                return self.pk_columns_input(target)
            case "create":
                return self.insert_input(target)
            case "update":
                return self.changes_input(target)
            case _:
                return self.plain("Boolean")

    def changes_input(self, entity: RoleEntity) -> InputObject:
        """What is to change in one row."""
        description = f'changes of a row of "{entity.entity.ident.name}"'
        return self._input(entity, "changes_input", lambda: self.update_inputs(entity), description)


# ---------------------------------------------------------------- what a role may do


def _theirs(target: RoleEntity, link: Link) -> frozenset[str]:
    """What is offered where rows of the other side hold the key."""
    key = [their for _, their in link.on]
    nulls = freed(target.entity, key)
    seen = target.is_selectable
    connects = seen and target.by_primary_key and _may_set(target.update, key)
    disconnects = seen and bool(nulls) and _may_set(target.update, nulls)
    offered = {
        "connect": connects,
        "disconnect": disconnects,
        "set": connects and disconnects,
        "create": target.insert is not None and _may_tie(target.insert, key),
        "update": seen and _has_changes(target),
        "delete": seen and target.delete is not None,
    }
    return frozenset(word for word, holds in offered.items() if holds)


def _ours(entity: RoleEntity, target: RoleEntity, link: Link) -> frozenset[str]:
    """What is offered where we hold the key ourselves."""
    key = [our for our, _ in link.on]
    nulls = freed(entity.entity, key)
    seen, changes = target.is_selectable, _may_set(entity.update, key)
    disconnects = bool(nulls) and _may_set(entity.update, nulls)
    offered = {
        "connect": changes and target.by_primary_key and link.name in entity.links,
        "disconnect": disconnects,
        "create": changes and target.insert is not None,
        "update": seen and _has_changes(target),
        "delete": seen and target.delete is not None and disconnects,
    }
    return frozenset(word for word, holds in offered.items() if holds)


def _may_tie(rule: WriteRule, key: Iterable[str]) -> bool:
    """Whether new rows may be tied to ours: their key is the caller's to give, or the rule's."""
    return (rule.columns | {preset.column for preset in rule.presets}).issuperset(key)


def _may_set(rule: WriteRule | None, columns: Iterable[str]) -> bool:
    return rule is not None and rule.columns.issuperset(columns)


def _has_changes(target: RoleEntity) -> bool:
    return target.update is not None and any(updated(target, operator) for operator in OPERATORS)
