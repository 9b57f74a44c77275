"""What a caller asks for beside a mutation, by headers.

`X-Usher-At-Most-Rows: 10` refuses a request that would change more rows in all. `X-Usher-Dry-Run: true` answers as if
the changes had been made, and rolls them back. Both hold for each operation of a batch by itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from gql_gen.ask import Guard
from gql_gen.errors import BadRequest

_AT_MOST = b"x-usher-at-most-rows"
_DRY_RUN = b"x-usher-dry-run"
_LONGEST = 9
GUARD_HEADERS = frozenset({_AT_MOST, _DRY_RUN})


def read_guard(headers: Iterable[tuple[bytes, bytes]]) -> Guard | None:
    """None when neither header is there. Raises BadRequest for a value that is none, and for a header given twice: a
    guard misread is no guard."""
    found = [(name, value) for name, value in headers if name in GUARD_HEADERS]
    if not found:
        return None
    given = dict(found)
    if len(given) < len(found):
        raise BadRequest("the headers X-Usher-At-Most-Rows and X-Usher-Dry-Run must be given once at most")
    return Guard(_count(given.get(_AT_MOST)), _is_dry(given.get(_DRY_RUN)))


def _count(value: bytes | None) -> int | None:
    if value is None:
        return None
    if not value.isdigit() or len(value) > _LONGEST:
        raise BadRequest("the header X-Usher-At-Most-Rows must be a whole number not below 0")
    return int(value)


def _is_dry(value: bytes | None) -> bool:
    if value is None:
        return False
    if value.lower() not in (b"true", b"false"):
        raise BadRequest("the header X-Usher-Dry-Run must be true or false")
    return value.lower() == b"true"
