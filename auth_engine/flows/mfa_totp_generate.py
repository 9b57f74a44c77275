"""GET /mfa/totp/generate."""

from __future__ import annotations

from msgspec import Struct

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import Data, Outcome, Visit
from auth_engine.factors.qr import qr_data_url
from auth_engine.factors.totp import new_secret, provisioning_uri
from auth_engine.flows.kit import Kit
from auth_engine.flows.second_factor import sealed_secret
from auth_engine.flows.visitor import owner


class TotpSecret(Struct, frozen=True, rename="camel"):
    """What an authenticator app wants: a picture to scan, or the text."""

    image_url: str
    totp_secret: str


def ensure_mfa_enabled(kit: Kit) -> None:
    """Raises Refused without AUTH_MFA_ENABLED."""
    if not kit.settings.mfa_enabled:
        raise Refused(Code.DISABLED_ENDPOINT)


async def mfa_totp_generate(_: None, visit: Visit, kit: Kit) -> Outcome:
    """A new secret, which counts once POST /user/mfa was told a code of it. One that is active is never replaced."""
    ensure_mfa_enabled(kit)
    user = await owner(visit, kit)
    secret = new_secret()
    if not await kit.store.totp.put_secret(user.id, sealed_secret(secret, user.id, kit)):
        raise Refused(Code.TOTP_ALREADY_ACTIVE)
    account = user.email or user.display_name or user.id
    uri = provisioning_uri(secret, kit.settings.mfa_totp_issuer, account)
    return Data(TotpSecret(qr_data_url(uri), secret))
