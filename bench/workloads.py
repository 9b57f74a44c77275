"""What is asked: four queries of the role `user`, each with a value that differs from request to request."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

ROLE: Final = "user"
TENANTS: Final = 10
REQUESTS: Final = 1_000
"""Different requests of a workload, each by another user with a token of its own."""


@dataclass(frozen=True, slots=True)
class Workload:
    """`variable` and its value for the nth request, which is user n's: once for HTTP, once in pgbench's language.

    `begins` is what a right answer begins with; `floor` the share of pgbench's requests per second to reach at least.
    """

    key: str
    title: str
    query: str
    variable: str
    value: Callable[[int], int]
    pgbench_value: str
    begins: str
    floor: float

    def bodies(self) -> Iterator[str]:
        """The bodies of the requests by users 1, 2, 3 …"""
        for number in range(1, REQUESTS + 1):
            yield json.dumps({"query": self.query, "variables": {self.variable: self.value(number)}})

    def pgbench_lines(self) -> Iterator[str]:
        """The same choice of requests: `:n` a random user, and whatever else the statement needs."""
        yield f"\\set n random(1, {REQUESTS})"
        yield f"\\set x_hasura_tenant_id (:n - 1) % {TENANTS} + 1"
        yield f"\\set {self.variable} {self.pgbench_value}"


def tenant(user: int) -> int:
    return (user - 1) % TENANTS + 1


BY_KEY: Final = Workload(
    key="a",
    title="a user by its key, with a row filter",
    query="query ($id: Int!) { user(id: $id) { id displayName email locale createdAt } }",
    variable="id",
    value=lambda number: number,
    pgbench_value=":n",
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
    variable="after",
    value=lambda number: number,
    pgbench_value=":n",
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
    variable="after",
    value=lambda number: -number,
    pgbench_value="-:n",
    begins='{"data":{"users":[{"id":',
    floor=0.60,
)

COUNT: Final = Workload(
    key="d",
    title="a count with a filter",
    query="query ($org: Int!) { membersAggregate(where: {orgId: {_eq: $org}}) { aggregate { count } } }",
    variable="org",
    # One of the twenty organisations of the user's tenant: a hundred members.
    value=lambda number: tenant(number) + TENANTS * (number // TENANTS % 20),
    pgbench_value=f"(:n - 1) % {TENANTS} + 1 + {TENANTS} * (:n / {TENANTS} % 20)",
    begins='{"data":{"membersAggregate":{"aggregate"',
    floor=0.22,
)

WORKLOADS: Final = (BY_KEY, NESTED, ROWS, COUNT)
