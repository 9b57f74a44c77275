"""The quick way says the same as the long way, or nothing."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql_gen.catalog.types import Ident
from gql_gen.engine.binding import quick_binder
from gql_gen.errors import UsherError
from gql_gen.model.certainty import surely_valid
from gql_gen.model.predicates import ValueType
from gql_gen.model.values import encode

TYPES = ["uuid", "text", "varchar", "int2", "int4", "int8", "bool"]
VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.text(max_size=8),
    st.uuids().map(str),
    st.decimals(allow_nan=False, allow_infinity=False, places=1),
    st.lists(st.integers(), max_size=2),
    st.just("\0"),
    st.just("é"),
)


def of(name: str, **more: Any) -> ValueType:
    return ValueType(Ident("pg_catalog", name), name, **more)


@pytest.mark.parametrize("name", TYPES)
@given(value=VALUES)
def test_what_is_bound_quickly_is_what_encode_writes_and_is_certain(name: str, value: Any) -> None:
    quick = quick_binder(of(name))
    assert quick is not None
    text = quick(value)
    if text is not None:
        assert text == encode(value, of(name))
        assert surely_valid(text, Ident("pg_catalog", name))


@given(value=VALUES)
def test_pages_too(value: Any) -> None:
    limit = of("int8", bound="limit")
    quick = quick_binder(limit)
    assert quick is not None
    try:
        slowly: str | None = encode(value, limit)
    except UsherError:
        slowly = None
    assert quick(value) in (None, slowly)


@pytest.mark.parametrize(
    "type_",
    [
        of("int4", is_list=True),
        of("text", labels=("a",)),
        of("jsonb"),
        of("numeric"),
        ValueType(Ident("ext", "uuid"), "x"),
    ],
)
def test_the_rest_has_no_quick_way(type_: ValueType) -> None:
    assert quick_binder(type_) is None


def test_the_common_values_take_it() -> None:
    cases = [("int4", 7, "7"), ("text", "Ada", "Ada"), ("bool", False, "false"), ("int8", -(2**63), str(-(2**63)))]
    assert [quick_binder(of(name))(value) for name, value, _ in cases] == [text for *_, text in cases]  # type: ignore[misc]
    assert quick_binder(of("int4"))(Decimal(3)) is None  # type: ignore[misc]
