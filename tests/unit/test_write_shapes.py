"""Equal shapes, equal plans: of mutations whose rows and updates come in variables."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from write_kit import Asked, ask

from gql_gen.dialects.document import Limits, read_operation
from gql_gen.errors import Rejected

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
