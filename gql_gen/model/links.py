"""Relationships: those the rules list, and those inferred from foreign keys between tracked tables, and from the keys
that tracked views show.

How an inferred one is called (words joined as the naming joins them):

- to the row a key refers to: the key column without `_id`, so `owner_id` → `owner`; a column that does not end so, or
  a key of several columns, takes the target's singular, so `created_by` → `user`;
- back from the rows that refer to us: their plural, `notes`; their singular when a unique key allows one at most;
- a name already taken (by a column, a listed relationship, or an earlier key; keys count in the order of their columns)
  gets the columns behind it: `user_by_created_by`, `notes_by_reviewer_id`. A key added later to new columns therefore
  never renames what is there; those of views come last, so neither does a view that is tracked later.

Within one schema its name is not repeated: `auth.users` calls `auth.user_roles` `user_roles`, not `auth_user_roles`.
A listed relationship over the same columns takes an inferred one's place, whatever it is called.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from gql_gen.catalog.types import Catalog, ForeignKey, Ident, Relation
from gql_gen.model.drafts import Draft, Sources
from gql_gen.model.scalars import are_comparable
from gql_gen.model.types import Link
from gql_gen.names import (
    RESERVED_FIELDS,
    Naming,
    aggregate_field_name,
    is_graphql_name,
    joined,
    plural,
    singular,
    without_key_suffix,
    without_schema,
)
from gql_gen.rules.faults import Faults, nearest
from gql_gen.rules.types import ByForeignKey, ByMapping, Relationship

Pairs = tuple[tuple[str, str], ...]
Kind = Literal["object", "array"]


def links_of(draft: Draft, drafts: Mapping[Ident, Draft], referrers: Referrers, sources: Sources) -> dict[str, Link]:
    """The relationships of one table by name: the listed ones, then the inferred ones."""
    naming = sources.rules.naming
    taken = set(draft.fields)
    links: dict[str, Link] = {}
    for relationship in draft.rules.relationships:
        link = _listed(relationship, draft, drafts, sources)
        if link is not None and _is_free(relationship, draft, taken, naming, sources.faults):
            links[link.name] = link
            taken |= _claimed(link.name, link.kind, naming)
    if draft.rules.infer_relationships:
        known = {(link.target, frozenset(link.on)) for link in links.values()}
        for guess in _guesses(draft, drafts, referrers):
            if (guess.target, frozenset(guess.on)) not in known:
                known.add((guess.target, frozenset(guess.on)))
                _add_inferred(guess, draft, links, taken, sources)
    return links


def _claimed(name: str, kind: Kind, naming: Naming) -> set[str]:
    """An array relationship brings its aggregate along."""
    return {name, aggregate_field_name(name, naming)} if kind == "array" else {name}


# ---------------------------------------------------------------- listed in the rules


def _is_free(relationship: Relationship, draft: Draft, taken: set[str], naming: Naming, faults: Faults) -> bool:
    name = relationship.name
    said = f'the relationship "{name}" of {draft.ident}'
    if not is_graphql_name(name) or name in RESERVED_FIELDS:
        faults.add(relationship.at, f"{said} is not a valid GraphQL name")
        return False
    clash = min(_claimed(name, relationship.kind, naming) & taken, default=None)
    if clash is not None:
        column = draft.fields[clash].sql if clash in draft.fields else None
        other = "another relationship" if column is None else f'column "{column}"'
        faults.add(relationship.at, f'{said} clashes with {other}: both need the name "{clash}"; it is left out')
    return clash is None


def _listed(relationship: Relationship, draft: Draft, drafts: Mapping[Ident, Draft], sources: Sources) -> Link | None:
    using = relationship.using
    other = using.table
    if other is not None and other not in drafts:
        _unknown_target(other, relationship, drafts, sources)
        return None
    match using:
        case ByMapping():
            return _mapped(relationship, using, draft, drafts[using.table], sources)
        case ByForeignKey(table=None):
            return _by_own_key(relationship, using, draft, drafts, sources.faults)
        case ByForeignKey():
            return _by_their_key(relationship, using, draft, drafts, sources.faults)


def _unknown_target(target: Ident, relationship: Relationship, drafts: Mapping[Ident, Draft], sources: Sources) -> None:
    if target in sources.rules.tables:
        message = f'the relationship "{relationship.name}" leads to {target}, which is left out'
        sources.faults.add(relationship.at, message)
        return
    exists = target in sources.catalog.relations
    message = (
        f'the relationship "{relationship.name}" leads to {target}, which is not {"tracked" if exists else "there"}'
    )
    hint = "add it under `tables:`" if exists else nearest(str(target), map(str, drafts))
    sources.faults.add(relationship.at, message, hint)


def _mapped(relationship: Relationship, using: ByMapping, ours: Draft, theirs: Draft, sources: Sources) -> Link | None:
    checks = [
        _has_column(relationship, ours.relation, our, sources.faults)
        & _has_column(relationship, theirs.relation, their, sources.faults)
        and _can_join(relationship, ours.relation, our, theirs.relation, their, sources)
        for our, their in using.columns
    ]
    return _link(relationship, using.table, using.columns, nullable=True) if checks and all(checks) else None


def _has_columns(relationship: Relationship, relation: Relation, columns: tuple[str, ...], faults: Faults) -> bool:
    unknown = [column for column in columns if not _has_column(relationship, relation, column, faults)]
    return not unknown


def _has_column(relationship: Relationship, relation: Relation, column: str, faults: Faults) -> bool:
    if column not in relation.columns:
        message = (
            f'the relationship "{relationship.name}" needs column "{column}", which {relation.ident} does not have'
        )
        faults.add(relationship.at, message, nearest(column, relation.columns))
    return column in relation.columns


def _can_join(
    relationship: Relationship, ours: Relation, our: str, theirs: Relation, their: str, sources: Sources
) -> bool:
    left, right = (_base(sources.catalog, relation, name) for relation, name in ((ours, our), (theirs, their)))
    if are_comparable(left, right):
        return True
    message = f'the relationship "{relationship.name}" compares {ours.ident}.{our} with {theirs.ident}.{their}'
    sources.faults.add(relationship.at, f"{message}: {left.name} and {right.name} cannot be compared")
    return False


def _base(catalog: Catalog, relation: Relation, column: str) -> Ident:
    return catalog.base_type(relation.columns[column].type).ident


def _by_own_key(
    relationship: Relationship, using: ByForeignKey, draft: Draft, drafts: Mapping[Ident, Draft], faults: Faults
) -> Link | None:
    relation = draft.relation
    if not _has_columns(relationship, relation, using.columns, faults):
        return None
    said = f'the relationship "{relationship.name}" of {draft.ident}'
    if relationship.kind == "array":
        faults.add(relationship.at, f"{said} leads to one row by its own key: it is an object, not an array")
        return None
    keys = [key for key in relation.foreign_keys if set(key.columns) == set(using.columns)]
    tracked = [key for key in keys if key.target in drafts]
    if not tracked:
        missing = (
            f"refers to {keys[0].target}, which is not tracked" if keys else "needs a foreign key, and there is none"
        )
        faults.add(relationship.at, f"{said}, by {', '.join(using.columns)}, {missing}")
        return None
    if len({key.target for key in tracked}) > 1:
        targets = ", ".join(str(key.target) for key in tracked)
        faults.add(relationship.at, f"{said} is ambiguous: {', '.join(using.columns)} refers to {targets}")
        return None
    return _link(relationship, tracked[0].target, _pairs(tracked[0]), nullable=_may_be_null(relation, tracked[0]))


def _by_their_key(
    relationship: Relationship, using: ByForeignKey, draft: Draft, drafts: Mapping[Ident, Draft], faults: Faults
) -> Link | None:
    assert using.table is not None
    theirs = drafts[using.table].relation
    if not _has_columns(relationship, theirs, using.columns, faults):
        return None
    for key in theirs.foreign_keys:
        if set(key.columns) == set(using.columns) and key.target == draft.ident:
            return _link(relationship, theirs.ident, _reversed(key), nullable=True)
    columns = ", ".join(using.columns)
    message = (
        f'the relationship "{relationship.name}" needs a foreign key from {theirs.ident} ({columns}) to {draft.ident}'
    )
    faults.add(relationship.at, message)
    return None


def _link(relationship: Relationship, target: Ident, on: Pairs, *, nullable: bool) -> Link:
    kind, comment, order = relationship.kind, relationship.comment or None, relationship.insert_before_parent
    return Link(relationship.name, kind, target, on, nullable, comment, order)


# ---------------------------------------------------------------- inferred from keys, those of views last


Referrers = Mapping[Ident, tuple[tuple[Ident, ForeignKey], ...]]
"""Table → the tables and keys that refer to it."""


def referrers_of(drafts: Mapping[Ident, Draft]) -> Referrers:
    """Who refers to whom among tracked tables, in an order that does not depend on the rules file."""
    found: dict[Ident, list[tuple[Ident, ForeignKey]]] = defaultdict(list)
    for ident in sorted(drafts):
        for key in _keys_in_order(drafts[ident].relation):
            found[key.target].append((ident, key))
    for ident in sorted(drafts):
        for key in _joins_in_order(drafts[ident].relation):
            found[key.target].append((ident, key))
    return {target: tuple(keys) for target, keys in found.items()}


@dataclass(frozen=True, slots=True)
class _Guess:
    """An inferred relationship and the words of its names, best first."""

    names: tuple[tuple[str, ...], ...]
    kind: Kind
    target: Ident
    on: Pairs
    nullable: bool
    key: str


def _guesses(draft: Draft, drafts: Mapping[Ident, Draft], referrers: Referrers) -> Iterator[_Guess]:
    for key in _keys_in_order(draft.relation):
        if key.target in drafts:
            yield _forward(draft, drafts[key.target], key, _may_be_null(draft.relation, key))
    for ident, key in referrers.get(draft.ident, ()):
        yield _backward(draft, drafts[ident], key)
    for key in _joins_in_order(draft.relation):
        if key.target in drafts:
            yield _forward(draft, drafts[key.target], key, nullable=True)


def _forward(draft: Draft, target: Draft, key: ForeignKey, nullable: bool) -> _Guess:
    noun = singular(_short_name(target, draft))
    stem = without_key_suffix(key.columns[0]) if len(key.columns) == 1 else None
    names = ((stem or noun,), (noun, "by", *key.columns))
    return _Guess(names, "object", target.ident, _pairs(key), nullable, key.name)


def _backward(draft: Draft, source: Draft, key: ForeignKey) -> _Guess:
    kind: Kind = "object" if _is_unique(source.relation, key.columns) else "array"
    noun = (singular if kind == "object" else plural)(_short_name(source, draft))
    return _Guess(((noun,), (noun, "by", *key.columns)), kind, source.ident, _reversed(key), True, key.name)


def _add_inferred(guess: _Guess, draft: Draft, links: dict[str, Link], taken: set[str], sources: Sources) -> None:
    naming = sources.rules.naming
    for words in guess.names:
        name = joined(words, naming)
        claimed = _claimed(name, guess.kind, naming)
        if is_graphql_name(name) and name not in RESERVED_FIELDS and not claimed & taken:
            links[name] = Link(name, guess.kind, guess.target, guess.on, guess.nullable)
            taken |= claimed
            return
    message = f"{draft.ident} has no name left for its relationship to {guess.target} by the key {guess.key}"
    sources.faults.add(draft.rules.at, message, "name it under `relationships:`")


def _short_name(other: Draft, seen_from: Draft) -> str:
    schema = other.ident.schema
    if schema == "public" or schema != seen_from.ident.schema:
        return other.base_name
    return without_schema(other.base_name, schema)


def _keys_in_order(relation: Relation) -> list[ForeignKey]:
    return _in_order(relation, relation.foreign_keys)


def _joins_in_order(relation: Relation) -> list[ForeignKey]:
    return _in_order(relation, relation.joins)


def _in_order(relation: Relation, keys: tuple[ForeignKey, ...]) -> list[ForeignKey]:
    def place(key: ForeignKey) -> tuple[list[int], str]:
        return [relation.columns[column].position for column in key.columns], key.name

    return sorted(keys, key=place)


def _pairs(key: ForeignKey) -> Pairs:
    return tuple(zip(key.columns, key.target_columns, strict=True))


def _reversed(key: ForeignKey) -> Pairs:
    return tuple(zip(key.target_columns, key.columns, strict=True))


def _may_be_null(relation: Relation, key: ForeignKey) -> bool:
    return any(relation.columns[column].nullable for column in key.columns)


def _is_unique(relation: Relation, columns: tuple[str, ...]) -> bool:
    """True when no two rows can agree on these columns."""
    primary = [] if relation.primary_key is None else [relation.primary_key.columns]
    constraints = [key.columns for key in relation.unique_keys]
    indexes = [
        index.columns
        for index in relation.unique_indexes
        if index.predicate is None and all(column is not None for column in index.columns)
    ]
    return any(set(key) <= set(columns) for key in (*primary, *constraints, *indexes))
