"""Telling a browser by its address what went wrong."""

from __future__ import annotations

from collections.abc import Mapping

from auth_engine.core.errors import Code, Refused, shown
from auth_engine.core.redirects import with_query
from auth_engine.core.types import Redirect
from auth_engine.flows.kit import Kit


def redirect_error(
    target: str, code: Code, kit: Kit, *, status: int = 302, more: Mapping[str, str] | None = None
) -> Redirect:
    """To the target with `error` and `errorDescription`, as the settings let them be told."""
    told = shown(code, kit.settings.conceal_errors)
    values = {"error": told.code, "errorDescription": told.message, **(more or {})}
    return Redirect(with_query(target, values), status)


def redirect_error_home(code: Code, kit: Kit, *, status: int = 302) -> Redirect:
    """The same to AUTH_CLIENT_URL, where no target is known or it is not allowed. Raises Refused without one."""
    if not kit.settings.client_url:
        raise Refused(code, "and AUTH_CLIENT_URL is not set")
    return redirect_error(kit.settings.client_url, code, kit, status=status)
