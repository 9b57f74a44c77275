"""What is denied changes nothing, and tells nothing: the whole database is summed up before and after each request.

The cases are those that an attacker tries by hand; generated ones stand in tests/property.
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import asyncpg
import pytest
from runner import HERE

from gql_gen.ask import DocumentAsk, Guard
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules
from gql_gen.session import Caller
from usher.postgres import EmbeddedPostgres

ROWS = """
select jsonb_build_object(
    'account', (select jsonb_agg(to_jsonb(account) order by id) from account),
    'entry', (select jsonb_agg(to_jsonb(entry) order by id) from entry),
    'seal', (select jsonb_agg(to_jsonb(seal) order by account_id) from seal)
)::text
"""
RULES = (HERE / "rules" / "vault.yaml").read_text()
NAMESPACE = "customization: { root_fields: { namespace: bank } }\n"


@dataclass(frozen=True)
class Vault:
    """The vault as owner 1 meets it."""

    engine: Engine
    connection: asyncpg.Connection

    async def rows(self) -> str:
        found = await self.connection.fetchval(ROWS)
        assert isinstance(found, str)
        return found

    async def ask(
        self, text: str, role: str = "owner", *, guard: Guard | None = None, read_only: bool = False, **variables: Any
    ) -> str:
        ask = DocumentAsk(text, None, variables, read_only, guard)
        return (await self.engine.answer(ask, Caller(role, {"x-hasura-owner": "1"}))).body.decode()

    async def refused(self, text: str, role: str = "owner", **more: Any) -> str:
        """The error of a request that changed nothing; the second time its statement is in the cache."""
        before = await self.rows()
        answers = [await self.ask(text, role, **more) for _ in range(2)]
        assert await self.rows() == before, text
        assert answers[0] == answers[1]
        assert list(json.loads(answers[0])) == ["errors"], answers[0]
        return answers[0]


@pytest.fixture(scope="module")
async def database(postgres: EmbeddedPostgres) -> AsyncIterator[str]:
    postgres.create_database("spec_denied")
    postgres.apply("spec_denied", HERE / "schemas" / "vault.sql")
    yield postgres.url("spec_denied")
    postgres.drop_database("spec_denied")


@pytest.fixture(scope="module")
async def connection(database: str) -> AsyncIterator[asyncpg.Connection]:
    made = await asyncpg.connect(database)
    yield made
    await made.close()


@pytest.fixture(scope="module")
async def vault(database: str, connection: asyncpg.Connection) -> AsyncIterator[Vault]:
    engine = await Engine.open(EngineSettings(database, 2), parse_rules(RULES + "naming: hasura\n", "v"), strict=True)
    yield Vault(engine, connection)
    await engine.close()


@pytest.fixture(scope="module")
async def spaced(database: str, connection: asyncpg.Connection) -> AsyncIterator[Vault]:
    """The same, its roots in a namespace."""
    rules = parse_rules(RULES + "naming: hasura\n" + NAMESPACE, "v")
    engine = await Engine.open(EngineSettings(database, 2), rules, strict=True)
    yield Vault(engine, connection)
    await engine.close()


# ---------------------------------------------------------------- constraints and rows out of sight

INSERT = "mutation ($row: account_insert_input!) { insert_account_one(object: $row) { id } }"
MANY = "mutation ($row: [account_insert_input!]!) { insert_account(objects: $row) { affected_rows } }"
UPSERT = """
mutation ($row: account_insert_input!) {
  insert_account_one(object: $row, on_conflict: {constraint: account_pkey, update_columns: [name]}) { id }
}
"""
NESTED = "mutation ($row: account_insert_input!) { insert_entry_one(object: {id: 9, account: {data: $row}}) { id } }"
UPDATE = "mutation ($row: account_set_input!) { update_account_by_pk(pk_columns: {id: 1}, _set: $row) { id } }"
UPDATES = """
mutation ($row: account_set_input!) {
  update_account_many(updates: [{where: {id: {_eq: 1}}, _set: $row}]) { affected_rows }
}
"""
NEW = {"id": 9, "owner": 1, "name": "Nine"}
HIDDEN: dict[str, dict[str, Any]] = {
    "a unique key": {"email": "two@example.com"},
    "a unique index over an expression": {"name": "TWO"},
    "a primary key": {"id": 2},
    "an exclusion constraint": {"booked": "[6,7)"},
    "a foreign key": {"sponsor_id": 77},
    "a check on a column that the role does not know": {"note": "forged"},
}
"""What goes wrong only because of rows, or columns, that owner 1 does not see."""


@pytest.mark.parametrize("violated", HIDDEN)
@pytest.mark.parametrize("form", [INSERT, MANY, NESTED], ids=["one", "many", "nested"])
async def test_a_hidden_row_in_the_way_of_an_insert_reads_like_a_failed_check(
    vault: Vault, violated: str, form: str
) -> None:
    hidden = await vault.refused(form, row=NEW | HIDDEN[violated])
    assert hidden == await vault.refused(form, row=NEW | {"owner": 2})


@pytest.mark.parametrize(
    "violated", [name for name in HIDDEN if "check" not in name]
)  # account 1 is of grade a, whose notes may be forged
@pytest.mark.parametrize("form", [UPDATE, UPDATES], ids=["by key", "many"])
async def test_a_hidden_row_in_the_way_of_an_update_reads_like_a_failed_check(
    vault: Vault, violated: str, form: str
) -> None:
    hidden = await vault.refused(form, row=HIDDEN[violated])
    assert hidden == await vault.refused(form, row={"owner": 2})


async def test_a_hidden_row_in_the_way_of_an_upsert_reads_like_a_failed_check(vault: Vault) -> None:
    hidden = await vault.refused(UPSERT, row=NEW | {"email": "two@example.com"})
    assert hidden == await vault.refused(UPSERT, row=NEW | {"owner": 2})


async def test_a_hidden_row_that_refers_to_the_deleted_one_is_not_told(vault: Vault) -> None:
    answer = json.loads(await vault.refused("mutation { delete_account_by_pk(id: 1) { id } }"))
    assert answer["errors"][0]["extensions"] == {"path": "$", "code": "permission-error"}


async def test_an_upsert_does_not_reach_a_row_that_the_role_may_not_update(vault: Vault) -> None:
    before = await vault.rows()
    answer = await vault.ask(UPSERT, row={"id": 2, "owner": 1, "name": "Mine"})
    assert (answer, await vault.rows()) == ('{"data":{"insert_account_one":null}}', before)


@pytest.mark.parametrize(
    "where", ['{email: {_eq: "two@example.com"}}', "{amount: {_eq: 20}}", "{id: {_eq: 2}}", '{name: {_like: "Tw%"}}']
)
async def test_what_the_role_cannot_see_it_cannot_pick(vault: Vault, where: str) -> None:
    before = await vault.rows()
    for mutation in (f'update_account(where: {where}, _set: {{note: "x"}})', f"delete_account(where: {where})"):
        text = f"mutation {{ {mutation} {{ affected_rows }} }}"
        assert json.loads(await vault.ask(text))["data"].popitem()[1] == {"affected_rows": 0}
    assert await vault.rows() == before


@pytest.mark.parametrize("violated", HIDDEN)
async def test_no_error_holds_what_is_stored(vault: Vault, violated: str) -> None:
    answer = await vault.refused(INSERT, row=NEW | HIDDEN[violated])
    assert not any(word in answer for word in ("example.com", "Two", "[5,9)", "DETAIL", "Key ("))


async def test_nor_do_errors_about_rows_that_are_seen(vault: Vault) -> None:
    for clash in ({"email": "four@example.com"}, {"name": "four"}, {"id": 4}, {"booked": "[1,2)"}, {"amount": -5}):
        answer = json.loads(await vault.refused(INSERT, row=NEW | clash))
        (error,) = answer["errors"]
        assert error["extensions"]["code"] == "constraint-violation"
        assert set(error["extensions"]["fields"]) >= set(clash)
        assert not any(str(value) in error["message"] for value in ("four@", "Four", "[1,5)", "-5", "(4)"))


async def test_what_a_trigger_says_is_not_told(vault: Vault) -> None:
    text = 'mutation { insert_entry_one(object: {id: 9, account_id: 1, body: "refused"}) { id } }'
    answer = json.loads(await vault.refused(text))
    extensions = {"path": "$", "code": "unexpected"}
    assert answer == {"errors": [{"message": "the database refused the query", "extensions": extensions}]}


# ---------------------------------------------------------------- all or nothing

GOOD = 'insert_entry_one(object: {id: 9, account_id: 1, body: "new"})'
BAD = {
    "a unique key": "insert_entry_one(object: {id: 1, account_id: 1})",
    "a key of the first": "insert_entry_one(object: {id: 9, account_id: 1})",
    "a rule": "insert_entry_one(object: {id: 8, account_id: 2})",
    "a trigger": 'insert_entry_one(object: {id: 8, account_id: 1, body: "refused"})',
    "a number too large": "update_account_by_pk(pk_columns: {id: 1}, _inc: {amount: 2147483647})",
    "a check of the table": "update_account_by_pk(pk_columns: {id: 1}, _inc: {amount: -11})",
    "a row referred to": "delete_account_by_pk(id: 4)",
    "a name": "insert_nothing_one(object: {})",
    "a value": 'insert_account_one(object: {id: 8, owner: 1, name: "x", booked: "soon"})',
    "a null": "insert_entry_one(object: {id: 8, account_id: null})",
}
WRAPPED = {
    "aliases": "mutation {{ a: {good} {{ id }} b: {bad} {{ id }} }}",
    "names alone": "mutation {{ a: {good} {{ __typename }} b: {bad} {{ __typename }} }}",
    "a fragment": "mutation {{ ...F b: {bad} {{ id }} }} fragment F on mutation_root {{ a: {good} {{ id }} }}",
    "inline fragments": "mutation {{ ... {{ a: {good} {{ id }} }} ... on mutation_root {{ b: {bad} {{ id }} }} }}",
    "the type between": "mutation {{ a: {good} {{ id }} __typename b: {bad} {{ id }} }}",
    "the bad one in the middle": (
        'mutation {{ a: {good} {{ id }} b: {bad} {{ id }} c: update_entry(where: {{}}, _set: {{body: "x"}}) '
        "{{ affected_rows }} }}"
    ),
}


@pytest.mark.parametrize("reason", BAD)
@pytest.mark.parametrize("wrapping", WRAPPED)
async def test_an_error_in_one_field_undoes_the_others(vault: Vault, reason: str, wrapping: str) -> None:
    await vault.refused(WRAPPED[wrapping].format(good=GOOD, bad=BAD[reason]))


@pytest.mark.parametrize("reason", BAD)
async def test_also_within_namespaces(spaced: Vault, reason: str) -> None:
    both = f"a: {GOOD} {{ id }} b: {BAD[reason]} {{ id }}"
    await spaced.refused(f"mutation {{ bank {{ {both} }} }}")
    await spaced.refused(f"mutation {{ x: bank {{ a: {GOOD} {{ id }} }} y: bank {{ b: {BAD[reason]} {{ id }} }} }}")
    await spaced.refused(f"mutation {{ bank {{ __typename {both} }} __typename }}")


async def test_a_constraint_that_is_checked_at_the_end_undoes_all(vault: Vault) -> None:
    seals = "a: insert_seal_one(object: {account_id: 3}) { word } b: insert_seal_one(object: {account_id: 77}) { word }"
    text = f"mutation {{ {seals} }}"
    await vault.refused(text, "admin")
    await vault.refused(text, "admin", guard=Guard(dry_run=True))


async def test_too_many_rows_undo_all(vault: Vault) -> None:
    text = f'mutation {{ a: {GOOD} {{ id }} update_entry(where: {{}}, _set: {{body: "x"}}) {{ affected_rows }} }}'
    answer = json.loads(await vault.refused(text, guard=Guard(3)))
    assert answer["errors"][0]["extensions"]["code"] == "too-many-rows"


@pytest.mark.parametrize("guard", [Guard(dry_run=True), Guard(10, True)])
async def test_a_dry_run_changes_nothing(vault: Vault, guard: Guard) -> None:
    before = await vault.rows()
    text = f"mutation {{ {GOOD} {{ id account {{ entries_aggregate: entries {{ id }} }} }} }}"
    answers = [await vault.ask(text, guard=guard) for _ in range(2)]
    assert (
        answers == ['{"data":{"insert_entry_one":{"id":9,"account":{"entries_aggregate":[{"id":1}, {"id":9}]}}}}'] * 2
    )
    assert await vault.rows() == before


@pytest.mark.parametrize("text", [f"mutation {{ {GOOD} {{ id }} }}", "mutation { __typename }"])
async def test_nothing_is_changed_by_what_may_only_read(vault: Vault, text: str) -> None:
    answer = json.loads(await vault.refused(text, read_only=True))
    assert answer["errors"][0]["message"] == "a mutation cannot be sent by GET"


# ---------------------------------------------------------------- names

PLACES = {
    "a new row": ("account_insert_input", 'insert_account(objects: {{id: 9, owner: 1, name: "x", {name}: "x"}})'),
    "an upsert": (
        "account_update_column",
        "insert_account(objects: {{id: 1}}, on_conflict: {{constraint: account_pkey, update_columns: [{name}]}})",
    ),
    "an upsert's key": (
        "account_constraint",
        "insert_account(objects: {{id: 1}}, on_conflict: {{constraint: {name}}})",
    ),
    "_set": ("account_set_input", 'update_account(where: {{}}, _set: {{{name}: "x"}})'),
    "_inc": ("account_inc_input", "update_account(where: {{}}, _inc: {{{name}: 1}})"),
    "many": ("account_set_input", 'update_account_many(updates: [{{where: {{}}, _set: {{{name}: "x"}}}}])'),
    "where of an update": ("account_bool_exp", 'update_account(where: {{{name}: {{_eq: "x"}}}}, _set: {{note: "x"}})'),
    "where of a delete": ("account_bool_exp", 'delete_account(where: {{{name}: {{_eq: "x"}}}})'),
    "where of an upsert": (
        "account_bool_exp",
        "insert_account(objects: {{id: 1}}, on_conflict: {{constraint: account_pkey, update_columns: [note], "
        'where: {{{name}: {{_eq: "x"}}}}}})',
    ),
    "a related row": (
        "account_insert_input",
        'insert_entry(objects: {{id: 9, account: {{data: {{id: 9, owner: 1, name: "x", {name}: "x"}}}}}})',
    ),
    "returning": (
        "account",
        'update_account(where: {{}}, _set: {{note: "x"}}) {{ returning {{ {name} }} }} x: delete_entry(where: {{}})',
    ),
}


@pytest.mark.parametrize("place", PLACES)
async def test_what_a_role_may_not_write_is_like_what_is_not_there(vault: Vault, place: str) -> None:
    type_, template = PLACES[place]
    selection = " { affected_rows }"
    answers = [
        (await vault.refused("mutation { " + template.format(name=name) + selection + " }")).replace(name, "·")
        for name in ("grade", "nothing", "account_grade_known" if "key" in place else "seals")
    ]
    assert len(set(answers)) == 1
    assert type_ in answers[0]


@pytest.mark.parametrize(
    "root",
    [
        "insert_account(objects: [])",
        "insert_account_one(object: {})",
        'update_account(where: {}, _set: {name: "x"})',
        'update_account_by_pk(pk_columns: {id: 1}, _set: {name: "x"})',
        "update_account_many(updates: [])",
        "delete_account(where: {})",
        "delete_account_by_pk(id: 1)",
        "insert_seal(objects: {account_id: 3})",
        "delete_seal(where: {})",
    ],
)
async def test_a_role_that_may_only_read_has_no_mutations(vault: Vault, root: str) -> None:
    answer = json.loads(await vault.refused(f"mutation {{ {root} {{ __typename }} }}", "auditor"))
    assert answer["errors"][0]["message"] == "no mutations exist"
    if "seal" in root:
        answer = json.loads(await vault.refused(f"mutation {{ {root} {{ __typename }} }}"))
        assert answer["errors"][0]["message"].startswith("field '")
