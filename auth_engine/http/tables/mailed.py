"""Tickets and codes that are mailed or sent as text messages."""

from __future__ import annotations

from typing import Final

from auth_engine.http.route import Route

ROUTES: Final[tuple[Route, ...]] = ()
