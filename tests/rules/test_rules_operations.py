"""Functions, roles, limits, grants and collections as permissions.yaml says them, and each bad input."""

from __future__ import annotations

from decimal import Decimal

import pytest

from gql_gen.catalog.types import Ident
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import LimitRules, RateRule, Rules, RulesError

COMPLETE = """\
version: 1
connections: true
infer_function_permissions: true
limits: { depth: 10, nodes: 200, batch: 5, seconds: 2.5, rows: 0, rate: { per_minute: 60, by: [X-Hasura-Org, ip] } }
roles:
  user: {}
  editor: {}
  manager: { inherits: [user, editor], introspection: false, limits: { seconds: 9, rate: { per_minute: 1 } } }
tables:
  note:
    permissions:
      user:
        select:
          - { columns: [title], filter: {} }
          - { columns: "*", filter: { owner: X-Hasura-User-Id }, limit: 3 }
      editor: { select: { columns: [id], filter: {} } }
functions:
  lib.search:
    name: find
    comment: ""
    root_fields: { function: { name: found, comment: by words }, function_aggregate: foundAll }
    exposed_as: mutation
    session_argument: session
    permissions: [manager, user]
  quiet: {}
  closed: { permissions: [] }
query_collections:
  frontend:
    Notes: |
      query Notes { note { ...parts } }
      fragment parts on note { title }
  desk: {}
allow_list:
  frontend: "*"
  desk: [editor]
"""


@pytest.fixture(scope="module")
def rules() -> Rules:
    return parse_rules(COMPLETE, "p.yaml")


def test_a_function_says_its_names_its_place_and_its_callers(rules: Rules) -> None:
    search = rules.functions[Ident("lib", "search")]
    assert (search.name, search.comment, search.exposed_as, search.session_argument) == (
        *("find", "", "mutation"),
        "session",
    )
    assert {root: (chosen.name, chosen.comment) for root, chosen in search.root_fields.items()} == {
        "function": ("found", "by words"),
        "function_aggregate": ("foundAll", None),
    }
    assert [(role, str(at)) for role, at in search.permissions or ()] == [
        ("manager", "p.yaml:24:19"),
        ("user", "p.yaml:24:28"),
    ]
    assert (str(search.at), rules.infer_function_permissions) == ("p.yaml:18:3", True)


def test_no_list_of_callers_is_not_an_empty_one(rules: Rules) -> None:
    quiet, closed = rules.functions[Ident("public", "quiet")], rules.functions[Ident("public", "closed")]
    assert (quiet.permissions, closed.permissions, quiet.exposed_as) == (None, (), None)


def test_a_role_inherits_and_has_limits_of_its_own(rules: Rules) -> None:
    manager, user = rules.roles["manager"], rules.roles["user"]
    assert [(name, at.column) for name, at in manager.inherits] == [("user", 25), ("editor", 31)]
    assert (manager.introspection, manager.limits) == (False, LimitRules(seconds=9, rate=RateRule(1)))
    assert (user.inherits, user.introspection, user.limits) == ((), True, LimitRules())


def test_limits_keep_zero_and_absent_apart(rules: Rules) -> None:
    assert rules.limits == LimitRules(10, 200, 5, Decimal("2.5"), 0, RateRule(60, ("x-hasura-org", "ip")))
    assert parse_rules("version: 1", "p").limits == LimitRules()


def test_a_role_may_have_several_grants(rules: Rules) -> None:
    permissions = rules.tables[Ident("public", "note")].permissions
    narrow, wide = permissions["user"].select
    assert (narrow.columns and [name for name, _ in narrow.columns], wide.columns, wide.limit) == (["title"], None, 3)
    assert (str(narrow.at), str(wide.at)) == ("p.yaml:14:13", "p.yaml:15:13")
    (single,) = permissions["editor"].select
    assert str(single.at) == "p.yaml:16:17"
    assert permissions["editor"].insert is None


def test_collections_and_who_may_ask_them(rules: Rules) -> None:
    (notes,) = rules.query_collections["frontend"]
    assert (notes.name, str(notes.at)) == ("Notes", "p.yaml:29:5")
    assert notes.text == "query Notes { note { ...parts } }\nfragment parts on note { title }\n"
    frontend, desk = rules.allow_list
    assert (frontend.collection, frontend.roles, str(frontend.at)) == ("frontend", None, "p.yaml:34:3")
    assert [role for role, _ in desk.roles or ()] == ["editor"]
    assert rules.connections


def test_nothing_of_it_is_there_unless_it_is_said() -> None:
    rules = parse_rules("version: 1", "p")
    assert (rules.functions, rules.query_collections, rules.allow_list) == ({}, {}, ())
    assert (rules.connections, rules.infer_function_permissions) == (False, False)


def test_a_long_chain_of_roles_is_no_circle() -> None:
    chain = "".join(f"  r{place}: {{ inherits: [r{place + 1}] }}\n" for place in range(2000))
    assert len(parse_rules(f"version: 1\nroles:\n{chain}  r2000: {{}}\n", "p").roles) == 2001


# ---------------------------------------------------------------- what is refused


def roles(body: str) -> str:
    return f"version: 1\nroles:\n  user: {{}}\n  {body}\n"


def limits(body: str) -> str:
    return f"version: 1\nlimits: {{ {body} }}\n"


def function(body: str) -> str:
    return f"version: 1\nroles: {{ user: {{}} }}\nfunctions:\n  f: {{ {body} }}\n"


def collected(query: str) -> str:
    return f"version: 1\nquery_collections:\n  c:\n    Q: '{query}'\n"


def allowed(body: str) -> str:
    return f"version: 1\nroles: {{ user: {{}} }}\nquery_collections: {{ desk: {{}} }}\nallow_list: {body}\n"


def select(body: str) -> str:
    return (
        f"version: 1\nroles: {{ user: {{}} }}\ntables: {{ t: {{ permissions: {{ user: {{ select: {body} }} }} }} }}\n"
    )


BROKEN = [
    (roles("boss: { inherits: [usr] }"), "4:22", 'the role "usr" is not listed under "roles" (did you mean "user"?)'),
    (roles("boss: { inherits: [admin] }"), "4:22", "nobody can inherit what admin may do"),
    (roles("admin: { inherits: [user] }"), "4:3", "the role admin is always there and cannot be listed"),
    (roles("admin: { limits: { depth: 1 } }"), "4:3", "the role admin is always there and cannot be listed"),
    (roles("boss: { inherits: [boss] }"), "4:22", "a role cannot inherit from itself: boss → boss"),
    (roles("a: { inherits: [b] }\n  b: { inherits: [user, a] }"), "5:25", "inherit from itself: a → b → a"),
    (roles("boss: { inherits: [user, user] }"), "4:28", '"user" stands here twice'),
    (roles("boss: { inherits: [] }"), "4:21", "expected a list of a role's name, not an empty list"),
    (roles("boss: { inherits: user }"), "4:21", "expected a list of a role's name, not"),
    (roles("boss: { introspection: off }"), "4:26", 'expected true or false, not "off"'),
    (roles("boss: { inherit: [user] }"), "4:11", 'unknown key "inherit"'),
    (roles("boss: { limits: { deph: 1 } }"), "4:21", 'did you mean "depth"?'),
    (limits("depth: 0"), "2:18", "expected a whole number, 1 or more, not 0"),
    (limits("nodes: 0"), "2:18", "expected a whole number, 1 or more, not 0"),
    (limits("batch: 0"), "2:18", "expected a whole number, 1 or more, not 0"),
    (limits("rows: -1"), "2:17", "expected a whole number, 0 or more, not -1"),
    (limits("nodes: 1.5"), "2:18", "expected a whole number, 1 or more, not 1.5"),
    (limits("depth: true"), "2:18", "expected a whole number, 1 or more, not true"),
    (limits("seconds: 0"), "2:20", "expected a number above 0, not 0"),
    (limits("seconds: 0.0"), "2:20", "expected a number above 0, not 0.0"),
    (limits("seconds: -0.5"), "2:20", "expected a number above 0, not -0.5"),
    (limits("seconds: 5s"), "2:20", 'expected a number above 0, not "5s"'),
    (limits("rate: 60"), "2:17", "expected a rate: a mapping with per_minute or by"),
    (limits("rate: { by: [ip] }"), "2:17", 'a rate needs the key "per_minute"'),
    (limits("rate: { per_minute: 0 }"), "2:31", "expected a whole number, 1 or more, not 0"),
    (
        limits("rate: { per_minute: 1, by: [host] }"),
        "2:39",
        'expected a session variable (X-Hasura-…) or ip, not "host"',
    ),
    (limits("rate: { per_minute: 1, by: [X-Hasura-] }"), "2:39", "expected a session variable"),
    (function("permissions: [usr]"), "4:22", 'the role "usr" is not listed under "roles" (did you mean "user"?)'),
    (function("permissions: [admin]"), "4:22", "admin may call every function and cannot be listed"),
    (function("permissions: user"), "4:21", "expected a list of a role's name, not"),
    (function("exposed_as: querry"), "4:20", '(did you mean "query"?)'),
    (function("root_fields: { functions: x }"), "4:23", '(did you mean "function"?)'),
    (function("root_fields: { function: a-b }"), "4:33", "expected a GraphQL name"),
    (function("name: 1a"), "4:14", "expected a GraphQL name"),
    (function("session_arg: s"), "4:8", '(did you mean "session_argument"?)'),
    ("version: 1\nfunctions: { a.b.c: {} }", "2:14", "expected a function: schema.function"),
    ("version: 1\nfunctions: { f: {}, public.f: {} }", "2:21", "the function public.f stands here twice"),
    ("version: 1\nfunctions: [f]", "2:12", "expected a mapping, not a list"),
    (collected("{"), "4:8", 'the query "Q" is not GraphQL: Expected Name, found <EOF>. (its line 1, column 2)'),
    (collected("query { a }} "), "4:8", 'the query "Q" is not GraphQL'),
    (collected("{a" * 3000), "4:8", 'the query "Q" is not GraphQL: Document is nested too deeply'),
    (collected("type T { a: Int }"), "4:8", 'the query "Q" defines types, which is no operation'),
    (collected("fragment f on t { a }"), "4:8", 'the query "Q" holds no operations, and should hold one'),
    (collected("query A { a } query B { b }"), "4:8", 'the query "Q" holds 2 operations, and should hold one'),
    (collected(""), "4:8", 'expected an operation in GraphQL, not ""'),
    (allowed("{ dekk: '*' }"), "4:15", 'there is no collection named "dekk" under "query_collections"'),
    (allowed("{ dekk: '*' }"), "4:15", '(did you mean "desk"?)'),
    (allowed("{ desk: [usr] }"), "4:22", 'the role "usr" is not listed under "roles" (did you mean "user"?)'),
    (allowed("{ desk: [admin] }"), "4:22", "admin may ask anything and cannot be listed"),
    (allowed("{ desk: [] }"), "4:21", "expected a list of a role's name, not an empty list"),
    (allowed("{ desk: user }"), "4:21", "or a list of a role's name; not"),
    (allowed("{}"), "4:13", "expected a mapping, not an empty mapping"),
    (select("[]"), "3:47", "expected a list, not an empty list"),
    (select("[{ columns: '*' }]"), "3:48", 'a select permission needs the key "filter"'),
    (select("[5]"), "3:48", "expected a select permission"),
    (select("[{ columns: [a], filter: {} }, { columns: [a], filter: {} }]"), "3:78", "a mapping stands here twice"),
    (select("[{ columns: [a], filter: own }]"), "3:72", 'there is no rule named "own"'),
    (
        "version: 1\nroles: { user: {} }\ntables: { t: { permissions: { user: { delete: [{ filter: {} }] } } } }",
        "3:47",
        "expected a delete permission",
    ),
]


@pytest.mark.parametrize(("text", "place", "message"), BROKEN)
def test_each_bad_input_is_told_with_its_place(text: str, place: str, message: str) -> None:
    with pytest.raises(RulesError) as caught:
        parse_rules(text, "p.yaml")
    told = [str(fault) for fault in caught.value.faults]
    assert any(line.startswith(f"p.yaml:{place}: ") and message in line for line in told), told
