"""Media types: what a client sends, what it wants back, and whether to compress it. Pure functions over headers."""

from __future__ import annotations

import enum
from functools import lru_cache
from typing import Final


class Media(enum.Enum):
    """The two forms of an answer. `JSON` answers 200 to GraphQL errors as Hasura does; `GRAPHQL` tells by status."""

    JSON = "application/json"
    GRAPHQL = "application/graphql-response+json"


CONTENT_TYPES: Final = {
    Media.JSON: (b"content-type", b"application/json; charset=utf-8"),
    Media.GRAPHQL: (b"content-type", b"application/graphql-response+json; charset=utf-8"),
}
_BODY_TYPES: Final = frozenset({"application/json", "application/graphql+json"})


@lru_cache(maxsize=256)
def accepted_media(accept: bytes | None) -> Media | None:
    """What to answer, or None when the client accepts neither form.

    Clients list `text/event-stream` and `multipart/mixed` beside the JSON types on every request; those do not count.
    """
    if accept is None or not accept.strip():
        return Media.JSON
    ranges = _ranges(accept)
    ranks = {media: _rank(media, ranges) for media in Media}
    best = max(Media, key=lambda media: ranks[media])  # of equals the first: JSON
    return best if ranks[best][0] > 0 else None


@lru_cache(maxsize=256)
def is_json_body(content_type: bytes | None) -> bool:
    """Whether a body of this type is read. Parameters are ignored: JSON is UTF-8, whatever charset is named."""
    if content_type is None:
        return False
    return content_type.decode("latin-1").lower().partition(";")[0].strip() in _BODY_TYPES


@lru_cache(maxsize=256)
def accepts_gzip(accept_encoding: bytes | None) -> bool:
    """Whether the client takes gzip."""
    if accept_encoding is None:
        return False
    wishes = {kind: quality for kind, quality, _ in _ranges(accept_encoding)}
    return wishes.get("gzip", wishes.get("*", 0.0)) > 0


def _ranges(header: bytes) -> list[tuple[str, float, int]]:
    """The entries of an Accept header: name, quality, position."""
    entries = header.decode("latin-1").lower().split(",")
    ranges = []
    for position, entry in enumerate(entries):
        kind, *parameters = entry.split(";")
        if kind.strip():
            ranges.append((kind.strip(), _quality(parameters), position))
    return ranges


def _quality(parameters: list[str]) -> float:
    for parameter in parameters:
        name, _, value = parameter.partition("=")
        if name.strip() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0


def _rank(media: Media, ranges: list[tuple[str, float, int]]) -> tuple[float, bool, int]:
    """How much the type is wanted: quality, named in full or by a wildcard, place in the list (earlier is more)."""
    for name in (media.value, "application/*", "*/*"):
        for kind, quality, position in ranges:
            if kind == name:
                return (quality, name == media.value, -position)
    return (0.0, False, 0)
