"""Whether a role may be told which constraint its write violated.

Postgres checks constraints against all rows, seen or not, so an error that named one would tell of hidden rows: that an
e-mail address is taken, that somebody else's order refers to this product. A violation is told when it is about rows
the role can see, or about nothing but what the caller wrote. Everything else reads like a failed check.
"""

from __future__ import annotations

from dataclasses import dataclass

from gql_gen.catalog.types import Catalog, ExclusionConstraint, ForeignKey, Ident, Relation, UniqueIndex, UniqueKey
from gql_gen.model.predicates import TRUE, Pred
from gql_gen.model.types import RoleEntity, RoleModel
from gql_gen.model.violations import Violation
from gql_gen.plan.writes import Delete, Insert, Update


@dataclass(frozen=True, slots=True)
class RowWithKey:
    """Tell it when a row with this key exists that the rule lets through."""

    relation: Ident
    columns: tuple[str | None, ...]
    expressions: tuple[str | None, ...]
    key: str
    rule: Pred
    predicate: str | None = None
    """Of a partial index: rows outside it hold nobody's key."""
    besides: Delete | None = None
    """Rows that this delete takes along do not count."""


@dataclass(frozen=True, slots=True)
class NoHiddenTarget:
    """Tell it when the role may see every row that the write was to touch: which of several violations Postgres meets
    first depends on all of them."""

    write: Update | Delete
    rule: Pred


Question = RowWithKey | NoHiddenTarget


def may_tell(
    violation: Violation, node: Insert | Update | Delete | None, role: RoleModel
) -> bool | tuple[Question, ...]:
    """True, False, or what has to be asked of the database, where all of it must hold."""
    if role.is_admin:
        return True
    entity = None if violation.relation is None else role.entities.get(violation.relation)
    if violation.kind == "domain":
        return True
    if entity is None:
        return False
    if entity.revealed_constraints is None or violation.constraint in entity.revealed_constraints:
        return True
    match violation.kind:
        case "unique" | "exclusion":
            return _about_others(_key_taken(violation, entity), node, role)
        case "foreign_key":
            return _not_there(violation, entity, role)
        case "referenced":
            return _about_others(_still_referenced(violation, entity, node, role.model.catalog), node, role)
        case "check" | "not_null":
            return _own_row(violation, entity, node)
        case _:
            return False


def fields_of(violation: Violation, role: RoleModel) -> tuple[str, ...]:
    """The role's own names of the columns that a constraint is about."""
    entity = None if violation.relation is None else role.entities.get(violation.relation)
    if entity is None:
        return ()
    columns = _columns(violation, entity.entity.relation)
    known = {**entity.fields, **entity.insert_fields, **entity.update_fields}
    return tuple(field.name for field in known.values() if field.sql in columns)


def _about_others(
    answer: bool | Question, node: Insert | Update | Delete | None, role: RoleModel
) -> bool | tuple[Question, ...]:
    """Of rows that others hold: told if `answer` says so and none of the rows touched is hidden."""
    if answer is False:
        return False
    questions = () if answer is True else (answer,)
    if isinstance(node, Update | Delete):
        questions = (*questions, *_no_hidden_target(node, role.entities[node.relation]))
    return questions or True


def _no_hidden_target(node: Update | Delete, entity: RoleEntity) -> tuple[Question, ...]:
    return () if entity.rule == TRUE else (NoHiddenTarget(node, entity.rule),)


def _key_taken(violation: Violation, entity: RoleEntity) -> bool | Question:
    relation = entity.entity.relation
    if not entity.is_selectable or not entity.always_readable.issuperset(_columns(violation, relation)):
        return False
    question = key_taken(violation, relation, entity.rule)
    return question is not None and (entity.rule == TRUE or question)


def key_taken(violation: Violation, relation: Relation, rule: Pred = TRUE) -> RowWithKey | None:
    """Whether a row that the rule lets through holds the key; None where Postgres does not say which key it was."""
    found = None if violation.constraint is None else relation.constraint(violation.constraint)
    if not isinstance(found, UniqueKey | UniqueIndex | ExclusionConstraint) or violation.key is None:
        return None
    expressions = found.expressions if isinstance(found, UniqueIndex) else (None,) * len(found.columns)
    predicate = found.predicate if isinstance(found, UniqueIndex) else None
    return RowWithKey(relation.ident, found.columns, expressions, violation.key, rule, predicate)


def _not_there(violation: Violation, entity: RoleEntity, role: RoleModel) -> bool:
    """Where a role sees all of a table, what is not in it is no secret."""
    key = _foreign_key(violation, entity.entity.relation)
    if key is None or not _known(entity).issuperset(key.columns):
        return False
    target = role.entities.get(key.target)
    return (
        target is not None
        and target.is_selectable
        and target.rule == TRUE
        and target.limit != 0
        and target.always_readable.issuperset(key.target_columns)
    )


def _still_referenced(
    violation: Violation, entity: RoleEntity, node: Insert | Update | Delete | None, catalog: Catalog
) -> bool | Question:
    """Told when a row that the role sees, and that is to stay, refers to the one changed."""
    key = _foreign_key(violation, entity.entity.relation)
    if key is None or not entity.is_selectable or not entity.always_readable.issuperset(key.columns):
        return False
    if entity.rule == TRUE:
        return True
    if violation.key is None or _may_give_way(key, entity.entity.relation, node, catalog):
        return False
    besides = node if isinstance(node, Delete) and node.relation == violation.relation else None
    expressions = (None,) * len(key.columns)
    return RowWithKey(entity.entity.ident, key.columns, expressions, violation.key, entity.rule, None, besides)


def _may_give_way(key: ForeignKey, relation: Relation, node: Insert | Update | Delete | None, catalog: Catalog) -> bool:
    """Whether rows that refer by this key may go by another one of theirs, or refer no more: then one that is there now
    may not be what stood in the way."""
    others = [each for each in _keys(relation) if each.name != key.name and each.gives_way]
    if not others or isinstance(node, Insert) or (isinstance(node, Update) and not node.related):
        return False
    if not isinstance(node, Delete) or catalog.relations[node.relation].kind not in ("table", "partitioned"):
        return True
    gone = _taken_along(node.relation, catalog)
    return any(each.target in gone for each in others)


def _taken_along(relation: Ident, catalog: Catalog) -> frozenset[Ident]:
    """The relation and all whose rows a delete of its rows may reach."""
    found = {relation}
    while True:
        more = {
            each.ident
            for each in catalog.relations.values()
            if each.ident not in found and any(key.gives_way and key.target in found for key in _keys(each))
        }
        if not more:
            return frozenset(found)
        found |= more


def _keys(relation: Relation) -> tuple[ForeignKey, ...]:
    return (*relation.foreign_keys, *relation.period_keys)


def _own_row(
    violation: Violation, entity: RoleEntity, node: Insert | Update | Delete | None
) -> bool | tuple[Question, ...]:
    """A check or a missing value: about one new row, of which the caller wrote at least a part."""
    columns = _columns(violation, entity.entity.relation)
    if node is None or isinstance(node, Delete) or violation.relation != node.relation or not columns:
        return False
    if columns <= _written(node):
        return True
    if isinstance(node, Insert) and (node.on_conflict is None or not node.on_conflict.update):
        return columns <= _known(entity)
    # The row was there before: what the caller neither wrote nor may read is the row's own.
    if not columns <= entity.always_readable | _written(node):
        return False
    if isinstance(node, Insert):
        return entity.rule == TRUE
    return entity.is_selectable and (_no_hidden_target(node, entity) or True)


def _written(node: Insert | Update) -> frozenset[str]:
    """The columns whose new value is the caller's own in every row."""
    if isinstance(node, Update):
        return frozenset(part.column for part in node.assignments if part.operator == "set")
    given = frozenset(column.column for column in node.columns if column.in_every_row)
    if node.on_conflict is not None and node.on_conflict.update:
        return given & frozenset(node.on_conflict.update)
    return given


def _known(entity: RoleEntity) -> frozenset[str]:
    """Columns that the role may read or write."""
    fields = (*entity.insert_fields.values(), *entity.update_fields.values())
    return entity.always_readable | frozenset(field.sql for field in fields)


# ---------------------------------------------------------------- what a constraint is about


def _columns(violation: Violation, relation: Relation) -> frozenset[str]:
    """The columns of the constraint; empty when it is not known."""
    if violation.kind == "not_null":
        return frozenset(() if violation.column is None else (violation.column,))
    found = None if violation.constraint is None else relation.constraint(violation.constraint)
    if found is None:
        return frozenset()
    mentioned = found.mentions if isinstance(found, UniqueIndex | ExclusionConstraint) else ()
    return frozenset(name for name in found.columns if name is not None).union(mentioned)


def _foreign_key(violation: Violation, relation: Relation) -> ForeignKey | None:
    found = None if violation.constraint is None else relation.constraint(violation.constraint)
    return found if isinstance(found, ForeignKey) else None
