"""What the gate adds to functions and to cells: the rule of the rows that a function makes, the guard of every column
that may be read in some rows alone, wherever it stands."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest
from gate_call_kit import access_of, calling_role, field_routine, find, made, root_routine, text
from gate_kit import NOTE, OWNER, TEXT, column, is_x, literal, pg, plan, write_plan
from gate_write_kit import access_of as write_access_of
from gate_write_kit import conflict, delete, insert, update, update_by_key, update_many

from gql_gen.errors import Rejected
from gql_gen.gate.permit import permit, permit_writes
from gql_gen.model.predicates import (
    FALSE,
    TRUE,
    AggregateTest,
    AnyOf,
    CastRef,
    ColumnRef,
    Compare,
    ComputedRef,
    Exists,
    IsNull,
    Not,
    Pred,
    Value,
    both,
)
from gql_gen.model.types import Call, RoleModel
from gql_gen.plan.nodes import (
    Aggregate,
    Hop,
    Node,
    Root,
    Select,
    ShowAggregate,
    ShowColumn,
    ShowComputed,
    ShowGroup,
    ShowLink,
    ShowNodes,
    ShowRows,
    SortKey,
)
from gql_gen.plan.writes import Delete, Insert, Invoke, OneRow, Response, ShowReturning, Update, UpdateMany, Write

USER, GUEST, HALF, ADMIN = (calling_role(name) for name in ("user", "guest", "half", "admin"))
NOTE_OWNER = (("owner_id", "id"),)
OWNER_NOTES = (("id", "owner_id"),)
COUNT = ShowGroup("aggregate", (ShowAggregate("count", "count", ()),))
GUARDED = {"title": "title", "size": "size", "draft": "draft"}


def permitted(node: Node, role: RoleModel) -> Node:
    return permit(plan(node, access_of(node)), role).plan.roots[0].node


def values(part: Any) -> Iterator[ColumnRef | ComputedRef]:
    """Every column and computed value of a plan, but for those of rules and guards."""
    if isinstance(part, tuple):
        for item in part:
            yield from values(item)
    elif dataclasses.is_dataclass(part):
        if isinstance(part, ColumnRef | ComputedRef):
            yield part
        for field in dataclasses.fields(part):
            if field.name not in ("rule", "guard", "check", "visible"):
                yield from values(getattr(part, field.name))


def guard_of(name: str, node: object) -> Pred | None:
    """The guard of the only column of that name."""
    (found,) = {part for part in values(node) if isinstance(part, ColumnRef) and part.column == name}
    return found.guard


# ---------------------------------------------------------------- cells

FORGED = IsNull(column("hidden"), negated=True)
CELLS: dict[str, Callable[[ColumnRef], Node]] = {
    "shown": lambda cell: Select(NOTE, (ShowColumn("it", cell),)),
    "shown through a path": lambda cell: Select(NOTE, (ShowColumn("it", cell, json_path=literal("{a}")),)),
    "shown by key": lambda cell: Select(NOTE, (ShowColumn("it", cell),), is_x("id"), single=True),
    "shown of a function's row": lambda cell: Select(NOTE, (ShowColumn("it", cell),), rows=find()),
    "compared": lambda cell: Select(NOTE, (), Compare(cell, "_eq", literal("x"))),
    "compared on the right": lambda cell: Select(NOTE, (), Compare(column("id"), "_eq", cell)),
    "compared below not": lambda cell: Select(NOTE, (), Not(AnyOf((Compare(cell, "_eq", literal("x")),)))),
    "cast": lambda cell: Select(NOTE, (), Compare(CastRef(cell, TEXT), "_like", literal("%"))),
    "tested for null": lambda cell: Select(NOTE, (), IsNull(cell, negated=False)),
    "compared by key": lambda cell: Select(NOTE, (), Compare(cell, "_eq", literal("x")), single=True),
    "compared through relationships": lambda cell: Select(
        NOTE, (), Exists(OWNER, NOTE_OWNER, Exists(NOTE, OWNER_NOTES, Compare(cell, "_eq", literal("x"))))
    ),
    "compared from a related row": lambda cell: Select(
        NOTE, (), Exists(OWNER, NOTE_OWNER, Compare(column("id"), "_eq", replace(cell, depth=1)))
    ),
    "filtered in an aggregate test": lambda cell: Select(
        OWNER, (), AggregateTest(NOTE, OWNER_NOTES, "count", (), False, Compare(cell, "_eq", literal("x")), ())
    ),
    "compared with an aggregate": lambda cell: Select(
        NOTE,
        (),
        Exists(
            OWNER,
            NOTE_OWNER,
            AggregateTest(
                NOTE, OWNER_NOTES, "count", (), False, TRUE, (Compare(ColumnRef("", pg("int8")), "_gt", cell),)
            ),
        ),
    ),
    "sorted by": lambda cell: Select(NOTE, (), order=(SortKey("asc", None, cell),)),
    "sorted by, back from a related row": lambda cell: Select(
        NOTE, (), order=(SortKey("asc", None, cell, (Hop(OWNER, NOTE_OWNER), Hop(NOTE, OWNER_NOTES)), "max"),)
    ),
    "made distinct": lambda cell: Select(NOTE, (), distinct=(cell,)),
    "counted": lambda cell: Aggregate(NOTE, (ShowGroup("a", (ShowAggregate("n", "count", (cell,), distinct=True),)),)),
    "summed": lambda cell: Aggregate(
        NOTE, (ShowGroup("a", (ShowGroup("sum", (ShowAggregate("n", "sum", (cell,)),)),)),)
    ),
    "shown among nodes": lambda cell: Aggregate(NOTE, (ShowNodes("nodes", (ShowColumn("it", cell),)),)),
    "made distinct in an aggregate": lambda cell: Aggregate(NOTE, (COUNT,), distinct=(cell,)),
    "shown of related rows": lambda cell: Select(
        OWNER, (ShowLink("n", OWNER_NOTES, Select(NOTE, (ShowColumn("it", cell),))),)
    ),
    "shown of rows that a function makes": lambda cell: Select(
        OWNER, (ShowRows("n", Select(NOTE, (ShowColumn("it", cell),), rows=Call(field_routine("written", OWNER)))),)
    ),
}


@pytest.mark.parametrize("position", CELLS)
@pytest.mark.parametrize("name", GUARDED)
def test_a_cell_of_some_rows_carries_them_wherever_it_stands(position: str, name: str) -> None:
    guard = HALF.entities[NOTE].guards[name]
    assert guard_of(name, permitted(CELLS[position](column(name)), HALF)) == guard
    assert guard_of(name, permitted(CELLS[position](column(name)), ADMIN)) is None


@pytest.mark.parametrize("position", CELLS)
def test_a_cell_of_every_row_carries_nothing_even_if_a_plan_says_so(position: str) -> None:
    """A guard that a dialect brings would look at whatever it likes."""
    if position != "compared on the right" and "from a related" not in position:
        found = permitted(CELLS[position](column("id")), HALF)
        assert {part.guard for part in values(found) if isinstance(part, ColumnRef)} == {None}
    for role, name in [(HALF, "id"), (HALF, "size"), (ADMIN, "size"), (GUEST, "title")]:
        honest = permitted(CELLS[position](column(name)), role)
        assert permitted(CELLS[position](replace(column(name), guard=FORGED)), role) == honest


def test_guards_are_of_the_row_that_the_column_is_of() -> None:
    """Where a column of an outer row is compared, the guard is about that row, not about the one tested."""
    node = permitted(CELLS["compared from a related row"](column("size")), HALF)
    (found,) = {part for part in values(node) if isinstance(part, ColumnRef) and part.column == "size"}
    assert (found.depth, found.guard) == (1, HALF.entities[NOTE].guards["size"])


def test_what_an_aggregate_test_counts_carries_its_guards() -> None:
    def counted(*names: str, forged: bool = False) -> Node:
        guards = (("id", FORGED), ("size", FORGED)) if forged else ()
        test = AggregateTest(NOTE, OWNER_NOTES, "count", names, False, TRUE, (), guards=guards)
        return Select(OWNER, (), test)

    guards = HALF.entities[NOTE].guards
    for role, expected in [(HALF, (("size", guards["size"]), ("title", guards["title"]))), (ADMIN, ())]:
        for forged in (False, True):
            found = permitted(counted("size", "id", "title", "size", forged=forged), role)
            assert found.where.guards == expected  # type: ignore[union-attr]
    with pytest.raises(Rejected):
        permitted(counted("hidden"), HALF)


# ---------------------------------------------------------------- computed values


def computed_guard(node: object) -> Pred | None:
    (found,) = {part for part in values(node) if isinstance(part, ComputedRef)}
    return found.guard


CHOOSING: dict[str, Callable[[Value], Node]] = {
    "compared": lambda value: Select(NOTE, (), Compare(value, "_eq", literal("x"))),
    "compared below not": lambda value: Select(NOTE, (), Not(Compare(value, "_eq", literal("x")))),
    "cast": lambda value: Select(NOTE, (), Compare(CastRef(value, TEXT), "_like", literal("%"))),
    "tested for null": lambda value: Select(NOTE, (), IsNull(value, negated=False)),
    "compared in an aggregate": lambda value: Aggregate(NOTE, (COUNT,), IsNull(value, negated=False)),
    "compared through relationships": lambda value: Select(
        NOTE, (), Exists(OWNER, NOTE_OWNER, Exists(NOTE, OWNER_NOTES, IsNull(value, negated=False)))
    ),
}
SHOWING: dict[str, Callable[[ComputedRef], Node]] = {
    "shown": lambda value: Select(NOTE, (ShowComputed("it", value),)),
    "sorted by": lambda value: Select(NOTE, (), order=(SortKey("asc", None, value),)),
    "counted": lambda value: Aggregate(NOTE, (ShowGroup("a", (ShowAggregate("n", "count", (value,)),)),)),
    "shown among nodes": lambda value: Aggregate(NOTE, (ShowNodes("nodes", (ShowComputed("it", value),)),)),
}


@pytest.mark.parametrize("position", CHOOSING)
def test_what_chooses_rows_is_computed_for_visible_rows_alone(position: str) -> None:
    for role in (USER, HALF, ADMIN):
        entity = role.entities[NOTE]
        expected = entity.computed_guards.get("loud", entity.rule)
        found = computed_guard(permitted(CHOOSING[position](made("loud")), role))
        assert found == (None if expected == TRUE else expected)
        forged = replace(made("loud"), guard=FORGED)
        assert computed_guard(permitted(CHOOSING[position](forged), role)) == found


@pytest.mark.parametrize("position", SHOWING)
def test_a_computed_cell_of_some_rows_carries_them_too(position: str) -> None:
    guard = HALF.entities[NOTE].computed_guards["loud"]
    for forged in (None, FORGED):
        value = replace(made("loud"), guard=forged)
        assert computed_guard(permitted(SHOWING[position](value), HALF)) == guard
        assert computed_guard(permitted(SHOWING[position](value), USER)) is None


# ---------------------------------------------------------------- rows of functions

MADE: dict[str, Node] = {
    "of a root": Select(NOTE, (), is_x("id"), rows=find(), rule=TRUE, row_limit=1_000),
    "of a single one": Select(
        NOTE, (), single=True, rows=Call(root_routine("pick"), ((0, text()),)), rule=TRUE, row_limit=1_000
    ),
    "of an aggregate": Aggregate(NOTE, (COUNT,), rows=find(), rule=TRUE, row_limit=1_000),
}


@pytest.mark.parametrize("form", MADE)
@pytest.mark.parametrize("role", [USER, ADMIN], ids=["user", "admin"])
def test_rows_of_a_function_carry_the_rule_and_the_limit_of_their_table(form: str, role: RoleModel) -> None:
    found = permitted(MADE[form], role)
    assert isinstance(found, Select | Aggregate)
    entity = role.entities[NOTE]
    assert (found.rule, found.row_limit) == (entity.rule, entity.limit)
    assert found.rows == MADE[form].rows  # type: ignore[union-attr]


def test_aggregates_see_the_rows_of_grants_that_allow_them() -> None:
    entity = HALF.entities[NOTE]
    assert entity.aggregate_rule not in (FALSE, TRUE, entity.rule)
    for rows in (None, find()):
        found = permitted(Aggregate(NOTE, (COUNT,), rows=rows), HALF)
        assert isinstance(found, Aggregate)
        assert found.rule == entity.aggregate_rule
    tested = permitted(Select(OWNER, (), AggregateTest(NOTE, OWNER_NOTES, "count", (), False, TRUE, ())), HALF)
    assert tested.where.rule == entity.aggregate_rule  # type: ignore[union-attr]
    ordered = permitted(
        Select(OWNER, (), order=(SortKey("asc", None, None, (Hop(NOTE, OWNER_NOTES),), "count"),)), HALF
    )
    assert ordered.order[0].hops[0].rule == entity.aggregate_rule  # type: ignore[union-attr]


def test_rows_that_a_row_makes_carry_their_own_rule_and_are_made_of_visible_rows() -> None:
    call = Call(field_routine("likes"))
    for role in (USER, HALF, ADMIN):
        rule, theirs = role.entities[NOTE].rule, role.entities[OWNER].rule
        tested = permitted(Select(NOTE, (), Exists(OWNER, (), TRUE, rule=TRUE, rows=call, guard=FORGED)), role)
        assert isinstance(tested, Select)
        assert tested.where == Exists(OWNER, (), TRUE, theirs, call, None if rule == TRUE else rule)
        plain = permitted(Select(NOTE, (), Exists(OWNER, NOTE_OWNER, TRUE, guard=FORGED)), role)
        assert plain.where == Exists(OWNER, NOTE_OWNER, TRUE, theirs)  # type: ignore[union-attr]
        shown = permitted(Select(NOTE, (ShowRows("it", Select(OWNER, (), rows=call, rule=TRUE)),)), role)
        assert shown.show[0].node.rule == theirs  # type: ignore[union-attr]


# ---------------------------------------------------------------- writes

SIZE = HALF.entities[NOTE].guards["size"]
PICKING: dict[str, Callable[[Pred], Write]] = {
    "an update": lambda where: update("title", where=where),
    "an update by key": lambda where: replace(update_by_key("title"), where=where),
    "many updates": lambda where: update_many(update("title", where=where)),
    "a delete": lambda where: delete(where=where),
    "a delete by key": lambda where: delete(where=where, answer=OneRow((ShowColumn("id", column("id")),))),
    "a conflict": lambda where: insert("title", on_conflict=conflict("title", where=where)),
}


def written(node: Write, role: RoleModel) -> Write:
    return permit_writes(write_plan(node, write_access_of(node)), role).plan.roots[0].node


@pytest.mark.parametrize("position", PICKING)
def test_what_a_write_picks_by_carries_its_guard(position: str) -> None:
    assert guard_of("size", written(PICKING[position](is_x("size")), HALF)) == SIZE
    found = written(PICKING[position](IsNull(made("loud"), negated=True)), HALF)
    assert computed_guard(found) == HALF.entities[NOTE].computed_guards["loud"]


@pytest.mark.parametrize("node", [insert("title"), update("title"), delete()], ids=["insert", "update", "delete"])
def test_what_a_write_gives_back_carries_its_guard(node: Insert | Update | Delete) -> None:
    shown = (ShowColumn("size", column("size")), ShowComputed("loud", made("loud")))
    found = written(replace(node, answer=Response((ShowReturning("r", shown),))), HALF)
    assert guard_of("size", found) == SIZE
    assert computed_guard(found) == HALF.entities[NOTE].computed_guards["loud"]


def test_a_write_builds_on_cells_where_they_may_be_read() -> None:
    """In other rows they count as null, so those rows stay as they are."""
    rule = HALF.entities[NOTE].rule
    for node in (update("size", operator="inc"), update_many(update("size", operator="inc"))):
        found = written(node, HALF)
        (one,) = found.updates if isinstance(found, UpdateMany) else (found,)
        assert isinstance(one, Update)
        assert one.rule == both(rule, SIZE)
    two = replace(
        update("size", operator="inc"), assignments=(*update("size", "draft", operator="append").assignments,)
    )
    assert written(two, HALF).rule == both(rule, SIZE)  # type: ignore[union-attr]
    assert written(update("size"), HALF).rule == TRUE  # type: ignore[union-attr]


def test_what_a_call_gives_back_carries_rules_and_guards() -> None:
    call = Call(root_routine("touch"), ((0, text()),))
    node = Select(NOTE, (ShowColumn("size", column("size")),), rows=call, rule=TRUE)
    half = replace(HALF, functions=USER.functions)
    found = permit_writes(write_plan(Invoke(Root("it", node, "call")), "invoke"), half).plan.roots[0].node
    assert isinstance(found, Invoke)
    assert isinstance(found.root.node, Select)
    assert found.root.node.rule == HALF.entities[NOTE].rule
    assert guard_of("size", found) == SIZE


# ---------------------------------------------------------------- all of them


def test_every_field_marked_for_the_gate_is_known_to_these_tests() -> None:
    """What has a guard must be walked above."""
    module = inspect.getmodule(Exists)
    with_guard = {
        name
        for name, kind in vars(module).items()
        if dataclasses.is_dataclass(kind) and "guard" in {field.name for field in dataclasses.fields(kind)}
    }
    assert with_guard == {"ColumnRef", "ComputedRef", "Exists"}
