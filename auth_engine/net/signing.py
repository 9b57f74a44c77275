"""Signatures of outgoing calls, as Standard Webhooks say: HMAC-SHA256 over `<id>.<timestamp>.<body>`."""

from __future__ import annotations

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import datetime
from typing import Final

_PREFIX: Final = "whsec_"


def signed_headers(secret: str | None, message_id: str, moment: datetime, body: bytes) -> Mapping[str, str]:
    """`webhook-id`, `webhook-timestamp` and `webhook-signature`; the last is left out where there is no secret."""
    timestamp = str(int(moment.timestamp()))
    headers = {"webhook-id": message_id, "webhook-timestamp": timestamp}
    if secret is not None:
        signed = f"{message_id}.{timestamp}.".encode() + body
        signature = base64.b64encode(hmac.digest(_key(secret), signed, "sha256")).decode()
        headers["webhook-signature"] = f"v1,{signature}"
    return headers


def _key(secret: str) -> bytes:
    """`whsec_` and base64, as Standard Webhooks write secrets; any other text counts as its bytes."""
    if secret.startswith(_PREFIX):
        try:
            return base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
        except (binascii.Error, ValueError):
            pass
    return secret.encode()
