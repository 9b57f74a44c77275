"""Documents before any schema is asked: sizes, depth, operations, variables, merged fields."""

from __future__ import annotations

import time
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest
from graphql import GraphQLError, Source, TokenKind
from graphql.language import Lexer, parse_value
from hypothesis import given
from hypothesis import strategies as st

from gql_gen.dialects.document import (
    Collected,
    Expander,
    Limits,
    check_size,
    constant,
    read_operation,
)
from gql_gen.errors import Rejected

LIMITS = Limits()
DEEP = replace(LIMITS, max_depth=3)


def expanded(text: str, variables: dict[str, Any] | None = None, limits: Limits = LIMITS) -> list[Collected]:
    """The root fields of a document as the reader meets them."""
    operation = read_operation(text, None, limits)
    expander = Expander(operation, operation.coerce(variables or {}), limits)
    return list(expander.fields([operation.node.selection_set], (), "query_root", "$"))


# ---------------------------------------------------------------- depth, against the parser's own lexer

OPENING = (TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L)
CLOSING = (TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R)


def by_lexer(text: str) -> tuple[int, int] | None:
    """How deep brackets nest and how many tokens there are; None for a text that is no sequence of tokens."""
    lexer = Lexer(Source(text))
    depth = deepest = count = 0
    try:
        while (token := lexer.advance()).kind is not TokenKind.EOF:
            depth += (token.kind in OPENING) - (token.kind in CLOSING)
            deepest, count = max(deepest, depth), count + 1
    except GraphQLError:
        return None
    return deepest, count


def is_refused(text: str, limits: Limits) -> bool:
    try:
        check_size(text, limits)
    except Rejected:
        return True
    return False


PIECES = st.sampled_from(
    [
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        '"',
        '"""',
        '\\"',
        "\\",
        '\\"""',
        "#",
        "\n",
        "\r",
        " ",
        "a",
        "\u2028",
        '""',
        "\\n",
        "\\u{41}",
        "ö",
    ]
)


@given(st.lists(PIECES, max_size=25).map("".join))
def test_brackets_are_counted_as_the_lexer_counts_them(text: str) -> None:
    if (found := by_lexer(text)) is not None:
        deepest, _ = found
        assert not is_refused(text, replace(LIMITS, max_depth=deepest))
        assert deepest == 0 or is_refused(text, replace(LIMITS, max_depth=deepest - 1))


@given(
    st.lists(PIECES | st.sampled_from(["...", "$", "@", "!", ":", "=", "&", "|", "_", "b1", ","]), max_size=25).map(
        "".join
    )
)
def test_tokens_are_counted_as_the_lexer_counts_them(text: str) -> None:
    if (found := by_lexer(text)) is not None:
        _, count = found
        assert not is_refused(text, replace(LIMITS, max_tokens=count))
        assert count == 0 or is_refused(text, replace(LIMITS, max_tokens=count - 1))


@given(st.lists(st.sampled_from(["1", "-1", "1.5", "-0.5e+7", " ", "a", ","]), max_size=25).map("".join))
def test_numbers_are_never_counted_twice(text: str) -> None:
    """Those that touch may count as one: the parser, which counts again, tells them apart."""
    if (found := by_lexer(text)) is not None:
        assert not is_refused(text, replace(LIMITS, max_tokens=found[1]))


@pytest.mark.parametrize(
    "text",
    [
        'a "{{{{" ',
        '"""{{{{""" a',
        '""" " {{{{ "" { """',
        r'"""\"""{{{{"""',
        r'"\"{{{{"',
        r'"\\" # {{{{',
        "# {{{{\n{",
        "# {{{{\r{",
        '""{',
        '"" "{{{{" ""',
        '""""{{{{"""',
    ],
)
def test_brackets_in_texts_and_comments_do_not_count(text: str) -> None:
    assert by_lexer(text) is not None
    check_size(text, DEEP)


@pytest.mark.parametrize(
    "text",
    [
        '"""a""" {{{{',
        '"a" {{{{',
        r'"\\" {{{{',
        '# "\n{{{{',
        '"" {{{{',
        '"""""" {{{{',
        r'"""\""" """ {{{{',
        "{[({",
        "a{b(c:[d{",
    ],
)
def test_brackets_beside_them_do(text: str) -> None:
    assert (by_lexer(text) or (0, 0))[0] == 4
    with pytest.raises(Rejected, match="nested deeper than 3 levels"):
        check_size(text, DEEP)


@pytest.mark.parametrize(
    "text",
    [
        '"' + '\\"' * 100_000,
        '"""' + '\\"""' * 50_000,
        '"' * 200_001,
        '"""' + '" ' * 100_000,
        '"' + "\\" * 200_000,
        '"\n' * 100_000,
        "#" * 200_000,
        '"""\\' * 50_000,
        "{}" * 100_000,
        '""' * 100_001,
    ],
)
def test_the_scan_is_linear(text: str) -> None:
    before = time.process_time()
    check_size(text, replace(LIMITS, max_tokens=len(text)))
    # A quadratic scan of these takes minutes.
    assert time.process_time() - before < 2


@pytest.mark.parametrize("text", ["x" * 11, "ö" * 6, "😀" * 3])
def test_length_is_counted_in_bytes(text: str) -> None:
    check_size(text[:-1], replace(LIMITS, max_query_bytes=10))
    with pytest.raises(Rejected, match="longer than 10 bytes"):
        check_size(text, replace(LIMITS, max_query_bytes=10))


def test_tokens_are_counted() -> None:
    read_operation("{ a b c }", None, replace(LIMITS, max_tokens=5))
    with pytest.raises(Rejected, match="more than 4 tokens"):
        read_operation("{ a b c }", None, replace(LIMITS, max_tokens=4))


# ---------------------------------------------------------------- fields


def test_fields_are_counted_after_fragments_are_opened() -> None:
    text = "{ ...a ...b } fragment a on query_root { x y } fragment b on query_root { z x }"
    assert [field.key for field in expanded(text, limits=replace(LIMITS, max_fields=4))] == ["x", "y", "z"]
    with pytest.raises(Rejected, match="more than 3 fields"):
        expanded(text, limits=replace(LIMITS, max_fields=3))


def test_a_fragment_is_opened_once_in_a_selection_set() -> None:
    text = "{ ...a ...a ...b } fragment a on query_root { x } fragment b on query_root { ...a }"
    (field,) = expanded(text, limits=replace(LIMITS, max_fields=1))
    assert len(field.nodes) == 1


def test_fields_keep_the_order_of_their_first_appearance() -> None:
    text = "{ a ...f b c a } fragment f on query_root { d b ... on query_root { e } }"
    assert [field.key for field in expanded(text)] == ["a", "d", "b", "e", "c"]


def test_paths_go_through_fragments() -> None:
    text = "{ a ...f } fragment f on query_root { b }"
    assert [field.path for field in expanded(text)] == ["$.selectionSet.a", "$.selectionSet.f.selectionSet.b"]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x(a: 1)", "x(a: 1)"),
        ("x(a: 1, b: 2)", "x(b: 2, a: 1)"),
        ('x(a: "1")', 'x(a: "1")'),
        ("x(a: $v)", "x(a: $v)"),
        ("x(a: {b: 1, c: [2]})", "x(a: {b: 1, c: [2]})"),
        ("x", "x"),
    ],
)
def test_equal_arguments_merge(one: str, other: str) -> None:
    (field,) = expanded(f"query ($v: Int, $w: Int) {{ {one} {other} }}")
    assert len(field.nodes) == 2


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("x(a: 1)", "x(a: 2)"),
        ("x(a: 1)", "x"),
        ("x", "x(a: 1)"),
        ("x(a: 1)", "x(a: 1, b: 2)"),
        ('x(a: "1")', "x(a: 1)"),
        ("x(a: y)", 'x(a: "y")'),
        ("x(a: $v)", "x(a: $w)"),
        ("x(a: null)", "x"),
        ("x: a", "x: b"),
        ("x", "x: b"),
    ],
)
def test_others_do_not(one: str, other: str) -> None:
    with pytest.raises(Rejected, match=r"inconsistent arguments|specify the same response name"):
        expanded(f"query ($v: Int, $w: Int) {{ {one} {other} }}")


# ---------------------------------------------------------------- values


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1),
        ("-0", 0),
        ("9007199254740993", 9007199254740993),
        ("1.10", Decimal("1.10")),
        ("1e3", Decimal("1e3")),
        ("true", True),
        ("null", None),
        ('"a"', "a"),
        ('"""\n  a\n    b\n  """', "a\n  b"),
        ("enum", "enum"),
        ("[1, [2], {}]", [1, [2], {}]),
        ('{a: {b: "c"}}', {"a": {"b": "c"}}),
    ],
)
def test_a_literal_is_json_and_numbers_keep_their_digits(text: str, value: Any) -> None:
    found = constant(parse_value(text))
    assert found == value
    assert type(found) is type(value)
    assert str(found) == str(value)


def test_a_variable_is_no_constant() -> None:
    with pytest.raises(Rejected):
        constant(parse_value("[$a]"))


@pytest.mark.parametrize(
    ("declared", "given", "coerced"),
    [
        ("$v: Int", {}, {}),
        ("$v: Int", {"v": None}, {"v": None}),
        ("$v: Int", {"v": 1}, {"v": 1}),
        ("$v: Int = 2", {}, {"v": 2}),
        ("$v: Int = 2", {"v": None}, {"v": None}),
        ("$v: Int! = 2", {}, {"v": 2}),
        ("$v: Int = null", {}, {"v": None}),
        ("$v: Int", {"w": 1}, {}),
        ('$v: x = {a: [b, "c"]}', {}, {"v": {"a": ["b", "c"]}}),
    ],
)
def test_defaults_stand_in_for_what_was_not_sent(declared: str, given: dict[str, Any], coerced: dict[str, Any]) -> None:
    assert read_operation(f"query ({declared}) {{ a }}", None, LIMITS).coerce(given) == coerced


@pytest.mark.parametrize(
    ("declared", "given", "path"),
    [("$v: Int!", {}, "$.variableValues"), ("$v: Int!", {"v": None}, "$"), ("$v: Int! = 1", {"v": None}, "$")],
)
def test_what_is_required_must_be_sent(declared: str, given: dict[str, Any], path: str) -> None:
    operation = read_operation(f"query ({declared}) {{ a }}", None, LIMITS)
    with pytest.raises(Rejected) as refused:
        operation.coerce(given)
    assert refused.value.path == path
