"""Two readers, one meaning: whatever the quick one accepts, the careful one reads the same, place by place; and what is
told about a faulty text never depends on which of them came first."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bench.scale_rules import permissions_text
from bench.scale_schema import relations
from gql_gen.rules.load import parse_rules
from gql_gen.rules.nodes import Node, plain
from gql_gen.rules.quick import IS_HERE, read_quickly
from gql_gen.rules.reading import MAX_DEPTH, MAX_NODES, read_carefully, read_yaml
from gql_gen.rules.types import RulesError

ROOT = Path(__file__).parents[2]

WORDS = (
    *("a", "b", "key", "null", "~", "true", "yes", "NO", "1", "-1", "01", "0x1", "1.5", "1e3", ".5", ".inf", "1_000"),
    *("2020-01-01", "<<", "=", "é", "😀", "a:b", "x#y", "a, b", "http://x", "a?", "-a", "k: v", "- a", "[]", "{}"),
)
SIGNS = (
    *("!", "!!str", "!include", "&a", "&b", "*a", "*b", "*", ": ", ":", "- ", "-", "? ", "?", "[", "]", "{", "}", ", "),
    *(",", "\n", "\n", "\n  ", "\n    ", " ", "  ", '"', "'", "''", "\\n", "\\/", "\\x41", "\\", "#", " # c", "|", ">"),
    *("|-", ">+", "|2", "%", "%YAML 1.1\n", "%YAML 1.2\n", "---", "\n---\n", "...", "\n...\n", "@", "`", '"a":', "\\L"),
)
ODD = ("\t", "\r\n", "\r", "\x85", "\xa0", "\u200b", "\u2028", "\ufeff", "\x7f", "\0", "\ud800", "\ufffe")
ROUGH = st.lists(st.sampled_from((*WORDS, *SIGNS, *ODD)), max_size=16).map("".join)

SOUND = (
    "a: {b: [1, 'x', \"y\"], c: d}\ne:\n  - f\n  - g: h\n    i: j\n",
    "k: |\n  one\n  two\nl: >-\n  x\n\n  y\nm: 'it''s'\nn: \"q\\\"\"\n",
    "- &x a\n- *x\n- {p: *x}\n# c\n- [a, b,]\n",
    "a: &a {b: &b [1], c: *b}\nd:\n- *a\n-\n  - e\n- f: g\n",
)


@st.composite
def damaged(draw: st.DrawFn) -> str:
    """A sound text with some places cut out, and others filled with what does not belong there."""
    text = draw(st.sampled_from(SOUND))
    for _ in range(draw(st.integers(1, 4))):
        place = draw(st.integers(0, len(text)))
        cut = draw(st.integers(0, 3))
        text = text[:place] + draw(st.sampled_from(("", *WORDS, *SIGNS))) + text[place + cut :]
    return text


TEXT = st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="&*|>"), min_size=1)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | TEXT,
    lambda below: st.lists(below, max_size=4) | st.dictionaries(st.text("abc d-", min_size=1), below, max_size=4),
    max_leaves=25,
)


def quickly(text: str) -> Node | None:
    return read_quickly(text, "f", max_depth=MAX_DEPTH, max_nodes=MAX_NODES)


def told(read: Any, text: str) -> Any:
    """The tree with its places, or the faults. `repr` tells 1 from 1.0 and from True."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of anchors that are used twice
        try:
            return repr(read(text, "f"))
        except RulesError as error:
            return error.faults


def test_libyaml_is_here() -> None:
    assert IS_HERE


@given(ROUGH | damaged())
def test_hostile_texts_read_the_same_or_are_declined(text: str) -> None:
    found = quickly(text)
    assert found is None or repr(found) == told(read_carefully, text)


@given(ROUGH | damaged())
def test_every_text_is_told_about_as_the_careful_reader_does(text: str) -> None:
    assert told(read_yaml, text) == told(read_carefully, text)


@given(JSON, st.sampled_from((True, False, None)), st.integers(1, 6), st.integers(20, 200))
def test_what_programs_write_is_read_quickly(value: Any, flow: bool | None, indent: int, width: int) -> None:
    text = yaml.safe_dump(value, default_flow_style=flow, indent=indent, width=width).removesuffix("...\n")
    found = quickly(text)
    # Not compared with the value: PyYAML writes the text 0E0 bare, which is a number in YAML 1.2.
    assert found is None or repr(found) == told(read_carefully, text)
    assert (
        found is not None or "|" in text or ">" in text or "&" in text or "*" in text or "..." in text or "? " in text
    )


@given(JSON)
def test_json_is_read_quickly(value: Any) -> None:
    text = json.dumps(value, indent=1)
    found = quickly(text)
    assert found is not None
    assert plain(found) == value


@pytest.mark.parametrize("name", ["permissions.yaml", "bench/permissions.yaml"])
def test_the_files_of_this_repository_are_read_quickly(name: str) -> None:
    text = (ROOT / name).read_text()
    assert repr(quickly(text)) == told(read_carefully, text)


def test_rules_of_many_tables_are_read_quickly() -> None:
    text = permissions_text(relations(60))
    assert repr(quickly(text)) == told(read_carefully, text)
    assert parse_rules(text, "f").tables


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("a:", id="a value that is not there"),
        pytest.param("a:\tb", id="a tab"),
        pytest.param("a: !!str 1", id="a tag"),
        pytest.param("%YAML 1.1\n---\na: yes", id="a directive"),
        pytest.param("a: 010", id="a number in an odd spelling"),
        pytest.param("1: a", id="a key that is no text"),
        pytest.param("a: 1\na: 2", id="a key twice"),
        pytest.param("<<: {a: 1}", id="a merge key"),
        pytest.param("a: b\n---\nc: d", id="two documents"),
        pytest.param("a: b\n...\n...", id="two ends"),
        pytest.param("['a':1]", id="a mapping without braces"),
        pytest.param("&a:b", id="where an anchor ends"),
        pytest.param(">#", id="a comment on a block"),
        pytest.param(">\n \n  a", id="a block that begins with nothing"),
        pytest.param("[*a]", id="an alias of nothing"),
        pytest.param("&a [*a]", id="an alias of what it stands in"),
        pytest.param("[&a 1, &a 2, *a]", id="an anchor twice"),
        pytest.param("a: [", id="an open bracket"),
        pytest.param("[" * (MAX_DEPTH + 2) + "]" * (MAX_DEPTH + 2), id="too deep"),
        pytest.param("[" * 100_000, id="far too deep"),
    ],
)
def test_what_is_odd_is_left_to_the_careful_reader(text: str) -> None:
    assert quickly(text) is None


def test_what_stands_at_the_limit_of_depth_is_read_quickly() -> None:
    text = "[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1)
    assert repr(quickly(text)) == told(read_carefully, text)
    assert isinstance(told(read_carefully, f"[{text}]"), tuple)


def test_aliases_are_expanded_with_the_place_of_what_they_name() -> None:
    text = "a: &a {b: &b [1, x], c: *b}\nd: *a\ne: *b\n"
    assert repr(quickly(text)) == told(read_carefully, text)


@pytest.mark.parametrize(("levels", "width"), [(20, 2), (7, 10)])
def test_aliases_that_expand_to_too_much_are_declined_at_once(levels: int, width: int) -> None:
    lines = ["- &n0 x"] + [f"- &n{level} [{', '.join([f'*n{level - 1}'] * width)}]" for level in range(1, levels)]
    assert quickly("\n".join(lines)) is None


def test_aliases_may_not_nest_deeper_than_brackets_may() -> None:
    deep = "[" * 60 + "]" * 60
    fitting, too_deep = (f"- &a {deep}\n- {'[' * levels}*a{']' * levels}\n" for levels in (40, 41))
    assert repr(quickly(fitting)) == told(read_carefully, fitting)
    assert quickly(too_deep) is None
    assert isinstance(told(read_carefully, too_deep), tuple)


def test_signs_within_words_make_nobody_careful() -> None:
    text = "comment: R&D says a*b:c, and a|#d\nother: 'R&D: a*b? c>#d'"
    assert repr(quickly(text)) == told(read_carefully, text)
