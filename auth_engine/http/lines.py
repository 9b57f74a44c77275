"""Reading a body of JSON lines as it comes: whatever its length, one line at a time is in memory."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

from starlette.types import Receive

from auth_engine.core.errors import Code, Refused
from auth_engine.core.fields import Body
from auth_engine.core.types import Line
from auth_engine.http.request import Head, decode_json, media_type

LINE_TYPES: Final = ("application/x-ndjson", "application/jsonl")
MAX_LINE_BYTES: Final = 64 * 1024
_TOO_LONG: Final = f"the line is longer than {MAX_LINE_BYTES} bytes"


def ensure_lines(head: Head) -> None:
    """Raises Refused for another content type than that of JSON lines."""
    if media_type(head) not in LINE_TYPES:
        raise Refused(Code.INVALID_REQUEST, f"the content type is not {LINE_TYPES[0]}")


async def read_lines(receive: Receive, kind: type[Body]) -> AsyncIterator[Line]:
    """Each line that is not empty, decoded. A line that is too long is told as such and not kept, one that cannot be
    read has a fault; the lines after it go on. Raises Refused when the visitor goes before the end."""
    number = 1
    held = bytearray()
    is_too_long = False
    more = True
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise Refused(Code.INVALID_REQUEST, "the visitor has gone")
        more = message.get("more_body", False)
        part, position = message.get("body", b""), 0
        while position < len(part):
            end = part.find(b"\n", position)
            stop = len(part) if end < 0 else end
            is_too_long = is_too_long or len(held) + stop - position > MAX_LINE_BYTES
            if is_too_long:
                held.clear()
            else:
                held += part[position:stop]
            if end < 0:
                break
            line = _line(number, bytes(held), kind, is_too_long=is_too_long)
            if line is not None:
                yield line
            held.clear()
            number, is_too_long, position = number + 1, False, end + 1
    line = _line(number, bytes(held), kind, is_too_long=is_too_long)
    if line is not None:
        yield line


def _line(number: int, raw: bytes, kind: type[Body], *, is_too_long: bool) -> Line | None:
    """None for an empty one."""
    if is_too_long:
        return Line(number, fault=_TOO_LONG)
    if not raw.strip():
        return None
    try:
        return Line(number, decode_json(raw, kind))
    except Refused as refused:
        return Line(number, fault=refused.reason)
