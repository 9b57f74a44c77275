"""Twilio: texts of ours by the Messages API, or Verify, which makes, sends and checks the codes itself.

https://www.twilio.com/docs/messaging/api/message-resource and …/docs/verify/api/verification
"""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import quote

import msgspec

from auth_engine.core.settings import Settings
from auth_engine.mail.library import Library
from auth_engine.mail.sms import CannotSend, Sms, TextMessages
from auth_engine.net.outside import Outside, Reply, Unreachable

_VERIFY: Final = "VA"
_NOT_FOUND: Final = 404


def twilio_of(settings: Settings, outside: Outside, library: Library) -> Sms:
    """Verify where the account's or the service's SID begins with VA."""
    account = settings.sms_twilio_account_sid or ""
    service = settings.sms_twilio_messaging_service_id or ""
    token = settings.sms_twilio_auth_token or ""
    if account.startswith(_VERIFY) or service.startswith(_VERIFY):
        verify, user = (account, service or account) if account.startswith(_VERIFY) else (service, account)
        return TwilioVerify(outside, settings.sms_twilio_verify_url, verify, (user, token))
    wire = TwilioMessages(outside, settings.sms_twilio_url, account, token, service)
    return TextMessages(wire, library)


class TwilioMessages:
    """Texts by a messaging service."""

    def __init__(self, outside: Outside, url: str, account: str, token: str, service: str) -> None:
        self._outside = outside
        self._url = f"{url.rstrip('/')}/2010-04-01/Accounts/{quote(account, safe='')}/Messages.json"
        self._basic = (account, token)
        self._service = service

    async def send(self, number: str, text: str) -> None:
        """Raises CannotSend."""
        form = {"To": number, "MessagingServiceSid": self._service, "Body": text}
        _ensure_taken(await _post(self._outside, self._url, form, self._basic))


class TwilioVerify:
    """Codes that Twilio makes."""

    def __init__(self, outside: Outside, url: str, service: str, basic: tuple[str, str]) -> None:
        self._outside = outside
        self._url = f"{url.rstrip('/')}/v2/Services/{quote(service, safe='')}"
        self._basic = basic

    @property
    def makes_codes(self) -> bool:
        return True

    async def send(self, number: str, text: str) -> None:
        raise CannotSend("Twilio Verify sends codes alone")

    async def send_code(self, number: str, code: str, locale: str) -> None:
        """The code is Twilio's own. Raises CannotSend."""
        form = {"To": number, "Channel": "sms", "Locale": locale}
        _ensure_taken(await _post(self._outside, f"{self._url}/Verifications", form, self._basic))

    async def check(self, number: str, code: str) -> bool:
        """Raises CannotSend when Twilio does not answer. It forgets a verification that was approved, has expired or
        was guessed at five times: then nothing is found, and the code is wrong."""
        form = {"To": number, "Code": code}
        reply = await _post(self._outside, f"{self._url}/VerificationCheck", form, self._basic)
        if reply.status == _NOT_FOUND:
            return False
        _ensure_taken(reply)
        return bool(_status(reply) == "approved")


async def _post(outside: Outside, url: str, form: dict[str, str], basic: tuple[str, str]) -> Reply:
    try:
        return await outside.ask("POST", url, trusted=True, form=form, basic=basic)
    except Unreachable as error:
        raise CannotSend(f"Twilio cannot be reached ({error})") from None


def _ensure_taken(reply: Reply) -> None:
    if not reply.is_success:
        raise CannotSend(f"Twilio answered {reply.status}")


def _status(reply: Reply) -> Any:
    try:
        found = msgspec.json.decode(reply.body)
    except msgspec.MsgspecError:
        return None
    return found.get("status") if isinstance(found, dict) else None
