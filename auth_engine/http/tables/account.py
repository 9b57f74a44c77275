"""What owners do with their account: sessions, tokens, export, deletion."""

from __future__ import annotations

from typing import Final

from auth_engine.http.route import Route

ROUTES: Final[tuple[Route, ...]] = ()
