"""What changed between two catalogues, for the log of a reload and for `usher check`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final, Literal

from gql_gen.catalog.types import Catalog, Function, Ident, Relation, RelationKind, UniqueKey

# What a relation has several of, and what one of them is called. Its primary key is told with the relation itself.
PARTS: Final = {
    "unique_keys": "unique key",
    "unique_indexes": "unique index",
    "exclusion_constraints": "exclusion constraint",
    "check_constraints": "check constraint",
    "foreign_keys": "foreign key",
    "period_keys": "foreign key over periods",
}

NOUNS: Final[Mapping[RelationKind, str]] = {
    "table": "table",
    "partitioned": "partitioned table",
    "foreign": "foreign table",
    "view": "view",
    "materialized": "materialized view",
}


@dataclass(frozen=True, slots=True)
class Change:
    """`what` names a thing as a person would (`column public.org.name`); `detail` says how it was and how it is."""

    kind: Literal["added", "removed", "changed"]
    what: str
    detail: str = ""

    def __str__(self) -> str:
        return f"{self.kind} {self.what}" + (f" ({self.detail})" if self.detail else "")


def changes(old: Catalog, new: Catalog) -> tuple[Change, ...]:
    """Every difference, in the order of the names; none between equal catalogues.

    What came or went with its table is not told column by column.
    """
    return (
        *_compare("server", {"version": old.server_version}, {"version": new.server_version}),
        *_compare("extension", old.extensions, new.extensions),
        *_compare("type", _by_name(old.types), _by_name(new.types)),
        *_relations(old.relations, new.relations),
        *_compare("function", _overloads(old), _overloads(new)),
    )


def _relations(old: Mapping[Ident, Relation], new: Mapping[Ident, Relation]) -> Iterator[Change]:
    for ident in sorted(old.keys() | new.keys()):
        before, after = old.get(ident), new.get(ident)
        if before and after:
            yield from _relation(before, after)
        elif before:
            yield Change("removed", f"{NOUNS[before.kind]} {ident}")
        elif after:
            yield Change("added", f"{NOUNS[after.kind]} {ident}")


def _relation(before: Relation, after: Relation) -> Iterator[Change]:
    """A relation's parts are told one by one, each under its own name."""
    if before == after:
        return
    details = [*_differences(before, after, apart_from=("columns", *PARTS)), *_reordered(before, after)]
    if details:
        yield Change("changed", f"{NOUNS[after.kind]} {after.ident}", "; ".join(details))
    yield from _compare("column", _columns(before), _columns(after), apart_from=("position",))
    for part, noun in PARTS.items():
        yield from _compare(noun, _named(before, part), _named(after, part))


def _compare(
    noun: str, old: Mapping[str, Any], new: Mapping[str, Any], apart_from: Iterable[str] = ()
) -> Iterator[Change]:
    for name in sorted(old.keys() | new.keys()):
        if name not in new:
            yield Change("removed", f"{noun} {name}")
        elif name not in old:
            yield Change("added", f"{noun} {name}")
        else:
            details = _differences(old[name], new[name], apart_from)
            if details:
                yield Change("changed", f"{noun} {name}", "; ".join(details))


def _differences(before: Any, after: Any, apart_from: Iterable[str] = ()) -> list[str]:
    """`nullable: True → False`, field by field; values without fields are told whole."""
    if before == after:
        return []
    if type(before) is not type(after) or not hasattr(before, "__dataclass_fields__"):
        return [f"{_shown(before)} → {_shown(after)}"]
    return [
        f"{field.name}: {_shown(old)} → {_shown(new)}"
        for field in fields(after)
        if field.name not in apart_from and (old := getattr(before, field.name)) != (new := getattr(after, field.name))
    ]


def _reordered(before: Relation, after: Relation) -> list[str]:
    """Positions shift when a column goes; what counts is the order of those that stayed."""
    old = [name for name in before.columns if name in after.columns]
    new = [name for name in after.columns if name in before.columns]
    return [f"columns: {', '.join(old)} → {', '.join(new)}"] if old != new else []


def _shown(value: object) -> str:
    match value:
        case None:
            return "none"
        case tuple():
            return "(" + ", ".join(map(_shown, value)) + ")"
        case UniqueKey():
            return f"{value.name} {_shown(value.columns)}"
        case _:
            return str(value)


def _by_name(things: Mapping[Ident, Any]) -> dict[str, Any]:
    return {str(ident): thing for ident, thing in things.items()}


def _columns(relation: Relation) -> dict[str, Any]:
    return {f"{relation.ident}.{name}": column for name, column in relation.columns.items()}


def _named(relation: Relation, part: str) -> dict[str, Any]:
    return {f"{relation.ident}.{thing.name}": thing for thing in getattr(relation, part)}


def _overloads(catalog: Catalog) -> dict[str, Function]:
    """`public.add(pg_catalog.int4, pg_catalog.int4)`: what tells functions of one name apart."""
    return {
        f"{function.ident}({', '.join(str(argument.type) for argument in function.arguments)})": function
        for overloads in catalog.functions.values()
        for function in overloads
    }
