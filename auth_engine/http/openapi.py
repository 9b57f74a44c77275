"""The OpenAPI document of the auth engine, written from the table of routes and the types of their bodies: what it says
of lengths, patterns and refusals is what is checked, since it is the same source."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from auth_engine.core.errors import Code
from auth_engine.core.shapes import SessionAnswer, SessionPayload
from auth_engine.http.captcha import wants_captcha
from auth_engine.http.route import Access, Answer, Route
from auth_engine.http.table import ROUTES

VERSION: Final = "3.1.0"
_REFERENCE: Final = "#/components/schemas/{name}"
_NAMED: Final = re.compile(r"\{(\w+)\}")
_BEARER: Final = "BearerAuth"
_ADMIN: Final = "AdminSecret"


def openapi() -> dict[str, Any]:
    """The whole document."""
    types = [each for route in ROUTES for each in (_content_type(route), route.body) if each is not None]
    schemas, components = msgspec.json.schema_components(types, ref_template=_REFERENCE)
    by_type = {id(each): schema for each, schema in zip(types, schemas, strict=True)}
    paths: dict[str, dict[str, Any]] = defaultdict(dict)
    for route in sorted(ROUTES, key=lambda route: route.path):
        paths[route.path][route.method.lower()] = _operation(route, by_type)
    return {
        "openapi": VERSION,
        "info": {"title": "Auth engine", "version": "1"},
        "paths": dict(paths),
        "components": {
            "schemas": {name: _tidied(schema) for name, schema in sorted(components.items())},
            "securitySchemes": {
                _BEARER: {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"},
                _ADMIN: {"type": "apiKey", "in": "header", "name": "x-hasura-admin-secret"},
            },
        },
    }


def _operation(route: Route, by_type: Mapping[int, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _camel(route.flow.__name__) + ("Head" if route.method == "HEAD" else ""),
        "summary": route.summary,
        "responses": _responses(route, by_type),
    }
    parameters = [*_path_parameters(route), *_query_parameters(route)]
    if parameters:
        operation["parameters"] = parameters
    if route.lines:
        schema = {"description": "One JSON object a line."}  # any text is read, and answered line by line
        operation["requestBody"] = {"required": True, "content": {"application/x-ndjson": {"schema": schema}}}
    elif route.body is not None:
        content = "application/x-www-form-urlencoded" if route.form else "application/json"
        schema = _tidied(by_type[id(route.body)])
        operation["requestBody"] = {"required": not route.body_optional, "content": {content: {"schema": schema}}}
    match route.access:
        case Access.TOKEN | Access.ELEVATED:
            operation["security"] = [{_BEARER: []}]
        case Access.OPTIONAL:
            operation["security"] = [{}, {_BEARER: []}]
        case Access.ADMIN:
            operation["security"] = [{_ADMIN: []}]
        case Access.NONE:
            pass
    return operation


def _path_parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in _NAMED.findall(route.path):
        yield {"name": name, "in": "path", "required": True, "schema": {"type": "string", "minLength": 1}}


def _query_parameters(route: Route) -> Iterable[dict[str, Any]]:
    for name in route.query:
        bare = name.removeprefix("!")
        yield {"name": bare, "in": "query", "required": name.startswith("!"), "schema": {"type": "string"}}


def _content_type(route: Route) -> Any:
    match route.answer:
        case Answer.SESSION:
            return SessionAnswer
        case Answer.SESSION_PAYLOAD:
            return SessionPayload
        case Answer.DATA if route.method != "HEAD":
            return route.shape
        case _:
            return None


def _responses(route: Route, by_type: Mapping[int, Any]) -> dict[str, Any]:
    responses: dict[str, Any] = {"200": {"description": "Done."}}
    match route.answer:
        case Answer.OK:
            responses["200"] = _described("Done.", {"const": "OK"})
        case Answer.REDIRECT:
            responses = _redirects(route)
        case Answer.PAGE:
            page = {"schema": {"type": "string"}}
            responses = {
                "200": {"description": "A page.", "content": {"text/html": page}},
                **_redirects(route),
            }
        case _:
            if route.answer is Answer.LINES:
                text = {"type": "string", "description": "One JSON object a line."}
                responses["200"] = {"description": "Done.", "content": {"application/x-ndjson": {"schema": text}}}
            elif route.method != "HEAD":
                responses["200"] = _described("Done.", _tidied(by_type[id(_content_type(route))]))
    return {**responses, **_refusals(route)}


def _redirects(route: Route) -> dict[str, Any]:
    header = {"schema": {"type": "string"}, "required": True}
    text = "To where it goes on; the outcome, or `error`, stands in the query."
    return {str(status): {"description": text, "headers": {"Location": header}} for status in route.redirects}


def refusals_of(route: Route) -> tuple[Code, ...]:
    """Every refusal that a route may answer: its flow's, and those of what stands before it."""
    codes = list(route.raises)
    reads = route.body is not None or route.lines or route.query
    if reads or route.access in (Access.TOKEN, Access.ELEVATED):
        codes.append(Code.INVALID_REQUEST)
    if "{" in route.path:
        codes.append(Code.NOT_FOUND)  # an escaped or empty segment is no such path
    if route.access is Access.ADMIN:
        codes.append(Code.INVALID_ADMIN_SECRET)
    if wants_captcha(route.path):
        codes.append(Code.CAPTCHA_FAILED)
    if not route.unlimited:
        codes.append(Code.TOO_MANY_REQUESTS)
    return tuple(dict.fromkeys(codes))


def _refusals(route: Route) -> dict[str, Any]:
    if route.method == "HEAD":
        return {}
    by_status: dict[int, list[Code]] = defaultdict(list)
    codes = refusals_of(route)
    for code in codes:
        by_status[code.refusal.status].append(code)
    if any(code.refusal.concealed for code in codes):
        by_status[400] = list(dict.fromkeys([*by_status[400], Code.INVALID_REQUEST]))
    return {str(status): _refused(status, by_status[status]) for status in sorted(by_status)}


def _refused(status: int, codes: list[Code]) -> dict[str, Any]:
    schema = {
        "type": "object",
        "additionalProperties": False,
        "required": ["status", "error", "message"],
        "properties": {
            "status": {"const": status},
            "error": {"enum": sorted(code.refusal.code for code in codes)},
            "message": {"type": "string"},
        },
    }
    return _described("Refused.", schema)


def _described(text: str, schema: Any) -> dict[str, Any]:
    return {"description": text, "content": {"application/json": {"schema": schema}}}


def _tidied(schema: Any) -> Any:
    """Without what only our types have: a field that may be left out is not one that may be null."""
    if isinstance(schema, list):
        return [_tidied(each) for each in schema]
    if not isinstance(schema, dict):
        return schema
    found = {name: _tidied(value) for name, value in schema.items() if name not in ("title", "default")}
    if "enum" in found and "type" not in found and all(isinstance(each, str) for each in found["enum"]):
        found = {"type": "string", **found}
    if isinstance(found.get("pattern"), str):
        found["pattern"] = re.sub(r"\\Z$", "$", found["pattern"])  # Python's end of a text, which others do not know
    if all(isinstance(each, str) for each in found.get("enum", (None,))):
        found.setdefault("type", "string")
    if schema.get("default", "") is None and "anyOf" in found:
        choices = [each for each in found.pop("anyOf") if each != {"type": "null"}]
        found = {**found, **choices[0]} if len(choices) == 1 else {**found, "anyOf": choices}
    return found


def _camel(name: str) -> str:
    head, *rest = name.split("_")
    return head + "".join(part.capitalize() for part in rest)


if __name__ == "__main__":
    import json

    print(json.dumps(openapi(), indent=1, ensure_ascii=False))
