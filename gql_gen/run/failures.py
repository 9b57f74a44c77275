"""SQLSTATE → errors: what the database said, in words that carry no row's values."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from types import MappingProxyType

import asyncpg

from gql_gen.errors import BadRequest, Failed, UsherError

log = logging.getLogger("usher.database")

STALE_STATES = frozenset({"42703", "42P01", "42883", "42704", "3F000"})
"""A column, relation, function, type or schema is gone: the catalogue we planned with is no longer true."""
LOST = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    ConnectionError,
)
"""The server closed the connection, maybe long ago."""
UNAVAILABLE = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,
    asyncpg.PostgresConnectionError,
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.TooManyConnectionsError,
)
_MISFITS: Mapping[str, str] = MappingProxyType(
    {"22001": "a text is too long for its column", "22003": "a number is out of range"}
)
DRIVER_ERRORS = (*UNAVAILABLE, asyncpg.PostgresError)
"""All that running a statement may raise."""


def is_lost(error: BaseException) -> bool:
    """Whether a connection broke while it was in use, as opposed to one that could not be made."""
    if isinstance(error, ConnectionError):
        return isinstance(error, ConnectionResetError | BrokenPipeError)
    return isinstance(error, (*LOST, TimeoutError))


def was_never_sent(error: BaseException) -> bool:
    """Whether asyncpg found the connection over before it sent anything: it has read the server's last words, and the
    end itself is still to come. A guard test holds the words."""
    return isinstance(error, asyncpg.InternalClientError) and str(error).startswith("cannot switch to state")


def is_stale(error: BaseException) -> bool:
    """Whether the catalogue must be read again."""
    if not isinstance(error, asyncpg.PostgresError):
        return False
    if error.sqlstate == "0A000":
        return "cached plan must not change result type" in str(error)
    return error.sqlstate in STALE_STATES


def failure(error: BaseException) -> UsherError:
    """The error for the caller. The cause is logged here and shown to nobody."""
    if isinstance(error, asyncpg.PostgresError) and not isinstance(error, UNAVAILABLE):
        return _of_state(error)
    log.error("the database cannot be reached: %s", error)
    return Failed("the database cannot be reached")


def took_too_long() -> Failed:
    return Failed("the query took too long and was cancelled", code="time-limit-exceeded")


def _of_state(error: asyncpg.PostgresError) -> UsherError:
    state = error.sqlstate or ""
    if state == "57014":
        return took_too_long()
    log.warning("the database refused a statement: %s %s", state, error)
    if state in _MISFITS:
        return Failed(_MISFITS[state], code="data-exception")
    if state.startswith("22"):
        return Failed("a value could not be computed", code="data-exception")
    if state.startswith("54"):
        return BadRequest("the query is too complex for the database")
    if state.startswith("53"):
        return Failed("the database is out of resources")
    return Failed("the database refused the query")
