"""How a command of ours ends when it cannot go on: one clear message, an exit code, no traceback."""

from __future__ import annotations


class StartRefused(Exception):
    """A command cannot do what it was asked. The message is for the person at the keyboard and holds no secret."""

    def __init__(self, message: str, *, exit_code: int = 1) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code

    def __reduce__(self) -> tuple[type[StartRefused], tuple[str]]:
        return type(self), (self.message,)


def explain(error: BaseException) -> str | None:
    """What to say about an error that has a message for people; None for one that is a fault of ours."""
    if isinstance(error, StartRefused):
        return error.message
    from auth_engine.core.errors import BadSetting, BootRefused

    if isinstance(error, BadSetting | BootRefused):
        return str(error)
    # Imported here: the modules that define the others are heavy, and needed only when something went wrong.
    from gql_gen.rules.types import RulesError
    from usher.psql import PostgresError

    if isinstance(error, RulesError | PostgresError):
        return str(error)
    from gql_gen.engine.answer import DatabaseUnreachable
    from gql_gen.rules.hasura_v2 import ImportRefused

    if isinstance(error, DatabaseUnreachable):
        return f"cannot reach the database: {error}"
    return str(error) if isinstance(error, ImportRefused) else None
