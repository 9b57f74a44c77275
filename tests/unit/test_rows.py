"""The rows of inserts as JSON: their keys, the marks beside them, and what is refused in them."""

from __future__ import annotations

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from write_kit import LONG, Asked, ask, insert_articles, insert_authors

from gql_gen.errors import UsherError
from gql_gen.plan.writes import Insert, NestedInsert

ROWS = "$o: [author_insert_input!]!"
Row = dict[str, Any]


def sent(*rows: Row) -> Asked:
    return insert_authors("$o", ROWS, o=list(rows))


# ---------------------------------------------------------------- keys and marks


def test_rows_that_are_all_alike_go_as_they_came() -> None:
    rows = [{"name": f"n{number}", "big": number, "about": {"b": 1, "a": [None]}} for number in range(3)]
    found = sent(*rows)
    assert found.found.rows is not None
    assert found.found.rows.texts({"o": rows}) == (msgspec.json.encode(rows).decode(),)


def test_a_key_left_out_is_marked_and_null_is_null() -> None:
    found = sent({"name": "a", "big": None}, {"name": "b"})
    assert [(column.column, column.key, column.in_every_row) for column in found.insert.columns] == [
        ("name", "name", True),
        ("big", "~1", False),
    ]
    assert found.texts() == [[{"name": "a", "~1": None}, {"name": "b", "~~1": True}]]


def test_no_column_is_taken_for_a_mark() -> None:
    """Tables may have columns called as the marks of positions are."""
    text = "mutation ($o: [letter_insert_input!]!) { insert_letter(objects: $o) { affected_rows } }"
    (rows,) = ask(text, {"o": [{"p": "x"}, {"l0": "y"}]}).texts()
    assert all(key.lstrip("~").isdigit() for row in rows for key in row)


def test_a_long_name_stands_under_its_number() -> None:
    found = ask(f'mutation {{ insert_letter(objects: {{id: 1, {LONG}: "x"}}) {{ affected_rows }} }}')
    assert found.texts() == [[{"id": 1, "~1": "x"}]]


def test_one_object_is_a_list_of_one() -> None:
    one = [[{"name": "a"}]]
    assert insert_authors('{name: "a"}').texts() == one
    assert insert_authors("$o", ROWS, o={"name": "a"}).texts() == one
    assert ask('mutation { insert_author_one(object: {name: "a"}) { id } }').texts() == one


def test_no_rows_are_no_rows() -> None:
    assert insert_authors("[]").texts() == [[]]
    assert insert_authors("[{}, {}]").texts() == [[{}, {}]]


def test_variables_fill_the_document_wherever_they_stand() -> None:
    found = insert_authors(
        '[$one, {name: $name, big: $big, about: {a: [$name]}, tags: [$name, "b"]}]',
        "$one: author_insert_input!, $name: String!, $big: bigint",
        one={"name": "a"},
        name="n",
    )
    names = {column.key: column.column for column in found.insert.columns}
    (rows,) = found.texts()
    assert [{names[key]: value for key, value in row.items() if key in names} for row in rows] == [
        {"name": "a"},
        {"name": "n", "about": {"a": ["n"]}, "tags": '{"n","b"}'},
    ]


def test_related_rows_say_where_they_belong() -> None:
    found = insert_articles(
        """[
          {title: "1", author: {data: {name: "a"}}, editor: {data: {name: "b"}}},
          {title: "2"},
          {title: "3", author: {data: {name: "c", articles: {data: [{title: "4"}, {title: "5"}]}}}}
        ]"""
    )
    articles, authors, below, editors = found.texts()
    assert articles == [{"title": "1", "~l0": 0, "~l1": 0}, {"title": "2"}, {"title": "3", "~l0": 1}]
    assert authors == [{"name": "a"}, {"name": "c"}]
    assert below == [{"title": "4", "~p": 1}, {"title": "5", "~p": 1}]
    assert editors == [{"name": "b"}]


def test_the_roots_of_a_mutation_are_counted_through() -> None:
    found = ask(
        """mutation ($t: String) {
          a: insert_author(objects: {name: "a", articles: {data: {title: $t}}}) { affected_rows }
          delete_author(where: {}) { affected_rows }
          b: insert_article_one(object: {title: "u"}) { id }
        }""",
        {"t": "t"},
    )
    assert found.texts() == [[{"name": "a"}], [{"title": "t", "~p": 0}], [{"title": "u"}]]
    assert [root.node.rows.path for root in found.plan.roots if isinstance(root.node, Insert)] == [(0,), (2,)]


# ---------------------------------------------------------------- nothing is lost

LEAVES: st.SearchStrategy[Any] = st.one_of(st.none(), st.integers(-3, 3), st.text('aé\u2028"\\{}~', max_size=3))
JSONS = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text("ab"), inner), max_leaves=4
)
PLAIN = {
    "name": st.text('aé\u2028"\\{}~,', max_size=4),
    "big": st.none() | st.integers(-(2**63), 2**63 - 1),
    "notes": JSONS,
}
CONFLICT = {"constraint": "article_pkey", "update_columns": ["title"]}


def authors(depth: int) -> st.SearchStrategy[Row]:
    links: dict[str, st.SearchStrategy[Any]] = {}
    if depth:
        links["partner"] = st.none() | st.fixed_dictionaries({"data": authors(depth - 1)})
        rows = st.lists(articles(depth - 1), max_size=3)
        links["articles"] = st.none() | st.fixed_dictionaries(
            {"data": rows}, optional={"on_conflict": st.just(CONFLICT)}
        )
    return st.fixed_dictionaries({}, optional={**PLAIN, **links})


def articles(depth: int) -> st.SearchStrategy[Row]:
    links = {"editor": st.fixed_dictionaries({"data": authors(depth - 1)})} if depth > 0 else {}
    return st.fixed_dictionaries({}, optional={"title": PLAIN["name"], "content": st.none(), **links})


def rebuilt(insert: Insert, texts: list[Any]) -> list[Row]:
    """The rows as they were sent, from what Postgres gets."""
    rows: list[Row] = []
    for got in texts[_number(insert)]:
        row = {column.column: got[column.key] for column in insert.columns if column.key in got}
        absent = {column.column for column in insert.columns if f"~{column.key}" in got}
        assert row.keys() | absent == {column.column for column in insert.columns}
        assert not row.keys() & absent
        rows.append(row)
    for nested in insert.before:
        below = rebuilt(nested.insert, texts)
        for row, got in zip(rows, texts[_number(insert)], strict=True):
            if nested.key in got:
                row[nested.name] = below[got[nested.key]]
    for nested in insert.after:
        for below_row, got in zip(rebuilt(nested.insert, texts), texts[_number(nested.insert)], strict=True):
            rows[got[nested.key]].setdefault(_label(nested), []).append(below_row)
    return rows


def _number(insert: Insert) -> int:
    return int(insert.rows.path[0])


def _label(nested: NestedInsert) -> str:
    return nested.name if nested.insert.on_conflict is None else f"{nested.name} or update"


def expected(row: Row) -> Row:
    """A row with its related rows bare."""
    found: Row = {}
    for key, value in row.items():
        if key not in ("partner", "editor", "articles"):
            found[key] = value
        elif key == "articles" and value is not None and value["data"]:
            found["articles or update" if "on_conflict" in value else key] = [expected(each) for each in value["data"]]
        elif key != "articles" and value is not None:
            found[key] = expected(value["data"])
    return found


@settings(max_examples=150, deadline=None)
@given(st.lists(authors(2), max_size=4))
def test_every_row_arrives_with_all_that_hangs_on_it(rows: list[Row]) -> None:
    found = sent(*rows)
    assert rebuilt(found.insert, found.texts()) == [expected(row) for row in rows]


def test_a_list_in_a_json_column_is_a_value() -> None:
    assert sent({"notes": [1, [2]], "about": []}).texts() == [[{"notes": [1, [2]], "about": []}]]


def test_content_keeps_its_digits_and_the_order_of_its_keys() -> None:
    found = sent({"notes": {"b": Decimal("1.50"), "a": 10**30}})
    assert found.found.rows is not None
    assert found.found.rows.texts(found.variables) == ('[{"notes":{"b":1.50,"a":' + str(10**30) + "}}]",)


# ---------------------------------------------------------------- refusals

HERE = "$.selectionSet.insert_author.args.objects"
DETERMINED = "cannot insert object relationship"
REFUSED: list[tuple[Any, str, str]] = [
    ([{"name": "a"}, {"big": 2**63}], "The value 9.223372036854775808e18 lies outside", "[1].big"),
    ([{"name": "a"}, {"name": 1}], "expected a string for type 'String', but found an integer", "[1].name"),
    ([{"mood": "mad"}], "expected one of the values ['glad', 'sad'] for type 'mood', but found 'mad'", "[0].mood"),
    ([{"tags": ["a", 1]}], "expected a string for type 'String', but found an integer", "[0].tags[1]"),
    ([{"notes": {"a": "\0"}}], "a text cannot contain the NUL character", "[0].notes"),
    ([{"name": "a"}, 3], "expected an object for type 'author_insert_input', but found an integer", "[1]"),
    ([None], "unexpected null value for type 'author_insert_input'", "[0]"),
    ([{"name": "a"}, {"nothing": 1}], "field 'nothing' not found in type: 'author_insert_input'", "[1].nothing"),
    ([{"~p": 1}], "field '~p' not found in type: 'author_insert_input'", "[0].~p"),
    (
        [{"articles": []}],
        "expected an object for type 'article_arr_rel_insert_input', but found a list",
        "[0].articles",
    ),
    ([{"articles": {}}], "missing required field 'data'", "[0].articles.data"),
    (
        [{"articles": {"rows": []}}],
        "field 'rows' not found in type: 'article_arr_rel_insert_input'",
        "[0].articles.rows",
    ),
    ([{"articles": {"data": None}}], "unexpected null value for type 'article_insert_input'", "[0].articles.data"),
    (
        [{}, {"articles": {"data": [{}, {"title": 1}]}}],
        "expected a string for type 'String'",
        "[1].articles.data[1].title",
    ),
    ([{"partner": {"data": [{}]}}], "expected an object for type 'author_insert_input'", "[0].partner.data"),
    ([{"partner": {"data": {"name": 1}}}], "expected a string for type 'String'", "[0].partner.data.name"),
    (
        [{"partner": {"data": {}}}, {"partner_id": None, "partner": {"data": {}}}],
        f'{DETERMINED} "partner" as "partner_id" column values are already determined',
        "[1].partner",
    ),
    (
        [{"articles": {"data": [{}, {"author_id": 1}]}}],
        'cannot insert "author_id" columns as their values are already being determined by parent insert',
        "[0].articles.data[1]",
    ),
    (
        [{"articles": {"data": [{"author": {"data": {}}}]}}],
        f'{DETERMINED} "author" as "author_id" column values are already determined',
        "[0].articles.data[0].author",
    ),
]


@pytest.mark.parametrize(("rows", "message", "path"), REFUSED, ids=[str(case[0])[:60] for case in REFUSED])
def test_a_bad_row_is_refused_at_its_path(rows: Any, message: str, path: str) -> None:
    for text, variables in _spellings(rows):
        with pytest.raises(UsherError) as refused:
            ask(text, variables)
        assert refused.value.message.startswith(message)
        assert refused.value.path == HERE + path


def _spellings(rows: Any) -> list[tuple[str, dict[str, Any]]]:
    """The rows in a variable, each in one of its own, and written down."""
    each = [f"$v{index}" for index in range(len(rows))]
    declared = ", ".join(f"{name}: author_insert_input!" for name in each)
    found = [(f"mutation ({ROWS}) {{ insert_author(objects: $o) {{ affected_rows }} }}", {"o": rows})]
    if None not in rows:
        values = {name[1:]: row for name, row in zip(each, rows, strict=True)}
        found.append(
            (f"mutation ({declared}) {{ insert_author(objects: [{', '.join(each)}]) {{ affected_rows }} }}", values)
        )
    return found


def test_two_rows_before_ours_cannot_give_the_same_column() -> None:
    with pytest.raises(UsherError) as refused:
        ask(
            """mutation { insert_letter(objects: {first: {data: {name: "a"}}, second: {data: {name: "b"}}}) {
              affected_rows
            } }"""
        )
    assert refused.value.message == f'{DETERMINED} "second" as "id" column values are already determined'


def test_one_object_has_no_number_in_its_path() -> None:
    with pytest.raises(UsherError) as refused:
        ask("mutation { insert_author_one(object: {name: 1}) { id } }")
    assert refused.value.path == "$.selectionSet.insert_author_one.args.object.name"


# ---------------------------------------------------------------- finding the guilty


def test_only_cells_that_postgres_must_judge_are_named() -> None:
    found = sent(
        {"name": "a", "born": "2020-01-01", "tags": ["x"], "big": "7", "mood": "sad"},
        {"name": "b", "born": "someday", "articles": {"data": {"title": "t"}}, "tags": "{x", "ratio": None},
    )
    assert found.found.rows is not None
    doubts = [(text, type_.graphql, path) for text, type_, path in found.found.rows.cells(found.variables)]
    assert doubts == [("{x", "String", f"{HERE}[1].tags"), ("someday", "date", f"{HERE}[1].born")]


def test_a_row_is_found_again_by_its_insert_and_its_position() -> None:
    found = sent({"name": "a"}, {"name": "b", "articles": {"data": [{}, {"editor": {"data": {}}}]}})
    rows = found.found.rows
    assert rows is not None
    assert [rows.row_path(found.variables, number, position) for number, position in ((0, 1), (1, 1), (2, 0))] == [
        f"{HERE}[1]",
        f"{HERE}[1].articles.data[1]",
        f"{HERE}[1].articles.data[1].editor.data",
    ]


def test_rows_that_are_written_down_are_read_once() -> None:
    found = insert_authors('[{name: "a", about: {x: [1]}}]')
    assert found.found.rows is not None
    assert found.found.rows.texts({})[0] is found.found.rows.texts({})[0]
    assert json.loads(found.found.rows.texts({})[0]) == [{"name": "a", "about": {"x": [1]}}]
