"""The arguments of a statement: its slots filled from variables and session, ready to send."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from gql_gen.engine.binding import quick_binder
from gql_gen.engine.cache import Prepared
from gql_gen.engine.proofs import surely_valid_slot
from gql_gen.errors import NotFound
from gql_gen.model.certainty import surely_valid_list
from gql_gen.model.predicates import Slot
from gql_gen.model.tokens import token_text
from gql_gen.model.values import encode
from gql_gen.session import Caller
from gql_gen.sql.statement import Statement


def bound(statement: Statement, frame: tuple[bytes, ...]) -> Prepared:
    """A statement with what is known of its slots before any request."""
    slots = tuple(enumerate(statement.slots))
    return Prepared(
        statement,
        frame,
        tuple(slot.text if slot.source == "literal" else "" for _, slot in slots),
        tuple((index, slot, quick_binder(slot.type)) for index, slot in slots if slot.source == "variable"),
        tuple((index, slot, quick_binder(slot.type)) for index, slot in slots if slot.source in ("session", "claims")),
    )


def texts(
    prepared: Prepared, variables: Mapping[str, Any], caller: Caller
) -> tuple[list[str | None], list[tuple[str, Slot]]]:
    """The text of every slot, and those that only the database can judge."""
    arguments: list[str | None] = list(prepared.arguments)
    doubts: list[tuple[str, Slot]] = []
    for index, slot, quick in prepared.variable_slots:
        value: Any = variables
        for key in slot.path:
            value = value[key]
        if quick is not None and (text := quick(value)) is not None:
            arguments[index] = text
            continue
        if slot.type.inside is not None:
            arguments[index] = inner = token_text(value, slot.type, slot.at)
            if inner is not None and not surely_valid_slot(inner, slot):
                doubts.append((inner, slot))
            continue
        arguments[index] = text = encode(value, slot.type, slot.at)
        if not (slot.type.bound or surely_valid_slot(text, slot) or surely_valid_list(value, slot.type)):
            doubts.append((text, slot))
    for index, slot, quick in prepared.session_slots:
        arguments[index] = text = session_value(slot, caller)
        if slot.source == "session" and (quick is None or quick(text) is None) and not surely_valid_slot(text, slot):
            doubts.append((text, slot))
    return arguments, doubts


def session_value(slot: Slot, caller: Caller) -> str:
    """A session variable, or all of them as JSON. Raises NotFound where the caller's ticket does not say."""
    if slot.source == "claims":
        return json.dumps({**caller.variables, "x-hasura-role": caller.role})
    name = str(slot.path[0])
    text = caller.variables.get(name)
    if text is None:
        raise NotFound(f'missing session variable: "{name}"')
    return text
