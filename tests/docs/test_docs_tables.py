"""The tables of docs/ against the code: they list what the code knows, all of it and nothing else."""

from __future__ import annotations

import dataclasses
import re
import time
from collections.abc import Mapping
from typing import Any

import asyncpg
import jwt
import pytest
from docs.examples import RulesExample, Story
from docs.pages import DOCS, ROOT, blocks_of
from docs.running import Desk

from gql_gen.catalog.types import Catalog
from gql_gen.dialects.hasura.offered import OPERATORS
from gql_gen.engine.limits import OWN_LIMITS
from gql_gen.errors import Unauthorized, UsherError
from gql_gen.http import secret as secrets
from gql_gen.http.caller import CallerResolver
from gql_gen.http.keys import ALGORITHMS
from gql_gen.http.types import AuthSettings
from gql_gen.introspect.read import read_catalog
from gql_gen.model.operators import COLUMN_COMPARISONS, GROUPS, operators_for
from gql_gen.model.scalars import BUILT_IN, scalar_of
from gql_gen.rules import format as rules_format
from gql_gen.rules.hasura_keys import KEYS, KINDS, Noted, Refused
from gql_gen.rules.shapes import Record
from usher.postgres import EmbeddedPostgres
from usher.settings import Settings

Row = list[str]


def rows(page: str, heading: str, place: int = 0) -> list[Row]:
    """The cells of a table below a heading, without its first two lines; of several the one at that place."""
    text = (DOCS / page).read_text(encoding="utf-8")
    section = re.split(rf"^#+ {re.escape(heading)}$", text, maxsplit=1, flags=re.MULTILINE)[1]
    section = re.split(r"^#+ ", section, maxsplit=1, flags=re.MULTILINE)[0]
    tables = re.findall(r"(?:^\|.*\|\n)+", section, re.MULTILINE)
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in tables[place].splitlines()[2:]]


def words(text: str) -> list[str]:
    """What stands between backticks."""
    return re.findall(r"`([^`]+)`", text)


def column(page: str, heading: str, place: int = 0) -> list[str]:
    """The words of a table's first column."""
    return [word for row in rows(page, heading, place) for word in words(row[0])]


# ---------------------------------------------------------------- settings


def test_every_setting_stands_there_with_its_default() -> None:
    said = {tuple(words(row[0])): row[1].strip("` ") for row in rows("settings.md", "Settings")}
    assert said == {setting.metadata["names"]: _default(setting.default) for setting in dataclasses.fields(Settings)}


def _default(value: Any) -> str:
    return "" if value is None else str(value).lower()


def test_the_limits_are_those_of_the_settings() -> None:
    said = {row[2].strip("` "): row[1] for row in rows("queries.md", "Limits")}
    defaults = {field.metadata["names"][0]: field.default for field in dataclasses.fields(Settings)}
    assert {name: _plain(text) for name, text in said.items() if name} == {
        name: default for name, default in defaults.items() if name.startswith(("USHER_MAX", "USHER_STATEMENT"))
    }
    assert said[""] == str(OWN_LIMITS.batch)


def test_the_limits_that_hold_without_a_rule_are_said() -> None:
    said = {words(row[0])[0]: row[1] for row in rows("limits.md", "Limits")}
    own = {each.name: getattr(OWN_LIMITS, each.name) for each in dataclasses.fields(OWN_LIMITS)}
    assert {name: f"{value:,}" for name, value in own.items() if value is not None} == {
        name: text for name, text in said.items() if not text.startswith("none")
    }
    assert said.keys() == own.keys()


def _plain(text: str) -> int:
    number, _, unit = text.partition(" ")
    return int(number.replace(",", "")) * {"": 1, "MiB": 1024**2, "KiB": 1024, "s": 1000}[unit]


# ---------------------------------------------------------------- queries


def test_every_operator_stands_there() -> None:
    known = {spec.name for group in GROUPS.values() for spec in group} | {"_is_null", "_cast"}
    said = column("queries.md", "Operators")
    assert (set(said), len(said)) == (known, len(known))


async def test_every_type_has_the_operators_that_its_row_says(postgres: EmbeddedPostgres) -> None:
    catalog = await _catalog_of_many_types(postgres)
    relation = next(relation for ident, relation in catalog.relations.items() if ident.name == "many")
    for types, *marks in rows("queries.md", "Operators", 1):
        for name in words(types) or [types.split()[1]]:
            found = {spec.name for spec in operators_for(scalar_of(relation.columns[name].type, catalog))}
            assert _marks(found, relation.columns[name].type.name) == [mark == "yes" for mark in marks], name


async def _catalog_of_many_types(postgres: EmbeddedPostgres) -> Catalog:
    names = [name for row in rows("queries.md", "Operators", 1) for name in words(row[0])]
    columns = ", ".join(f'"{name}" {name}' for name in names)
    postgres.create_database("docs_types")
    connection = await asyncpg.connect(postgres.url("docs_types"))
    try:
        await connection.execute("create extension citext; create extension ltree; create type mood as enum ('glad')")
        await connection.execute(f'create table many ({columns}, "enum" mood, "array" text[])')
        return await read_catalog(connection)
    finally:
        await connection.close()
        postgres.drop_database("docs_types")


def _marks(operators: set[str], type_name: str) -> list[bool]:
    """In the order of the table's columns."""
    has = ["_eq", "_gt", "_like", "_has_key", "_contains", "_matches"]
    assert ("_in" in operators) == ("_eq" in operators), type_name
    return [name in operators for name in has]


def test_scalars_are_called_as_the_table_says() -> None:
    for postgres_types, graphql, _ in rows("queries.md", "Types"):
        if "same name" in graphql or not words(graphql) or "[T!]" in graphql:
            assert not set(words(postgres_types)) & set(BUILT_IN)
            continue
        names = words(graphql) if len(words(graphql)) > 1 else words(graphql) * len(words(postgres_types))
        assert [BUILT_IN.get(name, name) for name in words(postgres_types)] == names


async def test_every_name_of_the_three_namings_stands_in_its_schema(desk: Desk) -> None:
    examples = list(Story(blocks_of(DOCS / "queries.md")).examples())
    texts = [example.text for example in examples if isinstance(example, RulesExample)]
    for place, text in enumerate(texts):
        sdl = (await desk.engine(text)).sdl("admin")
        assert f"naming: {('nhost', 'hasura', 'graphql-default')[place]}" in text
        for row in rows("queries.md", "The three namings"):
            (name,) = words(row[place + 1])
            assert re.search(rf"\b{name}\b", sdl), (row[0], name)


def test_every_code_of_an_error_stands_there() -> None:
    code = re.compile(
        r'(?:code=|default_code: ClassVar\[str\] = |default_code = |_INVALID = |_ROLES_MISSING = )"([a-z-]+)"'
    )
    sources = [path.read_text(encoding="utf-8") for path in (ROOT / "gql_gen").rglob("*.py")]
    assert set(column("queries.md", "Errors")) == {found for text in sources for found in code.findall(text)}
    assert UsherError.default_code in column("queries.md", "Errors")


# ---------------------------------------------------------------- mutations


def test_every_operator_of_an_update_stands_there() -> None:
    assert column("mutations.md", "Update") == [operator.word for operator in OPERATORS]


def test_the_codes_of_mutations_are_codes_of_errors() -> None:
    said = set(column("mutations.md", "Errors"))
    assert said <= set(column("queries.md", "Errors"))
    concerning = {row[0].strip("`") for row in rows("queries.md", "Errors") if row[1].startswith("a mutation: ")}
    assert concerning - {"not-exists"} <= said  # that is told where related rows are written along with an update


# ---------------------------------------------------------------- permissions.yaml


def _keys(record: Record) -> list[str]:
    return [key.name for key in record.keys]


@pytest.mark.parametrize(
    ("heading", "place", "record"),
    [("The top of the file", 0, rules_format.FILE), ("A table", 0, rules_format.TABLE_RULES)],
)
def test_every_key_of_the_file_stands_there(heading: str, place: int, record: Record) -> None:
    assert column("permissions.md", heading, place) == _keys(record)


def test_every_key_of_a_permission_stands_there() -> None:
    assert ["columns", "filter", *column("permissions.md", "Permissions", 0)] == _keys(rules_format.SELECT)
    written = set(column("permissions.md", "Permissions", 1))
    assert written | {"columns", "check"} == set(_keys(rules_format.INSERT))
    assert written | {"columns", "check", "filter"} == set(_keys(rules_format.UPDATE))
    assert ["filter", *column("permissions.md", "Permissions", 1)[-2:]] == _keys(rules_format.DELETE)


def test_every_comparison_of_columns_stands_there() -> None:
    text = (DOCS / "permissions.md").read_text(encoding="utf-8")
    assert [name for name in COLUMN_COMPARISONS if f"`{name}`" not in text] == []


# ---------------------------------------------------------------- import


def test_every_kind_that_can_be_left_out_stands_there() -> None:
    assert {words(kind)[0]: what for kind, what in rows("import-hasura.md", "What can be left out")} == KINDS


@pytest.mark.parametrize(
    ("heading", "treatment", "attribute"),
    [("What is refused", Refused, "reason"), ("What has no effect here", Noted, "note")],
)
def test_every_key_that_is_not_carried_over_stands_there(heading: str, treatment: type, attribute: str) -> None:
    said = {(key, row[1]) for row in rows("import-hasura.md", heading) for key in words(row[0])}
    known = [(key, found) for keys in KEYS.values() for key, found in keys.items() if isinstance(found, treatment)]
    assert said == {(key, getattr(found, attribute)) for key, found in known}


# ---------------------------------------------------------------- authentication


def test_every_key_and_type_of_the_jwt_secret_stands_there() -> None:
    heading = "HASURA_GRAPHQL_JWT_SECRET, key by key"
    assert set(column("authentication.md", heading)) == set(secrets._Secret.__struct_fields__)
    (types,) = (row[1] for row in rows("authentication.md", heading) if row[0] == "`type`")
    assert words(types) == list(ALGORITHMS)


KEY = "a key that is at least thirty-two characters long"
NAMESPACE = "https://hasura.io/jwt/claims"
GOOD = {"x-hasura-default-role": "user", "x-hasura-allowed-roles": ["user"]}
SECRET = secrets.parse_jwt_secret(f'{{"type": "HS256", "key": "{KEY}", "issuer": "us", "audience": "crm"}}')
LOCKED = AuthSettings("an admin secret", (SECRET,))


def bearer(key: str = KEY, claims: Any = GOOD, **payload: Any) -> dict[bytes, bytes]:
    body = {"iss": "us", "aud": "crm", NAMESPACE: claims} | payload
    token = jwt.encode({name: value for name, value in body.items() if value is not None}, key, algorithm="HS256")
    return {b"authorization": f"Bearer {token}".encode()}


REFUSED: list[tuple[AuthSettings, Mapping[bytes, bytes]]] = [
    (LOCKED, {b"x-hasura-admin-secret": b"a guess"}),
    (AuthSettings("an admin secret"), {}),
    (LOCKED, {**bearer(), b"x-hasura-role": b"admin"}),
    (LOCKED, {}),
    (LOCKED, {b"authorization": b"Basic Zm9vOmJhcg=="}),
    (LOCKED, bearer(exp=1_700_000_000)),
    (LOCKED, bearer(nbf=int(time.time()) + 600)),
    (LOCKED, bearer(iat=int(time.time()) + 600)),
    (LOCKED, bearer(iss="them")),
    (LOCKED, bearer(aud="intranet")),
    (LOCKED, bearer(key="another key that is also longer than thirty-two characters")),
    (LOCKED, {b"authorization": b"Bearer nonsense"}),
    (LOCKED, bearer(claims=None)),
    (LOCKED, bearer(claims={"x-hasura-allowed-roles": ["user"]})),
]


async def test_every_refusal_of_a_caller_stands_there() -> None:
    found: list[tuple[str, str]] = []
    for settings, headers in REFUSED:
        with pytest.raises(Unauthorized) as refused:
            await CallerResolver(settings).resolve(headers, list(headers.items()))
        found.append((refused.value.code, refused.value.message))
    headers = bearer(iat=1_700_000_000, claims={**GOOD, "x-hasura-user-id": "7"})
    with pytest.raises(Unauthorized) as refused:
        await CallerResolver(LOCKED, revoked={"7": 1_700_000_000.5}).resolve(headers, list(headers.items()))
    found.append((refused.value.code, refused.value.message))
    assert [(words(row[0])[0], row[1]) for row in rows("authentication.md", "Errors")] == found
