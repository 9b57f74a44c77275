"""What a query is made of, for counting: every form must come up, or the tests show nothing about it."""

from __future__ import annotations

from collections.abc import Iterator

from property.asked import Asked, Use
from property.made import Fussy, Routine
from property.predicates import CompareMade, MadeRows
from property.queries import CallRoot, Operation, Order, Root, ShowMade, ShowMadeRows, merged
from property.trees import nodes
from property.world import ADMIN, Table, World
from property.writes import DeleteRoot, InsertRoot, Mutation, Returning, UpdateRoot

GUARDED = ("guarded shown", "guarded where", "guarded order", "guarded distinct", "guarded aggregate", "guarded key")
COMPUTED = ("computed shown", "computed where", "computed order", "computed aggregate", "computed with arguments")
ROWS = ("rows shown", "rows where", "rows order")
CALLS = ("call rows", "call row", "call value", "call aggregate", "call volatile", "call inferred", "call by session")
GRANTS = ("several grants", "inherited", "inherited from several", "narrower aggregates", "computed in a rule")
FUSSY = ("fussy where", "fussy order")
RETURNED = ("guarded shown", "computed shown", "guarded where", "computed where", "built on hidden cells")
WRITTEN = (*RETURNED, "several grants", "inherited", "inherited to write")
"""What of it comes up in mutations."""
FORMS = (*GUARDED, *COMPUTED, *ROWS, *CALLS, *GRANTS, *FUSSY)


def forms(world: World, operation: Operation) -> set[str]:
    """Each form once, however often it occurs."""
    roots = merged(operation.items)
    found = {f"{'computed' if use.is_made else 'guarded'} {use.place}" for use in _uses(world, operation)}
    for root in roots:
        match root:
            case CallRoot():
                found |= {*_of_call(world, root)}
            case Root():
                found |= {*_of_grants(world, world.table(root.table), operation.role)}
    found |= {form for node in nodes(tuple(roots)) for form in _of_node(world, node)}
    return found & {*FORMS}


def write_forms(world: World, mutation: Mutation) -> set[str]:
    """The same for a mutation."""
    asked, found = Asked(world, mutation.role), set[str]()
    for root in merged(mutation.items):
        if isinstance(root, InsertRoot | UpdateRoot | DeleteRoot):
            table = world.table(root.table)
            uses = [use for use in _of_write(asked, root, table) if use.is_made or use.rule is not None]
            found |= {f"{'computed' if use.is_made else 'guarded'} {use.place}" for use in uses}
            found |= {"built on hidden cells"} if any(use.place == "built on" for use in uses) else set()
            found |= {*_of_grants(world, table, mutation.role)} if table.grant(mutation.role) is not None else set()
            own = {name for name, _ in table.shape.writes}
            found |= {"inherited to write"} if mutation.role not in {*own, ADMIN} else set()
    return found & {*WRITTEN}


def _of_write(asked: Asked, root: InsertRoot | UpdateRoot | DeleteRoot, table: Table) -> Iterator[Use]:
    match root:
        case UpdateRoot(changes=changes):
            for change in changes:
                building = [assign.column for assign in change.assigns if assign.operator != "_set"]
                yield from asked.columns(table, building, "built on") if building else ()
                yield from asked.condition(change.where, table) if change.where is not None else ()
        case DeleteRoot(where=where):
            yield from asked.condition(where, table)
    for items in (root.items, *(item.items for item in merged(root.items) if isinstance(item, Returning))):
        yield from asked.below(items, table)


def _uses(world: World, operation: Operation) -> Iterator[Use]:
    uses = Asked(world, operation.role).uses(operation.items)
    return (use for use in uses if use.is_made or use.rule is not None)


def _of_call(world: World, root: CallRoot) -> Iterator[str]:
    function = world.function(root.function)
    yield f"call {root.kind}"
    if function.routine.is_volatile:
        yield "call volatile"
    if function.roles is None and root.kind != "value":
        yield "call inferred"
    if function.routine.asks_session:
        yield "call by session"


def _of_grants(world: World, table: Table, role: str) -> Iterator[str]:
    grant = table.grant(role)
    assert grant is not None
    names = {name for name, _ in table.grants}
    if len(grant.parts) > 1:
        yield "several grants"
    if role in dict(world.parents) and role not in names:
        yield "inherited"
        if len(names & {*world.family(role)}) > 1:
            yield "inherited from several"
    if grant.aggregate not in (None, grant.filter):
        yield "narrower aggregates"
    if any(isinstance(node, CompareMade | MadeRows) for node in nodes(grant.filter)):
        yield "computed in a rule"


def _of_node(world: World, node: object) -> Iterator[str]:
    match node:
        case ShowMade(given=given) if given:
            yield "computed with arguments"
        case ShowMadeRows():
            yield "rows shown"
        case MadeRows():
            yield "rows where"
        case CompareMade(field=name) if _is_fussy(world, name):
            yield "fussy where"
        case Order(links=links, column=column, is_made=is_made):
            if links and _routine(world, links[-1]) is not None:
                yield "rows order"
            if is_made and column is not None and _is_fussy(world, column):
                yield "fussy order"


def _is_fussy(world: World, field: str) -> bool:
    routine = _routine(world, field)
    return routine is not None and isinstance(routine.formula, Fussy)


def _routine(world: World, field: str) -> Routine | None:
    """Names of computed fields are told apart from those of relationships, and by their tables."""
    found = (each.routine for table in world.tables for each in table.computed if each.name == field)
    return next(found, None)
