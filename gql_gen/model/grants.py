"""Grants to select → what a role may read: which rows, and in which of them each column.

A row is seen when any grant's filter lets it be seen; a cell of it, when the filter of a grant that lists its column
does. Elsewhere the cell counts as null, wherever it is used.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Final

from gql_gen.model.computed import granted_computed
from gql_gen.model.inheritance import Grants
from gql_gen.model.predicates import FALSE, TRUE, All, AnyOf, Pred
from gql_gen.model.resolve import resolve
from gql_gen.model.types import ComputedField, Entity, Field, Model
from gql_gen.model.writes import listed_columns
from gql_gen.rules.faults import Faults
from gql_gen.rules.types import QueryRoot, Rules, SelectRule, SubscriptionRoot

QUERY_ROOTS: frozenset[QueryRoot] = frozenset({"select", "select_by_pk", "select_aggregate"})
SUBSCRIPTION_ROOTS: frozenset[SubscriptionRoot] = frozenset({*QUERY_ROOTS, "select_stream"})
MOST_ROWS: Final = 2**31 - 2
"""No answer holds more rows; a higher limit would be beyond Postgres's numbers, and so would one row more than it."""

Guards = Mapping[str, Pred]


@dataclass(frozen=True, slots=True)
class Reads:
    """What may be read of one table. `aggregate_rule`, `guards` and `computed_guards` as in RoleEntity."""

    fields: Mapping[str, Field]
    rule: Pred
    limit: int | None
    aggregate_rule: Pred | None
    query_roots: frozenset[QueryRoot]
    subscription_roots: frozenset[SubscriptionRoot]
    computed: Mapping[str, ComputedField]
    guards: Guards = field(default_factory=lambda: MappingProxyType({}))
    computed_guards: Guards = field(default_factory=lambda: MappingProxyType({}))


NOTHING = Reads(MappingProxyType({}), FALSE, None, None, frozenset(), frozenset(), MappingProxyType({}))


def all_reads(entity: Entity) -> Reads:
    """What admin may read."""
    return Reads(entity.fields, TRUE, None, TRUE, QUERY_ROOTS, SUBSCRIPTION_ROOTS, entity.computed)


def fields_of(entity: Entity, columns: frozenset[str]) -> Mapping[str, Field]:
    """The fields that show these columns, in the entity's order."""
    return MappingProxyType({name: field for name, field in entity.fields.items() if field.sql in columns})


def reads_of(grants: tuple[Grants, ...], entity: Entity, model: Model, rules: Rules, faults: Faults) -> Reads | None:
    """All grants joined. None when one of them has a fault: what it was to show must not be half of what is left."""
    found = [[_reads(grant, entity, model, rules, faults) for grant in own] for own in grants]
    roles = [[reads for reads in own if reads is not None] for own in found]
    if sum(map(len, roles)) < sum(map(len, found)):
        return None
    return _of_several_roles(entity, [_of_one_role(entity, own) for own in roles])


def _of_one_role(entity: Entity, parts: list[Reads]) -> Reads:
    """Each grant keeps to itself: the lowest limit holds, and aggregates see the rows of grants that allow them."""
    if len(parts) == 1:
        return parts[0]
    limits = [part.limit for part in parts if part.limit is not None]
    return replace(_joined(entity, parts), limit=min(limits, default=None), aggregate_rule=_aggregated(parts))


def _of_several_roles(entity: Entity, parts: list[Reads]) -> Reads:
    """As Hasura joins the permissions of inherited roles: the widest of each. There is no limit where one has none."""
    if len(parts) == 1:
        return parts[0]
    joined = _joined(entity, parts)
    limits = [part.limit for part in parts if part.limit is not None]
    rule = _aggregated(parts)
    if rule is not None and all(part.aggregate_rule in (None, part.rule) for part in parts):
        rule = joined.rule
    return replace(joined, limit=max(limits) if len(limits) == len(parts) else None, aggregate_rule=rule)


def _reads(grant: SelectRule, entity: Entity, model: Model, rules: Rules, faults: Faults) -> Reads | None:
    columns = listed_columns(grant.columns, entity, rules, faults)
    rule, wrong = resolve(grant.filter, entity.ident, model, rules.named)
    faults.found.extend(wrong)
    if columns is None or rule is None:
        return None
    return Reads(
        fields_of(entity, columns),
        rule,
        None if grant.limit is None else min(grant.limit, MOST_ROWS),
        rule if grant.allow_aggregations else None,
        QUERY_ROOTS if grant.query_root_fields is None else grant.query_root_fields,
        SUBSCRIPTION_ROOTS if grant.subscription_root_fields is None else grant.subscription_root_fields,
        granted_computed(grant, entity, rules.tables[entity.ident], faults),
    )


def _aggregated(parts: list[Reads]) -> Pred | None:
    """The rows of those parts that allow aggregates; None where none does."""
    rules = [part.aggregate_rule for part in parts if part.aggregate_rule is not None]
    return any_of(rules) if rules else None


def _joined(entity: Entity, parts: list[Reads]) -> Reads:
    """Rows and cells that any part shows; limit and aggregates are for the caller to say."""
    rule = any_of(part.rule for part in parts)
    columns = frozenset(field.sql for part in parts for field in part.fields.values())
    computed = {name for part in parts for name in part.computed}
    rows = {column: any_of(_cells(part, column) for part in parts if _shows(part, column)) for column in columns}
    made = {
        name: any_of(part.computed_guards.get(name, part.rule) for part in parts if name in part.computed)
        for name in computed
    }
    return Reads(
        fields_of(entity, columns),
        rule,
        None,
        None,
        frozenset().union(*(part.query_roots for part in parts)),
        frozenset().union(*(part.subscription_roots for part in parts)),
        MappingProxyType({name: field for name, field in entity.computed.items() if name in computed}),
        MappingProxyType({column: guard for column, guard in rows.items() if guard != rule}),
        MappingProxyType({name: guard for name, guard in made.items() if guard != rule}),
    )


def _shows(reads: Reads, column: str) -> bool:
    return any(field.sql == column for field in reads.fields.values())


def _cells(reads: Reads, column: str) -> Pred:
    """The rows in which a column of a part may be read."""
    return reads.guards.get(column, reads.rule)


def any_of(preds: Iterable[Pred]) -> Pred:
    """The disjunction, each part once; TRUE where one part is, FALSE where there is none. What another part covers by
    its words alone is left out: "in my organisation" covers "in my organisation, and mine"."""
    flat = (part for pred in preds for part in (pred.parts if isinstance(pred, AnyOf) else (pred,)))
    kept: list[Pred] = []
    for part in flat:
        if not any(_covers(other, part) for other in kept):
            kept = [other for other in kept if not _covers(part, other)] + [part]
    return kept[0] if len(kept) == 1 else AnyOf(tuple(kept))


def _covers(wide: Pred, narrow: Pred) -> bool:
    """Whether all conditions of one are among those of the other."""
    return set(_conditions(wide)) <= set(_conditions(narrow))


def _conditions(pred: Pred) -> tuple[Pred, ...]:
    return pred.parts if isinstance(pred, All) else (pred,)
