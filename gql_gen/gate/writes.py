"""What a role may write: columns, presets, row rules and checks, put in place or refused.

An insert's rows must satisfy its check. An update or delete touches the rows of its filter alone. An upsert that
updates is an update too and needs that rule. What a write answers with is a select: what the role may select.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import assert_never

from gql_gen.catalog.types import Ident
from gql_gen.errors import Rejected
from gql_gen.gate.asked import predicate, selectable, unknown
from gql_gen.gate.reads import root as read_root
from gql_gen.gate.reads import shown
from gql_gen.model.predicates import FALSE, TRUE, Pred, both, reaches_tables, row_columns
from gql_gen.model.types import Link, RoleEntity, RoleModel, WriteRule
from gql_gen.plan.nodes import Show
from gql_gen.plan.writes import (
    Answer,
    Check,
    Delete,
    Insert,
    Invoke,
    Lookup,
    NestedInsert,
    OnConflict,
    OneRow,
    OwnKey,
    RelatedWrite,
    Response,
    ShowReturning,
    Update,
    UpdateMany,
    Write,
    WriteAccess,
    WriteRoot,
)

NO_ASSIGNMENT = (
    "expected at least one of _set, _inc, _append, _prepend, _delete_key, _delete_elem and _delete_at_path "
    "with a column to change"
)


def root(root: WriteRoot, role: RoleModel) -> WriteRoot:
    """One mutation root within the role's rules."""
    if root.access not in _accesses(root.node):
        raise unknown(root.alias)
    if isinstance(root.node, Invoke):
        return replace(root, node=_write(root.node, role))
    if root.access in ("update_by_pk", "delete_by_pk") and not selectable(root.node.relation, role).by_primary_key:
        raise unknown(root.alias)
    if root.access != "update_by_pk" and any(map(_reaches_related, _updates(root.node))):
        raise unknown(root.alias)
    return replace(root, node=_write(root.node, role))


def _updates(node: Write) -> tuple[Update, ...]:
    if isinstance(node, UpdateMany):
        return node.updates
    return (node,) if isinstance(node, Update) else ()


def _reaches_related(node: Update) -> bool:
    return bool(node.own_keys or node.related)


def _accesses(node: Write) -> tuple[WriteAccess, ...]:
    """What a node may be called, by what it does."""
    match node:
        case Insert():
            return ("insert_one",) if isinstance(node.answer, OneRow) else ("insert",)
        case Update():
            return ("update_by_pk",) if isinstance(node.answer, OneRow) else ("update",)
        case UpdateMany():
            return ("update_many",)
        case Invoke():
            return ("invoke",)
        case Delete():
            return ("delete_by_pk",) if isinstance(node.answer, OneRow) else ("delete",)
        case _:
            assert_never(node)


def _write(node: Write, role: RoleModel) -> Write:
    match node:
        case Insert():
            return _insert(node, role)
        case Update():
            return _update(node, role)
        case UpdateMany():
            return replace(node, updates=tuple(_update(update, role) for update in node.updates))
        case Delete():
            return _delete(node, role)
        case Invoke():
            return Invoke(read_root(node.root, role, may_write=True))
        case _:
            assert_never(node)


# ---------------------------------------------------------------- insert


def _insert(node: Insert, role: RoleModel) -> Insert:
    entity = _entity(node.relation, role)
    rule = entity.insert
    if rule is None:
        raise unknown(node.relation.name)
    _allowed((given.column for given in node.columns), rule)
    return replace(
        node,
        on_conflict=None if node.on_conflict is None else _on_conflict(node.on_conflict, node.path, entity, role),
        before=tuple(_before(nested, entity, role) for nested in node.before),
        after=tuple(_after(nested, node, entity, role) for nested in node.after),
        answer=_answer(node.answer, entity, role),
        presets=rule.presets,
        check=_check(rule, f"insert of {node.relation}", node.path),
        visible=_visible(entity),
    )


def _before(nested: NestedInsert, entity: RoleEntity, role: RoleModel) -> NestedInsert:
    """Our key columns refer to a row made along, or, where it was there before, to one that the caller chose."""
    if _may_exist(nested.insert, role):
        assert entity.insert is not None
        _tied((ours for ours, _ in nested.on), entity.insert)
    return _nested(nested, entity, role)


def _after(nested: NestedInsert, node: Insert, entity: RoleEntity, role: RoleModel) -> NestedInsert:
    """The same from the other side: their key columns refer to us."""
    permitted = _nested(nested, entity, role)
    target = _entity(nested.insert.relation, role)
    if _may_exist(node, role) and target.insert is not None:
        _tied((theirs for _, theirs in nested.on), target.insert)
    return permitted


def _may_exist(node: Insert, role: RoleModel) -> bool:
    """Whether rows of an insert may be rows that were there before. Hasura lets an upsert pass."""
    conflict = node.on_conflict
    return conflict is not None and (conflict.return_existing or not role.model.writes_ignore_select)


def _nested(nested: NestedInsert, entity: RoleEntity, role: RoleModel) -> NestedInsert:
    _write_linked(nested.name, nested.insert.relation, nested.on, entity)
    return replace(nested, insert=_insert(nested.insert, role))


def _write_linked(name: str, target: Ident, on: tuple[tuple[str, str], ...], entity: RoleEntity) -> None:
    """One of the entity's own relationships, to a table that the role may write to."""
    if not any(_is(link, target, on) for link in entity.write_links.values()):
        raise unknown(name)


def _is(link: Link, target: Ident, on: tuple[tuple[str, str], ...]) -> bool:
    return link.target == target and link.on == on


def _on_conflict(conflict: OnConflict, path: str, entity: RoleEntity, role: RoleModel) -> OnConflict:
    if conflict.target not in entity.conflict_targets:
        raise unknown(conflict.target.name)
    if conflict.return_existing and not entity.is_selectable:
        raise unknown("return_existing")
    if conflict.return_existing and conflict.target.is_exclusion:
        message = f"an exclusion constraint does not say which row is in the way: '{conflict.target.name}'"
        raise Rejected(message, path=path)
    if not conflict.update:
        return replace(conflict, where=_where(conflict.where, entity, role))
    if conflict.target.is_exclusion:
        message = (
            f"an exclusion constraint cannot be updated on: leave update_columns empty for '{conflict.target.name}'"
        )
        raise Rejected(message, path=path)
    rule = entity.update
    if rule is None:
        raise unknown(conflict.update[0])
    _allowed(conflict.update, rule)
    return replace(
        conflict,
        where=_where(conflict.where, entity, role),
        rule=_reached(rule, entity, role, reads=_reads(conflict.where)),
        presets=rule.presets,
        check=_check(rule, f"update of {entity.entity.ident}", path),
    )


# ---------------------------------------------------------------- update and delete


def _update(node: Update, role: RoleModel, *, is_related: bool = False, has_assignment: bool = False) -> Update:
    entity = selectable(node.relation, role)
    rule = entity.update
    if rule is None:
        raise unknown(node.relation.name)
    _allowed((assignment.column for assignment in node.assignments), rule)
    builds_on = [assignment.column for assignment in node.assignments if assignment.operator != "set"]
    for column in builds_on:
        if column not in entity.amendable:
            raise unknown(column)
    if not (has_assignment or node.assignments or rule.presets or _reaches_related(node)):
        raise Rejected(NO_ASSIGNMENT, path=node.path)
    return replace(
        node,
        own_keys=tuple(_own_key(key, entity, rule, role) for key in node.own_keys),
        related=tuple(_related(write, entity, role) for write in node.related),
        where=_where(node.where, entity, role),
        answer=_answer(node.answer, entity, role),
        rule=both(
            _reached(rule, entity, role, reads=is_related or bool(builds_on) or _reads(node.where)),
            *_seen_values(builds_on, entity, role),
        ),
        presets=rule.presets,
        check=_check(rule, f"update of {node.relation}", node.path if is_related else "$"),
        visible=_visible(entity),
    )


def _own_key(key: OwnKey, entity: RoleEntity, rule: WriteRule, role: RoleModel) -> OwnKey:
    """Our columns change, so they must be ours to update; and the row they are to refer to one that the role may see,
    or make."""
    _allowed((ours for ours, _ in key.on), rule)
    match key.source:
        case None:
            return key
        case Lookup():
            target = selectable(key.source.relation, role)
            if not any(_is(link, key.source.relation, key.on) for link in entity.links.values()):
                raise unknown(key.name)
            where = _where(key.source.where, target, role)
            return replace(key, source=replace(key.source, where=where, rule=target.rule))
        case Insert():
            _write_linked(key.name, key.source.relation, key.on, entity)
            return replace(key, source=_insert(key.source, role))
        case _:
            assert_never(key.source)


def _related(write: RelatedWrite, entity: RoleEntity, role: RoleModel) -> RelatedWrite:
    """Rows on the other side are written under their own table's rule, whatever leads to them."""
    _write_linked(write.name, write.node.relation, write.on, entity)
    match write.node:
        case Insert():
            permitted = _insert(write.node, role)
            target = _entity(write.node.relation, role)
            assert target.insert is not None
            _tied((theirs for _, theirs in write.on), target.insert)
            return replace(write, node=permitted)
        case Update():
            return replace(write, node=_related_update(write, write.node, role))
        case Delete():
            return replace(write, node=_delete(write.node, role, is_related=True))
        case _:
            assert_never(write.node)


def _related_update(write: RelatedWrite, node: Update, role: RoleModel) -> Update:
    """Connecting changes their key columns, which the role must be allowed to update."""
    if _reaches_related(node):
        raise unknown(write.name)
    if write.reach != "connect":
        return _update(node, role, is_related=True)
    rule = selectable(node.relation, role).update
    if rule is None:
        raise unknown(node.relation.name)
    _allowed((theirs for _, theirs in write.on), rule)
    return _update(node, role, is_related=True, has_assignment=True)


def _delete(node: Delete, role: RoleModel, *, is_related: bool = False) -> Delete:
    entity = selectable(node.relation, role)
    rule = entity.delete
    if rule is None:
        raise unknown(node.relation.name)
    return replace(
        node,
        where=_where(node.where, entity, role),
        answer=_answer(node.answer, entity, role),
        rule=_reached(rule, entity, role, reads=is_related or _reads(node.where)),
        visible=_visible(entity),
    )


# ---------------------------------------------------------------- what they share


def _answer(answer: Answer | None, entity: RoleEntity, role: RoleModel) -> Answer | None:
    match answer:
        case None:
            return None
        case OneRow():
            selected = selectable(entity.entity.ident, role)
            return OneRow(_shows(answer.show, selected, role), _given_back(selected, role))
        case Response():
            parts = tuple(
                replace(part, show=_shows(part.show, selectable(entity.entity.ident, role), role))
                if isinstance(part, ShowReturning)
                else part
                for part in answer.show
            )
            return Response(parts, _given_back(entity, role))
        case _:
            assert_never(answer)


def _shows(shows: tuple[Show, ...], entity: RoleEntity, role: RoleModel) -> tuple[Show, ...]:
    return tuple(shown(part, (entity,), role) for part in shows)


def _where(where: Pred, entity: RoleEntity, role: RoleModel) -> Pred:
    return predicate(where, (entity,), role)


def _check(rule: WriteRule, name: str, path: str) -> Check:
    return Check(rule.check, name, rule.at, rule.message, path, rule.recheck)


def _reached(rule: WriteRule, entity: RoleEntity, role: RoleModel, *, reads: bool) -> Pred:
    """The rows a write may touch. One that picks rows by their values, or builds on them, reads them: it reaches only
    those that the role may select, or else it could tell what the others hold. So does Postgres's row security."""
    if not reads or role.model.writes_ignore_select or rule.filter == entity.rule:
        return rule.filter
    return both(rule.filter, entity.rule)


def _seen_values(columns: Iterable[str], entity: RoleEntity, role: RoleModel) -> tuple[Pred, ...]:
    """What builds on a value that the role may read in some rows alone reaches only those."""
    if role.model.writes_ignore_select:
        return ()
    return tuple(dict.fromkeys(entity.guards[column] for column in columns if column in entity.guards))


def _reads(where: Pred) -> bool:
    """Whether a predicate looks at anything at all: `{_and: [{}]}` does not."""
    return bool(row_columns(where)) or reaches_tables(where)


def _given_back(entity: RoleEntity, role: RoleModel) -> Pred:
    """Which of the rows written the role gets back."""
    return TRUE if role.model.writes_ignore_select and entity.is_selectable else _visible(entity)


def _visible(entity: RoleEntity) -> Pred:
    return entity.rule if entity.is_selectable else FALSE


def _allowed(columns: Iterable[str], rule: WriteRule) -> None:
    for column in columns:
        if column not in rule.columns:
            raise unknown(column)


def _tied(key: Iterable[str], rule: WriteRule) -> None:
    """To tie a new row to one that was there before is to choose its key: the caller needs the right, or has no say."""
    preset = {value.column for value in rule.presets}
    _allowed((column for column in key if column not in preset), rule)


def _entity(relation: Ident, role: RoleModel) -> RoleEntity:
    found = role.entities.get(relation)
    if found is None:
        raise unknown(relation.name)
    return found
