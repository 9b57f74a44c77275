"""What happened to an account goes into the audit log, and to the webhook where there is one, in one transaction with
what happened."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from auth_engine.core.types import UserId, Visit
from auth_engine.flows.kit import Kit
from auth_engine.store.store import Stores

SIGN_UP: Final = "sign-up"
SIGN_IN: Final = "sign-in"
SIGN_OUT: Final = "sign-out"
SESSION_REUSE: Final = "session-reuse"
PASSWORD_CHANGED: Final = "password-changed"
EMAIL_CHANGED: Final = "email-changed"
EMAIL_VERIFIED: Final = "email-verified"
PHONE_CHANGED: Final = "phone-number-changed"
MFA_ENABLED: Final = "mfa-enabled"
MFA_DISABLED: Final = "mfa-disabled"
RECOVERY_CODES: Final = "recovery-codes-made"
KEY_ADDED: Final = "security-key-added"
KEY_REMOVED: Final = "security-key-removed"
PAT_MADE: Final = "pat-made"
PAT_REVOKED: Final = "pat-revoked"
SESSION_REVOKED: Final = "session-revoked"
PROVIDER_LINKED: Final = "provider-linked"
PROVIDER_UNLINKED: Final = "provider-unlinked"
ELEVATED: Final = "elevated"
DISABLED: Final = "user-disabled"
ENABLED: Final = "user-enabled"
DELETED: Final = "user-deleted"
INVITED: Final = "user-invited"
CREATED: Final = "user-created"
IMPORTED: Final = "user-imported"
EXPORTED: Final = "user-exported"
DEANONYMIZED: Final = "user-deanonymized"
TICKET_SENT: Final = "ticket-sent"
SIGN_UP_TAKEN: Final = "sign-up-with-taken-address"

_TO_WEBHOOK: Final = {SIGN_UP: "sign-up", SIGN_IN: "sign-in"}
_USER_CHANGED: Final = "user-changed"
_SILENT: Final = frozenset({SIGN_OUT, SESSION_REUSE, SESSION_REVOKED, ELEVATED, EXPORTED, TICKET_SENT, SIGN_UP_TAKEN})


async def note(
    stores: Stores, kit: Kit, event: str, user_id: UserId, visit: Visit, detail: Mapping[str, Any] | None = None
) -> None:
    """Write the event down inside the caller's transaction. `detail` holds nothing secret."""
    await stores.audit.add(user_id, event, visit.address, visit.user_agent, detail)
    if event not in _SILENT and kit.settings.webhook_url is not None:
        payload: dict[str, object] = {"userId": user_id, "change": event, **(detail or {})}
        await kit.post.put_event(stores, _TO_WEBHOOK.get(event, _USER_CHANGED), user_id, payload)
