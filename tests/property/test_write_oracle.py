"""The oracle of writes itself, against cases worked out by hand, and its JSON against Postgres's."""

from __future__ import annotations

import json
from dataclasses import replace
from decimal import Decimal
from itertools import product
from typing import Any

import asyncpg
import pytest
from property import predicates
from property.failures import Refusal
from property.grants import Grant
from property.jsonb import (
    CannotChange,
    Json,
    concatenated,
    equality_key,
    without_element,
    without_key,
    without_path,
)
from property.kinds import KINDS
from property.make_cells import ELEMENTS, PATHS
from property.make_predicates import HAS_KEYS
from property.predicates import Compare, Given, Pred, Related, Session, Value
from property.queries import Show
from property.spelling import Spelling
from property.world import Column, Key, Link, Row, Table, World
from property.write_oracle import Outcome, outcome
from property.write_rules import (
    Default,
    DeleteRule,
    Generated,
    Identity,
    InsertRule,
    OnDelete,
    Preset,
    Shape,
    Unique,
    UniquePart,
    UpdateRule,
    Writes,
)
from property.writes import (
    Affected,
    Assign,
    Cell,
    Change,
    Conflict,
    DeleteRoot,
    InsertRoot,
    Mutation,
    NestedRows,
    NewRow,
    Returning,
    UpdateRoot,
    WriteRoot,
)

from usher.postgres import EmbeddedPostgres

SESSION = {"X-Hasura-Text": Given("ann", "ann")}
ALL = Pred.always()


def compared(column: str, operator: str, value: Any, kind: str = "text") -> Compare:
    return Compare(column, (predicates.Test(operator, Value(value, value, KINDS[kind].type, kind, operator)),))


OWN = Compare("owner", (predicates.Test("_eq", Session("X-Hasura-Text")),))


def table(name: str, columns: tuple[Column, ...], **parts: Any) -> Table:
    return replace(
        Table(name, "public", name, columns, ("id",), (), (), (), (), False, (), ()),
        **parts,
    )


def library(
    *, writes: Writes, shown: Pred = ALL, on_delete: OnDelete = "cascade", notes: tuple[Row, ...] = ()
) -> World:
    """Shelves, which belong to somebody, and notes on them. One role, which may insert notes of any kind."""
    shelf = table(
        "shelf",
        (
            Column("id", "id", "int4", False, Identity(False, 1000)),
            Column("owner", "owner", "text", True),
            Column("size", "size", "int4", True, Default(7)),
            Column("code", "code", "text", True),
            Column("made", "made", "text", True, Generated("exclaimed", "owner")),
        ),
        links=(Link("notes", "array", "note", (("id", "shelf"),), "their key"),),
        grants=(("user", Grant(None, shown, None, True, None)),),
        rows=(
            {"id": 1, "owner": "ann", "size": 1, "code": "a", "made": "ann!"},
            {"id": 2, "owner": "bob", "size": 2, "code": "b", "made": "bob!"},
        ),
        shape=Shape("shelf_key", (Unique("code_key", (UniquePart("code"),)),), writes=(("user", writes),)),
    )
    note = table(
        "note",
        (
            Column("id", "id", "int4", False, Identity(True, 5000)),
            Column("shelf", "shelf", "int4", on_delete == "set null"),
        ),
        keys=(Key(("shelf",), "shelf", ("id",), on_delete),),
        grants=(("user", Grant(None, ALL, None, True, None)),),
        rows=notes,
        shape=Shape("note_key", writes=(("user", Writes(InsertRule(None, ALL))),)),
    )
    return World(Spelling("hasura"), (shelf, note), ("user",), ())


def row(**cells: Any) -> NewRow:
    kinds = {"owner": "text", "code": "text", "size": "int4", "id": "int4"}
    return NewRow(
        tuple(
            Cell(name, None if value is None else Value(value, value, "", kinds[name], "_eq"))
            for name, value in cells.items()
        )
    )


def insert(*rows: NewRow, conflict: Conflict | None = None) -> InsertRoot:
    items = (Affected("n"), Returning("rows", (Show("id", "id"), Show("size", "size"), Show("made", "made"))))
    return InsertRoot("r", "insert", "shelf", rows, conflict, items)


def update(where: Pred, *assigns: Assign) -> UpdateRoot:
    items = (Affected("n"), Returning("rows", (Show("id", "id"),)))
    return UpdateRoot("r", "update", "shelf", (Change(where, assigns),), (), items)


def setting(column: str, value: Any, kind: str = "text") -> Assign:
    return Assign("_set", column, Value(value, value, "", kind, "_eq"))


def delete(where: Pred) -> DeleteRoot:
    return DeleteRoot("r", "delete", "shelf", where, (), (Affected("n"), Returning("rows", (Show("id", "id"),))))


def run(world: World, *roots: WriteRoot) -> Outcome:
    found = outcome(world, Mutation("user", SESSION, roots))
    assert isinstance(found, Outcome), found
    return found


def reasons(world: World, *roots: WriteRoot) -> set[str]:
    found = outcome(world, Mutation("user", SESSION, roots))
    assert isinstance(found, Refusal), found
    return set(found.reasons)


def shelves(found: Outcome) -> list[tuple[Any, ...]]:
    return [(each["id"], each["owner"], each["size"], each["code"]) for each in found.world.table("shelf").rows]


def answered(found: Outcome) -> tuple[int, list[Any]]:
    """The count and the ids shown."""
    answer = found.data["r"]
    rows = [item[0]["id"].value for group in answer["rows"].groups for item in group.items]
    return answer["n"], rows


INSERTS = Writes(InsertRule(None, OWN))


# ---------------------------------------------------------------- insert


def test_an_insert_takes_defaults_numbers_and_generated_values() -> None:
    found = run(library(writes=INSERTS), insert(row(owner="ann"), row(owner="ann", size=None)))
    assert [each["size"] for each in found.world.table("shelf").rows[2:]] == [7, None]
    assert [each["id"] for each in found.world.table("shelf").rows[2:]] == [501_000, 501_001]
    assert found.world.table("shelf").rows[2]["made"] == "ann!"
    assert answered(found) == (2, [501_000, 501_001])


def test_one_row_that_fails_its_check_denies_all() -> None:
    assert reasons(library(writes=INSERTS), insert(row(owner="ann"), row(owner="bob"))) == {"check"}


def test_a_check_sees_presets() -> None:
    writes = Writes(InsertRule(("code",), OWN, (Preset("owner", Session("X-Hasura-Text")),)))
    assert shelves(run(library(writes=writes), insert(row(code="z"))))[-1][1:] == ("ann", 7, "z")


def test_a_row_that_may_not_be_selected_counts_and_is_not_shown() -> None:
    found = run(library(writes=INSERTS, shown=compared("owner", "_eq", "bob")), insert(row(owner="ann")))
    assert answered(found) == (1, [])


def test_a_key_that_only_a_hidden_row_has_reads_like_a_failed_check() -> None:
    shown = compared("owner", "_eq", "ann")
    assert reasons(library(writes=INSERTS, shown=shown), insert(row(owner="ann", code="b"))) == {"hidden"}
    assert reasons(library(writes=INSERTS, shown=shown), insert(row(owner="ann", code="a"))) == {"constraint"}
    assert reasons(library(writes=INSERTS), insert(row(owner="ann", code="z"), row(owner="ann", code="z"))) == {"twice"}


# ---------------------------------------------------------------- upsert


def upserting(rule: UpdateRule) -> World:
    return library(writes=Writes(InsertRule(None, OWN), rule))


def test_an_upsert_leaves_rows_alone_that_the_update_filter_does_not_let_through() -> None:
    world = upserting(UpdateRule(None, OWN, None))
    conflict = Conflict("code_key", ("size",))
    found = run(
        world, insert(row(owner="ann", code="a", size=9), row(owner="ann", code="b", size=9), conflict=conflict)
    )
    assert shelves(found) == [(2, "bob", 2, "b"), (1, "ann", 9, "a")]
    assert answered(found) == (1, [1])


def test_an_updated_row_is_judged_by_the_update_check_alone() -> None:
    small = compared("size", "_lt", 5, "int4")
    conflict = Conflict("code_key", ("size",))
    # The row stays bob's: the insert's check would not let it through.
    found = run(upserting(UpdateRule(None, ALL, small)), insert(row(owner="ann", code="b", size=3), conflict=conflict))
    assert shelves(found)[-1] == (2, "bob", 3, "b")
    world = upserting(UpdateRule(None, ALL, small))
    assert reasons(world, insert(row(owner="ann", code="b", size=6), conflict=conflict)) == {"check"}


def test_update_presets_apply_to_updated_rows() -> None:
    world = upserting(UpdateRule(None, ALL, None, (Preset("owner", Session("X-Hasura-Text")),)))
    found = run(world, insert(row(owner="ann", code="b", size=5), conflict=Conflict("code_key", ("size",))))
    assert shelves(found)[-1] == (2, "ann", 5, "b")


def test_existing_rows_are_given_back_on_request_and_not_counted() -> None:
    world = library(writes=INSERTS)
    assert answered(run(world, insert(row(owner="ann", code="b"), conflict=Conflict("code_key", ())))) == (0, [])
    conflict = Conflict("code_key", (), returns_existing=True)
    assert answered(run(world, insert(row(owner="ann", code="b"), conflict=conflict))) == (0, [2])


def test_nested_rows_count_and_hang_on_their_parent() -> None:
    shelf = NewRow(row(owner="ann").cells, (NestedRows("notes", (NewRow(()), NewRow(()))),))
    found = run(library(writes=INSERTS), insert(shelf))
    assert [each["shelf"] for each in found.world.table("note").rows] == [501_000, 501_000]
    assert answered(found) == (3, [501_000])


# ---------------------------------------------------------------- update and delete


def test_an_update_touches_the_rows_of_where_and_filter() -> None:
    world = library(writes=Writes(update=UpdateRule(None, OWN, None)))
    assert answered(run(world, update(ALL, setting("code", "z")))) == (1, [1])


def test_an_update_check_is_asked_of_the_new_row() -> None:
    world = library(writes=Writes(update=UpdateRule(None, ALL, OWN)))
    assert reasons(world, update(compared("owner", "_eq", "ann"), setting("owner", "eve"))) == {"check"}


def test_an_update_without_anything_to_set_is_refused() -> None:
    assert reasons(library(writes=Writes(update=UpdateRule(None, ALL, None))), update(ALL)) == {"validation"}


@pytest.mark.parametrize(
    ("on_delete", "left"), [("cascade", []), ("set null", [None]), ("restrict", None), ("no action", None)]
)
def test_a_delete_does_what_the_keys_say(on_delete: OnDelete, left: list[Any] | None) -> None:
    world = library(writes=Writes(delete=DeleteRule(ALL)), on_delete=on_delete, notes=({"id": 5, "shelf": 1},))
    if left is None:
        assert reasons(world, delete(compared("id", "_eq", 1, "int4"))) == {"constraint"}
        return
    found = run(world, delete(compared("id", "_eq", 1, "int4")))
    assert [each["shelf"] for each in found.world.table("note").rows] == left
    assert answered(found) == (1, [1])


def test_whether_a_deleted_row_may_be_seen_is_judged_as_it_was() -> None:
    shown = Related("notes", ALL)
    world = library(writes=Writes(delete=DeleteRule(ALL)), shown=shown, notes=({"id": 5, "shelf": 1},))
    assert answered(run(world, delete(ALL))) == (2, [1])


def test_a_later_root_sees_the_former_and_its_failure_undoes_both() -> None:
    world = library(writes=Writes(InsertRule(None, ALL), UpdateRule(None, OWN, OWN)))
    new, found_again = insert(row(owner="ann", code="z")), compared("code", "_eq", "z")
    found = run(world, new, replace(update(found_again, setting("size", 1, "int4")), key="then"))
    assert shelves(found)[-1] == (501_000, "ann", 1, "z")
    failing = replace(update(found_again, setting("owner", "eve")), key="then")
    assert reasons(world, new, failing) == {"check"}


# ---------------------------------------------------------------- JSON


async def test_json_changes_as_in_postgres(postgres: EmbeddedPostgres) -> None:
    connection = await asyncpg.connect(postgres.url("postgres"))
    values = [*KINDS["jsonb"].pool, Json('[[1, 2], {"a": []}]'), Json('{"a": [], "b": {}}')]
    cases: list[tuple[str, Any, Any, Any]] = []
    cases += [("$1::text::jsonb || $2::text::jsonb", concatenated, *pair) for pair in product(values, values)]
    cases += [("$1::text::jsonb - $2::text", without_key, *pair) for pair in product(values, HAS_KEYS)]
    cases += [("$1::text::jsonb - $2::int", without_element, *pair) for pair in product(values, (*ELEMENTS, -7))]
    cases += [("$1::text::jsonb #- $2::text[]", without_path, *pair) for pair in product(values, (*PATHS, ("-9",)))]
    try:
        for expression, change, left, right in cases:
            assert _ours(change, left, right) == await _theirs(connection, expression, left, right), (left, right)
    finally:
        await connection.close()


def _ours(change: Any, left: Json, right: Any) -> Any:
    try:
        return equality_key(change(left.value, right.value if isinstance(right, Json) else right))
    except CannotChange:
        return CannotChange


async def _theirs(connection: asyncpg.Connection, expression: str, left: Json, right: Any) -> Any:
    given = right.text if isinstance(right, Json) else list(right) if isinstance(right, tuple) else right
    try:
        text = await connection.fetchval(f"select ({expression})::text", left.text, given)
    except asyncpg.PostgresError:
        return CannotChange
    return equality_key(json.loads(text, parse_float=Decimal))
