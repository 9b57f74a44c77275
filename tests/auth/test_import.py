"""Users of another system, a JSON object a line, with the hashes that they bring."""

from __future__ import annotations

import json
import uuid
from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import bcrypt
import pytest
from auth_kit import ADMIN_SECRET, PASSWORD, AuthServer, Serve, new_address, refused

from auth_engine.flows import admin_import_users
from auth_engine.http.lines import MAX_LINE_BYTES

HEADERS = {"x-hasura-admin-secret": ADMIN_SECRET, "Content-Type": "application/x-ndjson"}


async def _send(server: AuthServer, content: Any, **headers: str) -> list[dict[str, Any]]:
    answer = await server.client.post("/admin/users/import", content=content, headers={**HEADERS, **headers})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"].startswith("application/x-ndjson")
    return [json.loads(line) for line in answer.text.splitlines()]


def _lines(*users: object) -> bytes:
    return b"\n".join(json.dumps(user).encode() for user in users)


async def test_users_come_with_everything_they_had(server: AuthServer, sql: asyncpg.Connection) -> None:
    address, identity = new_address(), str(uuid.uuid4())
    hashed = bcrypt.hashpw(PASSWORD.encode(), bcrypt.gensalt(4)).decode()
    user = {
        "id": identity,
        "email": address,
        "passwordHash": hashed,
        "emailVerified": True,
        "displayName": "Ada",
        "roles": ["user", "me"],
        "metadata": {"old": 1},
        "createdAt": "2019-05-01T10:00:00Z",
        "providers": [{"provider": "github", "providerUserId": f"gh-{identity}"}],
    }
    assert await _send(server, _lines(user)) == [{"line": 1, "id": identity}]
    row = await sql.fetchrow("select * from auth.users where id = $1", identity)
    assert row["password_hash"] == hashed
    assert row["created_at"].year == 2019
    assert row["email_verified"]
    link = await sql.fetchrow("select * from auth.user_providers where user_id = $1", identity)
    assert (link["provider_id"], link["provider_user_id"]) == ("github", f"gh-{identity}")
    assert link["access_token"] == "unset"
    session = (await server.sign_in(address)).json()["session"]
    assert (session["user"]["displayName"], session["user"]["metadata"]) == ("Ada", {"old": 1})
    renewed = await sql.fetchval("select password_hash from auth.users where id = $1", identity)
    assert renewed.startswith("$argon2id$")
    events = await sql.fetch("select event, detail from auth_engine.audit where user_id = $1 order by id", identity)
    assert events[0]["event"] == "user-imported"
    assert hashed not in str(events)


@pytest.mark.parametrize(
    "hashed",
    [
        "$2a$10$abcdefghijklmnopqrstuuOHGbLtQlsFwk2iTqQ5k1tVw0yUQ2x6q",
        "$argon2id$v=19$m=16,t=2,p=1$c2FsdHNhbHQ$bW9ja2hhc2g",
        "$argon2i$v=19$m=16,t=2,p=1$c2FsdHNhbHQ$bW9ja2hhc2g",
        "$pbkdf2-sha256$29000$c2FsdA$aGFzaA",
        "$pbkdf2-sha512$25000$c2FsdA$aGFzaA",
        "pbkdf2_sha256$600000$salt$aGFzaA==",
        "$fbscrypt$v=1,n=14,r=8,p=1,ss=Bw==,sk=c2lnbmVy$c2FsdA==$aGFzaA==",
        "$of-tomorrow$whatever",
    ],
)
async def test_hashes_are_kept_as_they_are(server: AuthServer, sql: asyncpg.Connection, hashed: str) -> None:
    address = new_address()
    (result,) = await _send(server, _lines({"email": address, "passwordHash": hashed}))
    assert await sql.fetchval("select password_hash from auth.users where id = $1", result["id"]) == hashed
    refused(await server.sign_in(address), 401, "invalid-email-password")
    assert await sql.fetchval("select password_hash from auth.users where id = $1", result["id"]) == hashed


async def test_each_line_stands_for_itself(server: AuthServer, sql: asyncpg.Connection) -> None:
    taken, identity = new_address(), str(uuid.uuid4())
    await server.sign_up(taken)
    gone = new_address()
    first = {"email": new_address(), "id": identity, "providers": [{"provider": "gitlab", "providerUserId": identity}]}
    cases: list[tuple[object, str]] = [
        (first, ""),
        ({"email": taken.upper()}, "email-already-in-use"),
        ({"email": new_address(), "id": identity}, "user-already-exists"),
        ({"email": gone, "roles": ["user", "nobody"]}, "role-not-allowed"),
        ({"email": gone, "roles": ["me"]}, "default-role-must-be-in-allowed-roles"),
        ({"email": gone, "providers": [{"provider": "gitlab", "providerUserId": identity}]}, "invalid-request"),
        ({"email": gone, "providers": [{"provider": "nobody", "providerUserId": "1"}]}, "invalid-request"),
        ({"email": gone, "passwordHash": PASSWORD}, "invalid-request"),
        ({"email": gone, "password": PASSWORD}, "invalid-request"),
        ({"email": gone, "createdAt": "0001-01-01T00:00:00+14:00"}, "invalid-request"),
        ({"email": gone, "metadata": {"a": "\0"}}, "invalid-request"),
        ({"email": gone, "metadata": {"a": "\ud800"}}, "invalid-request"),
        ({"displayName": "Nobody"}, "invalid-request"),
        ([], "invalid-request"),
        ({"email": new_address()}, ""),
    ]
    before = await sql.fetchval("select count(*) from auth.users")
    results = await _send(server, _lines(*(body for body, _ in cases)) + b"\n\n  \n{broken\n\n" + b"\xff\xfe\n")
    assert [row.get("error", "") for row in results[:-2]] == [code for _, code in cases]
    assert [row["line"] for row in results] == [*range(1, 16), 18, 20]
    assert [row["error"] for row in results[-2:]] == ["invalid-request"] * 2
    assert all(row["message"] and PASSWORD not in row["message"] for row in results if "error" in row)
    assert await sql.fetchval("select count(*) from auth.users") == before + 2
    assert not await sql.fetchval("select exists (select from auth.users where email = $1::text)", gone)


async def test_lines_come_in_any_pieces(server: AuthServer) -> None:
    whole = _lines(*({"email": new_address()} for _ in range(5))) + b"\r\n"

    async def pieces() -> AsyncIterator[bytes]:
        for position in range(0, len(whole), 7):
            yield whole[position : position + 7]

    results = await _send(server, pieces())
    assert [row["line"] for row in results if "id" in row] == [1, 2, 3, 4, 5]


async def test_a_line_that_is_too_long_is_not_kept_in_memory(server: AuthServer) -> None:
    good = json.dumps({"email": new_address()}).encode()
    at_most = b'{"email":"' + new_address().encode() + b'","metadata":{"a":"'
    at_most += b"x" * (MAX_LINE_BYTES - len(at_most) - 3) + b'"}}'

    async def pieces() -> AsyncIterator[bytes]:
        yield at_most + b"\n"
        for _ in range(40):
            yield b"x" * 100_000
        yield b"\n" + good

    results = await _send(server, pieces())
    assert [(row["line"], row.get("error")) for row in results] == [(1, None), (2, "invalid-request"), (3, None)]
    assert "longer than" in results[1]["message"]


async def test_the_body_may_be_longer_than_other_bodies(serve: Serve) -> None:
    server = await serve(AUTH_MAX_BODY_BYTES="1024")
    results = await _send(server, _lines(*({"email": new_address()} for _ in range(40))))
    assert len([row for row in results if "id" in row]) == 40


async def test_too_many_lines_end_the_request(server: AuthServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin_import_users, "MOST_LINES", 3)
    results = await _send(server, _lines(*({"email": new_address()} for _ in range(9))))
    assert [row["line"] for row in results] == [1, 2, 3, 4]
    assert results[3]["error"] == "invalid-request"


async def test_only_json_lines_are_read(server: AuthServer) -> None:
    for kind in ("application/json", "text/plain", "application/x-www-form-urlencoded"):
        answer = await server.client.post(
            "/admin/users/import", content=b"{}", headers={**HEADERS, "Content-Type": kind}
        )
        refused(answer, 400, "invalid-request")
    assert await _send(server, b"") == []
    (row,) = await _send(server, _lines({"email": new_address()}), **{"Content-Type": "application/jsonl"})
    assert "id" in row


async def test_of_one_address_on_many_lines_one_is_imported(server: AuthServer) -> None:
    address = new_address()
    results = await _send(server, _lines(*({"email": address} for _ in range(5))))
    assert [row.get("error", "") for row in results] == ["", *["email-already-in-use"] * 4]


async def test_a_line_that_the_database_refuses_stops_nobody_else(server: AuthServer, sql: asyncpg.Connection) -> None:
    """As a trigger of the application would."""
    await sql.execute(
        "create function public.refuse() returns trigger language plpgsql as $$ begin raise exception 'no'; end $$;"
        "create trigger refuse before insert on auth.users for each row when (new.display_name = 'Refused')"
        " execute function public.refuse()"
    )
    try:
        refused_by_all = {"email": new_address(), "displayName": "Refused"}
        results = await _send(server, _lines(refused_by_all, {"email": new_address()}))
        assert [row.get("error", "") for row in results] == ["internal-server-error", ""]
    finally:
        await sql.execute("drop trigger refuse on auth.users; drop function public.refuse()")
