"""Telling a browser by its address what went wrong."""

from __future__ import annotations

from collections.abc import Mapping

from auth_engine.core.errors import Code, shown
from auth_engine.core.redirects import with_query
from auth_engine.core.types import Redirect
from auth_engine.flows.kit import Kit


def redirect_error(target: str, code: Code, kit: Kit, more: Mapping[str, str] | None = None) -> Redirect:
    """302 to the target with `error` and `errorDescription`, as the settings let them be told."""
    told = shown(code, kit.settings.conceal_errors)
    return Redirect(with_query(target, {"error": told.code, "errorDescription": told.message, **(more or {})}))
