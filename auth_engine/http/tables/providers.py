"""Signing in at providers, linking and unlinking them."""

from __future__ import annotations

from typing import Final

from auth_engine.http.route import Route

ROUTES: Final[tuple[Route, ...]] = ()
