"""What tools are told: the standard introspection query and the SDL tell the same, and it is a valid schema."""

from __future__ import annotations

import json

import pytest
from graphql import (
    build_client_schema,
    build_schema,
    get_introspection_query,
    lexicographic_sort_schema,
    print_schema,
    validate_schema,
)
from runner import House, Street

from gql_gen.ask import DocumentAsk
from gql_gen.session import Caller

HOUSES = [
    House("shop", "shop", "hasura", "{}"),
    House("shop", "shop", "nhost", "{}"),
    House("shop", "shop", "graphql-default", "{}"),
    House("customized", "shop", None, "{}"),
    House("odd", "odd", None, "{}"),
    House("odd", "odd", "nhost", "{}"),
]
houses = pytest.mark.parametrize("house", HOUSES, ids=lambda house: f"{house.rules} {house.naming}")
TOOLS_ASK = get_introspection_query(
    specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
)


async def sdl_of(house: House, street: Street, role: str) -> str:
    """The SDL of a role; making it takes long."""
    if (house, role) not in SDLS:
        SDLS[house, role] = (await street.engine(house)).sdl(role)
    return SDLS[house, role]


SDLS: dict[tuple[House, str], str] = {}


@houses
async def test_every_roles_schema_is_valid(house: House, street: Street) -> None:
    engine = await street.engine(house)
    for role in engine.roles:
        assert not validate_schema(build_schema(await sdl_of(house, street, role))), role


@houses
async def test_introspection_tells_what_the_sdl_tells(house: House, street: Street) -> None:
    engine = await street.engine(house)
    for role in engine.roles:
        reply = await engine.answer(DocumentAsk(TOOLS_ASK, None, {}), Caller(role, {}))
        told = build_client_schema(json.loads(reply.body)["data"])
        assert print_schema(lexicographic_sort_schema(told)) + "\n" == await sdl_of(house, street, role)


async def test_a_role_is_told_of_nothing_that_it_cannot_reach(street: Street) -> None:
    engine = await street.engine(HOUSES[0])
    told = engine.sdl("reader")
    for hidden in ("password_hash", "email", "languages", "customer", "purchase", "article_state", "aggregate", "meta"):
        assert hidden not in told
