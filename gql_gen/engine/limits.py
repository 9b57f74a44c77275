"""What bounds a role's operations: its own limits over those of the whole file over usher's own."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Final

from gql_gen.dialects.document import Operation
from gql_gen.dialects.measure import measured
from gql_gen.errors import Rejected
from gql_gen.model.grants import MOST_ROWS
from gql_gen.model.types import RoleModel
from gql_gen.rules.types import NO_LIMITS, LimitRules, Rules
from gql_gen.session import ADMIN

OWN_LIMITS: Final = LimitRules(depth=30, nodes=1_000, batch=100)
"""Where the rules say nothing: far above what applications ask for. For time there is the setting for statements."""


def limits_of(rules: Rules, role: str) -> LimitRules:
    """The limits in force; None now means that there is none. Nothing binds admin."""
    if role == ADMIN:
        return NO_LIMITS
    named = rules.roles.get(role)
    layers = (NO_LIMITS if named is None else named.limits, rules.limits, OWN_LIMITS)
    return LimitRules(
        **{
            each.name: next((said for layer in layers if (said := getattr(layer, each.name)) is not None), None)
            for each in fields(LimitRules)
        }
    )


def check_measures(operation: Operation, limits: LimitRules) -> None:
    """Refuses an operation that is too deep or too large."""
    if limits.depth is None and limits.nodes is None:
        return
    size = measured(operation)
    if limits.depth is not None and size.depth > limits.depth:
        raise Rejected(f"depth limit of {limits.depth} exceeded", code="depth-limit-exceeded")
    if limits.nodes is not None and size.nodes > limits.nodes:
        raise Rejected(f"node limit of {limits.nodes} exceeded", code="node-limit-exceeded")


def with_row_limit(model: RoleModel, rows: int | None) -> RoleModel:
    """The model with no list longer than so many rows: the least of it and of the select rule's own limit."""
    if rows is None:
        return model
    entities = {
        ident: replace(entity, limit=min(rows, MOST_ROWS if entity.limit is None else entity.limit))
        for ident, entity in model.entities.items()
    }
    return replace(model, entities=entities)
