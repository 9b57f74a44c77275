"""Writes by hand, as a dialect makes them: each form with the parts that a test is about."""

from __future__ import annotations

from collections.abc import Iterable

from gate_kit import INT, NOTE, OWNER, TEXT, column, is_x, literal, pg

from gql_gen.catalog.types import Ident
from gql_gen.model.predicates import TRUE, Pred, Slot, ValueType
from gql_gen.model.types import ConflictTarget
from gql_gen.plan.nodes import Show, ShowColumn
from gql_gen.plan.writes import (
    Answer,
    Assignment,
    Delete,
    GivenColumn,
    Insert,
    Invoke,
    NestedInsert,
    OnConflict,
    OneRow,
    OwnKey,
    RelatedWrite,
    Response,
    ShowAffected,
    ShowReturning,
    Update,
    UpdateMany,
    UpdateOperator,
    Write,
    WriteAccess,
)

ROWS = Slot("rows", (0,), ValueType(pg("json"), "rows"))
NOTE_OWNER = (("owner_id", "id"),)
OWNER_NOTES = (("id", "owner_id"),)
NOTE_KEY = ConflictTarget("note_pkey", ("id",), (None,))
COUNT = Response((ShowAffected("affected_rows"),))


def given(*names: str) -> tuple[GivenColumn, ...]:
    return tuple(GivenColumn(name, ValueType(TEXT, "String"), name) for name in names)


def shown(*names: str) -> tuple[Show, ...]:
    return tuple(ShowColumn(name, column(name)) for name in names)


def returning(*names: str) -> Response:
    return Response((ShowAffected("affected_rows"), ShowReturning("returning", shown(*names))))


def insert(
    *names: str,
    relation: Ident = NOTE,
    answer: Answer | None = COUNT,
    on_conflict: OnConflict | None = None,
    before: Iterable[NestedInsert] = (),
    after: Iterable[NestedInsert] = (),
) -> Insert:
    return Insert(relation, ROWS, given(*names), "$", on_conflict, tuple(before), tuple(after), answer)


def conflict(
    *names: str, target: ConflictTarget = NOTE_KEY, where: Pred = TRUE, return_existing: bool = False
) -> OnConflict:
    return OnConflict(target, names, where, return_existing)


def owner_before(*names: str, on: tuple[tuple[str, str], ...] = NOTE_OWNER, relation: Ident = OWNER) -> NestedInsert:
    """The owner of a note, inserted along."""
    return NestedInsert("owner", on, insert(*names, relation=relation, answer=None), "~l0", False)


def notes_after(*names: str, on: tuple[tuple[str, str], ...] = OWNER_NOTES, relation: Ident = NOTE) -> NestedInsert:
    """The notes of an owner, inserted along."""
    return NestedInsert("notes", on, insert(*names, relation=relation, answer=None), "~p", True)


def assigned(name: str, operator: UpdateOperator = "set") -> Assignment:
    return Assignment(name, operator, literal("1", INT))


def update(
    *names: str,
    relation: Ident = NOTE,
    where: Pred = TRUE,
    operator: UpdateOperator = "set",
    answer: Answer | None = COUNT,
    own_keys: Iterable[OwnKey] = (),
    related: Iterable[RelatedWrite] = (),
) -> Update:
    assignments = tuple(assigned(name, operator) for name in names)
    return Update(relation, where, assignments, "$", answer, tuple(own_keys), tuple(related))


def update_by_key(*names: str, own_keys: Iterable[OwnKey] = (), related: Iterable[RelatedWrite] = ()) -> Update:
    one = OneRow(shown("id"))
    return update(*names, where=is_x("id"), answer=one, own_keys=own_keys, related=related)


def update_many(*updates: Update, relation: Ident = NOTE) -> UpdateMany:
    return UpdateMany(relation, updates)


def delete(*, relation: Ident = NOTE, where: Pred = TRUE, answer: Answer | None = COUNT) -> Delete:
    return Delete(relation, where, "$", answer)


def access_of(node: Write) -> WriteAccess:
    """What the node is called where nobody lies."""
    one = not isinstance(node, UpdateMany | Invoke) and isinstance(node.answer, OneRow)
    match node:
        case Invoke():
            return "invoke"
        case Insert():
            return "insert_one" if one else "insert"
        case Update():
            return "update_by_pk" if one else "update"
        case UpdateMany():
            return "update_many"
        case Delete():
            return "delete_by_pk" if one else "delete"
