"""Our reader beside graphql-core's validator: they refuse the same documents, but for what is written here.

Ours reads a document once, against a role's own types, and says what Hasura says; the other knows every rule of the
GraphQL specification. Where they differ the difference has a name and a reason.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from changes import CHANGES, LITERALS
from documents import Made, make
from graphql import GraphQLSchema, parse, specified_rules, validate
from graphql.execution.values import get_variable_values
from graphql.language import OperationDefinitionNode
from runner import House, Street

from gql_gen.dialects.document import Limits, read_operation
from gql_gen.dialects.hasura.introspect import graphql_schema
from gql_gen.dialects.hasura.read import read
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.errors import Rejected
from gql_gen.model.build import build_model
from gql_gen.model.roles import role_model

DOCUMENTS = 1_000
LIMITS = Limits()

WE_ACCEPT: dict[str, str] = {
    r"Variable .* is never used": "clients generate them; they do no harm, and Hasura takes them",
    r"Fragment .* is never used": "as above",
    r"Variable .* cannot be non-input type": "a variable is not looked at before it is used",
    r"Int cannot represent non-integer value: true": "nor is its default",
    r"Unknown type 'Nothing'": "nor is its type; and a fragment on an unknown type adds nothing",
    r"Fragment .*cannot be spread here": "a fragment on another type adds nothing, as in Hasura",
    r"Fields .* conflict because they return conflicting types": "as above: it conflicts with nothing",
    r"Int cannot represent non-integer value: 2\.0": "a whole number is an integer, however it is written",
    r'Int cannot represent non-integer value: "3"': "an offset may be a string of digits",
    r"Int cannot represent non 32-bit signed integer value": "an offset has 64 bits",
    r"Expected value of non-null type .*order_by!": "a null within order_by is a key not given",
}
WE_REFUSE: dict[str, str] = {
    r"unexpected null value": "a null inside a filter would drop a condition, and show more rows than were meant",
    r"expected a non-negative": "a limit and an offset count",
    r"exactly one predicate should be specified": "an aggregate predicate has one function",
    r"expected .* for type '(?!Int'|Float|String|Boolean)": "of Postgres's own scalars they know nothing",
    r"lies outside the bounds or is not an integer": "as above",
}


Verdicts = list[tuple[Made, str | None, list[str]]]
"""A document, what we say of it (None: nothing), and what they say."""


@dataclass(frozen=True)
class Pair:
    """The same types, for both."""

    ours: RoleSchema
    theirs: GraphQLSchema

    def we_say(self, made: Made) -> str | None:
        try:
            operation = read_operation(made.text, None, LIMITS)
            read(operation, operation.coerce(made.variables), self.ours, LIMITS)
        except Rejected as refused:
            return refused.message
        return None

    def they_say(self, made: Made) -> list[str]:
        document = parse(made.text)
        if faults := validate(self.theirs, document, specified_rules):
            return [fault.message for fault in faults]
        (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
        values = get_variable_values(self.theirs, operation.variable_definitions or (), made.variables)
        return [fault.message for fault in values] if isinstance(values, list) else []


@pytest.fixture(scope="module")
async def pair(street: Street) -> Pair:
    house = House("shop", "shop", "hasura", "{}")
    world = (await street.engine(house))._world
    model = build_model(world.catalog, world.rules, world.enum_rows)
    ours = RoleSchema(role_model(model, world.rules, "editor"))
    return Pair(ours, graphql_schema(ours))


PLACES = (
    *("author(where: V) { id }", "author(where: { id: V }) { id }", "author(where: { id: { _eq: V } }) { id }"),
    *(
        "author(where: { id: { _in: V } }) { id }",
        "author(where: { _and: V }) { id }",
        "author(where: { _not: V }) { id }",
    ),
    *("author(where: { name: { _like: V } }) { id }", "author(where: { born: { _eq: V } }) { id }"),
    *("author(where: { id: { _is_null: V } }) { id }", "author(where: { settings: { _contains: V } }) { id }"),
    *("author(where: { languages: { _eq: V } }) { id }", "article(where: { views: { _eq: V } }) { id }"),
    *("article(where: { state: { _eq: V } }) { id }", "author(where: { articles: V }) { id }"),
    *("author(where: { articles_aggregate: V }) { id }", "author(where: { articles_aggregate: { count: V } }) { id }"),
    *("author(order_by: V) { id }", "author(order_by: { id: V }) { id }", "author(order_by: { mentor: V }) { id }"),
    *("author(order_by: { articles_aggregate: V }) { id }", "author(order_by: [V, V]) { id }"),
    *("author(limit: V) { id }", "author(offset: V) { id }", "author(distinct_on: V) { id }"),
    *("author(distinct_on: [V]) { id }", "author { settings(path: V) }", "author_by_pk(id: V) { id }"),
    *("author_aggregate { aggregate { count(columns: V) } }", "author_aggregate { aggregate { count(distinct: V) } }"),
    *("author { id @skip(if: V) }", "author { id @include(if: V) }", "author { articles(limit: V) { id } }"),
)


def documents(types: GraphQLSchema) -> Iterator[Made]:
    """Every literal in every kind of place, then documents by chance."""
    for place in PLACES:
        for literal in LITERALS:
            yield Made(f"{{ {place.replace('V', literal)} }}", {}, "place")
    for seed in range(DOCUMENTS):
        yield make(types, seed)


def reason(message: str, reasons: dict[str, str]) -> str | None:
    return next((pattern for pattern in reasons if re.search(pattern, message)), None)


@pytest.fixture(scope="module")
def verdicts(pair: Pair) -> Verdicts:
    return [(made, pair.we_say(made), pair.they_say(made)) for made in documents(pair.theirs)]


def test_we_refuse_what_they_refuse_but_for_what_is_written(verdicts: Verdicts) -> None:
    differences: list[str] = []
    for made, ours, theirs in verdicts:
        unexplained = [message for message in theirs if reason(message, WE_ACCEPT) is None]
        if ours is None and unexplained:
            differences.append(f"we accept, they say {unexplained} ({made.change})\n  {made.text}\n  {made.variables}")
        if ours is not None and not theirs and reason(ours, WE_REFUSE) is None:
            differences.append(f"they accept, we say {ours} ({made.change})\n  {made.text}\n  {made.variables}")
    assert not differences, "\n".join(differences[:10]) + f"\n{len(differences)} differences"


def test_every_reason_is_met(verdicts: Verdicts) -> None:
    """A leniency that nothing shows would only hide the next difference."""
    accepted = {reason(message, WE_ACCEPT) for _, ours, theirs in verdicts if ours is None for message in theirs}
    refused = {reason(ours, WE_REFUSE) for _, ours, theirs in verdicts if ours is not None and not theirs}
    assert accepted - {None} == set(WE_ACCEPT)
    assert refused - {None} == set(WE_REFUSE)


def test_the_documents_are_worth_comparing(verdicts: Verdicts) -> None:
    """Right ones are right, wrong ones wrong, and of both there are many."""
    counted = Counter((made.change, ours is not None) for made, ours, _ in verdicts)
    wrong = {change: count for (change, refused), count in counted.items() if refused}
    assert "nothing" not in wrong
    assert counted["nothing", False] > DOCUMENTS // 5
    assert sum(wrong.values()) > DOCUMENTS // 4
    assert len(wrong) >= len(set(CHANGES))
