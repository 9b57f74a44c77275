"""What Hasura's metadata says of functions, roles and whole operations: carried over exactly, or refused."""

from __future__ import annotations

import copy
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hasura_kit import COMPLETE, Import, at, importer, refusals, with_table

from gql_gen.catalog.types import Ident
from gql_gen.rules.dump import dump_rules
from gql_gen.rules.hasura_v2 import Imported
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import LimitRules, RateRule, RoleRules, Rules

FIND = Ident("lib", "find.users")


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    return importer(tmp_path)


def written(found: Imported) -> Rules:
    """The rules as they read once they are written."""
    return parse_rules(dump_rules(found.rules), "p")


def changed(path: str, **keys: Any) -> dict[str, Any]:
    """The complete metadata with other keys in one of its objects."""
    metadata = copy.deepcopy(COMPLETE)
    at(metadata, path).update(keys)
    return metadata


def parents(role: RoleRules) -> list[str]:
    return [name for name, _ in role.inherits]


# ---------------------------------------------------------------- functions


def test_a_function_is_carried_exactly(imported: Import) -> None:
    rules = written(imported(COMPLETE))
    (find,) = rules.functions.values()
    assert (find.ident, find.name, find.comment) == (FIND, "findPeople", "by name")
    assert (find.exposed_as, find.session_argument) == ("query", "session")
    assert {root: chosen.name for root, chosen in find.root_fields.items()} == {
        "function": "foundPeople",
        "function_aggregate": "foundPeopleAll",
    }
    assert [role for role, _ in find.permissions or ()] == ["user"]
    assert not rules.infer_function_permissions


def functions(*several: dict[str, Any]) -> dict[str, Any]:
    return changed("$.sources[0]", functions=list(several))


def callers(rules: Rules) -> dict[str, list[str] | None]:
    return {
        ident.name: None if found.permissions is None else [role for role, _ in found.permissions]
        for ident, found in rules.functions.items()
    }


ASKED = {"function": "asked", "permissions": [{"role": "caller"}]}
SILENT = {"function": "silent"}
DONE = {"function": "done", "configuration": {"exposed_as": "mutation"}}


@pytest.mark.parametrize(
    ("listed", "infer", "expected", "inferred"),
    [
        ((SILENT, DONE), None, {"silent": None, "done": None}, True),
        ((SILENT, ASKED, DONE), None, {"silent": [], "asked": ["caller"], "done": None}, False),
        ((SILENT, DONE | {"permissions": [{"role": "caller"}]}), None, {"silent": None, "done": ["caller"]}, True),
        ((ASKED,), None, {"asked": ["caller"]}, False),
        ((SILENT, ASKED), True, {"silent": None, "asked": ["caller"]}, True),
        ((SILENT,), False, {"silent": None}, False),
        ((SILENT | {"permissions": []},), None, {"silent": None}, True),
        ((), True, {}, False),
    ],
)
def test_who_may_call_a_function_that_lists_no_roles(
    imported: Import, listed: Any, infer: bool | None, expected: Any, inferred: bool
) -> None:
    found = imported(functions(*listed), infer_function_permissions=infer)
    rules = written(found)
    assert (callers(rules), rules.infer_function_permissions) == (expected, inferred)
    guessed = any(line.startswith("$.sources[0].functions: ") for line in found.notes)
    assert guessed == (infer is None and "silent" in expected)
    assert all(role in rules.roles for roles in expected.values() for role in roles or ())


@pytest.mark.parametrize(
    ("listed", "below", "reason"),
    [
        (({},), "[0].function", "expected the name of a function"),
        ((SILENT, SILENT), "[1]", "stands here twice"),
        ((SILENT | {"permissions": [{"role": "admin"}]},), "[0].permissions[0].role", "admin may call every function"),
        ((SILENT | {"permissions": [{}]},), "[0].permissions[0].role", "expected the name of a role"),
        ((SILENT | {"configuration": {"exposed_as": "both"}},), "[0].configuration.exposed_as", "query or mutation"),
        (
            (SILENT | {"configuration": {"response": {"type": "logical_model"}}},),
            "[0].configuration.response.type",
            "expected table",
        ),
        (
            (SILENT | {"configuration": {"response": {"type": "table", "table": "t"}}},),
            "[0].configuration.response.table",
            "the table public.t is not in the metadata",
        ),
    ],
)
def test_a_malformed_function_is_refused(imported: Import, listed: Any, below: str, reason: str) -> None:
    assert reason in refusals(imported, functions(*listed))[f"$.sources[0].functions{below}"]


# ---------------------------------------------------------------- roles


def test_roles_are_carried_exactly(imported: Import) -> None:
    roles = written(imported(COMPLETE)).roles
    assert {name: parents(role) for name, role in roles.items()} == {
        "chief": ["user", "clerk"],
        "clerk": [],
        "guest": [],
        "user": [],
    }
    assert [name for name, role in roles.items() if not role.introspection] == ["guest"]


def test_a_role_that_is_only_inherited_from_is_listed(imported: Import) -> None:
    metadata = COMPLETE | {"inherited_roles": [{"role_name": "a", "role_set": ["b", "c"]}]}
    assert {"a", "b", "c"} <= written(imported(metadata)).roles.keys()


@pytest.mark.parametrize(
    ("key", "value", "path", "reason"),
    [
        ("inherited_roles", [{"role_name": "admin", "role_set": []}], "[0].role_name", "inherits from nobody"),
        ("inherited_roles", [{"role_name": "a", "role_set": ["admin"]}], "[0].role_set[0]", "nobody can inherit"),
        ("inherited_roles", [{"role_name": "a", "role_set": [1]}], "[0].role_set[0]", "expected the name of a role"),
        ("inherited_roles", [{"role_name": "a", "role_set": []}] * 2, "[1]", 'two inherited roles are named "a"'),
        ("graphql_schema_introspection", {"disabled_for_roles": ["admin"]}, ".disabled_for_roles[0]", "always look"),
    ],
)
def test_malformed_roles_are_refused(imported: Import, key: str, value: Any, path: str, reason: str) -> None:
    assert reason in refusals(imported, COMPLETE | {key: value})[f"$.{key}{path}"]


def test_a_circle_of_inheritance_is_refused(imported: Import) -> None:
    circle = [{"role_name": "a", "role_set": ["b"]}, {"role_name": "b", "role_set": ["a"]}]
    assert "a → b → a" in refusals(imported, COMPLETE | {"inherited_roles": circle})["$"]


SECRET = [{"name": "secret", "definition": {"function": "f"}}]
WRITE = {"columns": [], "filter": {"secret": 1}}
READ = {"columns": [], "filter": {"g": {"_st_equals": 1}}}


@pytest.mark.parametrize(
    ("role", "operation", "body", "reason"),
    [
        ("chief", "select", READ, "the role chief would have what it inherits"),
        ("chief", "update", WRITE, "the role chief would have what it inherits"),
        ("clerk", "update", WRITE, "a role that inherits from clerk might have what another has"),
        ("clerk", "select", READ, None),
        ("guest", "update", WRITE, None),
    ],
)
def test_no_permission_is_left_out_where_inheritance_would_fill_its_place(
    imported: Import, role: str, operation: str, body: Any, reason: str | None
) -> None:
    permissions = {f"{operation}_permissions": [{"role": role, "permission": body}]}
    metadata = with_table(computed_fields=SECRET, **permissions)
    path = f"$.sources[0].tables[1].{operation}_permissions[0]"
    if reason is None:
        assert any(line.startswith(path) for line in imported(metadata, "computed_fields").left_out)
    else:
        assert reason in refusals(imported, metadata, "computed_fields")[path]
        assert imported(metadata, "computed_fields", "inherited_roles")


# ---------------------------------------------------------------- limits


def test_limits_are_carried_exactly(imported: Import) -> None:
    rules = written(imported(COMPLETE))
    assert rules.limits == LimitRules(8, 100, 5, Decimal("2.5"), None, RateRule(600, ("ip",)))
    rate = RateRule(6, ("x-hasura-user-id", "x-hasura-org"))
    assert rules.roles["guest"].limits == LimitRules(depth=4, seconds=1, rate=rate)
    assert rules.roles["user"].limits == LimitRules()


def test_limits_that_hasura_does_not_enforce_are_noted(imported: Import) -> None:
    found = imported(changed("$.api_limits", disabled=True))
    assert (found.rules.limits, "guest" in found.rules.roles) == (LimitRules(), True)
    assert "$.api_limits: disabled in Hasura, so none of it is carried over" in found.notes
    found = imported(changed("$.api_limits.depth_limit", state="disabled"))
    assert (found.rules.limits.depth, found.rules.limits.nodes) == (None, 100)
    assert "$.api_limits.depth_limit: disabled in Hasura, so it is not carried over" in found.notes


RATE = "$.api_limits.rate_limit.global"


@pytest.mark.parametrize(
    ("path", "keys", "below", "reason"),
    [
        ("$.api_limits", {"disabled": 1}, ".disabled", "expected true or false"),
        ("$.api_limits", {"depth_limit": 5}, ".depth_limit", "expected an API limit"),
        ("$.api_limits.depth_limit", {"state": "on"}, ".state", "expected enabled or disabled"),
        ("$.api_limits.depth_limit", {"global": 0}, ".global", "expected a whole number, 1 or more"),
        ("$.api_limits.node_limit", {"global": True}, ".global", "expected a whole number, 1 or more"),
        ("$.api_limits.batch_limit", {"per_role": {"user": "1"}}, ".per_role.user", "a whole number, 1 or more"),
        ("$.api_limits.batch_limit", {"per_role": {"admin": 1}}, ".per_role.admin", "admin is never limited here"),
        ("$.api_limits.time_limit", {"global": 0}, ".global", "expected a number of seconds above 0"),
        (RATE, {"max_reqs_per_min": 0}, ".max_reqs_per_min", "expected a whole number, 1 or more"),
        (RATE, {"unique_params": "host"}, ".unique_params", '"host" is neither IP nor a session variable'),
        (RATE, {"unique_params": [1]}, ".unique_params[0]", "expected text"),
    ],
)
def test_malformed_limits_are_refused(imported: Import, path: str, keys: Any, below: str, reason: str) -> None:
    assert reason in refusals(imported, changed(path, **keys))[path + below]


@pytest.mark.parametrize("unique", [None, [], ["ip", "IP"], "ip"])
def test_a_rate_counts_a_role_together_or_by_address(imported: Import, unique: Any) -> None:
    rate = written(imported(changed(RATE, unique_params=unique))).limits.rate
    assert rate == RateRule(600, ("ip",) if unique else ())


# ---------------------------------------------------------------- collections and the allow list


def test_collections_and_the_allow_list_are_carried_exactly(imported: Import) -> None:
    found = imported(COMPLETE)
    rules = written(found)
    assert {
        name: {query.name: query.text for query in collection} for name, collection in rules.query_collections.items()
    } == {"frontend": {"People": "query People {\n  people { id }\n}\n"}, "desk": {"One": "{ people { id } }"}}
    allowed = {each.collection: each.roles and [role for role, _ in each.roles] for each in rules.allow_list}
    assert allowed == {"frontend": None, "desk": ["clerk"]}
    assert any("HASURA_GRAPHQL_ENABLE_ALLOWLIST" in line for line in found.notes)


def test_collections_alone_allow_and_forbid_nothing(imported: Import) -> None:
    found = imported(COMPLETE | {"allowlist": []})
    assert (found.rules.allow_list, len(found.rules.query_collections)) == ((), 2)
    assert not any("ALLOWLIST" in line for line in found.notes)


def test_a_collection_without_a_scope_is_allowed_to_all(imported: Import) -> None:
    (allowed,) = imported(COMPLETE | {"allowlist": [{"collection": "desk"}]}).rules.allow_list
    assert (allowed.collection, allowed.roles) == ("desk", None)


QUERIES = "$.query_collections[0].definition"


@pytest.mark.parametrize(
    ("path", "keys", "below", "reason"),
    [
        (QUERIES, {"queries": [{"name": "q", "query": "{"}]}, ".queries[0].query", "it is not GraphQL"),
        (QUERIES, {"queries": [{"name": "q", "query": ""}]}, ".queries[0].query", "it is not GraphQL"),
        (QUERIES, {"queries": [{"name": "q", "query": "type T { a: Int }"}]}, ".queries[0].query", "defines types"),
        (QUERIES, {"queries": [{"query": "{ a }"}]}, ".queries[0].name", "expected text"),
        (QUERIES, {"queries": [{"name": "q", "query": "{ a }"}] * 2}, ".queries[1]", 'are named "q"'),
        ("$.query_collections[0]", {"name": 1}, ".name", "expected text"),
        ("$.allowlist[0]", {"collection": "frontent"}, ".collection", 'did you mean "frontend"?'),
        ("$.allowlist[0]", {"scope": {"global": "yes"}}, ".scope.global", "expected true or false"),
        ("$.allowlist[0]", {"scope": {"global": False}}, ".scope.roles", "expected at least one role"),
        ("$.allowlist[0]", {"scope": {"global": True, "roles": ["user"]}}, ".scope.roles", "lists none"),
        ("$.allowlist[1]", {"collection": "frontend"}, "", 'the collection "frontend" stands here twice'),
        ("$.allowlist[1].scope", {"roles": ["admin"]}, ".roles[0]", "admin may ask anything"),
    ],
)
def test_malformed_collections_are_refused(imported: Import, path: str, keys: Any, below: str, reason: str) -> None:
    assert reason in refusals(imported, changed(path, **keys))[path + below]


def test_two_collections_of_one_name_are_refused(imported: Import) -> None:
    twice = [COMPLETE["query_collections"][0]] * 2
    refused = refusals(imported, COMPLETE | {"query_collections": twice, "allowlist": []})
    assert refused == {"$.query_collections[1]": 'two collections are named "frontend"'}
