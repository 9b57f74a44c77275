"""What a role may write: its columns, relationships and conflict targets, for whom, and what errors may name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from builders import catalog, fault_texts, ident, model, rules, sound, table

from gql_gen.catalog.types import CheckConstraint, ExclusionConstraint, Relation, UniqueIndex, UniqueKey
from gql_gen.model.predicates import FALSE, TRUE
from gql_gen.model.roles import check_all_roles, has_backend_rules, role_model, without
from gql_gen.model.types import ConflictTarget, RoleEntity, RoleModel


def written(relation: Relation, **columns: dict[str, Any]) -> Relation:
    """The relation with columns that are told more of."""
    changed = {name: replace(relation.columns[name], **facts) for name, facts in columns.items()}
    return replace(relation, columns={**relation.columns, **changed})


ORG = table("org", "id int4!, name text!, secret text", unique=[["name"], ["secret"]])
NOTE = replace(
    written(
        table(
            "note",
            "id int4!, org_id int4!, title text, body text, total int4, serial int4, at date",
            unique=[["org_id", "title"]],
            indexes=[
                UniqueIndex("note_title_body", ("title", "body"), (None, None), None),
                UniqueIndex("note_low", (None,), ("lower(title)",), None, ("title",)),
                UniqueIndex("note_partial", ("org_id",), (None,), "(body IS NULL)", ("body",)),
            ],
            foreign={"org_id": "org.id"},
        ),
        total={"generated": True, "updatable": False},
        serial={"identity": "always"},
    ),
    exclusion_constraints=(
        ExclusionConstraint("note_apart", ("at", None), ("title",)),
        ExclusionConstraint("note_later", ("title",), (), deferrable=True),
    ),
    check_constraints=(CheckConstraint("note_title_check", ("title",)),),
)
VIEW = table("overview", "id int4, name text", key=None, writable=False)
DB = catalog(ORG, NOTE, VIEW)

ALL = "select: { columns: '*', filter: {} }"


def roles(note: str = "", org: str = "", top: str = "", hide: str = "[]") -> tuple[RoleModel, list[str]]:
    """What role user may do by these permissions, the admin secret shown, and the faults of all."""
    told = rules(
        f"{top}\nroles: {{user: {{}}}}\ntables:\n"
        f"  org: {{ hide: {hide}, permissions: {{ user: {{ {org} }} }} }}\n"
        f"  note: {{ permissions: {{ user: {{ {note} }} }} }}\n  overview: {{}}\n"
    )
    built = sound(DB, told)
    return role_model(built, told, "user", is_backend=True), fault_texts(check_all_roles(built, told))


def seen(role: RoleModel, name: str) -> RoleEntity:
    return role.entities[ident(name)]


def note_of(permissions: str, **others: str) -> RoleEntity:
    role, faults = roles(permissions, **others)
    assert not faults
    return seen(role, "note")


# ---------------------------------------------------------------- writing without reading


def test_who_may_only_write_reads_nothing() -> None:
    role, faults = roles("insert: { columns: [title], check: {} }", ALL)
    note = seen(role, "note")
    assert not faults
    assert (note.is_selectable, note.rule, note.insert is not None) == (False, FALSE, True)
    assert not any((note.fields, note.links, note.columns, note.query_roots, note.subscription_roots))
    assert not any((note.allow_aggregations, note.by_primary_key, note.unique_keys, note.unique_indexes))
    assert not seen(role, "org").links


def test_who_has_permissions_of_no_use_has_no_table() -> None:
    role, faults = roles("insert: { columns: [nope], check: {} }")
    assert not role.entities
    assert len(faults) == 1


def test_a_broken_select_rule_takes_the_writes_along() -> None:
    role, faults = roles("select: { columns: [nope], filter: {} }, delete: { filter: {} }")
    assert not role.entities
    assert len(faults) == 1


# ---------------------------------------------------------------- columns and relationships


def test_columns_to_give_stand_in_the_tables_order() -> None:
    note = note_of(
        f"{ALL}, insert: {{ columns: [title, total, serial, id, org_id], check: {{}}, set: {{ org_id: 1 }} }},"
        "update: { columns: '*', filter: {} }"
    )
    assert list(note.insert_fields) == ["id", "title"]
    assert list(note.update_fields) == ["id", "orgId", "title", "body", "at"]
    assert note.update is not None
    assert {field.sql for field in note.update_fields.values()} == note.update.columns


def test_admin_may_give_all_but_what_takes_no_values() -> None:
    told = rules("tables: { org: { hide: [secret] }, note: {}, overview: {} }")
    admin = role_model(sound(DB, told), told, "admin")
    assert list(seen(admin, "note").insert_fields) == ["id", "orgId", "title", "body", "at"]
    assert list(seen(admin, "org").update_fields) == ["id", "name"]
    assert not seen(admin, "overview").insert_fields
    assert seen(admin, "note").revealed_constraints is None
    assert seen(admin, "note").insert == seen(role_model(sound(DB, told), told, "admin", True), "note").insert


@pytest.mark.parametrize(
    "right", ["insert: { check: {} }", "update: { columns: [], filter: {} }", "delete: {filter: {}}"]
)
def test_relationships_to_write_lead_where_the_role_may_write(right: str) -> None:
    role, _ = roles("insert: { columns: [title], check: {} }", right)
    assert seen(role, "note").write_links.keys() == {"org"}
    assert seen(role, "org").write_links.keys() == {"notes"}
    assert not seen(role, "note").links
    role, _ = roles("insert: { columns: [title], check: {} }", ALL)
    assert not seen(role, "note").write_links


# ---------------------------------------------------------------- conflict targets

FULL = [
    ConflictTarget("note_pkey", ("id",), (None,)),
    ConflictTarget("note_org_id_title_key", ("org_id", "title"), (None, None)),
    ConflictTarget("note_title_body", ("title", "body"), (None, None)),
    ConflictTarget("note_low", (None,), ("lower(title)",)),
    ConflictTarget("note_partial", ("org_id",), (None,), "(body IS NULL)"),
    ConflictTarget("note_apart", (), ()),
]


@pytest.mark.parametrize(
    ("readable", "given", "names"),
    [
        ("[id, org_id, title, body, at]", "[]", [target.name for target in FULL]),
        ("[]", "[id, org_id, title, body, at]", [target.name for target in FULL]),
        ("[id]", "[org_id]", ["note_pkey"]),
        ("[org_id]", "[title]", ["note_org_id_title_key", "note_low"]),
        ("[org_id]", "[body]", ["note_partial"]),
        ("[at]", "[]", []),
        ("[title]", "[at]", ["note_low", "note_apart"]),
    ],
)
def test_a_conflict_target_mentions_only_what_the_role_may_know(readable: str, given: str, names: list[str]) -> None:
    select = f"select: {{ columns: {readable}, filter: {{}} }}"
    note = note_of(f"{select}, insert: {{ columns: {given}, check: {{}} }}")
    assert [target for target in FULL if target.name in names] == list(note.conflict_targets)


def test_without_inserts_there_is_no_conflict() -> None:
    assert not note_of(f"{ALL}, update: {{ columns: '*', filter: {{}} }}").conflict_targets


def test_no_conflict_target_touches_a_hidden_column() -> None:
    role, _ = roles(org=f"{ALL}, insert: {{ check: {{}} }}", hide="[secret]")
    assert [target.name for target in seen(role, "org").conflict_targets] == ["org_pkey", "org_name_key"]


def test_a_key_that_waits_for_the_commit_is_no_target_and_one_over_periods_an_exclusion() -> None:
    keys = (UniqueKey("late", ("a",), deferrable=True), UniqueKey("period", ("a", "b"), without_overlaps=True))
    told = rules("tables: { t: {} }")
    db = catalog(replace(table("t", "a int4, b int4", key=None), unique_keys=keys))
    (target,) = seen(role_model(model(db, told), told, "admin"), "t").conflict_targets
    assert (target.name, target.is_exclusion) == ("period", True)


# ---------------------------------------------------------------- for whom

BACKEND = f"{ALL}, insert: {{ check: {{}}, backend_only: true }}, delete: {{ filter: {{}} }}"


def test_backend_rules_are_there_for_the_backend_alone() -> None:
    told = rules(
        f"roles: {{user: {{}}, other: {{}}}}\ntables: {{ note: {{ permissions: {{ user: {{ {BACKEND} }} }} }} }}"
    )
    built = sound(DB, told)
    for is_backend in (False, True):
        role = role_model(built, told, "user", is_backend)
        note = seen(role, "note")
        assert (role.is_backend, note.insert is not None, note.delete is not None) == (is_backend, is_backend, True)
        assert bool(note.insert_fields) == bool(note.conflict_targets) == is_backend
    assert (has_backend_rules(told, "user"), has_backend_rules(told, "other")) == (True, False)


def test_a_table_for_the_backend_alone_is_nobody_elses() -> None:
    told = rules(
        "roles: {user: {}}\ntables: { note: { permissions: { user: { insert: { check: {}, backend_only: true } } } } }"
    )
    assert not role_model(sound(DB, told), told, "user").entities
    assert role_model(sound(DB, told), told, "user", is_backend=True).entities


def test_a_broken_backend_rule_is_a_fault_too() -> None:
    _, faults = roles("insert: { columns: [nope], check: {}, backend_only: true }")
    assert len(faults) == 1


def test_a_rule_knows_where_it_stands() -> None:
    note = note_of("insert: { check: {} }, delete: { filter: {} }")
    assert note.insert is not None
    assert note.delete is not None
    assert (note.insert.at, note.delete.at) == ("rules.yaml:6:34", "rules.yaml:6:57")
    assert (note.insert.filter, note.insert.check) == (TRUE, TRUE)


# ---------------------------------------------------------------- faults


@pytest.mark.parametrize(
    ("permissions", "words"),
    [
        ("insert: { check: {}, set: { total: 1 } }", 'column "total" of public.note takes no values: it is generated'),
        ("update: { columns: [], filter: {}, set: { serial: {sql: 'default'} } }", "generated always as identity"),
        ("insert: { check: {}, set: { serial: X-Hasura-N } }", "generated always as identity"),
    ],
)
def test_a_preset_of_what_takes_no_values_is_a_fault(permissions: str, words: str) -> None:
    role, faults = roles(f"{ALL}, {permissions}")
    assert (seen(role, "note").insert, seen(role, "note").update) == (None, None)
    (fault,) = faults
    assert words in fault


@pytest.mark.parametrize(
    ("right", "words"),
    [
        ("insert: { check: {} }", "takes no inserts"),
        ("update: { columns: [], filter: {} }", "takes no updates"),
        ("delete: { filter: {} }", "takes no deletes"),
        ("update: { columns: [], filter: {}, recheck: true }", "takes no updates"),
    ],
)
def test_a_view_that_cannot_be_written_is_not(right: str, words: str) -> None:
    told = rules(f"roles: {{user: {{}}}}\ntables: {{ overview: {{ permissions: {{ user: {{ {right} }} }} }} }}")
    built = check_all_roles(sound(DB, told), told)
    assert f"public.overview {words}" in fault_texts(built)[0]
    assert not role_model(built, told, "user").entities


def test_a_second_check_needs_a_key_to_find_the_row_by() -> None:
    told = rules(
        "roles: {user: {}}\ntables: { t: { permissions: { user: { insert: { check: {}, recheck: true } } } } }"
    )
    built = check_all_roles(model(catalog(table("t", "a int4", key=None)), told), told)
    assert fault_texts(built) == ["rules.yaml:3:39: public.t has no primary key, which `recheck` needs"]
    note = note_of("insert: { check: {}, recheck: true }")
    assert note.insert is not None
    assert note.insert.recheck


# ---------------------------------------------------------------- what errors may name


def revealing(text: str, top: str = "") -> tuple[frozenset[str] | None, list[str]]:
    told = rules(
        f"{top}\nroles: {{user: {{}}}}\n"
        f"tables: {{ org: {{ {text} permissions: {{ user: {{ {ALL} }} }} }}, note: {{}} }}"
    )
    built = model(DB, told)
    return seen(role_model(built, told, "user"), "org").revealed_constraints, fault_texts(built)


def test_constraints_are_revealed_as_told() -> None:
    assert revealing("") == (frozenset(), [])
    assert revealing("reveal_constraints: [org_name_key],") == (frozenset({"org_name_key"}), [])
    assert revealing("reveal_constraints: '*',") == (None, [])
    assert revealing("reveal_constraints: [org_name_key],", "reveal_constraints: true") == (None, [])


@pytest.mark.parametrize(
    ("name", "names"),
    [
        ("org", ["org_pkey", "org_name_key", "note_org_id_fkey"]),
        ("note", ["note_pkey", "note_low", "note_partial", "note_later", "note_title_check", "note_org_id_fkey"]),
    ],
)
def test_keys_indexes_checks_and_references_can_be_revealed(name: str, names: list[str]) -> None:
    told = rules(f"tables: {{ {name}: {{ reveal_constraints: [{', '.join(names)}] }} }}")
    assert not model(DB, told).faults


def test_a_constraint_that_is_not_there_is_a_fault() -> None:
    assert revealing("reveal_constraints: [org_nam_key, note_pkey],")[1] == [
        'rules.yaml:4:39: public.org has no constraint or unique index "org_nam_key" (did you mean "org_name_key"?)',
        'rules.yaml:4:52: public.org has no constraint or unique index "note_pkey" (did you mean "org_pkey"?)',
    ]


# ---------------------------------------------------------------- what is taken away later


def test_a_way_of_writing_can_be_taken_away() -> None:
    right = "insert: { check: {} }, update: { columns: '*', filter: {} }"
    role, _ = roles(f"{ALL}, {right}", right)
    less = without(role, (), [(ident("note"), "insert"), (ident("org"), "insert"), (ident("org"), "update")])
    note = seen(less, "note")
    assert (note.insert, note.insert_fields, note.conflict_targets) == (None, {}, ())
    assert (note.update, note.fields) == (seen(role, "note").update, seen(role, "note").fields)
    assert ident("org") not in less.entities, "nothing was left of it"
    assert not note.write_links


def test_a_table_can_be_taken_away() -> None:
    role, _ = roles(f"{ALL}, delete: {{ filter: {{}} }}", ALL)
    less = without(role, [ident("note")], ())
    assert less.entities.keys() == {ident("org")}
    assert not any((seen(less, "org").links, seen(less, "org").write_links))
