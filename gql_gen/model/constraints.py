"""Keys and constraints as roles may know them: what `on_conflict` may name, and what errors may."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from gql_gen.catalog.types import Catalog, ExclusionConstraint, Ident, Relation, UniqueIndex, UniqueKey
from gql_gen.model.types import ConflictTarget
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.types import Rules, TableRules


def unique_keys(relation: Relation, columns: frozenset[str]) -> tuple[UniqueKey, ...]:
    """The primary key and the unique constraints that lie within the columns, each once."""
    primary = () if relation.primary_key is None else (relation.primary_key,)
    return tuple(key for key in dict.fromkeys((*primary, *relation.unique_keys)) if columns.issuperset(key.columns))


def unique_indexes(relation: Relation, columns: frozenset[str]) -> tuple[UniqueIndex, ...]:
    """The unique indexes that lie within the columns, their expressions and predicates included."""
    return tuple(index for index in relation.unique_indexes if columns.issuperset(_touched(index)))


def conflict_targets(relation: Relation, columns: frozenset[str]) -> tuple[ConflictTarget, ...]:
    """What `on_conflict` may name where these columns may be known. What is checked at the end of a transaction cannot
    be a target."""
    return tuple(_targets(relation, columns))


def _targets(relation: Relation, columns: frozenset[str]) -> Iterator[ConflictTarget]:
    for key in unique_keys(relation, columns):
        if not key.deferrable:
            # A key over periods is to Postgres an exclusion constraint by another name.
            plain = () if key.without_overlaps else key.columns
            yield ConflictTarget(key.name, plain, (None,) * len(plain))
    for index in unique_indexes(relation, columns):
        yield ConflictTarget(index.name, index.columns, index.expressions, index.predicate)
    for constraint in relation.exclusion_constraints:
        if not constraint.deferrable and columns.issuperset(_touched(constraint)):
            yield ConflictTarget(constraint.name, (), ())


def _touched(over: UniqueIndex | ExclusionConstraint) -> Iterable[str]:
    return (*(column for column in over.columns if column is not None), *over.mentions)


# ---------------------------------------------------------------- what errors may name


def revealed_constraints(table: TableRules, rules: Rules) -> frozenset[str] | None:
    """The constraints that errors name whatever row it was; None for all of them."""
    if rules.reveal_constraints or table.reveal_constraints is None:
        return None
    return frozenset(name for name, _ in table.reveal_constraints)


def check_revealed(table: TableRules, catalog: Catalog, faults: Faults) -> None:
    """A name under `reveal_constraints` that no constraint of the table has is a fault, and reveals nothing."""
    if not table.reveal_constraints:
        return
    known = _names(table.ident, catalog)
    for name, at in table.reveal_constraints:
        if name not in known:
            faults.add(at, f'{table.ident} has no constraint or unique index "{name}"', nearest(name, sorted(known)))


def _names(ident: Ident, catalog: Catalog) -> frozenset[str]:
    """What an error about a write to the relation may name: its own constraints, and the keys that refer to it."""
    own = (constraint.name for constraint in catalog.relations[ident].constraints())
    referring = (
        key.name
        for relation in catalog.relations.values()
        for key in (*relation.foreign_keys, *relation.period_keys)
        if key.target == ident
    )
    return frozenset((*own, *referring))
