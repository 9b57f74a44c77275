"""Hasura's envelope: `{"data": …}` around the database's own JSON, errors with `extensions.code` and `path`."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from gql_gen.ask import Outcome, Reply
from gql_gen.errors import UsherError

_MESSAGE = 2_000
"""Messages name what they are about, and a caller's names may be of any length."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[msgspec.Raw]).decode


def framed(frame: tuple[bytes, ...], values: Sequence[bytes | None]) -> bytes:
    """The pieces of a frame with the values between them."""
    if len(frame) == 2:
        return b"%b%b%b" % (frame[0], values[0] or b"null", frame[1])
    pieces: list[bytes] = [frame[0]]
    for piece, value in zip(frame[1:], values, strict=True):
        pieces.append(value or b"null")
        pieces.append(piece)
    return b"".join(pieces)


def spread(values: bytes) -> list[bytes]:
    """The items of a JSON array as they stand: roots beyond what a row can hold come as one array."""
    return [bytes(item) for item in _decode(values)]


def refusal(error: UsherError, outcome: Outcome = "refused") -> Reply:
    """One error in the form Hasura's clients read."""
    # A token may name half of a surrogate pair, which no text of ours can hold.
    message = error.message.encode("utf-8", "replace").decode()
    message = message if len(message) <= _MESSAGE else message[:_MESSAGE] + "…"
    extensions = {"path": error.path, "code": error.code, **error.extensions}
    body = {"errors": [{"message": message, "extensions": extensions}]}
    return Reply(_encode(body), outcome, error.status)
