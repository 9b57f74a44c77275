"""Automatic persisted queries: a text sent once, and from then on its SHA-256 alone.

What is asked by a digest is asked as if its text had been sent: nothing is allowed that was not. Each process remembers
for itself, and may forget; whoever is told so sends the text again, which their clients do by themselves.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final

from gql_gen.ask import DocumentAsk
from gql_gen.errors import BadRequest, Rejected

_DIGEST_LENGTH: Final = 64
_OVERHEAD: Final = 256
"""What an entry weighs beside its text."""


def read_digest(extensions: Mapping[str, Any]) -> str | None:
    """The digest of a request's extensions; None when there is none. Raises Rejected for one that is malformed."""
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    path = "$.extensions.persistedQuery"
    if not isinstance(persisted, dict) or persisted.get("version") != 1:
        raise BadRequest("Unsupported persisted query version", path=path)
    digest = persisted.get("sha256Hash")
    if not isinstance(digest, str) or len(digest) != _DIGEST_LENGTH:
        raise BadRequest("sha256Hash must be a SHA-256 in hexadecimal digits", path=path)
    return digest.lower()


@dataclass(slots=True)
class _Shelf:
    """One role's texts by digest, the least recently used first."""

    texts: OrderedDict[str, str] = field(default_factory=OrderedDict)
    size: int = 0

    def put(self, digest: str, text: str) -> None:
        if digest not in self.texts:
            self.size += _weight(text)
        self.texts[digest] = text
        self.texts.move_to_end(digest)

    def drop_oldest(self) -> None:
        _, text = self.texts.popitem(last=False)
        self.size -= _weight(text)


class PersistedQueries:
    """The texts that callers gave, by role: one role neither finds nor pushes out another's. With no room at all they
    are switched off."""

    def __init__(self, max_bytes: int) -> None:
        self._max_bytes = max_bytes
        self._shelves: dict[str, _Shelf] = {}
        self._size = 0

    def completed(self, ask: DocumentAsk, role: str) -> DocumentAsk:
        """The ask with its text. Raises Rejected when the text is not known, or is not the one of the digest."""
        if ask.digest is None:
            return ask
        if ask.text:
            self._learn(ask.digest, ask.text, role)
            return ask
        if not self._max_bytes:
            raise Rejected("PersistedQueryNotSupported", code="PERSISTED_QUERY_NOT_SUPPORTED")
        shelf = self._shelves.get(role)
        text = None if shelf is None else shelf.texts.get(ask.digest)
        if shelf is None or text is None:
            raise Rejected("PersistedQueryNotFound", code="PERSISTED_QUERY_NOT_FOUND")
        shelf.texts.move_to_end(ask.digest)
        return replace(ask, text=text)

    def _learn(self, digest: str, text: str, role: str) -> None:
        if hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest() != digest:
            raise BadRequest("provided sha does not match query")
        if _weight(text) > self._max_bytes:
            return
        shelf = self._shelves.setdefault(role, _Shelf())
        before = shelf.size
        shelf.put(digest, text)
        self._size += shelf.size - before
        self._shrink()

    def _shrink(self) -> None:
        while self._size > self._max_bytes:
            role, largest = max(self._shelves.items(), key=lambda item: item[1].size)
            self._size -= largest.size
            largest.drop_oldest()
            self._size += largest.size
            if not largest.texts:
                del self._shelves[role]


def _weight(text: str) -> int:
    # A character beyond Latin-1 takes up to four bytes.
    return _OVERHEAD + (len(text) if text.isascii() else 4 * len(text))
