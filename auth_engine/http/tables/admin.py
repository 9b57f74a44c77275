"""What administrators do."""

from __future__ import annotations

from typing import Final

from auth_engine.http.route import Route

ROUTES: Final[tuple[Route, ...]] = ()
