"""The envelope of a GraphQL request: from bytes to asks, with every limit kept before the text is parsed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from typing import Any, Final
from urllib.parse import parse_qsl

import msgspec

from gql_gen.ask import DocumentAsk
from gql_gen.errors import BadRequest, ParseFailed, Rejected
from gql_gen.http.persisted import read_digest
from gql_gen.http.types import HttpSettings

# What Postgres' numeric can hold; beyond it a short text such as 1e999999999 becomes an endless number.
_MAX_EXPONENT: Final = 131_072
_MAX_DIGITS: Final = 150_000

_AT = re.compile(r" - at `(?P<path>[^`]*)`")
_PARAMETERS: Final = frozenset({"query", "operationName", "variables", "extensions"})


class _Envelope(msgspec.Struct):
    query: str | msgspec.UnsetType = msgspec.UNSET
    operationName: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


def _number(text: str) -> Decimal:
    if len(text) > _MAX_DIGITS:
        raise ValueError("a number has too many digits")
    if "e" not in text and "E" not in text:
        return Decimal(text)
    try:
        number = Decimal(text)
    except InvalidOperation:  # an exponent beyond what even Decimal holds
        raise ValueError("a number is out of range") from None
    if number and abs(number.adjusted()) > _MAX_EXPONENT:
        raise ValueError("a number is out of range")
    return number


_ONE = msgspec.json.Decoder(_Envelope, float_hook=_number)
_MANY = msgspec.json.Decoder(list[_Envelope], float_hook=_number)
_OBJECT = msgspec.json.Decoder(dict[str, Any] | None, float_hook=_number)


def read_body(body: bytes, settings: HttpSettings, most: int | None) -> DocumentAsk | list[DocumentAsk]:
    """Read the body of a POST: one operation, or a batch of so many at most. Raises Rejected."""
    is_batch = body.lstrip(b" \t\r\n")[:1] == b"["
    envelopes = _decode(_MANY if is_batch else _ONE, body, "$")
    # Fewer brackets than levels allowed: nothing can be too deep, and most bodies need no closer look.
    look_closer = body.count(b"[") + body.count(b"{") > settings.max_depth
    if not is_batch:
        return _ask(envelopes, settings, look_closer)
    if not envelopes:
        raise BadRequest("a batch needs at least one operation")
    if most is not None and len(envelopes) > most:
        raise Rejected(f"batch limit of {most} exceeded", code="batch-limit-exceeded")
    return [_ask(envelope, settings, look_closer, f"[{number}]") for number, envelope in enumerate(envelopes)]


def read_query_string(text: bytes, settings: HttpSettings) -> DocumentAsk:
    """Read the query string of a GET. Raises Rejected."""
    fields = _fields(text)
    if "query" not in fields and "extensions" not in fields:
        raise ParseFailed("the parameter query is missing", path="$")
    envelope = _Envelope(
        query=fields.get("query", msgspec.UNSET),
        operationName=fields.get("operationName"),
        variables=_json_field(fields, "variables"),
        extensions=_json_field(fields, "extensions"),
    )
    return _ask(envelope, settings, look_closer=True, read_only=True)


def _ask(
    envelope: _Envelope, settings: HttpSettings, look_closer: bool, place: str = "", read_only: bool = False
) -> DocumentAsk:
    digest = None if envelope.extensions is None else read_digest(envelope.extensions)
    text = envelope.query
    if text is msgspec.UNSET:
        if digest is None:
            raise ParseFailed("Object missing required field `query`", path="$" + place)
        text = ""
    if len(text) > settings.max_query or (not text.isascii() and len(text.encode()) > settings.max_query):
        raise BadRequest(f"the query text is longer than {settings.max_query} bytes", path="$.query")
    variables = envelope.variables or {}
    if look_closer and _is_deeper(variables, settings.max_depth):
        raise BadRequest(f"the variables are nested deeper than {settings.max_depth} levels", path="$.variables")
    # Some clients send "" for "none".
    return DocumentAsk(text, envelope.operationName or None, variables, read_only, digest=digest)


def _decode(decoder: msgspec.json.Decoder[Any], text: bytes, path: str) -> Any:
    try:
        return decoder.decode(text)
    except msgspec.ValidationError as error:
        message, found = str(error), _AT.search(str(error))
        inner = found["path"][1:] if found else ""
        raise ParseFailed(_AT.sub("", message), path=path + inner) from None
    except UnicodeDecodeError:
        raise BadRequest("the text is not valid UTF-8", path=path, code="invalid-json") from None
    except msgspec.DecodeError as error:
        raise BadRequest(str(error), path=path, code="invalid-json") from None
    except RecursionError:
        raise BadRequest("the JSON is nested too deeply", path=path) from None


def _is_deeper(value: Any, levels: int) -> bool:
    """Whether containers lie deeper than that; walks level by level, so no recursion can overflow."""
    containers = [value]
    for _ in range(levels):
        containers = [
            child
            for container in containers
            for child in (container.values() if type(container) is dict else container)
            if type(child) is dict or type(child) is list
        ]
        if not containers:
            return False
    return True


def _fields(text: bytes) -> dict[str, str]:
    try:
        pairs = parse_qsl(text.decode("ascii"), keep_blank_values=True, max_num_fields=100, errors="strict")
    except ValueError:
        raise BadRequest("the query string cannot be read") from None
    fields: dict[str, str] = {}
    for name, value in pairs:
        if name in fields and name in _PARAMETERS:
            raise BadRequest(f"the parameter {name} is given twice")
        fields[name] = value
    return fields


def _json_field(fields: Mapping[str, str], name: str) -> dict[str, Any] | None:
    text = fields.get(name)
    if not text:
        return None
    value: dict[str, Any] | None = _decode(_OBJECT, text.encode(), f"$.{name}")
    return value
