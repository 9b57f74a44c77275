"""Which web pages may read our answers (HASURA_GRAPHQL_CORS_DOMAIN)."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace

Header = tuple[bytes, bytes]

_ORIGIN = re.compile(r"(?P<scheme>https?)://(?P<host>[^\s/:*]+|\[[0-9a-fA-F:.]+\])(?P<port>:\d{1,5})?", re.ASCII)
_WILDCARD = re.compile(r"(?P<scheme>https?)://\*\.(?P<rest>[^\s/:*]+)(?P<port>:\d{1,5})?", re.ASCII)
_HEADER_NAMES = re.compile(rb"[A-Za-z0-9_\-]+(?:\s*,\s*[A-Za-z0-9_\-]+)*")
_CREDENTIALS: Header = (b"access-control-allow-credentials", b"true")
_VARY: Header = (b"vary", b"origin")
_PREFLIGHT: list[Header] = [
    (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
    (b"access-control-max-age", b"1728000"),
]


@dataclass(frozen=True, slots=True)
class CorsRules:
    """`wildcards` are patterns such as `https://*.example.com`, each standing for one label."""

    enabled: bool = True
    any_origin: bool = True
    exact: frozenset[str] = frozenset()
    wildcards: tuple[re.Pattern[str], ...] = ()
    credentials: bool = True
    """Whether browsers may send cookies along."""

    def allows(self, origin: bytes) -> bool:
        """Whether a page of this origin may read the answer."""
        if self.any_origin:
            return self.enabled
        text = origin.decode("latin-1").lower()
        return self.enabled and (text in self.exact or any(pattern.fullmatch(text) for pattern in self.wildcards))

    def headers(self, origin: bytes | None) -> list[Header]:
        """The headers of an answer to a page of this origin; none when it may not read it."""
        if origin is None or not self.allows(origin):
            return []
        allowed: list[Header] = [(b"access-control-allow-origin", origin), _VARY]
        return [*allowed, _CREDENTIALS] if self.credentials else allowed

    def preflight(self, origin: bytes | None, wanted: bytes | None) -> list[Header]:
        """The headers of an answer to OPTIONS; `wanted` is what the page asks to send."""
        allowed = self.headers(origin)
        if not allowed:
            return []
        if wanted is not None and _HEADER_NAMES.fullmatch(wanted.strip()):
            allowed.append((b"access-control-allow-headers", wanted.strip()))
        return allowed + _PREFLIGHT


def parse_cors_domain(text: str, *, disabled: bool = False) -> CorsRules:
    """Read `*`, or a list such as `https://app.example.com, https://*.example.com`. Raises ValueError."""
    entries = [entry.strip().lower() for entry in text.split(",") if entry.strip()]
    if entries == ["*"]:
        return CorsRules(enabled=not disabled)
    if not entries:
        raise ValueError("the CORS domain is empty: write * or a list of origins")
    exact = frozenset(entry for entry in entries if _ORIGIN.fullmatch(entry))
    wildcards = tuple(_wildcard(entry) for entry in entries if entry not in exact)
    return CorsRules(enabled=not disabled, any_origin=False, exact=exact, wildcards=wildcards)


def without_ambient_cookies(rules: CorsRules) -> CorsRules:
    """When tokens travel in cookies, `*` would let any page read as its visitor: no credentials there."""
    return replace(rules, credentials=False) if rules.any_origin else rules


def _wildcard(entry: str) -> re.Pattern[str]:
    match = _WILDCARD.fullmatch(entry)
    if match is None:
        raise ValueError(f"the CORS domain {entry!r} is no origin: write http(s)://host[:port], or http(s)://*.host")
    rest = re.escape(match["rest"] + (match["port"] or ""))
    return re.compile(rf"{match['scheme']}://[^\s/:.]+\.{rest}")
