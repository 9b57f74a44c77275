"""The literals of rules, tried on the database before they are served.

`birthday: {_gt: "not a date"}` reads well and can never work. Such a select rule takes its table away from its role, as
any other fault does, instead of failing each of the role's requests; such a write rule goes by itself.
"""

from __future__ import annotations

from typing import get_args

from gql_gen.catalog.types import Catalog, Ident, Relation
from gql_gen.engine.world import World
from gql_gen.errors import UsherError
from gql_gen.model.certainty import surely_valid
from gql_gen.model.inheritance import family, select_grants
from gql_gen.model.predicates import Pred, Slot, literals
from gql_gen.model.types import PresetValue, RoleEntity, WriteKind, WriteRule
from gql_gen.rules.types import DeleteRule, Fault, InsertRule, Mark, TablePermissions, UpdateRule
from gql_gen.run.checks import Checks
from gql_gen.session import ADMIN
from gql_gen.sql.operators import TEMPLATES

Told = InsertRule | UpdateRule | DeleteRule
"""A write rule as it stands in the file."""


def surely_valid_slot(text: str, slot: Slot) -> bool:
    """Whether Postgres is certain to accept the text. Lists go by their own way: only the server knows."""
    if slot.type.is_list or slot.type.element is not None:
        return False
    if slot.type.labels is not None and slot.source != "session":
        return True
    return surely_valid(text, slot.type.pg)


async def prove_rules(world: World, checks: Checks) -> None:
    """Takes tables with an impossible select rule away from the roles concerned, and write rules that are impossible
    by themselves; notes the faults."""
    for name in sorted(world.model.roles - {ADMIN}):
        for ident, entity in world.role(name, is_backend=True).model.entities.items():
            table = world.rules.tables[ident]
            grants = select_grants(table, name, world.rules)
            if grants and (message := await _refuted(entity.rule, checks)) is not None:
                said = f"the rule of role {name} for {ident} can never work: {message}"
                world.withdraw(name, ident, Fault(grants[0][0].at, said))
                continue
            for giver in family(name, world.rules):
                if giver in table.permissions:
                    await _prove_writes(world, name, entity, table.permissions[giver], checks)


async def _prove_writes(
    world: World, role: str, entity: RoleEntity, permissions: TablePermissions, checks: Checks
) -> None:
    """`permissions` are the role's own, or those of one that it inherits: only rules that became the role's count."""
    ident = entity.entity.ident
    kinds: tuple[WriteKind, ...] = get_args(WriteKind)
    for kind in kinds:
        rule: WriteRule | None = getattr(entity, kind)
        told: Told | None = getattr(permissions, kind)
        if rule is None or told is None or rule.at != str(told.at):
            continue
        wrong = await _wrong(rule, told, entity.entity.relation, world.catalog, checks)
        if wrong is not None:
            at, message = wrong
            said = f"the {kind} rule of role {role} for {ident} can never work: {message}"
            world.withdraw_write(role, ident, kind, Fault(at, said))


async def _wrong(
    rule: WriteRule, told: Told, relation: Relation, catalog: Catalog, checks: Checks
) -> tuple[Mark, str] | None:
    """The first thing that can never work, and where it stands."""
    for pred in (rule.filter, rule.check):
        if (message := await _refuted(pred, checks)) is not None:
            return told.at, message
    places = {} if isinstance(told, DeleteRule) else {preset.column: preset.at for preset in told.presets}
    for preset in rule.presets:
        type_ = catalog.base_type(relation.columns[preset.column].type).ident
        if (message := await _refuted_preset(preset, type_, checks)) is not None:
            return places[preset.column], f'the value of "{preset.column}": {message}'
    return None


async def _refuted(rule: Pred, checks: Checks) -> str | None:
    for slot, operator in literals(rule):
        try:
            await _prove(slot, operator, checks)
        except UsherError as error:
            return error.message
    return None


async def _refuted_preset(preset: PresetValue, type: Ident, checks: Checks) -> str | None:
    try:
        if preset.sql is not None:
            await checks.preset(preset.sql, type)
        elif preset.slot is not None and preset.slot.source == "literal":
            await _prove_value(preset.slot, checks)
    except UsherError as error:
        return error.message
    return None


async def _prove(slot: Slot, operator: str, checks: Checks) -> None:
    text = await _prove_value(slot, checks)
    pattern = TEMPLATES[operator].pattern
    if pattern is not None:
        await checks.pattern(pattern, text, slot)


async def _prove_value(slot: Slot, checks: Checks) -> str:
    """The literal's text, which the server takes."""
    assert slot.text is not None
    if not surely_valid_slot(slot.text, slot):
        await checks.value(slot.text, slot)
    return slot.text
