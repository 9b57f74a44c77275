"""The rules file is read whole: what it says, and everything that is wrong with it at once."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from gql_gen.catalog.types import Ident
from gql_gen.rules.load import load_rules, parse_rules
from gql_gen.rules.types import (
    ByForeignKey,
    ByMapping,
    Customization,
    Fault,
    NameAndComment,
    NamedRule,
    OnField,
    Rules,
    RulesError,
    SelectRule,
)

USERS = Ident("auth", "users")

COMPLETE = """\
version: 1
naming: hasura
customization:
  root_fields: { namespace: app, prefix: a_, suffix: _z }
  type_names: { prefix: T, suffix: _t }
isolation_level: repeatable-read
roles: { public: {}, user: {} }
rules:
  own: { id: { _eq: X-Hasura-User-Id } }
  active: { _and: [own, { disabled: false }] }
tables:
  auth.users:
    name: users
    comment: ""
    is_enum: true
    hide: [password_hash]
    columns: { display_name: displayName, email: { comment: an address } }
    root_fields: { select: people, insert_one: { name: addPerson, comment: one more } }
    infer_relationships: false
    relationships:
      members: { array: public.member, on: { id: userId } }
      org: { object: { key: org_id }, comment: their employer }
      posts: { array: { table: post, key: [author_id, tenant] } }
    reveal_constraints: [users_name_key]
    permissions:
      user:
        select:
          columns: "*"
          filter: active
          limit: 0
          allow_aggregations: true
          computed_fields: [full_name]
          query_root_fields: [select]
          subscription_root_fields: []
        insert: { check: own, set: { id: x-hasura-user-id, a: { sql: now() }, m: { json: { sql: 1 } } }, recheck: true }
        update: { columns: [email], filter: own, check: own, message: only yourself, backend_only: true }
        delete: { filter: own }
"""


def faults_of(text: str) -> tuple[Fault, ...]:
    with pytest.raises(RulesError) as caught:
        parse_rules(text, "p.yaml")
    return caught.value.faults


def table(body: str) -> str:
    return f"version: 1\nroles: {{user: {{}}}}\ntables:\n  t:\n    {body}\n"


@pytest.fixture(scope="module")
def rules() -> Rules:
    return parse_rules(COMPLETE, "p.yaml")


def test_the_head_of_the_file(rules: Rules) -> None:
    assert (rules.naming, list(rules.roles), list(rules.named)) == ("hasura", ["public", "user"], ["own", "active"])
    assert rules.customization == Customization("app", "a_", "_z", "T", "_t")
    assert (rules.isolation_level, rules.reveal_constraints) == ("repeatable-read", False)


def test_constraints_are_revealed_by_name_all_of_a_table_or_all_there_are(rules: Rules) -> None:
    revealed = rules.tables[USERS].reveal_constraints
    assert revealed is not None
    assert [(name, str(at)) for name, at in revealed] == [("users_name_key", "p.yaml:24:26")]
    t = Ident("public", "t")
    assert parse_rules(table('reveal_constraints: "*"'), "p").tables[t].reveal_constraints is None
    assert parse_rules(table("hide: [a]"), "p").tables[t].reveal_constraints == ()
    assert parse_rules("version: 1\nreveal_constraints: true", "p").reveal_constraints
    assert parse_rules("version: 1", "p").isolation_level == "read-committed"


def test_names_of_a_table(rules: Rules) -> None:
    users = rules.tables[USERS]
    assert (users.name, users.comment, users.is_enum, users.infer_relationships) == ("users", "", True, False)
    assert [name for name, _ in users.hide] == ["password_hash"]
    assert users.columns["display_name"] == NameAndComment("displayName", None, users.columns["display_name"].at)
    assert users.columns["email"].comment == "an address"
    assert (users.root_fields["select"].name, users.root_fields["insert_one"].comment) == ("people", "one more")


def test_relationships_by_mapping_and_by_key_on_either_side(rules: Rules) -> None:
    members, org, posts = rules.tables[USERS].relationships
    assert (members.kind, members.using) == ("array", ByMapping(Ident("public", "member"), (("id", "userId"),)))
    assert (org.kind, org.using, org.comment) == ("object", ByForeignKey(("org_id",)), "their employer")
    assert posts.using == ByForeignKey(("author_id", "tenant"), Ident("public", "post"))


def test_a_select_permission_keeps_zero_and_empty_apart_from_absent(rules: Rules) -> None:
    (select,) = rules.tables[USERS].permissions["user"].select
    assert isinstance(select, SelectRule)
    assert isinstance(select.filter, NamedRule)
    assert (select.columns, select.limit, select.allow_aggregations) == (None, 0, True)
    assert (select.query_root_fields, select.subscription_root_fields) == (frozenset({"select"}), frozenset())


def test_write_permissions_and_presets(rules: Rules) -> None:
    permissions = rules.tables[USERS].permissions["user"]
    assert permissions.insert is not None
    assert permissions.insert.columns is None
    assert permissions.insert.recheck
    presets = {preset.column: (preset.sql, preset.value and preset.value.json) for preset in permissions.insert.presets}
    assert presets == {"id": (None, "x-hasura-user-id"), "a": ("now()", None), "m": (None, {"sql": 1})}
    assert permissions.update is not None
    assert (permissions.update.message, permissions.update.backend_only) == ("only yourself", True)


def test_marks_point_at_keys_and_values(rules: Rules) -> None:
    own = rules.named["own"]
    assert isinstance(own, OnField)
    assert own.operators is not None
    assert (str(own.at), str(own.operators[0].value.at)) == ("p.yaml:9:10", "p.yaml:9:21")
    assert rules.tables[USERS].at.line == 12


def test_numbers_keep_every_digit() -> None:
    body = "permissions: {user: {delete: {filter: {n: {_in: [12345678901234567890123, 1.10, -3, 1e400]}}}}}"
    delete = parse_rules(table(body), "p").tables[Ident("public", "t")].permissions["user"].delete
    assert delete is not None
    assert isinstance(delete.filter, OnField)
    assert delete.filter.operators is not None
    values = delete.filter.operators[0].value.json
    assert [str(value) for value in values] == ["12345678901234567890123", "1.10", "-3", "1E+400"]
    assert isinstance(values[1], Decimal)


def test_quoted_parts_of_a_tables_name() -> None:
    text = 'version: 1\ntables: {\'"my.schema"."a ""b"""\': {}, \'"x.y"\': {}}'
    assert list(parse_rules(text, "p").tables) == [Ident("my.schema", 'a "b"'), Ident("public", "x.y")]


def test_all_faults_come_at_once_in_the_order_of_the_file() -> None:
    text = """\
version: 1
nameing: nhost
roles: { user: { inherits: [x] }, admin: {} }
rules:
  a: b
  b: { _and: [a, { c: { _gtt: 1, _eq: 2 } }] }
tables:
  t:
    hidden: [x]
    permissions:
      usr: { select: { columns: "*", filter: {} } }
      user: { select: { columns: [a, a], filter: own }, delete: {} }
  public.t: {}
"""
    found = [(fault.at.line, fault.message.split(":")[0], fault.hint) for fault in faults_of(text)]
    assert found == [
        (2, 'unknown key "nameing"', 'did you mean "naming"?'),
        (3, 'the role "x" is not listed under "roles"', 'add it under "roles" at the top of the file'),
        (3, "the role admin is always there and cannot be listed", None),
        (6, "a rule cannot use itself", None),
        (6, '"_gtt" stands beside operators but is none', 'did you mean "_gt"?'),
        (9, 'unknown key "hidden"', 'did you mean "hide"?'),
        (11, 'the role "usr" is not listed under "roles"', 'did you mean "user"?'),
        (12, '"a" stands here twice', None),
        (12, 'there is no rule named "own" under "rules"', None),
        (12, 'a delete permission needs the key "filter"', None),
        (13, "the table public.t stands here twice", "first at line 8"),
    ]


@pytest.mark.parametrize(
    ("text", "line", "column", "message"),
    [
        ("", 1, 1, 'needs the key "version"'),
        ("- 1", 1, 1, "expected a rules file"),
        ("version: 1\nversion: 1", 2, 1, '"version" stands here twice'),
        ("version: 2", 1, 10, "expected 1, not 2"),
        ("version: true", 1, 10, "expected 1, not true"),
        ("version: 1\nnaming: [", 2, 10, "this is not YAML"),
        ("version: 1\n--- {}", 2, 1, "this is not YAML"),
        ("version: 1\nnaming: \x01", 2, 9, "this character is not allowed"),
        ("version: !!python/object:os.system 1", 1, 10, "tags are not part of this format"),
        ("version: !!binary aGk=", 1, 10, "tags are not part of this format"),
        ("version: 1\n1: x", 2, 1, "a key must be text"),
        ("version: 1\n? [a]\n: x", 2, 3, "a key must be text"),
        ("version: 1\n<<: {naming: nhost}", 2, 1, "merge keys"),
        ("version: 1\nnaming: *x", 2, 9, "this is not YAML"),
        ("version: 0x1", 1, 10, "not a plain decimal number"),
        ("version: 01", 1, 10, "not a plain decimal number"),
        ("version: .inf", 1, 10, "not a plain decimal number"),
        ("version: 1\nnaming: nhots", 2, 9, 'expected "nhost", "hasura" or "graphql-default", not "nhots"'),
        ("version: 1\nroles:\n  user:", 3, 8, "not nothing"),
        ("version: 1\nisolation_level: seralizable", 2, 18, '"repeatable-read" or "serializable", not "seralizable"'),
        ("version: 1\nreveal_constraints: [a]", 2, 21, "expected true or false"),
        (table("reveal_constraints: true"), 5, 25, "expected"),
        (table("name: 1a"), 5, 11, "expected a GraphQL name"),
        (table("name: 'a\n\n'"), 5, 11, "expected a GraphQL name"),
        (table("root_fields: {selct: x}"), 5, 19, 'not "selct"'),
        (table("permissions: {admin: {}}"), 5, 19, "cannot be given permissions"),
        (table("permissions: {user: {delete: {filter: }}}"), 5, 42, "expected an expression"),
        (table("permissions: {user: {delete: {filter: {_eq: 1}}}}"), 5, 44, "needs a column around it"),
        (table("permissions: {user: {delete: {filter: {g: {$st_d_within: 1}}}}}"), 5, 48, "not served yet"),
        (table("permissions: {user: {select: {columns: '*', filter: {}, limit: -1}}}"), 5, 68, "0 or more"),
        (table("permissions: {user: {insert: {check: {}, set: {a: {sql: 5}}}}}"), 5, 55, "SQL expression as text"),
        (table("relationships: {r: {object: x}}"), 5, 33, 'needs "on"'),
        (table("relationships: {r: {array: {key: [a]}}}"), 5, 32, 'needs the "table"'),
        (table("relationships: {r: {array: x, object: x, on: {a: b}}}"), 5, 24, "exactly one of object or array"),
        (table("relationships: {r: {object: {key: a}, on: {a: b}}}"), 5, 47, "cannot stand beside"),
        ("version: 1\ntables: {a.b.c: {}}", 2, 10, "expected a table"),
    ],
)
def test_each_fault_has_its_place(text: str, line: int, column: int, message: str) -> None:
    fault, *_ = faults_of(text)
    assert message in fault.message
    assert (fault.at.line, fault.at.column) == (line, column)


def test_aliases_are_expanded_but_bombs_are_refused() -> None:
    text = table("hide: &h [a]\n    permissions: {user: {select: {columns: *h, filter: {}}}}")
    assert parse_rules(text, "p").tables[Ident("public", "t")].permissions["user"].select != ()
    bomb = "a: &a [x,x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{new}: &{new} [{','.join([f'*{old}'] * 10)}]\n" for old, new in zip("abcdefgh", "bcdefghi", strict=True)
    )
    assert "aliases expand to too much" in faults_of(bomb)[0].message
    assert "nested more than" in faults_of("a: &a [*a]")[0].message


@pytest.mark.parametrize("depth", [150, 5000])
def test_depth_is_limited(depth: int) -> None:
    assert "nested" in faults_of("a: " + "[" * depth + "]" * depth)[0].message


def test_files_that_cannot_be_read_are_faults_too(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"version: 1\n# caf\xe9\n")
    for name, message in (("none.yaml", "cannot be read"), ("latin.yaml", "not UTF-8")):
        with pytest.raises(RulesError, match=message):
            load_rules(tmp_path / name)
    (tmp_path / "good.yaml").write_bytes(b"\xef\xbb\xbfversion: 1\n")
    assert load_rules(tmp_path / "good.yaml").file == str(tmp_path / "good.yaml")
