"""The import from Hasura v2: what it carries over exactly, and that it refuses whatever it does not."""

from __future__ import annotations

import copy
import json
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hasura_kit import COMPLETE, Import, importer, refusals, selecting, with_table

from gql_gen.catalog.types import Ident
from gql_gen.rules.dump import dump_rules, expression_tree
from gql_gen.rules.hasura_v2 import ImportRefused, import_metadata
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import ByForeignKey, ByMapping, Customization, TablePermissions


@pytest.fixture
def imported(tmp_path: Path) -> Import:
    return importer(tmp_path)


# ---------------------------------------------------------------- what is carried over


def test_names_are_carried_exactly(imported: Import) -> None:
    rules = imported(COMPLETE).rules
    users = rules.tables[Ident("auth", "users")]
    assert (rules.naming, rules.customization) == ("graphql-default", Customization("app", "a_", "_z", "T", "_t"))
    assert (users.name, users.comment, users.is_enum, users.infer_relationships) == ("Person", "someone", True, False)
    assert {column: (chosen.name, chosen.comment) for column, chosen in users.columns.items()} == {
        "a": ("new", "hello"),
        "b": ("kept", None),
        "c": (None, "quiet"),
    }
    assert users.root_fields["select"].name == "people"
    assert users.root_fields["insert"].comment == "several"
    assert list(rules.roles) == ["chief", "clerk", "guest", "user"]
    assert (users.root_fields["select_stream"].name, len(users.root_fields)) == ("my_select_stream", 11)


def test_relationships_are_carried_exactly(imported: Import) -> None:
    org, two, profile, boss, posts = imported(COMPLETE).rules.tables[Ident("auth", "users")].relationships
    assert (org.using, org.comment) == (ByForeignKey(("org_id",)), "employer")
    assert two.using == ByForeignKey(("x", "y"))
    assert profile.using == ByForeignKey(("user_id",), Ident("public", "profile"))
    assert (boss.using, boss.insert_before_parent) == (ByMapping(Ident("hr", "boss"), (("boss_id", "id"),)), False)
    assert (posts.kind, posts.using) == ("array", ByForeignKey(("author_id",), Ident("blog", "post.old")))


def test_permissions_are_carried_exactly(imported: Import) -> None:
    permissions = imported(COMPLETE).rules.tables[Ident("auth", "users")].permissions
    (select,), insert = permissions["user"].select, permissions["user"].insert
    update, delete = permissions["clerk"].update, permissions["clerk"].delete
    assert expression_tree(select.filter) == {
        "id": {"_eq": "X-HASURA-User-Id"},
        "_exists": {"_table": 'public."x.y"', "_where": {}},
    }
    assert (select.limit, select.allow_aggregations) == (5, True)
    assert (select.query_root_fields, select.subscription_root_fields) == (frozenset({"select_by_pk"}), frozenset())
    assert insert is not None
    assert [(preset.column, preset.sql) for preset in insert.presets] == [("b", None), ("c", None)]
    assert insert.backend_only
    assert update is not None
    assert (update.columns, update.backend_only) == (None, True)
    assert delete is not None
    assert delete.backend_only


def writes(insert: Any = None, update: Any = None, delete: Any = None) -> TablePermissions:
    """The permissions of role r on one table, through the written file."""
    given = {"insert": insert, "update": update, "delete": delete}
    table = {
        "table": "t",
        **{f"{kind}_permissions": [{"role": "r", "permission": body}] for kind, body in given.items() if body},
    }
    source = {"kind": "postgres", "name": "s", "tables": [table]}
    with TemporaryDirectory() as folder:
        path = Path(folder) / "metadata.json"
        path.write_text(json.dumps({"version": 3, "sources": [source]}))
        rules = import_metadata(path, without=frozenset()).rules
    return parse_rules(dump_rules(rules), "p").tables[Ident("public", "t")].permissions["r"]


def test_presets_of_every_kind_are_carried() -> None:
    values = {"a": "X-Hasura-User-Id", "b": "x-hasura-Org", "c": "now()", "d": 1.50, "e": None, "f": {"sql": ["x"]}}
    insert = writes(insert={"check": {}, "columns": [], "set": values}).insert
    update = writes(update={"filter": {}, "columns": [], "set": values}).update
    assert insert is not None
    assert update is not None
    for rule in (insert, update):
        assert [(preset.column, preset.value and preset.value.json) for preset in rule.presets] == [
            *(("a", "X-Hasura-User-Id"), ("b", "x-hasura-Org"), ("c", "now()"), ("d", Decimal("1.5"))),
            *(("e", None), ("f", {"sql": ["x"]})),
        ]
        assert all(preset.sql is None for preset in rule.presets)


def test_what_a_write_permission_leaves_out_means_what_it_means_in_hasura() -> None:
    insert = writes(insert={"check": {"a": 1}}).insert
    assert insert is not None
    assert (insert.columns, insert.presets, insert.backend_only, insert.recheck) == (None, (), False, False)
    insert = writes(insert={"check": {}, "columns": [], "set": None, "backend_only": None}).insert
    assert insert is not None
    assert (insert.columns, insert.presets, insert.backend_only) == ((), (), False)
    update = writes(update={"columns": ["a"], "filter": {"a": 1}, "check": None}).update
    assert update is not None
    assert (update.check, expression_tree(update.filter)) == (None, {"a": {"_eq": 1}})
    delete = writes(delete={"filter": {}}).delete
    assert delete is not None
    assert not delete.backend_only


def test_constraints_are_revealed_as_hasura_does(imported: Import) -> None:
    rules = imported(COMPLETE).rules
    assert rules.reveal_constraints
    assert rules.writes_ignore_select
    assert "\nreveal_constraints: true\n" in dump_rules(rules)


def test_the_written_file_reads_back_and_begins_with_the_report(imported: Import) -> None:
    metadata = with_table(event_triggers=[{"name": "e"}])
    found = imported(metadata, "event_triggers")
    text = dump_rules(found.rules, head=found.head)
    assert dump_rules(parse_rules(text, "p"), head=found.head) == text
    assert text.startswith("# Imported from Hasura's metadata: metadata.json\n#\n# Left out:\n")
    assert "#   $.sources[0].tables[1].event_triggers (event_triggers)\n" in text
    assert "#   $.sources[0].configuration.connection_info.database_url: replaced by --database-url\n" in text


def test_columns_can_be_hidden_on_the_way(imported: Import) -> None:
    rules = imported(COMPLETE, hide={"auth.users": ("secret",)}).rules
    assert [name for name, _ in rules.tables[Ident("auth", "users")].hide] == ["secret"]
    with pytest.raises(ImportRefused, match="no such table"):
        imported(COMPLETE, hide={"auth.user": ("secret",)})


def test_an_export_may_come_wrapped(imported: Import) -> None:
    wrapped = imported({"resource_version": 7, "metadata": COMPLETE})
    assert dump_rules(wrapped.rules) == dump_rules(imported(COMPLETE).rules)


# ---------------------------------------------------------------- what is refused


@pytest.mark.parametrize(
    ("change", "path", "reason"),
    [
        ({"version": 2}, "$.version", "expected version 3"),
        ({"sources": []}, "$.sources", "expected one source"),
        ({"sources": [{"kind": "mssql", "tables": []}]}, "$.sources[0].kind", "expected a Postgres database"),
        ({"sources": [COMPLETE["sources"][0]] * 2}, "$.sources[1]", "only one database"),
    ],
)
def test_other_metadata_is_refused(imported: Import, change: dict[str, Any], path: str, reason: str) -> None:
    assert reason in refusals(imported, COMPLETE | change)[path]


@pytest.mark.parametrize(
    ("metadata", "below", "reason"),
    [
        (selecting(None), ".select_permissions[0].permission.filter", "expected an expression"),
        (selecting("own"), ".select_permissions[0].permission.filter", 'not "own"'),
        (selecting({"a": {"_eq": 1, "_no": 2}}), ".select_permissions[0].permission.filter", '"_no" stands beside'),
        (
            with_table(select_permissions=[{"role": "admin", "permission": {"columns": [], "filter": {}}}]),
            ".select_permissions[0].role",
            "admin",
        ),
        (
            with_table(update_permissions=[{"role": "r", "permission": {"filter": {}}}]),
            ".update_permissions[0].permission.columns",
            'expected "*"',
        ),
        (with_table(is_enum="yes"), ".is_enum", "expected true or false"),
        (
            with_table(object_relationships=[{"name": "r", "using": {}}]),
            ".object_relationships[0].using",
            "expected either",
        ),
        (
            with_table(array_relationships=[{"name": "r", "using": {"foreign_key_constraint_on": "a"}}]),
            ".array_relationships[0].using.foreign_key_constraint_on",
            "names the other table",
        ),
        (with_table(table={"schema": "auth", "name": "users"}), "", "stands here twice"),
    ],
)
def test_malformed_parts_are_refused_with_their_path(imported: Import, metadata: Any, below: str, reason: str) -> None:
    assert reason in refusals(imported, metadata)[f"$.sources[0].tables[1]{below}"]


def test_names_that_the_file_format_does_not_allow_are_refused(imported: Import) -> None:
    assert "expected a GraphQL name" in refusals(imported, with_table(configuration={"custom_name": "a-b"}))["$"]


def isolated(level: Any) -> dict[str, Any]:
    metadata = copy.deepcopy(COMPLETE)
    metadata["sources"][0]["configuration"]["connection_info"]["isolation_level"] = level
    return metadata


@pytest.mark.parametrize("level", ["read-committed", "repeatable-read", "serializable"])
def test_the_isolation_level_comes_along(imported: Import, level: str) -> None:
    rules = imported(isolated(level)).rules
    assert rules.isolation_level == level
    assert parse_rules(dump_rules(rules), "p").isolation_level == level


@pytest.mark.parametrize("level", ["read-uncommitted", "Serializable", 1, ["serializable"]])
def test_an_unknown_isolation_level_is_refused(imported: Import, level: Any) -> None:
    path = "$.sources[0].configuration.connection_info.isolation_level"
    expected = "expected read-committed, repeatable-read or serializable"
    assert refusals(imported, isolated(level)) == {path: expected}


def test_no_isolation_level_is_the_usual_one(imported: Import) -> None:
    assert imported(isolated(None)).rules.isolation_level == "read-committed"


@pytest.mark.parametrize("kind", ["allowlist", "api_limits", "limit", "select_permissions", "function"])
def test_only_what_narrows_access_can_be_left_out(imported: Import, kind: str) -> None:
    assert f"--without {kind}" in refusals(imported, COMPLETE, kind)


# ---------------------------------------------------------------- what goes with what is left out

COMPUTED = [{"name": "secret_score", "definition": {"function": "f"}}]


@pytest.mark.parametrize(
    "filter_",
    [
        {"secret_score": {"_gt": 1}},
        {"_not": {"_or": [{"a": 1}, {"secret_score": 1}]}},
        {"_exists": {"_table": "t", "_where": {"secret_score": 1}}},
        {"unknown_target": {"secret_score": 1}},
    ],
)
def test_a_permission_that_mentions_a_left_out_field_goes_whole(imported: Import, filter_: Any) -> None:
    own_key = [{"name": "unknown_target", "using": {"foreign_key_constraint_on": "x"}}]
    found = imported(selecting(filter_, computed_fields=COMPUTED, object_relationships=own_key), "computed_fields")
    assert found.rules.tables[Ident("public", "t")].permissions == {}
    assert "r" in found.rules.roles
    assert any('select_permissions[0] (role r: it mentions "secret_score"' in line for line in found.left_out)


def test_a_column_of_the_same_name_elsewhere_is_no_mention(imported: Import) -> None:
    filter_ = {"_exists": {"_table": {"schema": "auth", "name": "users"}, "_where": {"secret_score": 1}}}
    found = imported(selecting(filter_, computed_fields=COMPUTED), "computed_fields")
    assert found.rules.tables[Ident("public", "t")].permissions["r"].select != ()


def test_a_permission_that_shows_a_left_out_field_goes_whole(imported: Import) -> None:
    metadata = selecting({}, computed_fields=COMPUTED)
    metadata["sources"][0]["tables"][1]["select_permissions"][0]["permission"]["computed_fields"] = ["secret_score"]
    assert imported(metadata, "computed_fields").rules.tables[Ident("public", "t")].permissions == {}


def test_a_permission_with_a_postgis_operator_goes_whole(imported: Import) -> None:
    found = imported(selecting({"_or": [{"g": {"$st_within": {}}}]}))
    assert found.rules.tables[Ident("public", "t")].permissions == {}
    assert any('"_st_within", not served yet' in line for line in found.left_out)


# ---------------------------------------------------------------- files


def test_a_yaml_export_is_the_same(tmp_path: Path, imported: Import) -> None:
    path = tmp_path / "metadata.yaml"
    path.write_text("# exported\n" + json.dumps(COMPLETE, indent=1))
    text = dump_rules(import_metadata(path, without=frozenset()).rules)
    assert text == dump_rules(imported(COMPLETE).rules)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("m.json", "{"),
        ("m.json", '{"version": 3, "version": 3}'),
        ("m.json", '{"version": NaN}'),
        ("m.json", "[1]"),
        ("m.json", '{"version": "\\ud800"}'),
        ("m.json", "[" * 100_000),
        ("m.yaml", "a: [1"),
        ("m.yaml", "a: !!python/none x"),
        ("m.yaml", "- 1"),
    ],
)
def test_files_that_are_no_metadata_are_refused(tmp_path: Path, name: str, text: str) -> None:
    (tmp_path / name).write_text(text)
    with pytest.raises(ImportRefused, match=name):
        import_metadata(tmp_path / name, without=frozenset())


def folder(root: Path, **files: str) -> Path:
    tables = root / "databases" / "default" / "tables"
    tables.mkdir(parents=True)
    source = copy.deepcopy(COMPLETE["sources"][0])
    table = source["tables"][0]
    source["tables"] = "!include default/tables/tables.yaml"
    (root / "version.yaml").write_text("version: 3\n")
    (root / "actions.graphql").write_text("# nothing\n")
    (root / "actions.yaml").write_text(
        "actions: []\ncustom_types: {enums: [], input_objects: [], objects: [], scalars: []}\n"
    )
    for name in ("api_limits", "graphql_schema_introspection", "inherited_roles", "query_collections"):
        (root / f"{name}.yaml").write_text(json.dumps(COMPLETE[name]))
    (root / "allow_list.yaml").write_text(json.dumps(COMPLETE["allowlist"]))
    (root / "databases" / "databases.yaml").write_text(json.dumps([source]))
    (tables / "tables.yaml").write_text('- "!include auth_users.yaml"\n')
    (tables / "auth_users.yaml").write_text(json.dumps(table))
    for name, text in files.items():
        (root / name.replace("__", ".")).write_text(text)
    return root


def test_a_metadata_folder_is_the_same(tmp_path: Path, imported: Import) -> None:
    found = import_metadata(folder(tmp_path / "metadata"), without=frozenset())
    assert dump_rules(found.rules) == dump_rules(imported(COMPLETE).rules)


@pytest.mark.parametrize(
    ("files", "path"),
    [
        ({"brand_new__yaml": "a: 1"}, "brand_new.yaml"),
        ({"version__yaml": "version: 3\nnew: 1"}, "version.yaml: new"),
        ({"allow_list__yaml": "- collection: c\n"}, "$.allowlist[0].collection"),
        ({"api_limits__yaml": "depth_limit: {global: 0}"}, "$.api_limits.depth_limit.global"),
        ({"actions__graphql": "type Query { a: Int }"}, "$.custom_types"),
        ({"inherited_roles__yaml": "- {role_name: admin, role_set: [user]}\n"}, "$.inherited_roles[0].role_name"),
    ],
)
def test_a_folder_fails_closed_too(tmp_path: Path, files: dict[str, str], path: str) -> None:
    with pytest.raises(ImportRefused) as caught:
        import_metadata(folder(tmp_path / "metadata", **files), without=frozenset())
    assert [where for where, _ in caught.value.refusals] == [path]


def test_includes_stay_within_the_folder(tmp_path: Path) -> None:
    (tmp_path / "outside.yaml").write_text("[]")
    root = folder(tmp_path / "metadata", network__yaml='"!include ../outside.yaml"')
    with pytest.raises(ImportRefused, match="outside of the metadata folder"):
        import_metadata(root, without=frozenset())
    (root / "network.yaml").write_text('"!include network.yaml"')
    with pytest.raises(ImportRefused, match="too deeply"):
        import_metadata(root, without=frozenset())
