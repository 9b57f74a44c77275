"""Each golden case: its plan, its SQL and its answer are as they were when somebody last looked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import pytest
from golden_kit import (
    CASES,
    Case,
    Compiled,
    EnumRows,
    before_18,
    compiled,
    joined,
    plan_text,
    statement_text,
    statements_text,
)
from witness import columns_read, functions_called, functions_of, names_of_rules, relations_read, relations_written

from gql_gen.ask import DocumentAsk, Guard
from gql_gen.catalog.types import Catalog, Ident
from gql_gen.engine.answer import Engine
from gql_gen.introspect.read import read_catalog, read_enum_values
from gql_gen.run.pool import Pool, PoolSettings

CASES_FOUND = [Case(folder) for folder in sorted(CASES.iterdir())]


def name_of(case: Case) -> str:
    return case.folder.name


cases = pytest.mark.parametrize("case", CASES_FOUND, ids=name_of)


@dataclass(frozen=True)
class Shop:
    url: str
    catalog: Catalog
    enum_rows: EnumRows

    def compiled(self, case: Case, *, is_older: bool = False) -> Compiled:
        return compiled(case, self.url, before_18(self.catalog) if is_older else self.catalog, self.enum_rows)


@pytest.fixture(scope="module")
async def shop(database: Callable[[str], str]) -> AsyncIterator[Shop]:
    url = database("shop")
    connection = await asyncpg.connect(url)
    status = Ident("public", "order_status")
    rows = {status: await read_enum_values(connection, status, "value", "comment")}
    yield Shop(url, await read_catalog(connection), rows)
    await connection.close()


def compare(file: Path, found: str, *, update: bool) -> None:
    if update:
        file.write_text(found)
    assert found == file.read_text(), "run `make golden` and read the difference"


@cases
async def test_the_plan_is_as_it_was(case: Case, shop: Shop, update_golden: bool) -> None:
    compare(case.folder / "plan.txt", plan_text(shop.compiled(case)), update=update_golden)


@cases
async def test_the_statement_is_as_it_was(case: Case, shop: Shop, update_golden: bool) -> None:
    found = shop.compiled(case)
    for _, statement in found.statements:
        assert joined(statement_text(statement)).startswith(statement.text)
    compare(case.folder / "statement.sql", statements_text(found), update=update_golden)


@cases
async def test_the_statement_for_an_older_postgres_is_as_it_was(case: Case, shop: Shop, update_golden: bool) -> None:
    file = case.folder / "statement_before_18.sql"
    now, before = (statements_text(shop.compiled(case, is_older=is_older)) for is_older in (False, True))
    if now != before:
        compare(file, before, update=update_golden)
    elif update_golden:
        file.unlink(missing_ok=True)
    assert file.exists() == (now != before)


@cases
async def test_the_answer_is_as_it_was(case: Case, shop: Shop, update_golden: bool) -> None:
    settings = case.settings(shop.url)
    engine = Engine(settings, Pool(PoolSettings(shop.url, 1)), shop.compiled(case).world)
    try:
        ask = DocumentAsk(case.query, None, case.variables, guard=Guard(dry_run=True))
        replies = [await engine.answer(ask, case.caller) for _ in range(2)]
    finally:
        await engine.close()
    texts = [json.dumps(json.loads(reply.body), indent=2, ensure_ascii=False) + "\n" for reply in replies]
    assert texts[0] == texts[1]
    compare(case.folder / "reply.json", texts[0], update=update_golden)


# ---------------------------------------------------------------- the witness

reads = pytest.mark.parametrize("case", [case for case in CASES_FOUND if not case.writes], ids=name_of)
writes = pytest.mark.parametrize("case", [case for case in CASES_FOUND if case.writes], ids=name_of)


@reads
async def test_a_statement_reads_no_table_but_the_roles_and_its_rules(case: Case, shop: Shop) -> None:
    """Seen by another parser of SQL, which knows nothing of plans and rules."""
    found = shop.compiled(case)
    selectable = {ident for ident, entity in found.role.entities.items() if entity.is_selectable}
    allowed = selectable | names_of_rules(found.role).relations
    assert relations_read(found.statements[0][1].text) <= allowed


@reads
async def test_a_statement_reads_no_column_but_the_roles_and_its_rules(case: Case, shop: Shop) -> None:
    found = shop.compiled(case)
    used = names_of_rules(found.role).columns
    makes = {name: made for name, made in functions_of(found.role).items() if made is not None}
    for relation, column in columns_read(found.statements[0][1].text, makes):
        entity = found.role.entities.get(relation)
        readable = entity.columns if entity is not None else frozenset()
        assert column in readable or (relation, column) in used, f"{relation}.{column}"


@reads
async def test_a_statement_calls_no_function_but_the_roles_and_its_rules(case: Case, shop: Shop) -> None:
    found = shop.compiled(case)
    allowed = functions_of(found.role).keys() | names_of_rules(found.role).functions
    assert functions_called(found.statements[0][1].text) <= allowed


@writes
async def test_a_mutation_touches_no_table_but_the_roles_and_its_rules(case: Case, shop: Shop) -> None:
    """By the names of tables alone: parsers of SQL do not know all that a write says."""
    found = shop.compiled(case)
    rules = names_of_rules(found.role).relations
    for label, statement in found.statements:
        written, read = relations_written(statement.text)
        assert written == ({label.split(" ", 2)[2]} if label.split(" ")[1] in ("insert", "update", "delete") else set())
        assert read <= set(found.role.entities) | rules
