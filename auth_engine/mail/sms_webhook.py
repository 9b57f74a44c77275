"""Text messages by a service of the operator's own: a signed POST of `{"to": …, "text": …}` to AUTH_SMS_WEBHOOK_URL."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime

import msgspec

from auth_engine.core.settings import Settings
from auth_engine.mail.sms import CannotSend
from auth_engine.net.outside import Outside, Unreachable
from auth_engine.net.signing import signed_headers


class SmsWebhook:
    """Texts by a webhook, signed as the webhooks about users are."""

    def __init__(self, settings: Settings, outside: Outside) -> None:
        self._outside = outside
        self._url = settings.sms_webhook_url
        self._secret = settings.sms_webhook_secret

    async def send(self, number: str, text: str) -> None:
        """Raises CannotSend unless the answer is a 2xx."""
        if self._url is None:
            raise CannotSend("AUTH_SMS_WEBHOOK_URL is not set")
        content = msgspec.json.encode({"to": number, "text": text})
        signed = signed_headers(self._secret, str(uuid.uuid4()), datetime.now(UTC), content)
        headers = {"content-type": "application/json", **signed}
        try:
            reply = await self._outside.ask("POST", self._url, trusted=True, headers=headers, content=content)
        except Unreachable as error:
            raise CannotSend(f"the SMS webhook cannot be reached ({error})") from None
        if not reply.is_success:
            raise CannotSend(f"the SMS webhook answered {reply.status}")
