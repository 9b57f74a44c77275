"""All routes, and finding the one that a request is for."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import Final

from auth_engine.http.route import Route
from auth_engine.http.tables import account, admin, dev, factors, health, keys, mailed, passwords, providers, sessions

ROUTES: Final[tuple[Route, ...]] = (
    *health.ROUTES,
    *passwords.ROUTES,
    *sessions.ROUTES,
    *mailed.ROUTES,
    *factors.ROUTES,
    *keys.ROUTES,
    *providers.ROUTES,
    *account.ROUTES,
    *admin.ROUTES,
    *dev.ROUTES,
)


class RouteTable:
    """Exact paths first, then those with a named segment. No slash is added, cut or joined."""

    def __init__(self, routes: Iterable[Route], prefix: str) -> None:
        self._exact: dict[tuple[str, str], Route] = {}
        self._named: list[tuple[str, tuple[str, ...], Route]] = []
        for route in routes:
            if prefix and route.without_prefix:
                self._add(route.path, replace(route, flow=route.bare_flow or route.flow))
            self._add(prefix + route.path, route)

    def _add(self, path: str, route: Route) -> None:
        if "{" in path:
            self._named.append((route.method, tuple(path.split("/")), route))
        else:
            self._exact[(route.method, path)] = route

    def find(self, method: str, path: str) -> tuple[Route, Mapping[str, str]] | None:
        """The route and the named segments of its path."""
        route = self._exact.get((method, path))
        if route is not None:
            return route, {}
        parts = path.split("/")
        for named_method, pattern, candidate in self._named:
            if named_method == method and len(pattern) == len(parts):
                found = _matched(pattern, parts)
                if found is not None:
                    return candidate, found
        return None


def _matched(pattern: tuple[str, ...], parts: list[str]) -> dict[str, str] | None:
    named: dict[str, str] = {}
    for wanted, part in zip(pattern, parts, strict=True):
        if wanted.startswith("{"):
            if not part:
                return None
            named[wanted[1:-1]] = part
        elif wanted != part:
            return None
    return named
