"""permissions.yaml for the generated database: twelve roles, of each table some, with rules through relationships, by
name, and with `_exists`; several grants here and there; presets and checks for those who write."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from bench.scale_schema import Relation
from gql_gen.names import root_field_names

ROLES: Final = (
    *("visitor", "partner", "clerk", "seller", "buyer", "driver", "accountant", "planner", "support", "auditor"),
    *("manager", "director"),
)
WRITERS: Final = frozenset({"clerk", "seller", "buyer", "accountant", "planner", "manager"})
HEIRS: Final = {"director": ("manager", "auditor")}
"""A role → those whose rights it joins, beside a few grants of its own."""

HEAD: Final = """\
version: 1

naming: nhost

infer_function_permissions: true

roles:
{roles}

rules:
  own: {{ owner_id: {{ _eq: X-Hasura-User-Id }} }}
  of_my_tenant: {{ tenant_id: {{ _eq: X-Hasura-Tenant-Id }} }}
  as_a_member: {{ tenant: {{ members: {{ user_id: {{ _eq: X-Hasura-User-Id }} }} }} }}
  rated: {{ stars: {{ _gte: 0, _lte: 5 }} }}

tables:
"""

FILTERS: Final = (
    "own",
    "{ tenant: { members: { user_id: { _eq: X-Hasura-User-Id } } } }",
    "of_my_tenant",
    "{ _or: [ own, { is_open: { _eq: true }, tenant_id: { _eq: X-Hasura-Tenant-Id } } ] }",
    "{ owner: { tenant: { id: { _eq: X-Hasura-Tenant-Id } } }, title: { _nlike: 'secret%' } }",
    "as_a_member",
    "{ _exists: { _table: members, _where: { user_id: { _eq: X-Hasura-User-Id }, rank: { _in: [head, deputy] } } } }",
    "{ _not: { owner: { members: { rank: { _eq: guest } } } }, tenant_id: { _eq: X-Hasura-Tenant-Id } }",
)


@dataclass(frozen=True, slots=True)
class FirstQuery:
    """What a role asks first: rows of one table with those that they belong to, and those that belong to them."""

    role: str
    text: str


def is_granted(relation: Relation, role: str) -> bool:
    """Whether the rules let the role read the relation; the core and the enum tables are for everybody."""
    number = ROLES.index(role)
    return relation.kind in ("core", "enum") or (role not in HEIRS and (relation.place * 5 + number * 3) % 11 < 6)


def permissions_text(made: tuple[Relation, ...]) -> str:
    """The whole file."""
    roles = "\n".join(f"  {role}: {_role(role)}" for role in ROLES)
    tables = [line for relation in made for line in _table(relation)]
    functions = [f"  public.search_{relation.name}: {{}}" for relation in made if relation.is_searched]
    ending = ["functions:", *functions] if functions else []
    return HEAD.format(roles=roles) + "\n".join([*tables, *ending]) + "\n"


def first_queries(made: tuple[Relation, ...]) -> tuple[FirstQuery, ...]:
    """One for each role, each about another table."""
    tables = [relation for relation in made if relation.kind == "table"]
    found = []
    for number, role in enumerate(ROLES):
        readers = HEIRS.get(role, (role,))
        granted = [each for each in tables if any(is_granted(each, reader) for reader in readers)]
        found.append(FirstQuery(role, _query(granted[number * 37 % len(granted)])))
    return tuple(found)


def _query(relation: Relation) -> str:
    root = root_field_names(relation.name, "nhost")["select"]
    return (
        f'query {{ {root}(where: {{title: {{_like: "%1%"}}, tenant: {{name: {{_is_null: false}}}}}}, '
        "order_by: [{createdAt: desc}, {id: asc}], limit: 5) "
        "{ id title createdAt tenant { name members(limit: 3) { rank } } } }"
    )


def _role(role: str) -> str:
    return f"{{ inherits: [{', '.join(HEIRS[role])}] }}" if role in HEIRS else "{}"


# ---------------------------------------------------------------- one table


def _table(relation: Relation) -> Iterator[str]:
    yield f"  public.{relation.name}:"
    if relation.kind == "enum":
        yield "    is_enum: true"
    if relation.kind == "view":
        yield "    relationships:"
        yield "      tenant: { object: tenants, on: { tenant_id: id } }"
        yield "      owner: { object: users, on: { owner_id: id } }"
    if relation.has_label:
        yield f"    computed_fields: {{ label: {relation.name}_label }}"
    yield "    permissions:"
    for role in ROLES:
        if is_granted(relation, role) and role not in HEIRS:
            yield from _grants(relation, role)
    yield ""


def _grants(relation: Relation, role: str) -> Iterator[str]:
    if relation.kind in ("core", "enum"):
        yield f'      {role}: {{ select: {{ columns: "*", filter: {{}} }} }}'
        return
    yield f"      {role}:"
    yield from _selects(relation, role)
    if relation.kind == "table" and role in WRITERS and relation.place % 3 == 0:
        yield from _writes(relation, role)


def _selects(relation: Relation, role: str) -> Iterator[str]:
    number = ROLES.index(role)
    rule = FILTERS[(relation.place + number) % len(FILTERS)]
    columns = [column for column in relation.columns if column != "remark"]
    more = ", allow_aggregations: true" if number % 3 == 0 else ""
    if relation.has_label:
        more += ", computed_fields: [label]"
    if relation.place % 8 == 3:
        yield "        select:"
        yield f"          - {{ columns: [{', '.join(columns[:8])}], filter: of_my_tenant{more} }}"
        yield f"          - {{ columns: [{', '.join(columns[8:] or columns[:1])}], filter: {rule} }}"
    else:
        shown = '"*"' if relation.place % 4 == 0 else f"[{', '.join(columns)}]"
        yield f"        select: {{ columns: {shown}, filter: {rule}{more} }}"


def _writes(relation: Relation, role: str) -> Iterator[str]:
    columns = ", ".join(["title", "kind", "parent_id"] if "parent_id" in relation.columns else ["title", "kind"])
    check = "[ own, rated ]" if "stars" in relation.columns else "[ own ]"
    set_ = "{ owner_id: X-Hasura-User-Id, tenant_id: X-Hasura-Tenant-Id }"
    yield f"        insert: {{ columns: [{columns}], set: {set_}, check: {{ _and: {check} }} }}"
    yield f"        update: {{ columns: [{columns}], filter: own, check: {{ _and: {check} }} }}"
    yield "        delete: { filter: own }"
