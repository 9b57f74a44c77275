"""`_related` → what is written along an update, and what is refused on the way."""

from __future__ import annotations

from typing import Any, cast

import pytest
from model.builders import catalog, rules, sound, table
from write_kit import Asked, ask

from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.dialects.hasura.typesystem import InputObject, RelatedInput, named
from gql_gen.errors import Rejected
from gql_gen.model.predicates import TRUE, AnyOf, Compare, Not
from gql_gen.model.roles import role_model
from gql_gen.plan.writes import Assignment, Delete, Insert, Lookup, OwnKey, RelatedWrite, Update

AT = "$.selectionSet.update_author_by_pk.args._related"


def related(given: str, declared: str = "", more: str = "", **variables: Any) -> Asked:
    head = f"mutation ({declared})" if declared else "mutation"
    text = f"{head} {{ update_author_by_pk(pk_columns: {{id: 1}}, {more} _related: {given}) {{ id }} }}"
    return ask(text, variables)


def update(asked: Asked) -> Update:
    assert isinstance(asked.node, Update)
    return asked.node


def only(asked: Asked) -> RelatedWrite:
    (write,) = update(asked).related
    return write


def own_key(asked: Asked) -> OwnKey:
    (key,) = update(asked).own_keys
    return key


# ---------------------------------------------------------------- the other side


def test_rows_to_connect_are_counted() -> None:
    write = only(related("{articles: {connect: [{id: 1}, {id: 2}]}}"))
    assert (write.name, write.on, write.reach) == ("articles", (("id", "author_id"),), "connect")
    assert (write.expected, write.path) == (2, f"{AT}.articles.connect")
    assert isinstance(write.node, Update)
    assert isinstance(write.node.where, AnyOf)
    assert [type(part) for part in write.node.where.parts] == [Compare, Compare]
    assert (write.node.assignments, write.node.answer) == ((), None)


def test_one_row_to_connect_is_told_by_its_own_path() -> None:
    assert only(related("{articles: {connect: {id: 1}}}")).path == f"{AT}.articles.connect[0]"
    assert only(related("{detail: {connect: {author_id: 1}}}")).path == f"{AT}.detail.connect"


def test_disconnecting_sets_null() -> None:
    write = only(related("{articles: {disconnect: {}}}"))
    assert write.reach == "related"
    assert isinstance(write.node, Update)
    assert write.node.assignments == (Assignment("author_id", "set", None),)


def test_set_disconnects_the_others_first() -> None:
    others, given = update(related("{articles: {set: [{id: 1}]}}")).related
    assert isinstance(others.node, Update)
    assert isinstance(given.node, Update)
    assert (others.reach, given.reach, given.expected) == ("related", "connect", 1)
    assert others.node.where == Not(given.node.where)


def test_each_update_is_a_write_of_its_own() -> None:
    asked = related('{articles: {update: [{where: {}, _set: {title: "a"}}, {where: {id: {_eq: 2}}, _inc: {id: 1}}]}}')
    first, second = update(asked).related
    assert (first.path, second.path) == (f"{AT}.articles.update[0]", f"{AT}.articles.update[1]")
    assert isinstance(first.node, Update)
    assert first.node.where == TRUE
    assert [assignment.column for assignment in first.node.assignments] == ["title"]


def test_the_one_row_needs_no_filter() -> None:
    write = only(related('{detail: {update: {_set: {phone: "1"}}}}'))
    assert isinstance(write.node, Update)
    assert (write.reach, write.node.where, write.path) == ("related", TRUE, f"{AT}.detail.update")
    gone = only(related("{detail: {delete: true}}"))
    assert gone.node == Delete(write.node.relation, TRUE, f"{AT}.detail.delete", None)


def test_rows_to_create_hang_on_ours() -> None:
    asked = related('{articles: {create: [{title: "a"}, {id: 7, title: "b"}]}}')
    write = only(asked)
    assert write.reach == "create"
    assert isinstance(write.node, Insert)
    assert (write.node.rows.path, write.node.path) == ((0,), f"{AT}.articles.create")
    rows = asked.texts()[0]
    assert [row["~p"] for row in rows] == [0, 0]
    assert [row["title"] for row in rows] == ["a", "b"]


def test_inserts_are_numbered_as_they_are_read() -> None:
    asked = related(
        '{articles: {create: [{title: "a", editor: {data: {name: "e"}}}]}, partner: {create: {name: "p"}},'
        ' authors: {create: [{name: "z"}]}}'
    )
    texts = asked.texts()
    names = [[row.get("name", row.get("title")) for row in rows] for rows in texts]
    assert names == [["a"], ["e"], ["p"], ["z"]]
    assert ["~p" in rows[0] for rows in texts] == [True, False, False, True]


def test_operations_have_one_order_whatever_the_documents() -> None:
    asked = related(
        """{
          articles: {create: [], connect: [], update: [{where: {}, _set: {title: "a"}}], disconnect: {}, delete: {}},
          authors: {create: [], set: [], delete: {}},
          partner: {delete: true}
        }"""
    )
    assert [write.path.removeprefix(f"{AT}.") for write in update(asked).related] == [
        *("articles.delete", "authors.delete", "partner.delete", "articles.disconnect", "authors.set", "authors.set"),
        *("articles.update[0]", "articles.connect", "articles.create", "authors.create"),
    ]


# ---------------------------------------------------------------- our own key


def test_our_key_refers_to_a_row_that_is_there() -> None:
    key = own_key(related("{partner: {connect: {id: 2}}}"))
    assert (key.on, key.path) == ((("partner_id", "id"),), f"{AT}.partner.connect")
    assert isinstance(key.source, Lookup)


def test_our_key_refers_to_a_row_that_is_made() -> None:
    asked = related('{partner: {create: {name: "p"}}}')
    assert isinstance(own_key(asked).source, Insert)
    assert asked.texts() == [[{"name": "p"}]]


def test_our_key_refers_to_nothing() -> None:
    assert own_key(related("{partner: {disconnect: true}}")).source is None


def test_what_our_key_referred_to_is_deleted_by_what_it_was() -> None:
    asked = related("{partner: {delete: true}}")
    assert own_key(asked).source is None
    assert only(asked).reach == "was_related"


def test_what_our_key_refers_to_is_updated_where_it_is() -> None:
    asked = related('{partner: {update: {_set: {name: "p"}}}}')
    assert update(asked).own_keys == ()
    assert (only(asked).reach, only(asked).on) == ("related", (("partner_id", "id"),))


# ---------------------------------------------------------------- nothing, and nonsense


@pytest.mark.parametrize(
    "given",
    [
        "null",
        "{}",
        "{articles: null}",
        "{articles: {delete: null, disconnect: null, set: null, connect: null, create: null, update: []}}",
        "{detail: {delete: false, update: null}, partner: {disconnect: false, connect: null}}",
    ],
)
def test_null_and_false_are_not_given(given: str) -> None:
    node = update(related(given, more='_set: {name: "x"},'))
    assert (node.own_keys, node.related) == ((), ())


EXACTLY_ONE = "exactly one of connect, disconnect, create, update and delete is expected"
SET = "'set' tells all rows that are to be related: 'connect' and 'disconnect' cannot stand beside it"
REFUSED = {
    "{partner: {connect: {id: 2}, delete: true}}": (f"{AT}.partner", EXACTLY_ONE),
    "{articles: {set: [], connect: []}}": (f"{AT}.articles", SET),
    "{articles: {set: [], disconnect: {}}}": (f"{AT}.articles", SET),
    "{articles: {connect: [{}]}}": (f"{AT}.articles.connect[0].id", "missing required field 'id'"),
    "{articles: {connect: [null]}}": (
        f"{AT}.articles.connect[0]",
        "unexpected null value for type 'article_pk_columns_input'",
    ),
    "{articles: {update: [{_set: {id: 1}}]}}": (f"{AT}.articles.update[0].where", "missing required field 'where'"),
    "{articles: {update: [{where: null}]}}": (
        f"{AT}.articles.update[0].where",
        "unexpected null value for type 'article_bool_exp'",
    ),
    "{detail: {disconnect: true}}": (
        f"{AT}.detail.disconnect",
        "field 'disconnect' not found in type: 'author_related_detail_input'",
    ),
    "{partner: {connect: {id: 2}}, spouse: {disconnect: true}}": (
        f"{AT}.spouse.disconnect",
        "'partner_id' is given by 'spouse' and by 'partner'",
    ),
    "{articles: {create: [{author_id: 3}]}}": (
        f"{AT}.articles.create[0]",
        'cannot insert "author_id" columns as their values are already being determined by parent insert',
    ),
    '{articles: {create: [{}, {author: {data: {name: "x"}}}]}}': (
        f"{AT}.articles.create[1].author",
        'cannot insert object relationship "author" as "author_id" column values are already determined',
    ),
    "{articles: {create: [{none: 1}]}}": (
        f"{AT}.articles.create[0].none",
        "field 'none' not found in type: 'article_insert_input'",
    ),
}


@pytest.mark.parametrize("given", REFUSED)
def test_what_cannot_be_is_refused(given: str) -> None:
    with pytest.raises(Rejected) as refused:
        related(given)
    assert (refused.value.path, refused.value.message) == REFUSED[given]


def test_a_column_of_our_key_cannot_be_set_as_well() -> None:
    with pytest.raises(Rejected, match="'partner_id' is given by 'partner' and by an operator"):
        related("{partner: {connect: {id: 2}}}", more="_set: {partner_id: 3},")


# ---------------------------------------------------------------- variables

ALL = "$all: author_related_input"


def test_the_number_of_rows_to_connect_is_structure() -> None:
    asked = related("$all", ALL, all={"articles": {"connect": [{"id": 1}]}})
    assert asked.shape({"all": {"articles": {"connect": [{"id": 5}]}}}) == asked.shape(asked.variables)
    assert asked.shape({"all": {"articles": {"connect": [{"id": 1}, {"id": 2}]}}}) != asked.shape(asked.variables)


def test_the_number_of_rows_to_create_is_not() -> None:
    asked = related("$all", ALL, all={"articles": {"create": [{"title": "a"}]}})
    more = {"all": {"articles": {"create": [{"title": "b"}, {"title": None}]}}}
    assert asked.shape(more) == asked.shape(asked.variables)
    assert asked.texts(more) == [[{"title": "b", "~p": 0}, {"title": None, "~p": 0}]]
    for other in ([], [{"title": "b"}, {}], [{"id": 3}]):
        assert asked.shape({"all": {"articles": {"create": other}}}) != asked.shape(asked.variables)


def test_a_flag_within_a_variable_counts_by_its_value_and_nothing_beside_it_does() -> None:
    asked = related("$all", ALL, all={"detail": {"delete": True, "create": {"phone": "1"}}})
    assert asked.found.by_value == frozenset()
    other = {"all": {"detail": {"delete": True, "create": {"phone": "2"}}}}
    assert asked.shape(other) == asked.shape(asked.variables)
    assert asked.texts(other) == [[{"phone": "2", "~p": 0}]]
    assert asked.shape({"all": {"detail": {"delete": False, "create": {"phone": "1"}}}}) != asked.shape(asked.variables)


def test_rows_stand_wherever_a_variable_may() -> None:
    row, rows = {"title": "a"}, [{"title": "a"}]
    asked = [
        related("{articles: {create: $rows}}", "$rows: [article_insert_input!]", rows=rows),
        related("{articles: {create: [$row]}}", "$row: article_insert_input!", row=row),
        related("{articles: {create: [{title: $title}]}}", "$title: String", title="a"),
        related("{articles: $articles}", "$articles: author_related_articles_input", articles={"create": row}),
        related("$all", ALL, all={"articles": {"create": rows}}),
    ]
    assert [found.texts() for found in asked] == [[[{"title": "a", "~p": 0}]]] * len(asked)


# ---------------------------------------------------------------- names


@pytest.mark.parametrize("naming", ["hasura", "graphql-default"])
def test_no_other_type_has_a_relationships_name(naming: str) -> None:
    """`user` with a relationship `set`, and a table `user_related`: both want `user_related_set_input`."""
    user, other = (
        table("user", "id int4!"),
        table("user_related", "id int4!, user_id int4", foreign={"user_id": "user.id"}),
    )
    links = "relationships: { set: { array: { table: user_related, key: user_id } } }"
    found = rules(f"roles: {{}}\nnaming: {naming}\ntables: {{ user: {{ {links} }}, user_related: {{}} }}")
    schema = RoleSchema(role_model(sound(catalog(user, other), found), found, "admin"))
    users = next(entity for entity in schema.role.entities.values() if "set" in entity.write_links)
    others = next(entity for entity in schema.role.entities.values() if "set" not in entity.write_links)
    (link,) = schema.related_input(users).fields.values()
    taken = named(next(field.type for field in schema.update_inputs(others) if field.name == "_set"))
    assert isinstance(taken, InputObject)
    assert named(link.type).name == f"{taken.name}_"
    assert named(link.type) is not taken


def test_a_relationship_without_a_key_never_changes_our_primary_key() -> None:
    person, profile = table("person", "id int4!, name text"), table("profile", "id int4!, person_id int4")
    links = "relationships: { profile: { object: profile, on: { id: person_id } } }"
    back = "relationships: { person: { object: person, on: { person_id: id } } }"
    found = rules(f"roles: {{}}\nnaming: hasura\ntables: {{ person: {{ {links} }}, profile: {{ {back} }} }}")
    schema = RoleSchema(role_model(sound(catalog(person, profile), found), found, "admin"))
    ours = {
        link.name: cast(RelatedInput, link.meaning).is_ours
        for entity in schema.role.entities.values()
        for link in schema.related_input(entity).fields.values()
    }
    assert ours == {"profile": False, "person": True}
