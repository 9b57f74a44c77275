"""Whether a person is at the other end: Cloudflare Turnstile before signing up (AUTH_TURNSTILE_SECRET). Auth contract
§5."""

from __future__ import annotations

import logging
from typing import Final

import msgspec

from auth_engine.core.errors import Code, Refused
from auth_engine.flows.kit import Kit
from auth_engine.http.request import Head
from auth_engine.net.outside import Unreachable

logger = logging.getLogger(__name__)

HEADER: Final = b"x-cf-turnstile-response"
_MOST_CHARACTERS: Final = 2_048
"""Longer answers Turnstile does not give."""


class _Verdict(msgspec.Struct):
    success: bool = False


def wants_captcha(path: str) -> bool:
    """/signup/* but the second step of a passkey's, which comes with a challenge that only the first step gives."""
    return path.startswith("/signup/") and not path.endswith("/verify")


async def ensure_human(path: str, head: Head, kit: Kit) -> None:
    """Raises Refused where a solved captcha is needed and there is none. Turnstile out of reach counts as none."""
    secret = kit.settings.turnstile_secret
    if secret is None or not wants_captcha(path):
        return
    solution = head.get(HEADER) or ""
    if not solution or len(solution) > _MOST_CHARACTERS:
        raise Refused(Code.CAPTCHA_FAILED, "no answer of Turnstile in the header")
    form = {"secret": secret, "response": solution}
    try:
        reply = await kit.outside.ask("POST", kit.settings.turnstile_url, trusted=True, form=form)
        verdict = msgspec.json.decode(reply.body, type=_Verdict)
    except (Unreachable, msgspec.MsgspecError, UnicodeError) as error:
        logger.warning("Turnstile gave no verdict: %s", type(error).__name__)
        raise Refused(Code.CAPTCHA_FAILED, "no verdict of Turnstile") from None
    if not verdict.success:
        raise Refused(Code.CAPTCHA_FAILED, "refused by Turnstile")
