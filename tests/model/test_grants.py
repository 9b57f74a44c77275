"""Grants to select, joined: what a disjunction of row rules comes to."""

from __future__ import annotations

import pytest
from builders import catalog, table

from gql_gen.catalog.types import Ident
from gql_gen.model.build import build_model
from gql_gen.model.grants import any_of
from gql_gen.model.predicates import FALSE, TRUE, All, AnyOf, ColumnRef, IsNull, Pred
from gql_gen.model.roles import role_model
from gql_gen.rules.load import parse_rules

INT = Ident("pg_catalog", "int4")
A, B, C = (IsNull(ColumnRef(name, INT), negated=False) for name in "abc")


@pytest.mark.parametrize(
    ("parts", "joined"),
    [
        ((), FALSE),
        ((FALSE, A), A),
        ((A, TRUE), TRUE),
        ((A, A), A),
        ((A, B), AnyOf((A, B))),
        ((AnyOf((A, B)), B, C), AnyOf((A, B, C))),
        ((All((A, B)), A), A),
        ((A, All((A, B))), A),
        ((All((A, B)), All((B, A))), All((A, B))),
        ((All((A, B)), All((B, C))), AnyOf((All((A, B)), All((B, C))))),
        ((All((A, B, C)), C, All((B, A))), AnyOf((C, All((B, A))))),
    ],
)
def test_a_disjunction_keeps_what_no_other_part_covers(parts: tuple[Pred, ...], joined: Pred) -> None:
    assert any_of(parts) == joined


def test_aggregates_over_no_rows_are_still_aggregates() -> None:
    told = parse_rules(
        "version: 1\nroles: { r: {} }\ntables:\n  public.org:\n    permissions:\n"
        "      r: { select: { columns: [id], filter: { _or: [] }, allow_aggregations: true } }\n",
        "permissions.yaml",
    )
    model = build_model(catalog(table("org", "id int4!")), told, {})
    entity = role_model(model, told, "r").entities[Ident("public", "org")]
    assert entity.aggregate_rule == FALSE
    assert "select_aggregate" in entity.query_roots
