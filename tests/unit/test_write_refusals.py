"""Mutations that are refused, each at its place."""

from __future__ import annotations

from typing import Any

import pytest
from write_kit import ask, insert_authors

from gql_gen.errors import Rejected

INSERT = "$.selectionSet.insert_author.args"
UPDATE = "$.selectionSet.update_author.args"
MANY = "$.selectionSet.update_author_many.args.updates[0]"
REFUSED: list[tuple[str, dict[str, Any], str, str]] = [
    ("{ nothing { id } }", {}, "field 'nothing' not found in type: 'mutation_root'", "$.selectionSet.nothing"),
    (
        "{ __schema { types { name } } }",
        {},
        "field '__schema' not found in type: 'mutation_root'",
        "$.selectionSet.__schema",
    ),
    ("@cached { __typename }", {}, "directive 'cached' is not allowed on a mutation", "$"),
    (
        "{ delete_author { affected_rows } }",
        {},
        "missing required field 'where'",
        "$.selectionSet.delete_author.args.where",
    ),
    (
        "{ delete_author(where: null) { affected_rows } }",
        {},
        "unexpected null value for type 'author_bool_exp'",
        "$.selectionSet.delete_author.args.where",
    ),
    (
        "($w: author_bool_exp = {}) { update_author(where: $w) { affected_rows } }",
        {"w": None},
        "unexpected null value for type 'author_bool_exp'",
        f"{UPDATE}.where",
    ),
    (
        "{ update_author(where: {}, _set: {big: 1, id: 1}, _inc: {id: 1, big: 2}) { affected_rows } }",
        {},
        "Column found in multiple operators: ['id', 'big'].",
        UPDATE,
    ),
    (
        "{ update_author(where: {}, _inc: {big: null}) { affected_rows } }",
        {},
        "unexpected null value for type 'bigint'",
        f"{UPDATE}._inc.big",
    ),
    (
        "{ update_author(where: {}, _set: {nothing: 1}) { affected_rows } }",
        {},
        "field 'nothing' not found in type: 'author_set_input'",
        f"{UPDATE}._set.nothing",
    ),
    (
        "($set: author_set_input) { update_author(where: {}, _set: $set) { affected_rows } }",
        {"set": {"big": "x"}},
        "expected a 64-bit integer for type 'bigint', but found a string",
        f"{UPDATE}._set.big",
    ),
    (
        "{ update_author_by_pk(pk_columns: {}, _set: {big: 1}) { id } }",
        {},
        "missing required field 'id'",
        "$.selectionSet.update_author_by_pk.args.pk_columns.id",
    ),
    (
        "{ update_author_many(updates: {_set: {big: 1}}) { affected_rows } }",
        {},
        "missing required field 'where'",
        f"{MANY}.where",
    ),
    (
        "{ update_author_many(updates: {where: null}) { affected_rows } }",
        {},
        "unexpected null value for type 'author_bool_exp'",
        f"{MANY}.where",
    ),
    (
        "{ insert_author(objects: [], on_conflict: {update_columns: []}) { affected_rows } }",
        {},
        "missing required field 'constraint'",
        f"{INSERT}.on_conflict.constraint",
    ),
    (
        "{ insert_author(objects: [], on_conflict: {constraint: author_pkey, where: null}) { affected_rows } }",
        {},
        "unexpected null value for type 'author_bool_exp'",
        f"{INSERT}.on_conflict.where",
    ),
    (
        "{ insert_author(objects: [{big: 1, big: 2}]) { affected_rows } }",
        {},
        "field 'big' is given more than once",
        f"{INSERT}.objects[0].big",
    ),
    (
        "{ insert_author(objects: [{name: x}]) { affected_rows } }",
        {},
        "unexpected enum value 'x' for type 'String'",
        f"{INSERT}.objects[0].name",
    ),
    (
        "($n: Int) { insert_author(objects: [{name: $n}]) { affected_rows } }",
        {"n": 1},
        "variable 'n' is declared as 'Int', but used where 'String' is expected",
        f"{INSERT}.objects[0].name",
    ),
]


@pytest.mark.parametrize(("text", "variables", "message", "path"), REFUSED, ids=[case[0][:60] for case in REFUSED])
def test_what_is_wrong_is_said_at_its_place(text: str, variables: dict[str, Any], message: str, path: str) -> None:
    with pytest.raises(Rejected) as refused:
        ask(f"mutation {text}", variables)
    assert (refused.value.message, refused.value.path) == (message, path)


def test_a_role_that_may_write_nothing_has_no_mutations() -> None:
    with pytest.raises(Rejected, match="no mutations exist"):
        ask("mutation { __typename }", role="reader")
    with pytest.raises(Rejected, match="no subscriptions exist"):
        ask("subscription { author { id } }")


def test_rows_cannot_ask_for_inserts_without_end() -> None:
    def conflict(number: int) -> dict[str, Any]:
        return {"constraint": "article_pkey", "update_columns": ["title"], "where": {"id": {"_gt": number}}}

    rows = [{"name": "a", "articles": {"data": [{}], "on_conflict": conflict(number)}} for number in range(1_000)]
    with pytest.raises(Rejected, match="more than 200 inserts"):
        insert_authors("$o", "$o: [author_insert_input!]!", o=rows)
