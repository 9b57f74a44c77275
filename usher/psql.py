"""What psql says of a script that failed, read into one error with the file, the line and the reason."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

READABLE_FAILURES: Final = ("VERBOSITY=verbose", "SHOW_CONTEXT=never", "ECHO=errors")
"""psql variables: show the SQLSTATE, no stack, and the statement, whose height tells where it begins."""

ACTIVE_TRANSACTION: Final = "25001"
"""The SQLSTATE of a statement that refuses to run inside a transaction."""

# What the wheel lacks and Postgres has had in its core since 13.
BUILT_IN_INSTEAD: Final[Mapping[str, str]] = {
    "pgcrypto": "gen_random_uuid() and sha256() need no extension",
    "uuid-ossp": "gen_random_uuid() needs no extension",
}

FAILURE: Final = re.compile(
    r"^psql:(?P<file>[^\n]*?):(?P<line>\d+): (?:ERROR|FATAL|error): +(?:(?P<state>[0-9A-Z]{5}): )?"
    r"(?P<message>.*?)(?=\n(?:LINE \d+|DETAIL|HINT|CONTEXT|QUERY|LOCATION): |\npsql:|\Z)",
    re.MULTILINE | re.DOTALL,
)
STATEMENT: Final = re.compile(r"^psql:[^\n]*:\d+: STATEMENT:  (?P<text>.*)", re.MULTILINE | re.DOTALL)
ERROR_LINE: Final = re.compile(r"^LINE (?P<line>\d+): ", re.MULTILINE)
ADVICE: Final = re.compile(r"^(?P<kind>DETAIL|HINT): +(?P<text>.*)$", re.MULTILINE)
LEADING_COMMENTS: Final = re.compile(r"(?:\s+|--[^\n]*|/\*.*?\*/)*", re.DOTALL)
MISSING_EXTENSION: Final = re.compile(r'extension "(?P<name>.+)" is not available')


class PostgresError(Exception):
    """The embedded server cannot do what was asked. The message is for the person at the terminal."""


class ScriptError(PostgresError):
    """A statement failed. `line` is where the error lies when Postgres tells, else where the statement begins.
    `state` is the SQLSTATE."""

    def __init__(self, file: Path, line: int | None, message: str, state: str | None = None) -> None:
        super().__init__(f"{file}:{line}: {message}" if line else f"{file}: {message}")
        self.file = file
        self.line = line
        self.message = message
        self.state = state


def read_failure(said: str, script: Path) -> ScriptError:
    """The first error in what psql wrote while it ran a script under READABLE_FAILURES."""
    found = FAILURE.search(said)
    if found is None:
        return ScriptError(script, None, said.strip())
    statement = STATEMENT.search(said, found.end())
    remarks = said[found.end() : statement.start() if statement else None]
    line = _failing_line(int(found["line"]), remarks, statement["text"] if statement else "")
    return ScriptError(Path(found["file"]), line, _explain(found["message"], remarks), found["state"])


def _failing_line(last: int, said: str, statement: str) -> int:
    """psql names the line where the statement ends; Postgres counts from where it begins."""
    first = last - statement.rstrip().count("\n")
    inside = ERROR_LINE.match(said.lstrip("\n"))
    if inside:
        return first + int(inside["line"]) - 1
    comments = LEADING_COMMENTS.match(statement)
    return first + (comments[0].count("\n") if comments else 0)


def _explain(message: str, advice: str) -> str:
    missing = MISSING_EXTENSION.search(message)
    if missing:
        name = missing["name"]
        instead = BUILT_IN_INSTEAD.get(name, "point usher at a server that has it")
        return f'extension "{name}" is not in the embedded Postgres: {instead}'
    return "\n  ".join([message, *(f"{found['kind'].lower()}: {found['text']}" for found in ADVICE.finditer(advice))])
