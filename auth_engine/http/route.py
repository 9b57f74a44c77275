"""What a route is: a row of the table."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any

from auth_engine.core.errors import Code
from auth_engine.core.fields import Body
from auth_engine.flows.kit import Flow


class Access(Enum):
    """Which token a route wants."""

    NONE = "none"
    OPTIONAL = "optional"
    """A bad token counts as none."""
    TOKEN = "token"
    ELEVATED = "elevated"
    """A token, elevated where AUTH_REQUIRE_ELEVATED_CLAIM says so."""
    ADMIN = "admin"
    """The admin secret."""


class Pace(Enum):
    """When an answer is let go, so that its time tells nothing. Auth contract §10."""

    AT_ONCE = "at once"
    FAILURE_STEP = "failures at the next step"
    """AUTH_SIGNIN_FAILURE_STEP: refusals wait for its next multiple."""
    WINDOW = "at the window's end"
    """AUTH_EMAIL_ANSWER_WINDOW: every answer, good or bad, waits for its end."""


class Answer(Enum):
    """The body of a success; OpenAPI is written from it."""

    OK = "OK"
    SESSION = "Session"
    SESSION_PAYLOAD = "SessionPayload"
    """`{session}`, `{mfa: {ticket}}` or `{}`."""
    REDIRECT = "redirect"
    PAGE = "page"
    DATA = "data"
    """The flow's own; `Route.shape` says which."""
    LINES = "lines"
    """JSON lines, each of them of `Route.shape`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """One method of one path. `{name}` in a path stands for one segment."""

    method: str
    path: str
    flow: Flow
    summary: str
    body: type[Body] | None = None
    body_optional: bool = False
    form: bool = False
    """The body comes as application/x-www-form-urlencoded."""
    lines: bool = False
    """The body is a stream of JSON lines, each of them a `body`: the flow reads `visit.lines`."""
    query: tuple[str, ...] = ()
    """Names of query arguments, for OpenAPI; `!` before those that are required."""
    access: Access = Access.NONE
    pace: Pace = Pace.AT_ONCE
    answer: Answer = Answer.OK
    redirects: tuple[int, ...] = (302,)
    """The statuses of REDIRECT and PAGE."""
    shape: Any = None
    """Of DATA: a msgspec Struct or type, from which OpenAPI takes the schema."""
    raises: tuple[Code, ...] = ()
    """The refusals of the flow itself, for OpenAPI and the matrix of tests."""
    unlimited: bool = False
    """Never counted by rate limits."""
    without_prefix: bool = False
    """Answers without AUTH_API_PREFIX too."""
    bare_flow: Flow | None = None
    """What answers there where it is not the same."""
