"""Sessions: rows of auth.refresh_tokens and auth_engine.sessions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from auth_engine.core.types import Method, User, UserId
from auth_engine.store.queries import queries
from auth_engine.store.runner import Runner
from auth_engine.store.users import as_user

_SQL: Final = queries("sessions")
REGULAR: Final = "regular"
PAT: Final = "pat"


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that a token belongs to, and its user."""

    id: str
    created_at: datetime
    method: Method
    user: User


@dataclass(frozen=True, slots=True)
class FormerSession:
    """A session whose former token was presented. `is_last`: it came just before the current one, `age` seconds ago."""

    session: OpenSession
    current_hash: str
    is_last: bool
    age: float


def _session(record: Any) -> OpenSession:
    values = dict(record)
    method = values.pop("method") or Method.UNKNOWN.value
    identity, created = values.pop("session_id"), values.pop("session_created_at")
    user = as_user(values)
    assert user is not None
    return OpenSession(identity, created, Method(method), user)


class Sessions:
    """Opening, renewing and ending sessions."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner

    async def open(
        self,
        user_id: UserId,
        session_id: str,
        seconds: int,
        token_hash: str,
        *,
        method: Method,
        address: str,
        user_agent: str,
        elevated: bool,
        password_hash: str | None = None,
    ) -> User | None:
        """The user as they are now; None when they are gone or disabled, or when their password's hash is another than
        the one given, if one is."""
        return as_user(
            await self._runner.row(
                _SQL["open"],
                user_id,
                session_id,
                float(seconds),
                token_hash,
                method.value,
                address,
                user_agent,
                elevated,
                password_hash,
            )
        )

    async def by_token(self, token_hash: str, kind: str = REGULAR) -> OpenSession | None:
        """The unexpired session or personal access token with this hash."""
        record = await self._runner.row(_SQL["by_token"], token_hash, kind)
        return None if record is None else _session(record)

    async def rotate(self, session_id: str, old_hash: str, new_hash: str, seconds: int) -> bool:
        """Replace the token in place; False when it is not the current one any more."""
        return bool(await self._runner.value(_SQL["rotate"], session_id, old_hash, new_hash, float(seconds)))

    async def by_former_token(self, token_hash: str) -> FormerSession | None:
        record = await self._runner.row(_SQL["by_former_token"], token_hash)
        if record is None:
            return None
        values = dict(record)
        current, is_last, age = values.pop("current_hash"), values.pop("is_last"), values.pop("age")
        return FormerSession(_session(values), current, is_last, age)

    async def end_one(self, token_hash: str) -> tuple[str, UserId] | None:
        """End the session with this token: its id and user, or None when there was none."""
        record = await self._runner.row(_SQL["end_one"], token_hash)
        return None if record is None else (record[0], record[1])

    async def end_by_id(self, session_id: str, user_id: UserId, kind: str = REGULAR) -> bool:
        return await self._runner.run(_SQL["end_by_id"], session_id, user_id, kind) == 1

    async def end_all(self, user_id: UserId, kinds: Sequence[str] = (REGULAR, PAT), but: str | None = None) -> int:
        """End the user's sessions, but one perhaps. How many there were."""
        return await self._runner.run(_SQL["end_all"], user_id, list(kinds), but)
