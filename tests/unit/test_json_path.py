"""The `path` argument of json columns, as keys for Postgres."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gql_gen.dialects.hasura.json_path import parse_json_path
from gql_gen.errors import ParseFailed


@pytest.mark.parametrize(
    ("text", "keys"),
    [
        ("", ()),
        ("$", ()),
        ("a", ("a",)),
        ("$.a", ("a",)),
        (".a", ("a",)),
        ("a.b.c", ("a", "b", "c")),
        ("$.a[0].b", ("a", "0", "b")),
        ("[0]", ("0",)),
        ("$[0][1]", ("0", "1")),
        ("a[10]", ("a", "10")),
        ('$["a"]', ("a",)),
        ("$['a b']", ("a b",)),
        ('$["a.b[0]"].c', ("a.b[0]", "c")),
        ('$["it\'s"]', ("it's",)),
        (r'$["a \" quote"]', ('a " quote',)),
        (r"$['a \' quote \\']", ("a ' quote \\",)),
        ("$.ö.日本", ("ö", "日本")),
        ("$.a-b", ("a-b",)),
        ("$.0", ("0",)),
    ],
)
def test_a_path_is_its_keys(text: str, keys: tuple[str, ...]) -> None:
    assert parse_json_path(text, "$") == keys


@pytest.mark.parametrize(
    "text",
    [
        "$.",
        "a..b",
        "a[",
        "a]",
        "a[x]",
        "a[-1]",
        "a[0",
        "a['b",
        'a["b',
        "a[\"b']",
        "a b",
        " a",
        "a[0]b",
        "$.a\0",
        '["\0"]',
        "a[]",
    ],
)
def test_a_malformed_path_is_refused_at_its_place(text: str) -> None:
    with pytest.raises(ParseFailed) as refused:
        parse_json_path(text, "$.there")
    assert refused.value.path == "$.there"
    assert refused.value.code == "parse-failed"


@given(st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\0"))))
def test_any_key_can_be_written_in_quotes(keys: list[str]) -> None:
    text = "$" + "".join('["' + key.replace("\\", "\\\\").replace('"', '\\"') + '"]' for key in keys)
    assert parse_json_path(text, "$") == tuple(keys)


@given(st.text(alphabet="$.[]\"'\\ab01 \0"))
def test_any_text_is_a_path_or_refused(text: str) -> None:
    try:
        keys = parse_json_path(text, "$")
    except ParseFailed:
        return
    assert all("\0" not in key for key in keys)
