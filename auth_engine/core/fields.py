"""Types of fields that several request bodies share, with the limits of contracts: lengths, patterns, shapes."""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated, Any, Final

import msgspec
from msgspec import Meta, Struct

EMAIL_PATTERN: Final = (
    r"^[a-zA-Z0-9.!#$%&'*+/=?^_`{|}~-]+@[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?"
    r"(?:\.[a-zA-Z0-9](?:[a-zA-Z0-9-]{0,61}[a-zA-Z0-9])?)*\Z"
)
"""HTML5's `input type=email`, which is the constraint of the domain auth.email."""
UUID_PATTERN: Final = r"\b[0-9a-f]{8}\b-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-\b[0-9a-f]{12}\b"
E164: Final = re.compile(r"\+[1-9][0-9]{6,14}\Z")

Email = Annotated[str, Meta(max_length=254, pattern=EMAIL_PATTERN)]
Password = Annotated[str, Meta(min_length=3, max_length=1024)]
DisplayName = Annotated[str, Meta(min_length=1, max_length=32)]
"""Checked by `check_display_name` too: Python's patterns know no classes of symbols."""
Locale = Annotated[str, Meta(min_length=2, max_length=2)]
Otp = Annotated[str, Meta(max_length=64)]
Token = Annotated[str, Meta(max_length=512, pattern=UUID_PATTERN)]
"""A refresh token or a personal access token: the text of a UUID."""
Metadata = dict[str, Any]
NULLABLE: Final = Meta(extra={"nullable": True})
"""`Annotated[X | None, NULLABLE]`: a field where null is a value; others may be left out only."""


class Body(Struct, frozen=True, forbid_unknown_fields=True, rename="camel", omit_defaults=True):
    """What all request bodies have in common: camel case outside, no field that nobody knows."""


class RedirectOptions(Body, frozen=True):
    """`options` of routes that only mail a link."""

    redirect_to: str | None = None


class SignUpOptions(Body, frozen=True):
    """`options` of every way to sign up (auth contract §1)."""

    allowed_roles: list[str] | None = None
    default_role: str | None = None
    display_name: DisplayName | None = None
    locale: Locale | None = None
    metadata: Metadata | None = None
    redirect_to: str | None = None

    def __post_init__(self) -> None:
        check_display_name(self.display_name)


def check_display_name(name: str | None) -> None:
    """Letters, digits, symbols, space and `, . ' -`. Raises ValueError, which a decoder turns into its own error."""
    if name == "":
        raise ValueError("displayName is empty")
    for character in name or "":
        if character not in " ,.'-" and unicodedata.category(character)[0] not in "LNS":
            raise ValueError("displayName has a character that is not allowed")


def json_text(value: Any) -> str:
    """JSON for a jsonb column. Raises ValueError for what Postgres cannot keep: U+0000 and lone surrogates."""
    encoded = msgspec.json.encode(value).decode("utf-8", "strict")
    if "\\u0000" in encoded:
        raise ValueError("U+0000 cannot be stored")
    return encoded
