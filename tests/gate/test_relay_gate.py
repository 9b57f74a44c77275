"""Pages, ids and lookups past the gate: what a plan may hold of them, whoever wrote it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from gate_kit import INT, NOTE, OWNER, SECRET, TEXT, column, is_x, literal, plan, role, with_access

from gql_gen.errors import Rejected
from gql_gen.gate.permit import permit
from gql_gen.model.predicates import TRUE, All, AnyOf, Compare, IsNull, Pred, ValueType
from gql_gen.model.slots import Inside
from gql_gen.plan.nodes import (
    Connection,
    CursorKey,
    Hop,
    Node,
    Plan,
    Root,
    Select,
    ShowColumn,
    ShowCursor,
    ShowEdges,
    ShowGlobalId,
    ShowLink,
    ShowNode,
    ShowPage,
    ShowPageInfo,
    SortKey,
)

ID = column("id", type=INT)


def key(name: str, *hops: Hop) -> CursorKey:
    type_ = INT if name == "id" else TEXT
    value = ValueType(type_, "x", inside=Inside((name,)))
    return CursorKey(SortKey("asc", None, column(name, type=type_), hops), (name,), value)


def edges(*shows: Any) -> tuple[ShowEdges, ShowPageInfo]:
    return (
        ShowEdges("edges", (ShowCursor("cursor"), ShowNode("node", shows))),
        ShowPageInfo("pageInfo", (ShowPage("hasNextPage", "next"),)),
    )


PAGE = Connection(NOTE, edges(ShowColumn("title", column("title"))), (key("title"), key("id")))


def passed(node: Node, name: str = "user", access: Any = "select") -> Node:
    found: Plan = permit(plan(node, access), role(name)).plan
    return found.roots[0].node


# ---------------------------------------------------------------- what is put in place


def test_a_page_carries_the_rule_and_the_limit() -> None:
    node = passed(replace(PAGE, where=is_x("title"), rule=TRUE, row_limit=None))
    entity = role("user").entities[NOTE]
    assert isinstance(node, Connection)
    assert (node.rule, node.row_limit) == (entity.rule, 5)


def test_below_a_row_too() -> None:
    below = ShowLink("notes", (("id", "owner_id"),), PAGE)
    node = passed(Select(OWNER, (below,)))
    assert isinstance(node, Select)
    (link,) = node.show
    assert isinstance(link, ShowLink)
    assert isinstance(link.node, Connection)
    assert link.node.rule == role("user").entities[NOTE].rule


def test_keys_and_rows_are_walked() -> None:
    hop = Hop(OWNER, (("owner_id", "id"),), rule=TRUE)
    shown = ShowLink("owner", (("owner_id", "id"),), Select(OWNER, (), single=True, rule=TRUE))
    node = passed(replace(PAGE, order=(key("name", hop), key("id")), show=edges(shown)))
    assert isinstance(node, Connection)
    rule = role("user").entities[OWNER].rule
    assert node.order[0].sort.hops[0].rule == rule
    (first, _) = node.show
    assert isinstance(first, ShowEdges)
    part = first.parts[1]
    assert isinstance(part, ShowNode)
    (link,) = part.show
    assert isinstance(link, ShowLink)
    assert isinstance(link.node, Select)
    assert link.node.rule == rule


# ---------------------------------------------------------------- pages that are refused

SLOT = literal("1", INT)
TEXT_SLOT = literal("x")


@pytest.mark.parametrize(
    "node",
    [
        replace(PAGE, order=()),
        replace(PAGE, order=(key("title"),)),
        replace(PAGE, order=(key("id", Hop(OWNER, (("owner_id", "id"),))),)),
        replace(PAGE, order=(CursorKey(SortKey("asc", None, ID, function="max"), ("id",), key("id").type),)),
        replace(PAGE, order=(key("hidden"), key("id"))),
        replace(PAGE, order=(key("name", Hop(OWNER, (("size", "id"),))), key("id"))),
        replace(PAGE, order=(key("salary", Hop(OWNER, (("owner_id", "id"),))), key("id"))),
        replace(PAGE, cursor=(SLOT,)),
        replace(PAGE, cursor=(TEXT_SLOT, SLOT, SLOT)),
        replace(PAGE, where=is_x("draft")),
        replace(PAGE, distinct=(column("draft"),)),
        replace(PAGE, show=edges(ShowColumn("draft", column("draft")))),
        replace(PAGE, relation=SECRET),
    ],
)
def test_a_page_that_reaches_too_far_is_refused(node: Connection) -> None:
    passed(PAGE)
    with pytest.raises(Rejected, match="not found"):
        passed(node)


def test_a_page_needs_the_right_to_select() -> None:
    model = with_access(role("user"), NOTE, "select_by_pk", "select_aggregate")
    with pytest.raises(Rejected, match="not found"):
        permit(plan(PAGE), model)
    for access in ("select_by_pk", "select_aggregate", "call", "node"):
        with pytest.raises(Rejected, match="not found"):
            passed(PAGE, access=access)


def test_a_key_out_of_sight_orders_no_page() -> None:
    user = role("user")
    entity = user.entities[NOTE]
    less = replace(entity, columns=entity.columns - {"id"})
    for hidden in (less, replace(entity, guards={"id": AnyOf(())})):
        model = replace(user, entities={**user.entities, NOTE: hidden})
        with pytest.raises(Rejected, match="not found"):
            permit(plan(PAGE), model)
        permitted = replace(model, model=replace(user.model, ids_show_keys=True))
        permit(plan(replace(PAGE, order=(key("id"),))), permitted)
        permit(plan(Select(NOTE, (ShowGlobalId("id", NOTE, (ID,)),))), permitted)
        with pytest.raises(Rejected, match="not found"):
            permit(plan(Select(NOTE, (ShowGlobalId("id", NOTE, (ID,)),))), model)


# ---------------------------------------------------------------- ids and lookups


@pytest.mark.parametrize(
    "show",
    [
        ShowGlobalId("id", NOTE, ()),
        ShowGlobalId("id", OWNER, (ID,)),
        ShowGlobalId("id", NOTE, (column("hidden"),)),
        ShowGlobalId("id", NOTE, (ID, column("hidden"))),
        ShowGlobalId("id", NOTE, (replace(ID, depth=1),)),
    ],
)
def test_an_id_is_made_of_the_key_alone(show: ShowGlobalId) -> None:
    passed(Select(NOTE, (ShowGlobalId("id", NOTE, (ID,)),)))
    with pytest.raises(Rejected, match="not found"):
        passed(Select(NOTE, (show,)))


def looked_up(test: Pred, **more: Any) -> Plan:
    return Plan("read", (Root("it", Select(NOTE, (), where=test, single=True, **more), "node"),))


def test_a_row_is_looked_up_by_its_key_whatever_roots_there_are() -> None:
    model = with_access(role("user"), NOTE)
    node = permit(looked_up(Compare(ID, "_eq", SLOT)), model).plan.roots[0].node
    assert isinstance(node, Select)
    assert node.rule == model.entities[NOTE].rule
    assert node.where == Compare(ID, "_eq", SLOT)


@pytest.mark.parametrize(
    "test",
    [
        TRUE,
        Compare(ID, "_neq", SLOT),
        Compare(ID, "_eq", ID),
        Compare(column("title"), "_eq", TEXT_SLOT),
        All((Compare(ID, "_eq", SLOT), Compare(column("hidden"), "_eq", TEXT_SLOT))),
        AnyOf((Compare(ID, "_eq", SLOT),)),
        IsNull(ID, False),
    ],
)
def test_a_row_is_looked_up_by_nothing_else(test: Pred) -> None:
    with pytest.raises(Rejected, match="not found"):
        permit(looked_up(test), role("user"))


def test_a_lookup_is_of_one_row_of_a_table_in_sight() -> None:
    good = looked_up(Compare(ID, "_eq", SLOT))
    permit(good, role("user"))
    node = good.roots[0].node
    assert isinstance(node, Select)
    for other in (replace(node, single=False), replace(node, relation=SECRET), PAGE):
        with pytest.raises(Rejected, match="not found"):
            permit(Plan("read", (Root("it", other, "node"),)), role("user"))
    with pytest.raises(Rejected, match="not found"):
        permit(good, role("robot"))
