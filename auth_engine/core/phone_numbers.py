"""Phone numbers as people write them, and in E.164 form (ITU-T E.164: a plus and up to fifteen digits)."""

from __future__ import annotations

from typing import Annotated, Final

from msgspec import Meta

from auth_engine.core.fields import E164

MAX_CHARACTERS: Final = 64
PhoneNumber = Annotated[str, Meta(min_length=1, max_length=MAX_CHARACTERS)]


def e164(text: str) -> str | None:
    """The number without spaces, dashes and brackets; None for what is not an international number. Whether anybody
    has the number is not asked."""
    if E164.match(text):
        return text
    from phonenumbers import NumberParseException, PhoneNumberFormat, format_number, parse

    try:
        written = format_number(parse(text), PhoneNumberFormat.E164)
    except NumberParseException:
        return None
    return written if E164.match(written) else None


def spellings(text: str) -> tuple[str, ...]:
    """How a number may stand in the database: as sent, then in E.164 form."""
    found = e164(text)
    return (text,) if found is None or found == text else (text, found)
