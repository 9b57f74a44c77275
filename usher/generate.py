"""The GraphQL schema of every role, made from schema.sql and permissions.yaml with no database of the user's."""

from __future__ import annotations

import asyncio
import difflib
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import quote

from gql_gen.ask import Dialect
from gql_gen.rules.load import load_rules
from gql_gen.rules.types import Rules
from usher.app import engine_settings
from usher.failures import StartRefused
from usher.postgres import EmbeddedPostgres
from usher.settings import Settings


def schemas_of(
    schema: Path, permissions: Path, warn: Callable[[str], None], dialect: Dialect = "hasura"
) -> dict[str, str]:
    """File name → SDL, for admin and every role; `warn` is told what hands out more than the rules seem to say. Raises
    RulesError when a rule names what the schema lacks."""
    rules = load_rules(permissions)
    with EmbeddedPostgres.scratch() as server:
        server.create_database("usher")
        server.apply("usher", schema)
        return asyncio.run(_print_all(server.url("usher"), rules, warn, dialect))


async def _print_all(url: str, rules: Rules, warn: Callable[[str], None], dialect: Dialect) -> dict[str, str]:
    from gql_gen.engine.answer import Engine

    engine = await Engine.open(engine_settings(Settings(), url), rules, strict=True)
    try:
        for warning in engine.warnings():
            warn(str(warning))
        return {f"{quote(role, safe=' ')}.graphql": engine.sdl(role, dialect) for role in sorted(engine.roles)}
    finally:
        await engine.close()


def write(schemas: Mapping[str, str], folder: Path) -> None:
    """Make the folder hold exactly these schemas."""
    folder.mkdir(parents=True, exist_ok=True)
    for stale in set(folder.glob("*.graphql")) - {folder / name for name in schemas}:
        stale.unlink()
    for name, text in schemas.items():
        (folder / name).write_text(text, encoding="utf-8")


def ensure_current(schemas: Mapping[str, str], folder: Path) -> None:
    """Raise StartRefused with the difference when the folder holds anything else."""
    held = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.graphql")}
    names = sorted({*held, *schemas})
    difference = "".join(_difference(folder / name, held.get(name, ""), schemas.get(name, "")) for name in names)
    if difference:
        raise StartRefused(f"{difference}\n{folder} is stale: run `usher generate` and commit what it writes")


def _difference(path: Path, old: str, new: str) -> str:
    lines = difflib.unified_diff(
        old.splitlines(True), new.splitlines(True), f"{path} (as it is)", f"{path} (as it should be)"
    )
    return "".join(lines)
