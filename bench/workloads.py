"""What is asked of usher, request by request: four queries and two mutations of the role `user`, each with values that
differ from request to request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

ROLE: Final = "user"
USERS: Final = 1_000
TENANTS: Final = 10
NOTES: Final = 10_000


@dataclass(frozen=True, slots=True)
class Variable:
    """A value for the nth request, and the same in pgbench's language, where `:n` is n."""

    name: str
    value: Callable[[int], object]
    pgbench: str


def user(number: int) -> int:
    """Who sends the nth request."""
    return (number - 1) % USERS + 1


def tenant(number: int) -> int:
    return (number - 1) % TENANTS + 1


SESSION: Final = (
    Variable("x-hasura-user-id", user, f"(:n - 1) % {USERS} + 1"),
    Variable("x-hasura-tenant-id", tenant, f"(:n - 1) % {TENANTS} + 1"),
)
"""What a ticket says."""


@dataclass(frozen=True, slots=True)
class Workload:
    """`begins` is what a right answer begins with; `floor` the share of pgbench's requests per second to aim at.
    `requests` counts the different requests, sent in turn; pgbench takes one of them at random."""

    key: str
    title: str
    query: str
    variables: tuple[Variable, ...]
    begins: str
    floor: float
    requests: int = USERS

    def values(self, number: int) -> dict[str, object]:
        """The variables of the nth request."""
        return {each.name: each.value(number) for each in self.variables}

    def bodies(self) -> Iterator[str]:
        """The bodies of the requests 1, 2, 3 …"""
        for number in range(1, self.requests + 1):
            yield json.dumps({"query": self.query, "variables": self.values(number)})


BY_KEY: Final = Workload(
    key="a",
    title="a user by its key, with a row filter",
    query="query ($id: Int!) { user(id: $id) { id displayName email locale createdAt } }",
    variables=(Variable("id", lambda number: number, ":n"),),
    begins='{"data":{"user":{"id":',
    floor=0.15,
)

NESTED: Final = Workload(
    key="b",
    title="20 users, their members, their orgs",
    query=(
        "query ($after: Int!) { users(where: {id: {_gt: $after}}, order_by: {id: asc}, limit: 20) "
        "{ id displayName members { id role org { id name } } } }"
    ),
    variables=(Variable("after", lambda number: number, ":n"),),
    begins='{"data":{"users":[{"id":',
    floor=0.40,
)

ROWS: Final = Workload(
    key="c",
    title="1,000 rows of 5 columns",
    query=(
        "query ($after: Int!) { users(where: {id: {_gt: $after}}, order_by: {id: asc}, limit: 1000) "
        "{ id displayName email locale createdAt } }"
    ),
    variables=(Variable("after", lambda number: -number, "-:n"),),
    begins='{"data":{"users":[{"id":',
    floor=0.60,
)

COUNT: Final = Workload(
    key="d",
    title="a count with a filter",
    query="query ($org: Int!) { membersAggregate(where: {orgId: {_eq: $org}}) { aggregate { count } } }",
    # One of the twenty organisations of the user's tenant: a hundred members.
    variables=(
        Variable(
            "org",
            lambda number: tenant(number) + TENANTS * (number // TENANTS % 20),
            f"(:n - 1) % {TENANTS} + 1 + {TENANTS} * (:n / {TENANTS} % 20)",
        ),
    ),
    begins='{"data":{"membersAggregate":{"aggregate"',
    floor=0.22,
)

UPDATE: Final = Workload(
    key="e",
    title="an update by key, returning the row",
    query=(
        "mutation ($id: Int!, $title: String!, $stars: Int!) "
        "{ updateNote(pk_columns: {id: $id}, _set: {title: $title, stars: $stars}) { id title stars createdAt } }"
    ),
    variables=(
        Variable("id", lambda number: number, ":n"),
        # Digits alone: pgbench knows no other texts.
        Variable("title", lambda number: f"{1_700_000_000 + number}", "1700000000 + :n"),
        Variable("stars", lambda number: number % 6, ":n % 6"),
    ),
    begins='{"data":{"updateNote":{"id":',
    floor=0.35,
    requests=NOTES,
)

INSERT: Final = Workload(
    key="f",
    title="an insert of one row, returning it",
    query="mutation ($note: notes_insert_input!) { insertNote(object: $note) { id title stars createdAt } }",
    # Rows travel as one JSON text, which pgbench cannot put together: it sends that of the first request each time.
    variables=(Variable("note", lambda number: {"title": f"{1_700_000_000 + number}", "stars": number % 6}, ""),),
    begins='{"data":{"insertNote":{"id":',
    floor=0.35,
    requests=NOTES,
)

WORKLOADS: Final = (BY_KEY, NESTED, ROWS, COUNT, UPDATE, INSERT)
