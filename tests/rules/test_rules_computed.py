"""Computed fields in permissions.yaml, and as they come from Hasura's metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gql_gen.catalog.types import Ident
from gql_gen.rules.dump import dump_rules
from gql_gen.rules.hasura_v2 import Imported, ImportRefused, import_metadata
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import ComputedFieldRules, RulesError

WRITTEN = """\
version: 1
naming: hasura

roles:
  user: {}

tables:
  public.author:
    computed_fields:
      articles: { function: lib.found, table_argument: author_row, session_argument: session, comment: What is out. }
      full_name: public.full_name
      odd: { function: "public.\\"o.dd\\"", comment: "" }
    permissions:
      user:
        select: { columns: [id], filter: {}, computed_fields: [full_name, odd] }
"""


def fields(text: str) -> dict[str, ComputedFieldRules]:
    table = parse_rules(text, "p").tables[Ident("public", "author")]
    return {field.name: field for field in table.computed_fields}


def test_they_are_read_and_written_in_one_form() -> None:
    found = fields(WRITTEN)
    assert {name: field.function for name, field in found.items()} == {
        "articles": Ident("lib", "found"),
        "full_name": Ident("public", "full_name"),
        "odd": Ident("public", "o.dd"),
    }
    articles, full_name = found["articles"], found["full_name"]
    assert (articles.table_argument, articles.session_argument) == ("author_row", "session")
    assert (articles.comment, full_name.comment, found["odd"].comment) == ("What is out.", None, "")
    assert (full_name.table_argument, full_name.session_argument, str(full_name.at)) == (None, None, "p:11:7")
    assert dump_rules(parse_rules(WRITTEN, "p")) == WRITTEN


def test_a_function_may_be_a_mapping() -> None:
    text = "version: 1\ntables: { author: { computed_fields: { x: { function: { schema: s.t, name: f } } } } }"
    assert fields(text)["x"].function == Ident("s.t", "f")


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("x: 1", "expected a function: schema.function"),
        ("x: {}", 'a computed field needs the key "function": what computes it from a row'),
        ("x: { function: a.b.c }", "expected a function: schema.function"),
        ("x: { function: f, row: r }", 'unknown key "row"'),
        ("a-b: f", "expected a GraphQL name"),
    ],
)
def test_other_forms_are_faults(field: str, said: str) -> None:
    with pytest.raises(RulesError) as caught:
        parse_rules(f"version: 1\ntables: {{ author: {{ computed_fields: {{ {field} }} }} }}", "p")
    assert said in str(caught.value)


# ---------------------------------------------------------------- from Hasura

SCORE = {
    "name": "score",
    "definition": {
        "function": {"schema": "lib", "name": "score.of"},
        "table_argument": "author_row",
        "session_argument": "session",
    },
    "comment": "how far",
}
INITIALS = {"name": "initials", "definition": {"function": "initials"}}


def imported(folder: Path, computed: Any, filter_: Any, *without: str) -> Imported:
    permission = {"columns": ["id"], "filter": filter_, "computed_fields": ["score"]}
    table = {
        "table": "author",
        "computed_fields": computed,
        "select_permissions": [{"role": "r", "permission": permission}],
    }
    path = folder / "metadata.json"
    path.write_text(json.dumps({"version": 3, "sources": [{"name": "s", "kind": "postgres", "tables": [table]}]}))
    return import_metadata(path, without=frozenset(without))


def test_they_are_carried_exactly(tmp_path: Path) -> None:
    found = imported(tmp_path, [SCORE, INITIALS], {})
    table = parse_rules(dump_rules(found.rules), "p").tables[Ident("public", "author")]
    initials, score = table.computed_fields
    assert (score.name, score.function, score.comment) == ("score", Ident("lib", "score.of"), "how far")
    assert (score.table_argument, score.session_argument) == ("author_row", "session")
    assert (initials.name, initials.function, initials.comment) == ("initials", Ident("public", "initials"), None)
    assert (initials.table_argument, initials.session_argument) == (None, None)
    (select,) = table.permissions["r"].select
    assert select.computed_fields == ("score",)
    assert found.left_out == ()


def test_they_can_be_left_out(tmp_path: Path) -> None:
    found = imported(tmp_path, [SCORE], {}, "computed_fields")
    table = found.rules.tables[Ident("public", "author")]
    assert (table.computed_fields, table.permissions) == ((), {})
    assert any('it mentions "score", which is left out' in line for line in found.left_out)


@pytest.mark.parametrize(
    "filter_",
    [
        {"_not": {"score": {"_gt": 1}}},
        {"_exists": {"_table": "author", "_where": {"score": 1}}},
        {"friend": {"score": 1}},
    ],
)
def test_a_permission_that_tests_one_comes_along(tmp_path: Path, filter_: Any) -> None:
    found = imported(tmp_path, [SCORE], filter_)
    table = parse_rules(dump_rules(found.rules), "p").tables[Ident("public", "author")]
    assert (list(table.permissions), [field.name for field in table.computed_fields]) == (["r"], ["score"])
    assert found.left_out == ()
    without = imported(tmp_path, [SCORE], filter_, "computed_fields")
    assert without.rules.tables[Ident("public", "author")].permissions == {}


@pytest.mark.parametrize(
    ("computed", "refused"),
    [
        ([{"name": "x", "definition": {"function": 1}}], "[0].definition.function: expected the name of a function"),
        ([{"name": "x", "definition": {}}], "[0].definition.function: expected the name of a function"),
        ([{"definition": {"function": "f"}}], "[0].name: expected text"),
        ([SCORE, SCORE], '[1]: the table has two computed fields named "score"'),
    ],
)
def test_malformed_ones_are_refused(tmp_path: Path, computed: Any, refused: str) -> None:
    with pytest.raises(ImportRefused) as caught:
        imported(tmp_path, computed, {})
    assert f"$.sources[0].tables[0].computed_fields{refused}" in str(caught.value)
