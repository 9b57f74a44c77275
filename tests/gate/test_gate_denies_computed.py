"""Every computed field, and every set of rows that a function makes, in every position, by a role that may not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest
from gate_call_kit import ADMIN, access_of, calling_role, field_routine, find, made, number, root_routine, text
from gate_kit import NOTE, OWNER, SECRET, TEXT, column, literal, pg, plan, write_plan
from gate_write_kit import update

from gql_gen.catalog.types import Ident
from gql_gen.errors import Rejected
from gql_gen.gate.permit import permit, permit_writes
from gql_gen.gate.types import Permitted
from gql_gen.model.predicates import TRUE, CastRef, Compare, ComputedRef, Exists, IsNull, Not, Pred, Slot, ValueType
from gql_gen.model.types import Call, RoleModel
from gql_gen.plan.nodes import (
    Aggregate,
    Hop,
    Node,
    Select,
    Show,
    ShowAggregate,
    ShowColumn,
    ShowComputed,
    ShowGroup,
    ShowLink,
    ShowNodes,
    ShowRows,
    SortKey,
)
from gql_gen.plan.writes import Response, ShowReturning, Write

USER, GUEST = calling_role("user"), calling_role("guest")
NOTE_OWNER = (("owner_id", "id"),)
OWNER_NOTES = (("id", "owner_id"),)
ID = ShowColumn("id", column("id"))
COUNT = ShowGroup("aggregate", (ShowAggregate("count", "count", ()),))
CLAIMS = Slot("claims", (), ValueType(pg("json"), "json"))


def allowed(node: Node, role: RoleModel) -> None:
    assert isinstance(permit(plan(node, access_of(node)), role), Permitted)


def refused(node: Node, role: RoleModel) -> str:
    with pytest.raises(Rejected) as found:
        permit(plan(node, access_of(node)), role)
    return found.value.message


# ---------------------------------------------------------------- computed values


def picked_by(value: ComputedRef) -> Select:
    return Select(NOTE, (ID,), Compare(value, "_eq", literal("x")))


VALUES: dict[str, Callable[[ComputedRef], Node]] = {
    "shown": lambda value: Select(NOTE, (ShowComputed("it", value),)),
    "shown as text": lambda value: Select(NOTE, (ShowComputed("it", value, as_text=True),)),
    "shown through a path": lambda value: Select(NOTE, (ShowComputed("it", value, json_path=literal("{a}")),)),
    "compared": picked_by,
    "compared below not": lambda value: Select(NOTE, (ID,), Not(Compare(value, "_eq", literal("x")))),
    "cast": lambda value: Select(NOTE, (ID,), Compare(CastRef(value, TEXT), "_like", literal("%"))),
    "tested for null": lambda value: Select(NOTE, (ID,), IsNull(value, negated=False)),
    "cast and tested for null": lambda value: Select(NOTE, (ID,), IsNull(CastRef(value, TEXT), negated=True)),
    "compared among rows of a function": lambda value: Select(NOTE, (ID,), IsNull(value, negated=True), rows=find()),
    "compared by key": lambda value: Select(NOTE, (ID,), Compare(value, "_eq", literal("x")), single=True),
    "sorted by": lambda value: Select(NOTE, (ID,), order=(SortKey("asc", None, value),)),
    "sorted by, back from a related row": lambda value: Select(
        NOTE, (ID,), order=(SortKey("asc", None, value, (Hop(OWNER, NOTE_OWNER), Hop(NOTE, OWNER_NOTES)), "max"),)
    ),
    "counted": lambda value: Aggregate(NOTE, (ShowGroup("a", (ShowAggregate("n", "count", (value,)),)),)),
    "summed": lambda value: Aggregate(
        NOTE, (ShowGroup("a", (ShowGroup("sum", (ShowAggregate("n", "sum", (value,)),)),)),)
    ),
    "compared in an aggregate": lambda value: Aggregate(NOTE, (COUNT,), Compare(value, "_eq", literal("x"))),
    "sorted by in an aggregate": lambda value: Aggregate(NOTE, (COUNT,), order=(SortKey("asc", None, value),)),
    "shown among nodes": lambda value: Aggregate(NOTE, (ShowNodes("nodes", (ShowComputed("it", value),)),)),
    "compared two levels down": lambda value: Select(
        NOTE,
        (ShowLink("o", NOTE_OWNER, Select(OWNER, (ShowLink("n", OWNER_NOTES, picked_by(value)),), single=True)),),
    ),
    "compared through relationships": lambda value: Select(
        NOTE, (ID,), Exists(OWNER, NOTE_OWNER, Exists(NOTE, OWNER_NOTES, Compare(value, "_eq", literal("x"))))
    ),
    "of an outer row": lambda value: Select(
        NOTE, (ID,), Exists(OWNER, NOTE_OWNER, Compare(replace(value, depth=1), "_eq", literal("x")))
    ),
}


LOUD = field_routine("loud")
WRONG_VALUES: dict[str, ComputedRef] = {
    "of another table": made("wealth", OWNER),
    "of rows": made("likes"),
    "with arguments that it has not": made("loud", given=((0, text()),)),
    "with the session given": made("said", given=((1, text("{}")),)),
    "with claims": made("rank", given=((1, CLAIMS),)),
    "of no row": ComputedRef(Call(root_routine("total"), ((0, number()),)), TEXT),
    "of another function": ComputedRef(Call(replace(LOUD, ident=Ident("pg_catalog", "pg_sleep"))), TEXT),
    "with the row of another": ComputedRef(Call(replace(LOUD, relation=OWNER, row=("id",))), TEXT),
    "with other columns of the row": ComputedRef(Call(replace(LOUD, row=("id",))), TEXT),
}


@pytest.mark.parametrize("position", VALUES)
def test_a_computed_value_is_for_the_roles_that_list_it(position: str) -> None:
    node = VALUES[position](made("loud"))
    allowed(node, USER)
    allowed(node, ADMIN)
    assert refused(node, GUEST) == "field 'loud' not found"
    assert refused(node, calling_role("stranger"))


@pytest.mark.parametrize("position", VALUES)
@pytest.mark.parametrize("wrong", WRONG_VALUES)
def test_another_computed_value_is_refused(position: str, wrong: str) -> None:
    node = VALUES[position](WRONG_VALUES[wrong])
    assert refused(node, ADMIN)


@pytest.mark.parametrize("depth", [1, 2, -1, 10_000])
@pytest.mark.parametrize("position", [place for place in VALUES if place not in ("of an outer row",)])
def test_a_computed_value_of_a_row_that_is_not_in_sight_is_refused(position: str, depth: int) -> None:
    if position == "compared through relationships" and depth == 2:
        return  # the outermost row is a note, too
    node = VALUES[position](made("loud", depth=depth))
    assert refused(node, ADMIN)


WRITES: dict[str, Callable[[ComputedRef], Write]] = {
    "picked by, in an update": lambda value: update("title", where=IsNull(value, negated=True)),
    "answered, of an update": lambda value: update(
        "title", answer=Response((ShowReturning("r", (ShowComputed("it", value),)),))
    ),
}


@pytest.mark.parametrize("position", WRITES)
def test_a_computed_value_that_is_not_the_roles_is_refused_in_writes(position: str) -> None:
    def ask(value: ComputedRef, role: RoleModel) -> None:
        permit_writes(write_plan(WRITES[position](value), "update"), role)

    ask(made("loud"), USER)
    for value, role in [(made("wealth", OWNER), ADMIN), (made("rank"), calling_role("half"))]:
        with pytest.raises(Rejected):
            ask(value, role)


# ---------------------------------------------------------------- rows that a function makes from a row

LIKES, WRITTEN = Call(field_routine("likes")), Call(field_routine("written", OWNER))
ROWS: dict[str, Callable[[Ident, Call], Node]] = {
    "shown": lambda target, call: Select(NOTE, (ShowRows("it", Select(target, (ID,), rows=call)),)),
    "shown among nodes": lambda target, call: Aggregate(
        NOTE, (ShowNodes("nodes", (ShowRows("it", Select(target, (ID,), rows=call)),)),)
    ),
    "tested": lambda target, call: Select(NOTE, (ID,), Exists(target, (), TRUE, rows=call)),
    "tested below not": lambda target, call: Select(NOTE, (ID,), Not(Exists(target, (), TRUE, rows=call))),
    "sorted by": lambda target, call: Select(
        NOTE, (ID,), order=(SortKey("asc", None, column("id"), (Hop(target, (), rows=call),), "max"),)
    ),
}


@pytest.mark.parametrize("position", ROWS)
def test_rows_of_a_function_are_for_those_who_may_select_them(position: str) -> None:
    node = ROWS[position](OWNER, LIKES)
    needs_aggregates = position == "sorted by"
    role = calling_role("half") if needs_aggregates else GUEST
    allowed(node, role)
    without = replace(role, entities={NOTE: replace(role.entities[NOTE], computed={}), OWNER: role.entities[OWNER]})
    assert refused(node, without)
    unseen = replace(role, entities={NOTE: role.entities[NOTE]})
    assert refused(node, unseen)
    if needs_aggregates:
        assert refused(node, GUEST) == "field 'aggregate' not found"


@pytest.mark.parametrize("position", ROWS)
@pytest.mark.parametrize(
    ("target", "call"),
    [
        (NOTE, LIKES),
        (SECRET, LIKES),
        (NOTE, WRITTEN),
        (NOTE, find()),
        (OWNER, Call(root_routine("owners"))),
        (OWNER, Call(LOUD)),
        (OWNER, replace(LIKES, given=((0, text()),))),
        (OWNER, Call(replace(LIKES.routine, ident=Ident("public", "owners")))),
    ],
)
def test_other_rows_are_refused(position: str, target: Ident, call: Call) -> None:
    node = ROWS[position](target, call)
    assert refused(node, ADMIN)


JOINED: dict[str, Show | Pred | SortKey] = {
    "a join of the rows of a function": Exists(OWNER, NOTE_OWNER, TRUE, rows=LIKES),
    "a sort by a join of them": SortKey("asc", None, column("id"), (Hop(OWNER, NOTE_OWNER, rows=LIKES),)),
    "related rows that a function makes": ShowLink("it", NOTE_OWNER, Select(OWNER, (ID,), rows=LIKES)),
    "related aggregates that a function makes": ShowLink("it", NOTE_OWNER, Aggregate(OWNER, (COUNT,), rows=LIKES)),
    "rows of no function": ShowRows("it", Select(OWNER, (ID,))),
    "one of the rows": ShowRows("it", Select(OWNER, (ID,), single=True, rows=LIKES)),
}


@pytest.mark.parametrize("form", JOINED)
def test_rows_of_a_function_are_not_joined(form: str) -> None:
    match JOINED[form]:
        case SortKey() as key:
            node = Select(NOTE, (ID,), order=(key,))
        case Exists() as pred:
            node = Select(NOTE, (ID,), pred)
        case show:
            node = Select(NOTE, (show,))  # type: ignore[arg-type]
    assert refused(node, ADMIN)
