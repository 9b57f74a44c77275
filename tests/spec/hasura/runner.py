"""Black-box cases: a YAML file is a list of questions with their answers, read by people first.

    rules: shop              # rules/shop.yaml
    schema: shop             # schemas/shop.sql here, else tests/schemas/shop.sql; the rules' name when absent
    naming: hasura           # replaces the rules' own
    settings: {}             # fields of EngineSettings
    cases:
      - name: a sentence about behaviour
        role: reader         # admin when absent
        session: { author-id: 1 }          # without the leading x-hasura-
        query: "{ author { id } }"
        operation: null      # operationName
        variables: {}
        backend: false       # whether the caller shows the admin secret and asks for backend_only rules
        at_most: 3           # X-Usher-At-Most-Rows
        data: {…}            # the whole of it, keys in this order; or
        error: { message: …, path: …, code: …, and more as it is }

Every case is asked twice: the second time its statement is in the cache. Mutations are dry runs, so each case finds the
rows of the schema.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from quick_yaml import read_quickly

from gql_gen.ask import DocumentAsk, Guard
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules
from gql_gen.rules.types import Rules
from gql_gen.session import ADMIN, Caller
from usher.postgres import EmbeddedPostgres

HERE = Path(__file__).parent
SHARED_SCHEMAS = HERE.parents[1] / "schemas"


@dataclass(frozen=True)
class House:
    """What a file of cases is asked of; files that agree in it share an engine."""

    rules: str
    schema: str
    naming: str | None
    settings: str
    """As JSON, so that a house can be a key."""

    def read_rules(self) -> Rules:
        file = HERE / "rules" / f"{self.rules}.yaml"
        rules = parse_rules(file.read_text(), file.name)
        return rules if self.naming is None else replace(rules, naming=self.naming)  # type: ignore[arg-type]


@dataclass(frozen=True)
class Case:
    name: str
    file: str
    house: House
    query: str
    role: str = ADMIN
    session: Mapping[str, Any] = field(default_factory=dict)
    operation: str | None = None
    variables: Mapping[str, Any] = field(default_factory=dict)
    backend: bool = False
    at_most: int | None = None
    data: Any = None
    error: Mapping[str, Any] | None = None

    @property
    def caller(self) -> Caller:
        session = {f"x-hasura-{name}": str(value) for name, value in self.session.items()}
        return Caller(self.role, session, self.backend)

    @property
    def ask(self) -> DocumentAsk:
        guard = Guard(self.at_most, dry_run=True)
        return DocumentAsk(self.query, self.operation, dict(self.variables), guard=guard)

    @property
    def answer(self) -> Any:
        if self.error is None:
            return {"data": self.data}
        place = {"path": "$", "code": "validation-failed"} | dict(self.error)
        return {"errors": [{"message": place.pop("message"), "extensions": place}]}


def read_cases() -> list[Case]:
    return [case for file in sorted((HERE / "cases").glob("**/*.yaml")) for case in _of_file(file)]


def _of_file(file: Path) -> list[Case]:
    page = read_quickly(file.read_text())
    settings = json.dumps(page.get("settings", {}), sort_keys=True)
    house = House(page["rules"], page.get("schema", page["rules"]), page.get("naming"), settings)
    return [Case(file=file.stem, house=house, **entry) for entry in page["cases"]]


class Street:
    """Engines by house, each opened when first asked of; databases by schema."""

    def __init__(self, postgres: EmbeddedPostgres) -> None:
        self._postgres = postgres
        self._engines: dict[House, Engine] = {}
        self._databases: dict[str, str] = {}

    async def engine(self, house: House) -> Engine:
        if house not in self._engines:
            settings = EngineSettings(self._url(house.schema), pool_size=2, **json.loads(house.settings))
            self._engines[house] = await Engine.open(settings, house.read_rules(), strict=True)
        return self._engines[house]

    def _url(self, schema: str) -> str:
        if schema not in self._databases:
            name = f"spec_{schema}"
            own = HERE / "schemas" / f"{schema}.sql"
            self._postgres.create_database(name)
            self._postgres.apply(name, own if own.exists() else SHARED_SCHEMAS / f"{schema}.sql")
            self._databases[schema] = name
        return self._postgres.url(self._databases[schema])

    async def close(self) -> None:
        for engine in self._engines.values():
            await engine.close()
        for name in self._databases.values():
            self._postgres.drop_database(name)
