"""JSON values as Postgres's text: Hasura's errors for what is wrong, nothing lost in what is right."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from builders import Cast, ident, pg
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
        (of("int4", is_list=True), [1, 2], "{1,2}"),
        (of("int4", is_list=True), 1, "{1}"),
        (of("text", is_list=True), ["a,b", '"', "\\", "", "null", "{}"], '{"a,b","\\"","\\\\","","null","{}"}'),
        (of("text", is_list=True), [], "{}"),
        (of("box", is_list=True), ["(1,1),(0,0)", "(2,2),(1,1)"], '{"(1,1),(0,0)";"(2,2),(1,1)"}'),
        (of("jsonb", is_list=True), [[1], {"a": "b"}], '{"[1]","{\\"a\\":\\"b\\"}"}'),
        (array("text"), ["a", "b"], '{"a","b"}'),
        (array("text"), "{a,b}", "{a,b}"),
        (array("int4"), 7, "{7}"),
        (array("int4"), [[1, 2], [3, 4]], "{{1,2},{3,4}}"),
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
    with pytest.raises(
        Rejected, match="expected one of the values \\['a', 'b'\\] for type 'colors_enum', but found 'x'"
    ):
        encode("x", colors)
    with pytest.raises(Rejected, match="expected an enum value for type 'colors_enum', but found an integer"):
        encode(1, colors)


@pytest.mark.parametrize("text", ["1e9999999", "-1e9999999", "1e-9999999", "1E+400000"])
def test_enormous_exponents_cost_nothing(text: str) -> None:
    for type in ("int2", "int4", "int8"):
        with pytest.raises(ParseFailed):
            encode(Decimal(text), of(type))
    assert not surely_valid(encode(Decimal(text), of("numeric")), pg("numeric"))


def test_a_number_beyond_printing_is_refused() -> None:
    with pytest.raises(ParseFailed, match="too many digits"):
        encode(10**5000, of("numeric"))


def test_values_have_names() -> None:
    values: list[Any] = [None, True, 1, Decimal("1.5"), 1.5, "a", [], {}]
    assert [describe(value) for value in values] == [
        *("null", "a boolean", "an integer", "a float", "a float", "a string", "a list", "an object"),
    ]


# ---------------------------------------------------------------- against the real one

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"))
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.decimals(allow_nan=False, allow_infinity=False, places=3) | TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXT, inner, max_size=4),
    max_leaves=12,
)


def same(sent: Any, read: Any) -> bool:
    """Equal as JSON has it: 1.10 equals 1.1, and true is not 1."""
    match sent, read:
        case list(), list():
            return len(sent) == len(read) and all(map(same, sent, read))
        case dict(), dict():
            return sent.keys() == read.keys() and all(same(sent[key], read[key]) for key in sent)
    return isinstance(sent, bool) == isinstance(read, bool) and bool(sent == read)


@against_postgres
@given(value=TEXT)
def test_texts_arrive_as_sent(cast: Cast, value: str) -> None:
    assert cast(encode(value, of("text")), "text") == value


@against_postgres
@given(values=st.lists(TEXT, max_size=5))
def test_lists_arrive_as_sent(cast: Cast, values: list[str]) -> None:
    assert cast(encode(values, of("text", is_list=True)), "text[]") == values
    assert cast(encode(values, array("text")), "text[]") == values


@against_postgres
@given(values=st.lists(st.lists(st.integers(-(2**31), 2**31 - 1), min_size=2, max_size=2), min_size=1, max_size=4))
def test_arrays_of_two_dimensions_arrive_as_sent(cast: Cast, values: list[list[int]]) -> None:
    assert cast(encode(values, array("int4")), "int4[]") == values


@against_postgres
@given(value=JSON)
def test_json_arrives_as_sent(cast: Cast, value: Any) -> None:
    assert surely_valid_value(value, of("jsonb")) is (value is not None)
    if value is not None:
        assert same(value, cast(encode(value, of("jsonb")), "jsonb"))


NUMBERS = st.integers() | st.decimals(allow_nan=False, allow_infinity=False)
FORMS = {
    "int2": r"[+-]?[0-9]{1,6}",
    "int4": r"[+-]?[0-9]{1,12}",
    "int8": r"[+-]?[0-9]{1,20}",
    "numeric": r"[+-]?[0-9]{0,8}(\.[0-9]{0,8})?([eE][+-]?[0-9]{1,6})?|NaN|Infinity",
    "float4": r"[+-]?[0-9]{0,8}(\.[0-9]{0,8})?([eE][+-]?[0-9]{1,3})?|NaN|-?Infinity|inf",
    "float8": r"[+-]?[0-9]{0,8}(\.[0-9]{0,8})?([eE][+-]?[0-9]{1,4})?|NaN|-?Infinity|inf",
    "bool": r"true|false|t|f|y|on|off|0|1|2|maybe|TRUE",
    "uuid": r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{11,12}",
    "date": r"[0-9]{4}-[01][0-9]-[0-3][0-9]",
    "time": r"[0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,8})?)?",
    "timetz": r"[0-2][0-9]:[0-6][0-9](:[0-6][0-9])?(Z|[+-][01][0-9](:?[0-6][0-9])?)?",
    "timestamp": r"[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9](:[0-6][0-9](\.[0-9]{1,7})?)?",
    "timestamptz": r"[0-9]{4}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9](Z|[+-][01][0-9](:?[0-6][0-9])?)?",
    "bytea": r"\\x[0-9a-fA-F]{0,8}|[a-z\\]{0,4}",
    "jsonb": r'[\[\]{}",:0-9a-z\\. eE+-]{0,12}|"\\u[0-9a-f]{4}"|[0-9]{1,3}[eE][0-9]{1,6}|\[{1,3}\]{1,3}',
    "json": r'[\[\]{}",:0-9a-z\\. eE+-]{0,12}|"\\u[0-9a-f]{4}"|[0-9]{1,3}[eE][0-9]{1,6}',
    "interval": r"[0-9]{1,3} (days|hours|years)",
    "inet": r"10\.0\.0\.[0-9]{1,3}",
}


@pytest.mark.parametrize("type", FORMS)
@against_postgres
@given(data=st.data())
def test_what_is_surely_valid_is_accepted(cast: Cast, type: str, data: st.DataObject) -> None:
    text = data.draw(st.from_regex(FORMS[type], fullmatch=True) | TEXT)
    if surely_valid(text, pg(type)):
        cast(text, type)


@pytest.mark.parametrize("type", ["int2", "int4", "int8", "numeric", "float4", "float8"])
@against_postgres
@given(data=st.data())
def test_numbers_are_refused_accepted_or_left_to_postgres(cast: Cast, type: str, data: st.DataObject) -> None:
    value = data.draw(NUMBERS)
    try:
        text = encode(value, of(type))
    except Rejected:
        assert not surely_valid_value(value, of(type))
        return
    if surely_valid_value(value, of(type)):
        read = cast(text, type)
        assert read == value or type.startswith("float")


@pytest.mark.parametrize(
    ("type", "text"),
    [
        (pg("text"), "anything"),
        (Ident("ext", "citext"), "any thing"),
        (pg("int2"), "-32768"),
        (pg("int8"), "9223372036854775807"),
        (pg("numeric"), "-1.50e10"),
        (pg("float8"), "1e300"),
        (pg("float4"), "0.0"),
        (pg("bool"), "false"),
        (pg("uuid"), "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
        (pg("date"), "2024-02-29"),
        (pg("time"), "23:59:59.999999"),
        (pg("timestamp"), "0001-01-01 00:00"),
        (pg("timestamptz"), "9999-12-31T23:59:59.999999-14:00"),
        (pg("timestamptz"), "2024-01-01T00:00:00Z"),
        (pg("bytea"), "\\xDEADbeef"),
        (pg("jsonb"), '{"a": [1, "\\u00e9"]}'),
    ],
)
def test_usual_values_need_no_question(type: Ident, text: str) -> None:
    assert surely_valid(text, type)


@pytest.mark.parametrize(
    ("type", "text"),
    [
        (pg("int2"), "32768"),
        (pg("int4"), "1.0"),
        (pg("float4"), "1e39"),
        (pg("float8"), "1e-400"),
        (pg("numeric"), "1e200000"),
        (pg("uuid"), "6ba7b8109dad11d180b400c04fd430c8"),
        (pg("date"), "2023-02-29"),
        (pg("date"), "0000-01-01"),
        (pg("date"), "2024-02-29\n"),
        (pg("time"), "24:00"),
        (pg("timestamptz"), "2024-01-01T00:00:00+15:00"),
        (pg("timestamptz"), "now"),
        (pg("bytea"), "\\xabc"),
        (pg("jsonb"), '"\\u0000"'),
        (pg("jsonb"), "1e200000"),
        (pg("text"), "a\0b"),
        (pg("interval"), "1 day"),
        (ident("mood"), "happy"),
        (ident("uuid"), "6ba7b810-9dad-11d1-80b4-00c04fd430c8"),
    ],
)
def test_what_is_not_certain_is_asked(type: Ident, text: str) -> None:
    assert not surely_valid(text, type)


def test_lists_are_certain_when_every_element_is() -> None:
    assert surely_valid_value([1, 2], of("int4", is_list=True))
    assert surely_valid_value(["a"], array("text"))
    assert not surely_valid_value([1, "x"], of("int4", is_list=True))
    assert not surely_valid_value("{1,2}", array("int4"))
    assert not surely_valid_value([[1], [2, 3]], array("int4"))
    assert surely_valid_value("a", ValueType(ident("mood"), "mood", labels=("a", "b")))
    assert not surely_valid_value("c", ValueType(ident("mood"), "mood", labels=("a", "b")))


def test_deep_json_is_no_trouble(cast: Cast) -> None:
    assert cast(encode(DEEP, of("jsonb")), "jsonb") == DEEP
