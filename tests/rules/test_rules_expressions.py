"""The boolean expression language: one form for many spellings, both readings of a field, no reading too many."""

from __future__ import annotations

from typing import Any

import pytest

from gql_gen.catalog.types import Ident
from gql_gen.model.operators import COLUMN_COMPARISONS, GROUPS
from gql_gen.rules.dump import expression_tree
from gql_gen.rules.expressions import (
    OPERATORS,
    canonical_word,
    is_session_variable,
    read_expression,
    references,
    session_name,
)
from gql_gen.rules.faults import Faults
from gql_gen.rules.reading import node_of, read_yaml
from gql_gen.rules.types import BoolExp, Both, Either, ExistsIn, Mark, NamedRule, OnField

AT = Mark("f", 1, 1)


def read(value: Any) -> BoolExp:
    faults = Faults()
    expression = read_expression(node_of(value, AT), faults)
    assert faults.found == []
    return expression


def fault_of(value: Any) -> str:
    faults = Faults()
    read_expression(node_of(value, AT), faults)
    (fault,) = faults.found
    return str(fault)


def test_the_operators_are_those_of_the_model() -> None:
    named = {spec.name for group in GROUPS.values() for spec in group}
    assert named | set(COLUMN_COMPARISONS) | {"_is_null", "_cast"} == OPERATORS


@pytest.mark.parametrize(
    ("written", "canonical"),
    [
        ({"$and": [{"a": {"$eq": 1}}]}, {"_and": [{"a": {"_eq": 1}}]}),
        ({"$or": [{"$not": {"a": {"$nin": [1]}}}]}, {"_or": [{"_not": {"a": {"_nin": [1]}}}]}),
        ({"a": {"_ne": 1}}, {"a": {"_neq": 1}}),
        ({"a": {"$ne": 1}}, {"a": {"_neq": 1}}),
        ({"a": {"_cne": "b"}}, {"a": {"_cneq": "b"}}),
        ({"id": "X-Hasura-User-Id"}, {"id": {"_eq": "X-Hasura-User-Id"}}),
        ({"published": True, "n": 1}, {"published": {"_eq": True}, "n": {"_eq": 1}}),
        ({"tags": [1, 2]}, {"tags": {"_eq": [1, 2]}}),
        ({"_and": {"a": {}}}, {"_and": [{"a": {}}]}),
        ({"_and": [{"a": {}}, {"b": {}}]}, {"a": {}, "b": {}}),
        ({"_and": [{"a": {}}, {"a": {}}]}, {"_and": [{"a": {}}, {"a": {}}]}),
        ({"_and": ["r", {"_not": "s"}]}, {"_and": ["r", {"_not": "s"}]}),
        ({"$exists": {"$table": "t", "$where": {}}}, {"_exists": {"_table": "public.t", "_where": {}}}),
        (
            {"_exists": {"_table": {"schema": "a.b", "name": "t"}, "_where": "r"}},
            {"_exists": {"_table": '"a.b".t', "_where": "r"}},
        ),
        ({"a": {"$cast": {"String": {"$like": "x"}}}}, {"a": {"_cast": {"String": {"_like": "x"}}}}),
        ({"org": {"members": {"id": {"_ceq": ["$", "id"]}}}}, {"org": {"members": {"id": {"_ceq": ["$", "id"]}}}}),
        ({"_or": []}, {"_or": []}),
        ({"_and": []}, {}),
        ({"$price": 1}, {"$price": {"_eq": 1}}),
    ],
)
def test_spellings_become_canonical(written: Any, canonical: Any) -> None:
    assert expression_tree(read(written)) == canonical
    assert read(canonical) == read(expression_tree(read(canonical)))


def test_a_field_keeps_the_readings_it_can_have() -> None:
    value, empty, operators, nested = (read({"f": below}) for below in (1, {}, {"_gt": 1}, {"_odd": 1}))
    assert isinstance(value, OnField)
    assert value.operators is not None
    assert value.nested is None
    assert isinstance(empty, OnField)
    assert empty.operators == ()
    assert empty.nested == Both((), AT)
    assert isinstance(operators, OnField)
    assert operators.operators is not None
    assert operators.nested is None
    assert isinstance(nested, OnField)
    assert nested.operators is None
    assert isinstance(nested.nested, OnField)


def test_a_text_is_a_rules_name_where_an_expression_stands_and_a_value_below_a_field() -> None:
    assert read("own") == NamedRule("own", AT)
    field = read({"status": "own"})
    assert isinstance(field, OnField)
    assert field.nested is None
    everywhere = read(
        {
            "_and": ["a", {"_or": ["b"]}, {"_not": "c"}, {"o": {"_and": ["d"]}}],
            "_exists": {"_table": "t", "_where": "e"},
        }
    )
    assert [mention.name for mention in references(everywhere)] == ["a", "b", "c", "d", "e"]


def test_exists_names_its_table() -> None:
    expression = read({"_exists": {"_table": "auth.users", "_where": {}}})
    assert expression == ExistsIn(Ident("auth", "users"), Both((), AT), AT)


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (None, "expected an expression"),
        ([{"a": 1}], "expected an expression"),
        ({"_and": [1]}, "expected an expression"),
        ({"a": {"_eq": 1, "b": 2}}, '"b" stands beside operators'),
        ({"a": {"_eq": 1, "_and": []}}, '"_and" stands beside operators'),
        ({"a": {"_in": "x"}}, '"_in" expects a list'),
        ({"a": {"_is_null": "true"}}, '"_is_null" expects true or false'),
        ({"a": {"_ceq": 1}}, '"_ceq" expects a column\'s name'),
        ({"a": {"_cast": {"String": 1}}}, '"_cast" expects'),
        ({"_is_null": True}, "needs a column around it"),
        ({"_exists": {"_table": "t"}}, "needs exactly"),
        ({"_exists": {"_table": "a.b.c", "_where": {}}}, "expected a table"),
        ({"g": {"_st_contains": 1}}, "not served yet"),
    ],
)
def test_what_cannot_be_meant_is_a_fault(value: Any, message: str) -> None:
    assert message in fault_of(value)


def test_what_cannot_be_read_allows_no_row() -> None:
    assert read_expression(node_of(5, AT), Faults()) == Either((), AT)


def test_words_that_are_none_of_the_language_are_left_alone() -> None:
    assert [canonical_word(word) for word in ("_x", "$x", "eq", "_EQ")] == ["_x", "$x", "eq", "_EQ"]


def test_session_variables_are_told_by_their_prefix_in_any_case() -> None:
    found = [is_session_variable(value) for value in ("X-Hasura-User-Id", "x-HASURA-a", "hasura", "X-Hasura", 1, None)]
    assert found == [True, True, False, False, False, False]
    assert session_name("X-HASURA-User-Id") == "x-hasura-user-id"


def test_json_is_read_as_the_yaml_it_is() -> None:
    faults = Faults()
    assert expression_tree(read_expression(read_yaml('{"a": {"_eq": "x"}}', "f"), faults)) == {"a": {"_eq": "x"}}
