"""Webhook calls about users, signed as Standard Webhooks say (https://www.standardwebhooks.com)."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field

import msgspec

from auth_engine.core.ports import Clock
from auth_engine.core.settings import Settings
from auth_engine.core.types import UserId
from auth_engine.mail.carrier import NotDelivered
from auth_engine.net.outside import Outside, Unreachable
from auth_engine.net.signing import signed_headers

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Webhook:
    """AUTH_WEBHOOK_URL."""

    url: str
    secret: str | None = field(repr=False)
    outside: Outside
    clock: Clock

    @classmethod
    def of(cls, settings: Settings, outside: Outside, clock: Clock) -> Webhook | None:
        if settings.webhook_url is None:
            return None
        if settings.webhook_secret is None:
            logger.warning("AUTH_WEBHOOK_SECRET is not set: webhook calls are not signed, so anybody can forge them")
        return cls(settings.webhook_url, settings.webhook_secret, outside, clock)

    def body(self, event_id: str, event: str, user_id: UserId, data: dict[str, object]) -> str:
        """The JSON that is posted, the same at every try."""
        made = {
            "id": event_id,
            "type": event,
            "createdAt": self.clock.now(),
            "data": {"userId": user_id, **data},
        }
        return msgspec.json.encode(made).decode()

    async def call(self, event_id: str, body: str) -> None:
        """Raises NotDelivered unless the answer is a 2xx."""
        content = body.encode()
        headers = {
            "content-type": "application/json",
            **signed_headers(self.secret, event_id, self.clock.now(), content),
        }
        try:
            reply = await self.outside.ask("POST", self.url, trusted=True, headers=headers, content=content)
        except Unreachable as error:
            raise NotDelivered(f"the webhook cannot be reached ({error})") from None
        if not reply.is_success:
            raise NotDelivered(f"the webhook answered {reply.status}")
