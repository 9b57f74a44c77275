"""Mutations → plans, and what is refused on the way."""

from __future__ import annotations

from typing import Any

from write_kit import ask, insert_authors

from gql_gen.model.predicates import TRUE, Compare
from gql_gen.plan.nodes import ShowColumn, ShowLink, ShowText
from gql_gen.plan.writes import (
    Assignment,
    Delete,
    Insert,
    OneRow,
    Response,
    ShowAffected,
    ShowReturning,
    Update,
    UpdateMany,
)

# ---------------------------------------------------------------- roots and answers


def test_roots_keep_their_order_their_aliases_and_their_places_in_the_frame() -> None:
    found = ask(
        """mutation {
          one: insert_author_one(object: {name: "x"}) { id }
          __typename
          many: update_author_many(updates: []) { affected_rows }
          delete_article_by_pk(id: 1) { id }
        }"""
    )
    assert [(root.alias, root.access) for root in found.plan.roots] == [
        ("one", "insert_one"),
        ("many", "update_many"),
        ("delete_article_by_pk", "delete_by_pk"),
    ]
    assert found.found.frame == (
        b'{"data":{"one":',
        b',"__typename":"mutation_root","many":',
        b',"delete_article_by_pk":',
        b"}}",
    )


def test_a_response_is_shown_as_it_is_selected() -> None:
    node = ask(
        "mutation { delete_article(where: {}) { n: affected_rows __typename returning { id author { name } } } }"
    ).node
    assert isinstance(node, Delete)
    assert isinstance(node.answer, Response)
    count, name, rows = node.answer.show
    assert count == ShowAffected("n")
    assert name == ShowText("__typename", "article_mutation_response")
    assert isinstance(rows, ShowReturning)
    assert [type(show) for show in rows.show] == [ShowColumn, ShowLink]


def test_one_row_is_answered_with_itself() -> None:
    node = ask('mutation { insert_author_one(object: {name: "x"}) { id } }').node
    assert isinstance(node, Insert)
    assert isinstance(node.answer, OneRow)


def test_a_mutation_without_an_insert_has_no_rows() -> None:
    assert ask("mutation { delete_article(where: {}) { affected_rows } }").found.rows is None


def test_where_each_node_was_written_is_known() -> None:
    updated = ask('mutation { update_author(where: {}, _set: {name: "x"}) { affected_rows } }').node
    assert isinstance(updated, Update)
    assert updated.path == "$.selectionSet.update_author.args"
    assert insert_authors('[{name: "x"}]').insert.path == "$.selectionSet.insert_author.args.objects"


# ---------------------------------------------------------------- update and delete


def assigned(arguments: str, declared: str = "", **variables: Any) -> dict[str, Assignment]:
    head = f"mutation ({declared})" if declared else "mutation"
    node = ask(f"{head} {{ update_author(where: {{}}, {arguments}) {{ affected_rows }} }}", variables).node
    assert isinstance(node, Update)
    return {assignment.column: assignment for assignment in node.assignments}


def test_every_operator_takes_values_of_its_own_type() -> None:
    found = assigned('_set: {name: "x", born: null} _inc: {big: 2} _append: {about: {a: 1}} ') | assigned(
        '_delete_key: {about: "a"}'
    )
    kinds = {
        name: (each.operator, each.value and (each.value.type.pg.name, each.value.text)) for name, each in found.items()
    }
    assert kinds == {
        "name": ("set", ("text", "x")),
        "born": ("set", None),
        "big": ("inc", ("int8", "2")),
        "about": ("delete_key", ("text", "a")),
    }
    (elem,) = assigned("_delete_elem: {about: -1}").values()
    assert elem.value is not None
    assert (elem.value.type.pg.name, elem.value.text) == ("int4", "-1")
    (path,) = assigned('_delete_at_path: {about: ["a", "0"]}').values()
    assert path.value is not None
    assert path.value.type.is_list
    assert path.value.text == '{"a","0"}'


def test_a_variable_not_sent_leaves_its_column_alone_and_null_sets_null() -> None:
    declared = "$name: String, $born: date, $big: bigint"
    found = assigned("_set: {name: $name, born: $born, big: $big}", declared, born=None, big=3)
    assert set(found) == {"born", "big"}
    assert found["born"].value is None
    assert found["big"].value is not None


def test_no_assignment_is_left_to_those_who_know_the_presets() -> None:
    assert assigned("_set: null") == assigned("_inc: {}") == assigned("_set: $set", "$set: author_set_input") == {}


def test_a_key_makes_the_test_in_its_own_order() -> None:
    node = ask("mutation { update_author_by_pk(pk_columns: {id: 4}, _set: {big: 1}) { id } }").node
    assert isinstance(node, Update)
    assert isinstance(node.where, Compare)
    deleted = ask("mutation { delete_author_by_pk(id: 4) { id } }").node
    assert isinstance(deleted, Delete)
    assert isinstance(deleted.where, Compare)
    assert (node.where.left, node.where.operator) == (deleted.where.left, deleted.where.operator)


def test_many_updates_are_as_many_nodes() -> None:
    text = "mutation ($u: [author_updates!]!) { update_author_many(updates: $u) { affected_rows } }"
    updates = [{"where": {"id": {"_eq": 1}}, "_set": {"name": "x"}}, {"where": {}, "_inc": {"big": 1}}]
    found = ask(text, {"u": updates})
    assert isinstance(found.node, UpdateMany)
    assert [update.path for update in found.node.updates] == [
        f"$.selectionSet.update_author_many.args.updates[{index}]" for index in (0, 1)
    ]
    assert found.shape({"u": updates}) != found.shape({"u": updates[:1]})


def test_camel_case_says_the_same() -> None:
    text = """mutation {
      insertAuthorOne(object: {name: "x"}, onConflict: {constraint: author_pkey, updateColumns: [name]}) { id }
      updateAuthorByPk(pkColumns: {id: 1}, _deleteKey: {about: "a"}) { id }
    }"""
    inserted, updated = (root.node for root in ask(text, naming="graphql-default").plan.roots)
    assert isinstance(inserted, Insert)
    assert inserted.on_conflict is not None
    assert inserted.on_conflict.update == ("name",)
    assert isinstance(updated, Update)
    assert [assignment.operator for assignment in updated.assignments] == ["delete_key"]


# ---------------------------------------------------------------- conflicts


def test_on_conflict_names_its_target_its_columns_and_its_condition() -> None:
    text = """mutation ($w: author_bool_exp!) {
      insert_author(objects: [], on_conflict: {
        constraint: author_name_key, update_columns: [big, name, big], where: $w, return_existing: true
      }) { affected_rows }
    }"""
    conflict = ask(text, {"w": {"big": {"_lt": 3}}}).insert.on_conflict
    assert conflict is not None
    assert (conflict.target.name, conflict.target.columns) == ("author_name_key", ("name",))
    assert conflict.update == ("big", "name")
    assert isinstance(conflict.where, Compare)
    assert conflict.return_existing


def test_on_conflict_without_columns_leaves_the_row_alone() -> None:
    for conflict in ("null", "$c"):
        inserted = f"insert_author(objects: [], on_conflict: {conflict}) {{ affected_rows }}"
        assert ask(f"mutation ($c: author_on_conflict) {{ {inserted} }}").insert.on_conflict is None
    bare = ask("mutation { insert_author(objects: [], on_conflict: {constraint: author_pkey}) { affected_rows } }")
    assert bare.insert.on_conflict is not None
    assert (bare.insert.on_conflict.update, bare.insert.on_conflict.where) == ((), TRUE)


def test_the_placeholder_of_a_role_that_may_update_nothing_is_nothing() -> None:
    text = """mutation { insert_letter(objects: {p: "x"}, on_conflict: {
      constraint: letter_pkey, update_columns: [_PLACEHOLDER] }) { affected_rows } }"""
    conflict = ask(text, role="keeper").insert.on_conflict
    assert conflict is not None
    assert conflict.update == ()


# ---------------------------------------------------------------- nested inserts


def test_a_row_goes_before_or_after_by_where_the_key_is() -> None:
    insert = insert_authors(
        """{ name: "a",
             partner: {data: {name: "b"}},
             articles: {data: [{title: "t", editor: {data: {name: "c"}}}]},
             detail: {data: {phone: "1"}} }"""
    ).insert
    assert [(nested.name, nested.key, nested.on, nested.is_array) for nested in insert.before] == [
        ("partner", "~l0", (("partner_id", "id"),), False)
    ]
    assert {(nested.name, nested.key, nested.is_array) for nested in insert.after} == {
        ("articles", "~p", True),
        ("detail", "~p", False),
    }
    assert numbers(insert) == list(range(5))


def numbers(insert: Insert) -> list[Any]:
    """The numbers of the rows, in the order of the inserts."""
    found: list[Any] = [*insert.rows.path]
    for nested in (*insert.before, *insert.after):
        found += numbers(nested.insert)
    return found


def test_a_relationship_can_say_itself_what_comes_first() -> None:
    insert = insert_authors('{name: "a", spouse: {data: {name: "b"}}}').insert
    assert [nested.name for nested in insert.after] == ["spouse"]


def test_rows_of_one_relationship_go_together_unless_their_conflicts_differ() -> None:
    insert = insert_authors(
        """[
          {name: "a", articles: {data: [{title: "1"}]}},
          {name: "b", articles: {data: {title: "2"}, on_conflict: {constraint: article_pkey, update_columns: [title]}}},
          {name: "c", articles: {data: [{title: "3"}, {title: "4"}]}},
          {name: "d", articles: {data: [], on_conflict: {constraint: article_title_key}}},
          {name: "e", articles: null}
        ]"""
    ).insert
    assert [nested.insert.on_conflict and nested.insert.on_conflict.update for nested in insert.after] == [
        None,
        ("title",),
    ]


def test_a_nested_conflict_is_part_of_the_plan_with_all_its_values() -> None:
    objects = """{name: "a", articles: {data: $rows, on_conflict: {
      constraint: article_pkey, update_columns: [title], where: {id: {_gt: $id}} }}}"""
    declared = "$rows: [article_insert_input!]!, $id: Int"
    found = insert_authors(objects, declared, rows=[{"title": "t"}], id=3)
    conflict = found.insert.after[0].insert.on_conflict
    assert conflict is not None
    assert isinstance(conflict.where, Compare)
    assert conflict.where.right.source == "literal"  # type: ignore[union-attr]
    assert found.shape({"rows": [{"title": "t"}], "id": 3}) != found.shape({"rows": [{"title": "t"}], "id": 4})
