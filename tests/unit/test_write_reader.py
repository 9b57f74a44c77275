"""Mutations → plans, and what is refused on the way."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from write_kit import Asked, ask, insert_authors

from gql_gen.dialects.document import Limits, read_operation
from gql_gen.errors import Rejected
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


# ---------------------------------------------------------------- refusals

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
    rows = [{"name": "a", "articles": {"data": [{}], "on_conflict": conflicting(number)}} for number in range(1_000)]
    with pytest.raises(Rejected, match="more than 200 inserts"):
        insert_authors("$o", "$o: [author_insert_input!]!", o=rows)


# ---------------------------------------------------------------- equal shapes, equal plans

MANY_ROWS = "mutation ($o: [author_insert_input!]!) { insert_author(objects: $o) { affected_rows } }"
BELOW = (
    "mutation ($r: [article_insert_input!]!, $c: article_on_conflict) { insert_author(objects: "
    '[{articles: {data: $r, on_conflict: $c}}, {articles: {data: {title: "t"}}}]) { affected_rows } }'
)


def conflicting(number: int) -> dict[str, Any]:
    return {"constraint": "article_pkey", "update_columns": ["title"], "where": {"id": {"_gt": number}}}


def with_articles(*rows: dict[str, Any], **conflict: Any) -> list[dict[str, Any]]:
    return [{"name": "x", "articles": {"data": list(rows), **conflict}}]


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        (MANY_ROWS, {"o": [{"name": "x"}]}, {"o": [{"name": "y"}, {"name": None}, {"name": "x"}]}),
        (MANY_ROWS, {"o": [{"name": "x", "big": 1}]}, {"o": {"big": "2", "name": "y"}}),
        (MANY_ROWS, {"o": [{"name": "x"}, {"big": 1}]}, {"o": [{"big": 1}, {}, {"name": "x"}]}),
        (MANY_ROWS, {"o": [{"name": "x", "articles": None}]}, {"o": with_articles()}),
        (MANY_ROWS, {"o": with_articles({"title": "t"})}, {"o": with_articles({"title": "u"}, {"title": None}) * 2}),
        (BELOW, {"r": [{"title": "t"}], "c": None}, {"r": [{"title": "t"}, {"title": "u"}], "c": None}),
    ],
)
def test_rows_that_are_alike_have_one_shape(text: str, left: dict[str, Any], right: dict[str, Any]) -> None:
    found = ask(text, left)
    assert found.shape(left) == found.shape(right)
    assert found.plan == ask(text, right).plan


@pytest.mark.parametrize(
    ("text", "left", "right"),
    [
        (MANY_ROWS, {"o": [{"name": "x"}]}, {"o": [{"name": "x"}, {}]}),
        (MANY_ROWS, {"o": [{"name": "x"}]}, {"o": [{"big": 1}]}),
        (MANY_ROWS, {"o": with_articles({"title": "t"})}, {"o": with_articles({"title": "t"}, {})}),
        (
            MANY_ROWS,
            {"o": with_articles({}, on_conflict=conflicting(1))},
            {"o": with_articles({}, on_conflict=conflicting(2))},
        ),
        (BELOW, {"r": []}, {"r": [{}]}),
        (BELOW, {"r": [{}], "c": conflicting(1)}, {"r": [{}], "c": conflicting(2)}),
        (BELOW, {"r": [{}], "c": None}, {"r": [{}], "c": conflicting(2)}),
    ],
)
def test_rows_that_are_not_alike_have_other_shapes(text: str, left: dict[str, Any], right: dict[str, Any]) -> None:
    found = ask(text, left)
    assert found.shape(left) != found.shape(right)
    assert found.plan != ask(text, right).plan


SCALARS: st.SearchStrategy[Any] = st.sampled_from([None, "x", "y", 1, 7, True, {"a": 1}, []])
CONFLICTS: list[Any] = [
    None,
    {},
    {"constraint": "article_pkey"},
    {"constraint": "article_pkey", "update_columns": ["title"]},
    {"constraint": "article_pkey", "update_columns": ["title"], "where": {"id": {"_eq": 1}}},
    {"constraint": "article_pkey", "update_columns": ["title"], "where": {"id": {"_eq": 2}}},
    {"constraint": "article_pkey", "update_columns": ["title"], "where": {"title": {"_is_null": True}}},
]


def optional(**fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=fields)


def related(rows: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    wrong = st.sampled_from([None, 1, {}, {"data": None}, {"data": [None]}, {"data": {"nothing": 1}}])
    right = st.fixed_dictionaries({"data": rows}, optional={"on_conflict": st.sampled_from(CONFLICTS)})
    return st.one_of(right, right, right, wrong)


PLAIN_ARTICLES = optional(title=st.sampled_from([None, "x", "y"]), content=st.sampled_from(["z", None]))
AUTHORS_BELOW = optional(name=st.sampled_from(["x", "y"]), big=st.sampled_from([1, "2"]))
ARTICLES = st.one_of(
    PLAIN_ARTICLES,
    optional(title=SCALARS, author_id=st.just(1), author=st.fixed_dictionaries({"data": AUTHORS_BELOW})),
)
AUTHORS = st.one_of(
    optional(name=st.sampled_from(["x", "y"]), big=SCALARS, articles=related(st.lists(PLAIN_ARTICLES, max_size=3))),
    optional(
        name=st.just("x"), partner_id=st.just(1), partner=related(AUTHORS_BELOW), articles=related(st.lists(ARTICLES))
    ),
)
FILTERS: st.SearchStrategy[Any] = st.sampled_from(
    [None, {}, {"id": {"_eq": 1}}, {"id": {"_eq": 2}}, {"id": {"_in": [1]}}, {"_not": {}}]
)
SETS = optional(name=st.sampled_from(["x", "y", None]), big=st.sampled_from([1, None]))
DOCUMENTS: dict[str, dict[str, st.SearchStrategy[Any]]] = {
    "mutation ($o: [author_insert_input!]!) { insert_author(objects: $o) { affected_rows } }": {
        "o": st.lists(AUTHORS, max_size=4)
    },
    "mutation ($a: author_insert_input!, $b: author_insert_input!, $n: String) "
    '{ insert_author(objects: [$a, {name: $n, articles: {data: {title: "t"}}}, $b]) { affected_rows } }': {
        "a": AUTHORS,
        "b": AUTHORS,
        "n": st.sampled_from([None, "x"]),
    },
    "mutation ($l: article_arr_rel_insert_input, $p: author_obj_rel_insert_input, $n: String) "
    "{ insert_author_one(object: {name: $n, articles: $l, partner: $p}) { id } }": {
        "l": related(st.lists(ARTICLES, max_size=3)),
        "p": related(AUTHORS_BELOW),
        "n": st.just("x"),
    },
    "mutation ($r: [article_insert_input!]!, $c: article_on_conflict, $i: Int, $d: author_insert_input!) "
    "{ insert_author(objects: [{articles: {data: $r, on_conflict: $c}}, {articles: {data: $r}, partner: {data: $d}}, "
    "{articles: {data: $r, on_conflict: {constraint: article_pkey, where: {id: {_eq: $i}}}}}]) { affected_rows } }": {
        "r": st.lists(PLAIN_ARTICLES, max_size=2),
        "c": st.sampled_from(CONFLICTS),
        "i": st.sampled_from([1, 2, None]),
        "d": AUTHORS_BELOW,
    },
    "mutation ($s: author_set_input, $n: String, $b: bigint) "
    "{ update_author(where: {}, _set: $s, _inc: {ratio: 1}) { affected_rows } "
    "  update_author_by_pk(pk_columns: {id: 1}, _set: {name: $n}, _inc: {big: $b}) { id } }": {
        "s": SETS,
        "n": st.sampled_from([None, "x"]),
        "b": st.sampled_from([1, 2]),
    },
    "mutation ($u: [author_updates!]!) { update_author_many(updates: $u) { affected_rows } }": {
        "u": st.lists(st.fixed_dictionaries({"where": FILTERS}, optional={"_set": SETS, "_inc": SETS}), max_size=2)
    },
}


def altered(value: Any, chance: Random) -> Any:
    """Nearly the same value: now and then a key or an item goes, comes twice or changes."""
    match value:
        case dict():
            if "on_conflict" in value and chance.random() < 0.2:
                return {**value, "on_conflict": chance.choice(CONFLICTS)}
            kept = {key: altered(item, chance) for key, item in value.items() if chance.random() > 0.1}
            return {**kept, "name": chance.choice(["x", None])} if chance.random() < 0.1 else kept
        case list():
            items = [altered(item, chance) for item in value for _ in range(chance.choice([0, 1, 1, 1, 1, 1, 2]))]
            return items if chance.random() > 0.1 else items[::-1]
        case _:
            return chance.choice([1, 2, "x", None, {}]) if chance.random() < 0.2 else value


def variant(variables: dict[str, Any], chance: Random) -> dict[str, Any]:
    """The same variables but for one, which is altered or not sent."""
    name = chance.choice(list(variables))
    changed = {**variables, name: altered(variables[name], chance)}
    return changed if chance.random() < 0.8 else {key: value for key, value in variables.items() if key != name}


def asked(text: str, variables: dict[str, Any]) -> Asked | None:
    try:
        return ask(text, variables)
    except Rejected:
        return None


@settings(max_examples=100, deadline=None)
@pytest.mark.parametrize("text", DOCUMENTS, ids=range(len(DOCUMENTS)))
@given(data=st.data())
def test_equal_shapes_equal_plans(text: str, data: st.DataObject) -> None:
    """And rows which a reading would refuse are refused by a plan made for others, too."""
    first = data.draw(st.fixed_dictionaries(DOCUMENTS[text]))
    chance = Random(data.draw(st.integers(0, 2**32)))
    samples = [made for made in (first, *(variant(first, chance) for _ in range(6))) if is_complete(text, made)]
    readings = [(variables, asked(text, variables)) for variables in samples]
    for one in (found for _, found in readings if found is not None):
        own = one.shape(one.variables)
        for variables, other in readings:
            if one.shape(variables) == own:
                agree(one, variables, other)


def agree(one: Asked, variables: dict[str, Any], other: Asked | None) -> None:
    """What was read from other variables of the same shape serves these too; `other` is their own reading."""
    if other is not None:
        assert one.plan == other.plan
    if one.found.rows is None:
        return
    if other is None:
        with pytest.raises(Rejected):
            one.texts(variables)
    else:
        assert one.texts(variables) == other.texts()


def is_complete(text: str, variables: dict[str, Any]) -> bool:
    """Whether all variables are there that must be."""
    try:
        read_operation(text, None, Limits()).coerce(variables)
    except Rejected:
        return False
    return True
