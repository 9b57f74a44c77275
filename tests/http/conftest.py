"""Builds HTTP edges over a recording engine."""

from __future__ import annotations

from typing import Any

import pytest
from edge_kit import SECRET, Edge, MakeEdge, RecordingAnswers

from gql_gen.http import build_app
from gql_gen.http.types import AuthSettings, HttpSettings


@pytest.fixture
def edge() -> MakeEdge:
    """Builds an edge; with no settings given it wants an admin secret and lets nobody else in."""

    def make(
        auth: AuthSettings | None = None,
        http: HttpSettings | None = None,
        answers: RecordingAnswers | None = None,
        **more: Any,
    ) -> Edge:
        engine = answers or RecordingAnswers()
        return Edge(build_app(engine, auth or AuthSettings(admin_secret=SECRET), http, **more), engine)

    return make


@pytest.fixture
def open_edge(edge: MakeEdge) -> Edge:
    """An edge where everyone without a ticket is `visitor`: for tests that are not about who asks."""
    return edge(AuthSettings(admin_secret=SECRET, unauthorized_role="visitor"))
