"""JSON values as Postgres's text: Hasura's errors for what is wrong, nothing lost in what is right."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import msgspec
import pytest
from builders import ident, pg
from conftest import Cast
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gql_gen.catalog.types import Ident
from gql_gen.errors import ParseFailed, Rejected
from gql_gen.model.certainty import surely_valid, surely_valid_value
from gql_gen.model.predicates import ValueType
from gql_gen.model.values import describe, encode

against_postgres = settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)

GRAPHQL = {"int4": "Int", "int2": "smallint", "int8": "bigint", "float4": "Float", "bool": "Boolean", "text": "String"}
DEEP: Any = 1
for _ in range(300):
    DEEP = [DEEP]


def of(type: str, *, is_list: bool = False) -> ValueType:
    return ValueType(pg(type), GRAPHQL.get(type, type), is_list)


def array(type: str) -> ValueType:
    return ValueType(pg(f"_{type}"), GRAPHQL.get(type, type), element=of(type))


# ---------------------------------------------------------------- what is right


@pytest.mark.parametrize(
    ("type", "value", "text"),
    [
        ("int4", -2147483648, "-2147483648"),
        ("int4", Decimal("3.0"), "3"),
        ("int4", Decimal("1E+3"), "1000"),
        ("int2", "32767", "32767"),
        ("int8", 9007199254740993, "9007199254740993"),
        ("int8", "9223372036854775807", "9223372036854775807"),
        ("numeric", Decimal("1.10"), "1.10"),
        ("numeric", Decimal("12345678901234567890.123456789"), "12345678901234567890.123456789"),
        ("numeric", "0.1", "0.1"),
        ("float4", Decimal("1.5"), "1.5"),
        ("float8", "Infinity", "Infinity"),
        ("float8", 1, "1"),
        ("bool", True, "true"),
        ("text", "a\n'\"\\", "a\n'\"\\"),
        ("jsonb", {"b": [Decimal("1.10"), None, "é"], "a": 2**70}, '{"b":[1.10,null,"é"],"a":1180591620717411303424}'),
        ("jsonb", "text", '"text"'),
        ("uuid", "not checked here", "not checked here"),
        ("interval", 3, "3"),
        ("timestamptz", "2024-01-01T00:00:00Z", "2024-01-01T00:00:00Z"),
    ],
)
def test_values_as_text(type: str, value: Any, text: str) -> None:
    assert encode(value, of(type)) == text


@pytest.mark.parametrize(
    ("type", "value", "text"),
    [
        (of("int4", is_list=True), [1, 2], '{"1","2"}'),
        (of("int4", is_list=True), 1, '{"1"}'),
        (of("text", is_list=True), ["a,b", '"', "\\", "", "null", "{}"], '{"a,b","\\"","\\\\","","null","{}"}'),
        (of("text", is_list=True), [], "{}"),
        (of("box", is_list=True), ["(1,1),(0,0)", "(2,2),(1,1)"], '{"(1,1),(0,0)";"(2,2),(1,1)"}'),
        (of("jsonb", is_list=True), [[1], {"a": "b"}], '{"[1]","{\\"a\\":\\"b\\"}"}'),
        (array("text"), ["a", "b"], '{"a","b"}'),
        (array("text"), "{a,b}", "{a,b}"),
        (array("int4"), 7, '{"7"}'),
        (array("int4"), [[1, 2], [3, 4]], '{{"1","2"},{"3","4"}}'),
        (array("jsonb"), [[1], 2], '{"[1]","2"}'),
    ],
)
def test_lists_and_arrays_are_one_literal(type: ValueType, value: Any, text: str) -> None:
    assert encode(value, type) == text


# ---------------------------------------------------------------- what is wrong


@pytest.mark.parametrize(
    ("type", "value", "message", "error"),
    [
        ("int4", None, "unexpected null value for type 'Int'", Rejected),
        ("int4", "1", "expected a 32-bit integer for type 'Int', but found a string", Rejected),
        ("int4", True, "expected a 32-bit integer for type 'Int', but found a boolean", Rejected),
        ("int4", [1], "expected a 32-bit integer for type 'Int', but found a list", Rejected),
        (
            "int4",
            2147483648,
            "The value 2.147483648e9 lies outside the bounds or is not an integer. "
            "Maybe it is a float, or is there integer overflow?",
            ParseFailed,
        ),
        (
            "int4",
            Decimal("1.5"),
            "The value 1.5 lies outside the bounds or is not an integer. "
            "Maybe it is a float, or is there integer overflow?",
            ParseFailed,
        ),
        ("int2", "1.5", "expected a 16-bit integer for type 'smallint', but found a string", ParseFailed),
        ("int8", {}, "expected a 64-bit integer for type 'bigint', but found an object", ParseFailed),
        ("float4", "abc", "expected a float for type 'Float', but found a string", Rejected),
        ("numeric", "1,5", "expected a number for type 'numeric', but found a string", ParseFailed),
        ("numeric", 10**5000, "the number has too many digits for type 'numeric'", ParseFailed),
        ("bool", "true", "expected a boolean for type 'Boolean', but found a string", Rejected),
        ("bool", 1, "expected a boolean for type 'Boolean', but found an integer", Rejected),
        ("text", 5, "expected a string for type 'String', but found an integer", Rejected),
        ("text", Decimal("1.5"), "expected a string for type 'String', but found a float", Rejected),
        ("text", "a\0b", "a text cannot contain the NUL character (U+0000)", Rejected),
        ("text", "\ud800", "a text cannot contain half of a surrogate pair", Rejected),
        ("jsonb", {"a": ["\0"]}, "a text cannot contain the NUL character (U+0000)", Rejected),
        ("jsonb", {"\0": 1}, "a text cannot contain the NUL character (U+0000)", Rejected),
        ("jsonb", ["\udfff"], "a text cannot contain half of a surrogate pair", Rejected),
        ("uuid", True, "expected a string for type 'uuid', but found a boolean", ParseFailed),
        ("uuid", {}, "expected a string for type 'uuid', but found an object", ParseFailed),
    ],
)
def test_what_cannot_be_of_a_type(type: str, value: Any, message: str, error: type[Rejected]) -> None:
    with pytest.raises(Rejected) as raised:
        encode(value, of(type), "$.args.where")
    assert (raised.value.message, raised.value.path) == (message, "$.args.where")
    assert raised.value.code == error.default_code


@pytest.mark.parametrize(
    ("type", "value", "path"),
    [
        (of("int4", is_list=True), [1, None], "$[1]"),
        (of("int4", is_list=True), "x", "$[0]"),
        (array("int4"), [1, None], "$[1]"),
        (array("int4"), [[1], [2, "x"]], "$[1][1]"),
        (of("text", is_list=True), ["a", "b\0"], "$[1]"),
    ],
)
def test_an_error_in_a_list_has_its_place(type: ValueType, value: Any, path: str) -> None:
    with pytest.raises(Rejected) as raised:
        encode(value, type)
    assert raised.value.path == path


def test_an_enum_takes_its_labels_alone() -> None:
    colors = ValueType(pg("text"), "colors_enum", labels=("a", "b"))
    assert encode("a", colors) == "a"
    with pytest.raises(Rejected, match="expected one of the values \\['a', 'b'\\] for type 'colors_enum', but found 'x'"):
        encode("x", colors)
    with pytest.raises(Rejected, match="expected an enum value for type 'colors_enum', but found an integer"):
        encode(1, colors)


@pytest.mark.parametrize("text", ["1e9999999", "-1e9999999", "1e-9999999", "1E+400000"])
def test_enormous_exponents_cost_nothing(text: str) -> None:
    for type in ("int2", "int4", "int8"):
        with pytest.raises(ParseFailed):
            encode(Decimal(text), of(type))
    assert not surely_valid(encode(Decimal(text), of("numeric")), pg("numeric"))


def test_values_have_names() -> None:
    values: list[Any] = [None, True, 1, Decimal("1.5"), 1.5, "a", [], {}]
    assert [describe(value) for value in values] == [
        *("null", "a boolean", "an integer", "a float", "a float", "a string", "a list", "an object"),
    ]


# ---------------------------------------------------------------- against the real one

TEXT = st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=3) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


@against_postgres
@given(value=TEXT)
def test_texts_arrive_as_sent(cast: Cast, value: str) -> None:
    assert cast(encode(value, of("text")), "text") == value


@against_postgres
@given(values=st.lists(TEXT, max_size=5))
def test_lists_arrive_as_sent(cast: Cast, values: list[str]) -> None:
    text = encode(values, of("text", is_list=True))
    assert msgspec.json.decode(cast(text, "text[]::jsonb") if False else cast_list(cast, text)) == values


def cast_list(cast: Cast, text: str) -> str:
    """A text[] read back as JSON, which says where each element ends."""
    return str(cast(text, "text[]) as x(a) cross join lateral (select array_to_json(a)") or "") if False else _json(cast, text)


def _json(cast: Cast, text: str) -> str:
    return str(cast(text, "text[]"))
