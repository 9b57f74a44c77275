"""The canonical form: what is written reads back as it was, and is written the same again."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import HealthCheck, given, settings
from rules_strategies import all_rules, unmarked

from gql_gen.rules.dump import dump_rules
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import Rules


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much])
@given(all_rules())
def test_what_is_dumped_reads_back_and_is_dumped_the_same(rules: Rules) -> None:
    text = dump_rules(rules, head="made by a test")
    again = parse_rules(text, "f")
    assert unmarked(again) == unmarked(rules)
    assert dump_rules(again, head="made by a test") == text


def test_the_form_reads_aloud() -> None:
    scrambled = """\
{"tables": {"b": {"permissions": {"user": {"select": {"filter": "own", "columns": ["z", "a"]}}, "public": {}}},
"a": {"permissions": {"user": {}}, "reveal_constraints": ["b_key", "a_key"],
"relationships": {"r": {"on": {"x": "y"}, "object": "b"}}}}, "version": 1,
"reveal_constraints": true, "isolation_level": "serializable",
"rules": {"own": {"id": "X-Hasura-User-Id"}}, "roles": {"user": {}, "public": {}}}
"""
    canonical = """\
version: 1
naming: nhost

isolation_level: serializable
reveal_constraints: true

roles:
  user: {}
  public: {}

rules:
  own: { id: { _eq: X-Hasura-User-Id } }

tables:
  public.a:
    relationships:
      r: { object: public.b, on: { x: "y" } }
    reveal_constraints: [a_key, b_key]
    permissions:
      user: {}

  public.b:
    permissions:
      user:
        select: { columns: [a, z], filter: own }
      public: {}
"""
    assert dump_rules(parse_rules(scrambled, "p")) == canonical


def test_whole_operations_read_aloud() -> None:
    scrambled = """\
{"version": 1, "allow_list": {"z": ["user", "boss"], "a": "*"}, "connections": true,
"query_collections": {"z": {"Short": "{ a }", "Long": "query Long {\\n  a\\n\\n  b\\n}\\n"}, "a": {}},
"functions": {"find": {"permissions": [], "root_fields": {"function_aggregate": "all", "function": "some"}},
"b.c": {"exposed_as": "query"}}, "infer_function_permissions": true,
"limits": {"rows": 0, "seconds": 2.50, "rate": {"by": ["X-Hasura-User-Id", "ip"], "per_minute": 60}, "depth": 5},
"roles": {"user": {}, "boss": {"limits": {"nodes": 9}, "introspection": false, "inherits": ["user"]}}}
"""
    canonical = """\
version: 1
naming: nhost

connections: true
infer_function_permissions: true

limits: { depth: 5, seconds: 2.50, rows: 0, rate: { per_minute: 60, by: [x-hasura-user-id, ip] } }

roles:
  user: {}
  boss: { inherits: [user], introspection: false, limits: { nodes: 9 } }

tables: {}

functions:
  b.c:
    exposed_as: query
  public.find:
    root_fields:
      function: some
      function_aggregate: all
    permissions: []

query_collections:
  z:
    Short: "{ a }"
    Long: |
      query Long {
        a

        b
      }
  a: {}

allow_list:
  a: "*"
  z: [boss, user]
"""
    assert dump_rules(parse_rules(scrambled, "p")) == canonical


def test_one_grant_stands_alone_and_several_in_a_list() -> None:
    several = "[{columns: [b, a], filter: {}}, {columns: '*', filter: {a: 1}}]"
    for written, read in (("[{columns: [a], filter: {}}]", 1), (several, 2)):
        text = f"version: 1\nroles: {{user: {{}}}}\ntables: {{t: {{permissions: {{user: {{select: {written}}}}}}}}}"
        rules = parse_rules(text, "p")
        (table,) = rules.tables.values()
        assert len(table.permissions["user"].select) == read
        assert ("select: [" in dump_rules(rules)) == (read > 1)


def test_decimals_stay_as_they_were_written() -> None:
    rules = parse_rules("version: 1\nrules: {a: {n: {_in: [1.10, 2e3, 5.]}}}", "p")
    assert "_in: [1.10, 2E+3, 5.0]" in dump_rules(rules)
    assert isinstance(Decimal("1.10"), Decimal)
