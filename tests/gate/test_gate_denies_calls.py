"""Every way to call a function, in every position, by a role that may not: always Rejected, and nothing else."""

from __future__ import annotations

from dataclasses import replace

import pytest
from gate_call_kit import ADMIN, calling_role, field_routine, find, number, root_routine, text
from gate_kit import INT, NOTE, OWNER, SECRET, column, is_x, pg, plan, write_plan

from gql_gen.catalog.types import Ident
from gql_gen.errors import Rejected
from gql_gen.gate.permit import permit, permit_writes
from gql_gen.gate.types import Permitted
from gql_gen.model.predicates import TRUE, Pred, Slot, ValueType
from gql_gen.model.types import Call, RoleModel, Routine
from gql_gen.plan.nodes import (
    Access,
    Aggregate,
    CallValue,
    Node,
    Root,
    Select,
    ShowAggregate,
    ShowColumn,
    ShowGroup,
)
from gql_gen.plan.writes import Invoke, Write, WriteAccess

USER, GUEST = calling_role("user"), calling_role("guest")
ID = ShowColumn("id", column("id"))
COUNT = ShowGroup("aggregate", (ShowAggregate("count", "count", ()),))


def allowed(node: Node, access: Access, role: RoleModel) -> None:
    assert isinstance(permit(plan(node, access), role), Permitted)


def refused(node: Node, access: Access, role: RoleModel) -> str:
    with pytest.raises(Rejected) as found:
        permit(plan(node, access), role)
    return found.value.message


# ---------------------------------------------------------------- roots

ROOTS: dict[str, tuple[Access, Node]] = {
    "rows": ("call", Select(NOTE, (ID,), rows=find())),
    "aggregates": ("call_aggregate", Aggregate(NOTE, (COUNT,), rows=find())),
    "one row": ("call", Select(NOTE, (ID,), single=True, rows=Call(root_routine("pick"), ((0, number()),)))),
    "a value": ("call", CallValue(Call(root_routine("total"), ((0, number()),)))),
    "a value of the session": ("call", CallValue(Call(root_routine("who")))),
    "what is a mutation": ("call", Select(NOTE, (ID,), rows=Call(root_routine("read_only")))),
}


@pytest.mark.parametrize("form", ROOTS)
def test_a_function_is_for_those_who_may_call_it(form: str) -> None:
    access, node = ROOTS[form]
    allowed(node, access, USER)
    allowed(node, access, ADMIN)
    assert refused(node, access, calling_role("stranger"))
    if form not in ("rows", "aggregates"):
        assert refused(node, access, GUEST) == "field 'it' not found"


def test_a_function_is_for_those_who_may_select_what_it_returns() -> None:
    """It may be called by `user`, whom this table is then taken from."""
    without = replace(USER, entities={OWNER: USER.entities[OWNER]})
    for access, node in ROOTS.values():
        if not isinstance(node, CallValue):
            assert refused(node, access, without)
    nothing = replace(USER, functions={})
    for access, node in ROOTS.values():
        assert refused(node, access, nothing)


@pytest.mark.parametrize("form", ROOTS)
@pytest.mark.parametrize("said", ["select", "select_by_pk", "select_aggregate", "call", "call_aggregate"])
def test_a_plan_is_not_believed_about_its_own_right(form: str, said: Access) -> None:
    access, node = ROOTS[form]
    if said != access:
        assert refused(node, said, ADMIN)


def test_a_call_is_no_list_and_a_list_no_call() -> None:
    assert refused(Select(NOTE, (ID,)), "call", ADMIN)
    assert refused(Aggregate(NOTE, (COUNT,)), "call_aggregate", ADMIN)


WRONG_FORMS: dict[str, tuple[Access, Node]] = {
    "rows of another table": ("call", Select(OWNER, (ID,), rows=find())),
    "rows of a table out of reach": ("call", Select(SECRET, (ID,), rows=find())),
    "one row of many": ("call", Select(NOTE, (ID,), single=True, rows=find())),
    "many rows of one": ("call", Select(NOTE, (ID,), rows=Call(root_routine("pick"), ((0, number()),)))),
    "aggregates of one row": (
        "call_aggregate",
        Aggregate(NOTE, (COUNT,), rows=Call(root_routine("pick"), ((0, number()),))),
    ),
    "aggregates of another table": ("call_aggregate", Aggregate(OWNER, (COUNT,), rows=find())),
    "rows of a value": ("call", Select(NOTE, (ID,), rows=Call(root_routine("total"), ((0, number()),)))),
    "a value of rows": ("call", CallValue(find())),
    "a value of one row": ("call", CallValue(Call(root_routine("pick"), ((0, number()),)))),
    "a computed field": ("call", CallValue(Call(field_routine("loud")))),
    "rows of a computed field": ("call", Select(OWNER, (ID,), rows=Call(field_routine("likes")))),
}


@pytest.mark.parametrize("form", WRONG_FORMS)
def test_a_function_gives_what_it_gives(form: str) -> None:
    access, node = WRONG_FORMS[form]
    assert refused(node, access, ADMIN)


FIND = root_routine("find")
FORGED: dict[str, Routine] = {
    "of no name": replace(FIND, ident=Ident("public", "untracked")),
    "of another schema": replace(FIND, ident=Ident("pg_catalog", "find")),
    "that is dangerous": Routine(Ident("pg_catalog", "pg_read_file"), FIND.parameters),
    "with other parameters": replace(FIND, parameters=(replace(FIND.parameters[0], type=INT),)),
    "with one more": replace(FIND, parameters=FIND.parameters * 2),
    "with none": replace(FIND, parameters=()),
    "with a default": replace(FIND, parameters=(replace(FIND.parameters[0], has_default=True),)),
    "filled by the session": replace(FIND, parameters=(replace(FIND.parameters[0], filled_by="session"),)),
    "that takes a row": replace(FIND, relation=NOTE, row=("id",)),
    "that may write": replace(FIND, is_volatile=True),
}


@pytest.mark.parametrize("forged", FORGED)
def test_another_routine_under_the_same_name_is_refused(forged: str) -> None:
    call = Call(FORGED[forged], tuple((place, text()) for place in range(len(FORGED[forged].parameters))))
    assert refused(Select(NOTE, (ID,), rows=call), "call", ADMIN)
    assert refused(Select(NOTE, (ID,), rows=replace(call, given=())), "call", ADMIN)
    assert refused(CallValue(call), "call", ADMIN)


CLAIMS = Slot("claims", (), ValueType(pg("json"), "json"))
WHO, TOTAL = root_routine("who"), root_routine("total")
ARGUMENTS: dict[str, Call] = {
    "nothing where something is needed": Call(FIND),
    "one too many": find((0, text()), (1, text())),
    "one from nowhere": find((0, text()), (-1, text())),
    "the claims of the session": find((0, CLAIMS)),
    "the session": Call(WHO, ((0, text('{"x-hasura-role": "admin"}')),)),
    "the session as null": Call(WHO, ((0, None),)),
    "the session as it is": Call(WHO, ((0, CLAIMS),)),
    "only what has a default": Call(TOTAL, ((1, number()),)),
}


@pytest.mark.parametrize("given", ARGUMENTS)
def test_a_caller_gives_what_is_the_callers_to_give(given: str) -> None:
    call = ARGUMENTS[given]
    node: Node = CallValue(call) if call.routine in (WHO, TOTAL) else Select(NOTE, (ID,), rows=call)
    assert refused(node, "call", ADMIN)


def test_null_is_given_and_defaults_are_left_out() -> None:
    allowed(CallValue(Call(TOTAL, ((0, None), (1, None)))), "call", USER)
    allowed(Select(NOTE, (ID,), rows=find((0, None))), "call", USER)


# ---------------------------------------------------------------- functions that may write


def invoked(name: str, access: Access = "call") -> Invoke:
    call = Call(root_routine(name), ((0, text()),))
    node = Aggregate(NOTE, (COUNT,), rows=call) if access == "call_aggregate" else Select(NOTE, (ID,), rows=call)
    return Invoke(Root("it", node, access))


@pytest.mark.parametrize("name", ["touch", "stir"])
def test_what_may_write_is_never_part_of_a_read(name: str) -> None:
    root = invoked(name).root
    for role in (USER, ADMIN):
        assert refused(root.node, "call", role)
        assert isinstance(permit_writes(write_plan(Invoke(root), "invoke"), role), Permitted)


def write_refused(node: Write, access: WriteAccess, role: RoleModel) -> str:
    with pytest.raises(Rejected) as found:
        permit_writes(write_plan(node, access), role)
    return found.value.message


@pytest.mark.parametrize("name", ["touch", "stir", "find"])
@pytest.mark.parametrize("said", ["insert", "insert_one", "update", "update_by_pk", "update_many", "delete"])
def test_a_call_is_no_other_write(name: str, said: WriteAccess) -> None:
    assert write_refused(invoked(name), said, ADMIN)


@pytest.mark.parametrize("role", ["guest", "half", "stranger"])
def test_what_may_write_is_for_those_who_are_named(role: str) -> None:
    for name in ("touch", "stir"):
        assert write_refused(invoked(name), "invoke", calling_role(role)) == "field 'it' not found"


def test_the_aggregates_of_what_may_write_need_their_own_right() -> None:
    assert isinstance(permit_writes(write_plan(invoked("stir", "call_aggregate"), "invoke"), USER), Permitted)
    for said in ("call", "select_aggregate", "select"):
        forged = Invoke(replace(invoked("stir", "call_aggregate").root, access=said))
        assert write_refused(forged, "invoke", ADMIN)


HIDDEN_BESIDE: dict[str, Root] = {
    "a hidden column": Root("it", Select(NOTE, (ShowColumn("it", column("draft")),)), "select"),
    "a hidden table": Root("it", Select(SECRET, (ID,)), "select"),
    "a filter by a hidden column": Root("it", Select(NOTE, (ID,), is_x("draft")), "select"),
    "a list that calls itself a row": Root("it", Select(NOTE, (ID,)), "select_by_pk"),
    "an aggregate that is not allowed": Root("it", Aggregate(OWNER, (COUNT,)), "select_aggregate"),
}


@pytest.mark.parametrize("position", HIDDEN_BESIDE)
def test_what_runs_beside_a_call_is_bound_by_the_same_rules(position: str) -> None:
    assert write_refused(Invoke(HIDDEN_BESIDE[position]), "invoke", USER)


def test_what_a_call_that_may_write_shows_is_bound_by_the_same_rules() -> None:
    call = Call(root_routine("touch"), ((0, text()),))
    attempts: list[tuple[str, Pred]] = [("draft", TRUE), ("id", is_x("hidden"))]
    for shown, where in attempts:
        node = Select(NOTE, (ShowColumn("it", column(shown)),), where, rows=call)
        assert write_refused(Invoke(Root("it", node, "call")), "invoke", USER)
