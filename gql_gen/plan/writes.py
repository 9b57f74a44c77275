"""The intermediate language of writes: what a mutation wants, in SQL names, before and after the gate.

Each root is one node; roots run in order in one transaction. As in `gql_gen.plan.nodes`, fields marked "gate" are None
or empty until `gql_gen.gate` fills them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import TRUE, Pred, Slot, ValueType
from gql_gen.model.types import ConflictTarget, PresetValue
from gql_gen.plan.nodes import Root, Show, ShowText

# ---------------------------------------------------------------- what is answered


@dataclass(frozen=True, slots=True)
class ShowAffected:
    """How many rows were changed, nested ones included."""

    alias: str


@dataclass(frozen=True, slots=True)
class ShowReturning:
    """The rows changed, as a JSON array."""

    alias: str
    show: tuple[Show, ...]


ResponseShow = ShowAffected | ShowReturning | ShowText


@dataclass(frozen=True, slots=True)
class Response:
    """Hasura's mutation response: an object of counts and rows."""

    show: tuple[ResponseShow, ...]
    rule: Pred | None = None
    """The role's row rule (gate): what it may not select, it does not get back either."""


@dataclass(frozen=True, slots=True)
class OneRow:
    """The row itself as an object, or null when there is none."""

    show: tuple[Show, ...]
    rule: Pred | None = None


Answer = Response | OneRow


# ---------------------------------------------------------------- rules, as the gate attaches them


@dataclass(frozen=True, slots=True)
class Check:
    """What a row must be after the write. `name` says in logs and development which rule it is (`insert of
    public.org`), `at` where it stands, `message` the author's words, `path` where the caller wrote what failed."""

    pred: Pred
    name: str
    at: str
    message: str | None
    path: str
    recheck: bool = False


# ---------------------------------------------------------------- insert


@dataclass(frozen=True, slots=True)
class GivenColumn:
    """A column that rows of an insert give. `key` is its name in the rows' JSON; `in_every_row` is False when some rows
    leave it out and take the default."""

    column: str
    type: ValueType
    key: str
    in_every_row: bool = True


@dataclass(frozen=True, slots=True)
class OnConflict:
    """`update` empty: the existing row is left alone; `return_existing` then answers with it all the same."""

    target: ConflictTarget
    update: tuple[str, ...]
    where: Pred = TRUE
    return_existing: bool = False
    rule: Pred | None = None
    """The role's update filter, for the existing row (gate)."""
    presets: tuple[PresetValue, ...] = ()
    """The role's update presets (gate)."""
    check: Check | None = None
    """The role's update check, for rows that were updated (gate)."""


@dataclass(frozen=True, slots=True)
class NestedInsert:
    """Related rows inserted along. Our `on[i][0]` = theirs `on[i][1]`.

    In the rows' JSON `key` holds a position counted from 0: before us, in our row, that of the related row among the
    nested insert's rows (absent: no related row); after us, in their row, that of our row."""

    name: str
    on: tuple[tuple[str, str], ...]
    insert: Insert
    key: str
    is_array: bool


@dataclass(frozen=True, slots=True)
class Insert:
    """Rows of one relation. `rows` is one JSON text: an array of objects, by `GivenColumn.key` and `NestedInsert.key`.
    `before` are inserted first and give our key columns; `after` take theirs from us. `path` is the argument's."""

    relation: Ident
    rows: Slot
    columns: tuple[GivenColumn, ...]
    path: str
    on_conflict: OnConflict | None = None
    before: tuple[NestedInsert, ...] = ()
    after: tuple[NestedInsert, ...] = ()
    answer: Answer | None = None
    """None for nested rows."""
    presets: tuple[PresetValue, ...] = ()
    check: Check | None = None
    visible: Pred | None = None
    """The role's select rule, FALSE where it may not select (gate): which rows errors may be about."""


# ---------------------------------------------------------------- update and delete

UpdateOperator = Literal["set", "inc", "append", "prepend", "delete_key", "delete_elem", "delete_at_path"]


@dataclass(frozen=True, slots=True)
class Assignment:
    """`value` None sets null."""

    column: str
    operator: UpdateOperator
    value: Slot | None


@dataclass(frozen=True, slots=True)
class Lookup:
    """An existing row to refer to, by its key: one that the role may select."""

    relation: Ident
    where: Pred
    path: str
    rule: Pred | None = None


@dataclass(frozen=True, slots=True)
class OwnKey:
    """A relationship whose key is ours: our `on[i][0]` take the values of `on[i][1]` of a row found or made before, or
    become null where there is no `source`."""

    name: str
    on: tuple[tuple[str, str], ...]
    source: Lookup | Insert | None
    path: str


@dataclass(frozen=True, slots=True)
class RelatedWrite:
    """A write to rows on the other side of a relationship: our `on[i][0]` = theirs `on[i][1]`.

    `related`: an update or delete of rows that hang on ours, nothing else. `connect`: an update, without assignments of
    its own, that makes the rows of its `where` hang on ours; there must be `expected` of them. `create`: an insert of
    rows that hang on ours (in their JSON `~p` is 0). `was_related`: as `related`, by our row as it was before."""

    name: str
    on: tuple[tuple[str, str], ...]
    node: Insert | Update | Delete
    reach: Literal["related", "was_related", "connect", "create"]
    path: str
    expected: int | None = None


@dataclass(frozen=True, slots=True)
class Update:
    """`own_keys` and `related` (of updates by key alone) are written along: first what our key needs, then our row,
    then `related` in their order."""

    relation: Ident
    where: Pred
    assignments: tuple[Assignment, ...]
    path: str
    answer: Answer | None
    own_keys: tuple[OwnKey, ...] = ()
    related: tuple[RelatedWrite, ...] = ()
    rule: Pred | None = None
    presets: tuple[PresetValue, ...] = ()
    check: Check | None = None
    visible: Pred | None = None


@dataclass(frozen=True, slots=True)
class UpdateMany:
    """Updates one after another; the answer is a list of their responses."""

    relation: Ident
    updates: tuple[Update, ...]


@dataclass(frozen=True, slots=True)
class Delete:
    relation: Ident
    where: Pred
    path: str
    answer: Answer | None
    rule: Pred | None = None
    visible: Pred | None = None


@dataclass(frozen=True, slots=True)
class Invoke:
    """A root that calls a function which may write, or, beside one, a root that only reads: run in its turn, in a
    statement of its own, within the transaction."""

    root: Root


Write = Insert | Update | UpdateMany | Delete | Invoke

TableWrite = Literal["insert", "insert_one", "update", "update_by_pk", "update_many", "delete", "delete_by_pk"]
WriteAccess = TableWrite | Literal["invoke"]


@dataclass(frozen=True, slots=True)
class WriteRoot:
    alias: str
    node: Write
    access: WriteAccess


@dataclass(frozen=True, slots=True)
class WritePlan:
    roots: tuple[WriteRoot, ...]
