"""What the gate adds: the role's row rule on every relation that a caller's plan touches, its limit on every list."""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from gate_kit import NOTE, OWNER, column, is_x, literal, pg, plan, role

from gql_gen.gate import asked, reads, writes
from gql_gen.gate.permit import permit
from gql_gen.gate.types import Permitted
from gql_gen.model.predicates import (
    TRUE,
    AggregateTest,
    All,
    AnyOf,
    ColumnRef,
    Compare,
    Exists,
    Not,
    Pred,
)
from gql_gen.plan import nodes
from gql_gen.plan.nodes import (
    Aggregate,
    Hop,
    Plan,
    Root,
    Select,
    ShowAggregate,
    ShowColumn,
    ShowGroup,
    ShowLink,
    ShowNodes,
    ShowText,
    SortKey,
)

NOTE_OWNER = (("owner_id", "id"),)
OWNER_NOTES = (("id", "owner_id"),)
COUNT = ShowGroup("aggregate", (ShowAggregate("count", "count", ()),))
MORE_THAN_ONE = Compare(ColumnRef("", pg("int8")), "_gt", literal("1"))


def everything() -> Plan:
    """A plan in which each kind of node, filter and key occurs, at more than one depth."""
    deep: Pred = Not(AnyOf((Exists(OWNER, NOTE_OWNER, All((is_x("name"),))), is_x("title"))))
    counted = AggregateTest(NOTE, OWNER_NOTES, "count", ("id",), True, deep, (MORE_THAN_ONE,))
    tested = Exists(OWNER, NOTE_OWNER, All((is_x("title", depth=1), counted)))
    order = (
        SortKey("asc", None, column("title")),
        SortKey("desc", "last", column("name"), (Hop(OWNER, NOTE_OWNER),)),
        SortKey("asc", None, column("id"), (Hop(OWNER, NOTE_OWNER), Hop(NOTE, OWNER_NOTES)), "max"),
        SortKey("asc", None, None, (Hop(OWNER, NOTE_OWNER), Hop(NOTE, OWNER_NOTES)), "count"),
    )
    column_shown = ShowColumn("id", column("id"))
    inner = Select(NOTE, (column_shown, ShowText("t", "note")), tested, order, (column("title"),))
    numbers = Aggregate(NOTE, (COUNT, ShowNodes("nodes", (column_shown,)), ShowText("t", "x")), tested, order)
    owner = Select(
        OWNER,
        (ShowLink("notes", OWNER_NOTES, inner), ShowLink("notes_aggregate", OWNER_NOTES, numbers)),
        single=True,
    )
    nodes_below = ShowNodes("nodes", (ShowLink("owner", NOTE_OWNER, owner),))
    return Plan(
        "read",
        (
            Root("list", Select(NOTE, (ShowLink("owner", NOTE_OWNER, owner),), tested, order)),
            Root("one", Select(NOTE, (column_shown,), is_x("id"), single=True), "select_by_pk"),
            Root("numbers", Aggregate(NOTE, (COUNT, nodes_below), tested, order), "select_aggregate"),
            Root("owners", owner, "select_by_pk"),
        ),
    )


def parts(value: Any) -> Iterator[Any]:
    """Every dataclass inside a plan, but for what the gate put there: a rule is finished as it is."""
    if isinstance(value, tuple):
        for item in value:
            yield from parts(item)
    elif dataclasses.is_dataclass(value):
        yield value
        for field in dataclasses.fields(value):
            if field.name != "rule":
                yield from parts(getattr(value, field.name))


def without_gate(value: Any) -> Any:
    """The plan as it was before the gate."""
    if isinstance(value, tuple):
        return tuple(without_gate(item) for item in value)
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    kept = {field.name: without_gate(getattr(value, field.name)) for field in dataclasses.fields(value)}
    return dataclasses.replace(value, **kept | {name: None for name in ("rule", "row_limit") if name in kept})


@pytest.mark.parametrize("name", ["user", "admin"])
def test_every_relation_touched_carries_the_roles_rule(name: str) -> None:
    user = role(name)
    touched = [part for part in parts(permit(everything(), user).plan) if hasattr(part, "rule")]
    assert {type(part).__name__ for part in touched} == {"Select", "Aggregate", "Exists", "AggregateTest", "Hop"}
    assert all(part.rule == user.entities[part.relation].rule for part in touched)
    assert all(part.rule is not None for part in touched)
    assert (name == "admin") == all(part.rule == TRUE for part in touched)


def test_every_list_carries_the_roles_limit() -> None:
    limits = [
        (part.relation, part.row_limit)
        for part in parts(permit(everything(), role("user")).plan)
        if hasattr(part, "row_limit")
    ]
    assert set(limits) == {(NOTE, 5), (OWNER, 7)}


def test_nothing_else_of_the_plan_is_changed() -> None:
    asked = everything()
    assert without_gate(permit(asked, role("user")).plan) == asked


def test_a_dialect_cannot_bring_its_own_rule_or_limit() -> None:
    forged = Select(
        NOTE,
        (ShowColumn("id", column("id")),),
        where=Exists(OWNER, NOTE_OWNER, TRUE, rule=TRUE),
        order=(SortKey("asc", None, column("name"), (Hop(OWNER, NOTE_OWNER, rule=TRUE),)),),
        rule=TRUE,
        row_limit=1_000_000,
    )
    user = role("user")
    node = permit(plan(forged), user).plan.roots[0].node
    assert isinstance(node, Select)
    assert (node.rule, node.row_limit) == (user.entities[NOTE].rule, 5)
    assert isinstance(node.where, Exists)
    assert node.where.rule == node.order[0].hops[0].rule == user.entities[OWNER].rule != TRUE


def test_every_field_marked_for_the_gate_is_known_to_these_tests() -> None:
    """A node that gets a `rule` must be walked above."""
    with_rule = {
        name
        for module in (nodes, inspect.getmodule(Exists))
        for name, kind in vars(module).items()
        if dataclasses.is_dataclass(kind) and "rule" in {field.name for field in dataclasses.fields(kind)}
    }
    assert with_rule == {"Select", "Aggregate", "Connection", "Exists", "AggregateTest", "Hop"}


# ---------------------------------------------------------------- Permitted


@pytest.mark.parametrize("key", [None, object(), "key", True])
def test_nobody_else_makes_a_permitted_plan(key: object) -> None:
    with pytest.raises(TypeError, match="makes a Permitted"):
        Permitted(everything(), "admin", key=key)


def test_nor_without_a_key() -> None:
    with pytest.raises(TypeError):
        Permitted(everything(), "admin")  # type: ignore[call-arg]


def test_a_permitted_plan_has_no_dictionary_to_write_to() -> None:
    with pytest.raises(AttributeError):
        permit(everything(), role("user")).is_admin = True  # type: ignore[attr-defined]


@pytest.mark.parametrize("position", ["node", "show", "part", "where"])
def test_a_node_that_the_gate_does_not_know_is_an_error_and_never_let_through(position: str) -> None:
    @dataclasses.dataclass(frozen=True)
    class Stranger:
        relation: Any = NOTE

    strange: Any = Stranger()
    plans = {
        "node": lambda: Select(NOTE, (ShowLink("x", NOTE_OWNER, dataclasses.replace(strange, relation=OWNER)),)),
        "show": lambda: Select(NOTE, (strange,)),
        "part": lambda: Select(NOTE, (), Exists(OWNER, NOTE_OWNER, All((strange,)))),
        "where": lambda: Select(NOTE, (), strange),
    }
    with pytest.raises(AssertionError):
        permit(plan(plans[position]()), role("user"))


@pytest.mark.parametrize(("module", "least"), [(asked, 1), (reads, 5), (writes, 3)])
def test_every_match_of_the_gate_ends_in_assert_never(module: ModuleType, least: int) -> None:
    source = inspect.getsource(module)
    assert source.count("match ") == source.count("assert_never(") >= least
