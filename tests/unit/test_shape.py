"""Equal shapes, equal plans: what of a value is part of a shape, and what only fills a place."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql_gen.dialects.document import ABSENT
from gql_gen.dialects.hasura.shape import shape, shape_of
from gql_gen.dialects.hasura.typesystem import (
    EnumMember,
    EnumType,
    InputField,
    InputObject,
    ListOf,
    NonNull,
    Plain,
    ScalarType,
    TypeRef,
)

INT, TEXT, BOOLEAN, JSONB = (ScalarType(name) for name in ("Int", "String", "Boolean", "jsonb"))
WAY = EnumType("order_by", {"asc": EnumMember(None), "desc": EnumMember(None)})


def fields() -> dict[str, InputField]:
    types: dict[str, TypeRef] = {
        "_eq": INT,
        "_in": ListOf(NonNull(INT)),
        "_json": JSONB,
        "_is_null": BOOLEAN,
        "_way": WAY,
        "_ways": ListOf(NonNull(WAY)),
        "_arrays": ListOf(NonNull(ListOf(NonNull(TEXT)))),
        "_not": FILTER,
        "_or": ListOf(NonNull(FILTER)),
    }
    return {name: InputField(name, type_, Plain()) for name, type_ in types.items()}


FILTER = InputObject("filter", fields)


@pytest.mark.parametrize(
    ("ref", "values"),
    [
        (INT, [1, 2, "x", 10**40, [1], {"a": 1}]),
        (TEXT, ["", "a", "a" * 1_000]),
        (JSONB, [{}, [], {"a": {"b": 1}}, 1, "x", True]),
        (ListOf(NonNull(INT)), [[], [1], [1, 2, 3], 4]),
        (FILTER, [{"_eq": 1}, {"_eq": 2}, {"_eq": "x"}]),
        (FILTER, [{"_in": []}, {"_in": [1, 2]}, {"_in": 3}]),
        (FILTER, [{"_json": {}}, {"_json": []}, {"_json": {"_or": []}}]),
    ],
)
def test_what_only_fills_a_place_is_no_part_of_a_shape(ref: TypeRef, values: list[Any]) -> None:
    assert len({shape(value, ref) for value in values}) == 1


DIFFERENT: list[Any] = [
    None,
    {},
    {"_or": []},
    {"_or": {}},
    {"_or": [{}]},
    {"_or": [{}, {}]},
    {"_or": [[]]},
    {"_or": None},
    {"_or": [None]},
    {"_not": {}},
    {"_not": None},
    {"_not": {"_or": []}},
    {"_not": {"_or": {}}},
    {"_eq": 1},
    {"_eq": None},
    {"_in": [1]},
    {"_in": None},
    {"_eq": 1, "_in": [1]},
    {"_in": [1], "_eq": 1},
    {"_is_null": True},
    {"_is_null": False},
    {"_is_null": None},
    {"_is_null": 1},
    {"_way": "asc"},
    {"_way": "desc"},
    {"_ways": []},
    {"_ways": "asc"},
    {"_ways": ["asc"]},
    {"_ways": ["asc", "desc"]},
    {"_arrays": []},
    {"_arrays": [["a"]]},
    {"_arrays": [["a"], ["b"]]},
]


@pytest.mark.parametrize("value", DIFFERENT, ids=str)
def test_what_decides_structure_is_part_of_a_shape(value: Any) -> None:
    twins = [other for other in DIFFERENT if shape(other, FILTER) == shape(value, FILTER)]
    assert twins == [value]


def test_what_was_not_sent_differs_from_null() -> None:
    for ref in (INT, FILTER, ListOf(INT), WAY, BOOLEAN):
        assert shape(ABSENT, ref) != shape(None, ref) != shape([], ref)


@pytest.mark.parametrize(
    ("left", "right"),
    [(1, True), (0, False), (1, 1.0), ("1", 1), ([], {}), ([1], 1), (None, ABSENT), ({"a": 1}, [["a", 1]])],
)
def test_values_that_count_in_full_are_told_apart(left: Any, right: Any) -> None:
    assert shape_of({"v": left}, {}, frozenset({"v"})) != shape_of({"v": right}, {}, frozenset({"v"}))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(0, 3) | st.sampled_from(["", "asc", ".", "?", "-", "[", "{"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["_eq", "_or", "_not", "_way", "_in", "x", "[", "{"]), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(JSON)
def test_any_value_has_a_shape_that_can_be_a_key(value: Any) -> None:
    hash(shape(value, FILTER))
    hash(shape_of({"v": value}, {"v": FILTER}, frozenset({"v"})))


def frozen(value: Any) -> Any:
    return (type(value), repr(value))


@given(JSON, JSON)
def test_values_that_count_in_full_are_equal_only_when_they_are(left: Any, right: Any) -> None:
    same = frozen(left) == frozen(right)
    full = frozenset({"v"})
    assert (shape_of({"v": left}, {}, full) == shape_of({"v": right}, {}, full)) == same
