"""What can go wrong with an ask, as one tree.

    UsherError
    ├── Rejected            the ask cannot be understood                      validation-failed
    │   ├── ParseFailed     a value has the wrong form for its type            parse-failed
    │   ├── BadRequest      a pattern or an envelope is malformed              bad-request
    │   └── NotByGet        GET may read, nothing else                         validation-failed
    ├── NotFound            a session variable that a rule needs is missing    not-found
    ├── Unauthorized        no ticket, or a bad one                            access-denied, invalid-jwt, …
    └── Failed              the database said no, or could not say             data-exception, …
        └── CheckFailed     a row does not satisfy the role's rule             permission-error

There is no `Denied`: what a role may not do looks exactly like what does not exist, so it is `Rejected`. A row that a
check refuses was the caller's own, so that much is told; and what must not be told looks the same.
The codes are Hasura v2's (`extensions.code`); each dialect wraps them in its own envelope.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class UsherError(Exception):
    """An answer to the caller. `message` and `path` are safe to show; the cause goes to the log only."""

    default_code: ClassVar[str] = "unexpected"
    status: ClassVar[int] = 200
    """HTTP status under `application/json`, where Hasura answers GraphQL errors with 200."""

    def __init__(
        self, message: str, *, path: str = "$", code: str | None = None, extensions: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.path = path
        self.code = code or self.default_code
        self.extensions = extensions or {}
        """More about the error, as JSON: beside path and code."""


class Rejected(UsherError):
    default_code = "validation-failed"


class ParseFailed(Rejected):
    default_code = "parse-failed"


class BadRequest(Rejected):
    default_code = "bad-request"


class NotByGet(Rejected):
    status = 405


class NotFound(UsherError):
    default_code = "not-found"


class Unauthorized(UsherError):
    default_code = "access-denied"


class Failed(UsherError):
    default_code = "unexpected"


class CheckFailed(Failed):
    default_code = "permission-error"
