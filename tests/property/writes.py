"""A mutation as a tree: what is to be written, apart from how it is spelled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from property.predicates import All, Any_, Both, Compare, Given, How, Not, Pred, Value
from property.queries import Item

UpdateOperator = Literal["_set", "_inc", "_append", "_prepend", "_delete_key", "_delete_elem", "_delete_at_path"]
UPDATE_OPERATORS: tuple[UpdateOperator, ...] = (
    *("_set", "_inc", "_append", "_prepend", "_delete_key", "_delete_elem", "_delete_at_path"),
)
WriteKind = Literal["insert", "insert_one", "update", "update_by_pk", "update_many", "delete", "delete_by_pk"]
WRITE_KINDS: tuple[WriteKind, ...] = (
    *("insert", "insert_one", "update", "update_by_pk", "update_many", "delete", "delete_by_pk"),
)


# ---------------------------------------------------------------- rows


@dataclass(frozen=True, slots=True)
class Cell:
    """A column of a new row; None is an explicit null."""

    column: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class Conflict:
    """`on_conflict`; `target` is a unique key's name."""

    target: str
    update: tuple[str, ...]
    where: Pred | None = None
    returns_existing: bool = False


@dataclass(frozen=True, slots=True)
class NestedRows:
    """New rows of a relationship; one for an object."""

    link: str
    rows: tuple[NewRow, ...]
    conflict: Conflict | None = None


@dataclass(frozen=True, slots=True)
class NewRow:
    cells: tuple[Cell, ...]
    nested: tuple[NestedRows, ...] = ()


# ---------------------------------------------------------------- changes


@dataclass(frozen=True, slots=True)
class Assign:
    operator: UpdateOperator
    column: str
    value: Value | None


@dataclass(frozen=True, slots=True)
class Change:
    """One update: `where` None means every row."""

    where: Pred | None
    assigns: tuple[Assign, ...]


def reads_rows(where: Pred | None, assigns: tuple[Assign, ...] = ()) -> bool:
    """Whether a write picks rows by their values, or builds on them: then it reads, and needs to be allowed to."""
    return any(assign.operator != "_set" for assign in assigns) or not (where is None or _is_open(where))


def _is_open(pred: Pred) -> bool:
    """A condition that looks at nothing."""
    match pred:
        case Both(parts=parts) | All(parts=parts) | Any_(parts=parts):
            return all(map(_is_open, parts))
        case Not(part=part):
            return _is_open(part)
        case Compare(tests=tests):
            return not tests
        case _:
            return False


# ---------------------------------------------------------------- roots


@dataclass(frozen=True, slots=True)
class Affected(Item):
    key: str = "affected_rows"


@dataclass(frozen=True, slots=True)
class Returning(Item):
    key: str
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class InsertRoot(Item):
    """`rows_how`: whether all rows come in one variable."""

    key: str
    kind: Literal["insert", "insert_one"]
    table: str
    rows: tuple[NewRow, ...]
    conflict: Conflict | None
    items: tuple[Item, ...]
    rows_how: How = "inline"


@dataclass(frozen=True, slots=True)
class UpdateRoot(Item):
    """`primary_key` is for the update of one row alone, `changes` is one except for `update_many`."""

    key: str
    kind: Literal["update", "update_by_pk", "update_many"]
    table: str
    changes: tuple[Change, ...]
    primary_key: tuple[Value, ...]
    items: tuple[Item, ...]
    changes_how: How = "inline"


@dataclass(frozen=True, slots=True)
class DeleteRoot(Item):
    key: str
    kind: Literal["delete", "delete_by_pk"]
    table: str
    where: Pred
    primary_key: tuple[Value, ...]
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class Verbatim(Item):
    """A root as it stands, which the oracle never hears of."""

    key: str
    text: str


WriteRoot = InsertRoot | UpdateRoot | DeleteRoot


def is_single(root: WriteRoot) -> bool:
    """Whether it answers with the row itself, or null."""
    return root.kind in ("insert_one", "update_by_pk", "delete_by_pk")


@dataclass(frozen=True, slots=True)
class Mutation:
    role: str
    session: Mapping[str, Given] = field(hash=False)
    items: tuple[Item, ...] = ()
    is_backend: bool = False
