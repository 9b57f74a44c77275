"""What a caller asks for beside a mutation, by headers.

`X-Usher-At-Most-Rows: 10` refuses a request that would change more rows in all. `X-Usher-Dry-Run: true` answers as if
the changes had been made, and rolls them back. Both hold for each operation of a batch by itself.
"""

from __future__ import annotations

from collections.abc import Mapping

from gql_gen.ask import Guard
from gql_gen.errors import BadRequest

_AT_MOST = b"x-usher-at-most-rows"
_DRY_RUN = b"x-usher-dry-run"
_LONGEST = 9
GUARD_HEADERS = frozenset({_AT_MOST, _DRY_RUN})


def read_guard(headers: Mapping[bytes, bytes]) -> Guard | None:
    """None when neither header is there. Raises BadRequest for a value that is none: a guard misread is no guard."""
    at_most, dry_run = headers.get(_AT_MOST), headers.get(_DRY_RUN)
    if at_most is None and dry_run is None:
        return None
    return Guard(_count(at_most), _is_dry(dry_run))


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
