"""The literals of rules, tried on the database before they are served.

`birthday: {_gt: "not a date"}` reads well and can never work. Such a rule takes its table away from its role, as any
other fault does, instead of failing each of the role's requests.
"""

from __future__ import annotations

from gql_gen.catalog.types import Ident
from gql_gen.engine.world import World
from gql_gen.errors import UsherError
from gql_gen.model.certainty import surely_valid
from gql_gen.model.predicates import Pred, Slot, literals
from gql_gen.rules.types import Fault
from gql_gen.run.checks import Checks
from gql_gen.sql.operators import TEMPLATES


def surely_valid_slot(text: str, slot: Slot) -> bool:
    """Whether Postgres is certain to accept the text. Lists go by their own way: only the server knows."""
    if slot.type.is_list or slot.type.element is not None:
        return False
    if slot.type.labels is not None and slot.source != "session":
        return True
    return surely_valid(text, slot.type.pg)


async def prove_rules(world: World, checks: Checks) -> None:
    """Takes tables with an impossible select rule away from the roles concerned, and notes the faults."""
    for name in sorted(world.model.roles):
        for ident, entity in world.role(name).model.entities.items():
            if (message := await _refuted(entity.rule, checks)) is not None:
                world.withdraw(name, ident, _fault(world, name, ident, message))


async def _refuted(rule: Pred, checks: Checks) -> str | None:
    for slot, operator in literals(rule):
        try:
            await _prove(slot, operator, checks)
        except UsherError as error:
            return error.message
    return None


async def _prove(slot: Slot, operator: str, checks: Checks) -> None:
    assert slot.text is not None
    if not surely_valid_slot(slot.text, slot):
        await checks.value(slot.text, slot)
    pattern = TEMPLATES[operator].pattern
    if pattern is not None:
        await checks.pattern(pattern, slot.text, slot)


def _fault(world: World, role: str, ident: Ident, message: str) -> Fault:
    select = world.rules.tables[ident].permissions[role].select
    assert select is not None
    return Fault(select.at, f"the rule of role {role} for {ident} can never work: {message}")
