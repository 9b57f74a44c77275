"""What a start of the auth engine costs, what `usher up` makes of it, and that the example's schema is the engine's."""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import asyncpg
import httpx
import pytest
from front.commands import ROOT, Serving, environment

from auth_engine.store.boot import boot
from gql_gen.ask import DocumentAsk
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import load_rules
from gql_gen.session import Caller
from usher.postgres import EmbeddedPostgres

Start = Callable[..., Serving]

SCHEMAS = ROOT / "auth_engine" / "store" / "schema"
HEAVY = "webauthn jinja2 segno phonenumbers aiosmtplib httpx redis limits gql_gen sqlglot graphql"
OWN = "00000000-0000-4000-8000-000000000001"


def test_nothing_heavy_is_imported_by_a_start() -> None:
    asked = (
        "import sys, usher.auth_cli, usher.auth, usher.serve, usher.workers, auth_engine.app; "
        f"print([name for name in {HEAVY.split()} if name in sys.modules])"
    )
    command = [sys.executable, "-c", asked]
    done = subprocess.run(command, cwd=ROOT, env=environment(), capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_examples_schema_has_the_engines_own_tables() -> None:
    example = (ROOT / "schema.sql").read_text()
    # Without its heading, which the start takes care of.
    auth = (SCHEMAS / "auth.sql").read_text().split("\n\n", 1)[1]
    for statement in auth.strip().split("\n\n"):
        assert statement in example
    audit = re.search(
        r"^create table if not exists auth_engine\.audit .*?(?=\n\n)", _engine(), re.MULTILINE | re.DOTALL
    )
    assert audit is not None
    assert audit[0] in example


def _engine() -> str:
    return (SCHEMAS / "engine.sql").read_text()


async def test_the_log_is_read_by_its_owner_and_their_managers_and_written_by_nobody(
    postgres: EmbeddedPostgres, example: str
) -> None:
    postgres.create_database("auth_log", "example")
    url = postgres.url("auth_log")
    await boot(url, ("user", "me"))
    connection = await asyncpg.connect(url)
    await connection.execute(
        "insert into auth_engine.audit (user_id, event, address, detail) "
        """select id, 'sign-in', '192.0.2.7', '{"method": "password"}' from auth.users"""
    )
    engine = await Engine.open(EngineSettings(url, 1), load_rules(ROOT / "permissions.yaml"), strict=True)

    async def ask(role: str, text: str) -> str:
        caller = Caller(role, {"x-hasura-user-id": OWN})
        return (await engine.answer(DocumentAsk(text, None, {}), caller)).body.decode()

    try:
        mine = await ask("user", "{ authAudits { userId event address detail } }")
        assert mine == (
            f'{{"data":{{"authAudits":[{{"userId":"{OWN}","event":"sign-in","address":"192.0.2.7",'
            '"detail":{"method": "password"}}]}}'
        )
        theirs = await ask("manager", "{ authAudits { userId event } }")
        users = set(re.findall(r'"userId":"([^"]+)"', theirs))
        assert OWN in users
        assert 1 < len(users) < 60
        assert "field 'address' not found" in await ask("manager", "{ authAudits { address } }")
        for role in ("public", "anonymous"):
            assert "not found in type" in await ask(role, "{ authAudits { event } }")
        for role in ("user", "manager", "owner"):
            assert "errors" in await ask(role, "mutation { deleteAuthAudits(where: {}) { affected_rows } }")
        assert await connection.fetchval("select count(*) from auth_engine.audit") == 60
    finally:
        await connection.close()
        await engine.close()
        postgres.drop_database("auth_log")


@pytest.mark.parametrize("prefix", ["", "/v1"])
def test_up_has_sign_in_and_a_mail_box(start: Start, data_dir: Path, prefix: str) -> None:
    serving = start("up", "--port", 0, "--data-dir", data_dir, AUTH_API_PREFIX=prefix)
    said = serving.wait_for("Ctrl-C stops it.")
    (auth,) = re.findall(r"^Auth +(http\S+)$", said, re.MULTILINE)
    (box,) = re.findall(r"^Mails +(http\S+)$", said, re.MULTILINE)
    signed_up = httpx.post(
        f"{auth}/signup/email-password", json={"email": "bob@example.test", "password": "Str0ng-enough!"}
    )
    assert signed_up.json() == {}, "the address is to be verified"
    (mail,) = httpx.get(box, headers={"Accept": "application/json"}).json()["mails"]
    assert mail["to"] == "bob@example.test"
    port = auth.split(":")[2].split("/")[0]
    assert mail["link"].startswith(f"http://localhost:{port}/v1/auth{prefix}/verify?")
    landed = httpx.get(mail["link"]).headers["location"]
    assert landed.startswith(f"http://localhost:{port}/console?")
    assert "type=verifyEmail" in landed
    # The ticket that was printed is the auth engine's, too.
    (ticket,) = set(re.findall(r"Bearer ([\w.-]+)", said))
    user = httpx.get(f"{auth}/user", headers={"Authorization": f"Bearer {ticket}"}).json()
    assert user["email"] == "ada.lindqvist@example.com"
    # No page of another site reads the mails of this machine.
    assert httpx.get(box, headers={"Origin": "https://evil.test"}).status_code == 404
    assert httpx.get(box, headers={"Host": "evil.test"}).status_code == 404


def test_up_says_when_its_keys_can_only_check_tokens(start: Start, data_dir: Path) -> None:
    public = '{"type": "RS256", "jwk_url": "https://127.0.0.1:9/keys"}'
    serving = start("up", "--no-auth", "--port", 0, "--data-dir", data_dir)
    said = serving.wait_for("Ctrl-C stops it.")
    assert "Auth " not in said
    assert "Mails" not in said
    serving.stop()
    again = start("up", "--port", 0, "--data-dir", data_dir, HASURA_GRAPHQL_JWT_SECRET=public)
    assert "Note: the auth engine is not served. HASURA_GRAPHQL_JWT_SECRET" in again.wait_for("Note:")
