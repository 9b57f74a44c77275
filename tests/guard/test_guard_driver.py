"""asyncpg's inner call that the pool makes: an upgrade that moves it must fail here, not in production."""

from __future__ import annotations

import inspect

import asyncpg
from asyncpg.protocol.protocol import BaseProtocol

from gql_gen.run.pool import Pool, PoolSettings


def test_the_signature_is_the_one_we_call() -> None:
    signature = inspect.signature(BaseProtocol.bind_execute)
    names = ["self", "state", "args", "portal_name", "limit", "return_extra", "timeout"]
    assert [name.lstrip("_") for name in signature.parameters] == names


async def test_it_answers_as_the_public_call_does(database) -> None:  # type: ignore[no-untyped-def]
    pool = Pool(PoolSettings(database("shop"), size=1))
    text = "select to_json(name), to_json(id) from author where id = ($1::text)::int"
    try:
        direct = [await pool.fetch(text, [number], prepare=True) for number in ("1", "1", "99")]
    finally:
        await pool.close()
    assert [None if row is None else tuple(row) for row in direct] == [(b'"Ada Lindqvist"', b"1")] * 2 + [None]
    connection = await asyncpg.connect(database("shop"))
    statement = await connection.prepare(text)
    public = await statement.fetchrow("1")
    await connection.close()
    assert tuple(public) == ('"Ada Lindqvist"', "1")
