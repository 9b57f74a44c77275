"""A TOTP or recovery code as proof of the second factor: tries are counted first, the code is compared, and what it was
is used up in the transaction of what it earned. Auth contract §2 and §10, features A9."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import Enum
from typing import Final

from auth_engine.core.errors import Code, Refused
from auth_engine.core.types import User, UserId, Visit
from auth_engine.factors.recovery import plain_form
from auth_engine.factors.totp import PERIOD_SECONDS, matching_period, period_of
from auth_engine.flows.kit import Kit
from auth_engine.flows.visitor import session_id_of
from auth_engine.store.store import Stores
from auth_engine.store.totp import CODE, MFA
from auth_engine.tokens.seals import PREFIX, Seals


class Recovery(Enum):
    """Which recovery codes are accepted in place of a TOTP code."""

    NONE = "none"
    OLDER = "older"
    """Those made before the session was opened: who stole a session and makes new ones gains nothing by them."""
    ALL = "all"


_TOTP: Final = "totp"
_RECOVERY: Final = "recovery-code"


@dataclass(frozen=True, slots=True)
class Proof:
    """A right code: the period of a TOTP code, or the digests of a recovery code."""

    period: int | None = None
    recovery: tuple[str, ...] = field(default=(), repr=False)

    @property
    def kind(self) -> str:
        return _TOTP if self.period is not None else _RECOVERY


def sealed_secret(secret: str, user_id: UserId, kit: Kit) -> str:
    """As auth.users.totp_secret holds it."""
    return secret if kit.settings.peer_compatible_writes else kit.seals.seal(secret, _TOTP, user_id)


def _secret_of(user: User, kit: Kit) -> str | None:
    """In base32, as Hasura Auth stores it too; None when no key of ours opens it, which is logged."""
    stored = user.totp_secret or ""
    return kit.seals.open(stored, _TOTP, user.id) if stored.startswith(PREFIX) else stored


def recovery_digests(seals: Seals, user_id: UserId, code: str) -> tuple[str, ...]:
    """What is stored of a recovery code, under each key; nothing for what cannot be one."""
    plain = plain_form(code)
    return () if plain is None else tuple(each.hex() for each in seals.digests(_RECOVERY, user_id, plain))


async def prove(
    user: User, code: str, visit: Visit, kit: Kit, *, ticket: str | None = None, recovery: Recovery = Recovery.ALL
) -> Proof:
    """A proof, when the code is right; nothing is used up yet. Raises Refused.

    At most five tries at each ticket (given as it is stored), or where there is none at each period's code; beyond
    them wrong codes count for the account, whoever sends them."""
    async with kit.limits.second_factor_attempt(user.id, visit.address) as attempt:
        await _claim_try(user, ticket, kit)
        proof = await _compared(user, code, visit, kit, recovery)
        if proof is None:
            attempt.failed()
            raise Refused(Code.INVALID_TOTP)
    return proof


async def _claim_try(user: User, ticket: str | None, kit: Kit) -> None:
    most, now = kit.settings.code_tries, kit.clock.now()
    if ticket is not None:
        if not await kit.store.totp.claim_try(user.id, MFA, ticket, most):
            raise Refused(Code.INVALID_TICKET, "no try is left")
    elif not await kit.store.totp.claim_try(user.id, CODE, str(period_of(now)), most):
        wait = PERIOD_SECONDS - int(now.timestamp()) % PERIOD_SECONDS
        raise Refused(Code.TOO_MANY_REQUESTS, "no try is left in this period", retry_after=wait)


async def _compared(user: User, code: str, visit: Visit, kit: Kit, recovery: Recovery) -> Proof | None:
    secret = _secret_of(user, kit)
    period = None if secret is None else matching_period(secret, code, kit.clock.now())
    if period is not None:
        return Proof(period=period)
    digests = recovery_digests(kit.seals, user.id, code)
    return Proof(recovery=digests) if digests and await _recovers(user, digests, visit, kit, recovery) else None


async def _recovers(user: User, digests: tuple[str, ...], visit: Visit, kit: Kit, recovery: Recovery) -> bool:
    match recovery:
        case Recovery.NONE:
            return False
        case Recovery.OLDER:
            return await kit.store.totp.has_older_recovery_code(user.id, digests, session_id_of(visit))
        case Recovery.ALL:
            return await kit.store.totp.has_recovery_code(user.id, digests)


async def use_up(proof: Proof, user: User, stores: Stores) -> None:
    """Inside the transaction of what the proof earns: the same code is good for nothing more. Raises Refused when
    somebody was faster."""
    if proof.period is not None:
        fresh = await stores.totp.use_period(user.id, proof.period)
    else:
        fresh = await stores.totp.use_recovery_code(user.id, proof.recovery)
    if not fresh:
        raise Refused(Code.INVALID_TOTP, "the code was used before")


async def settle(user: User, stores: Stores, kit: Kit) -> None:
    """After a right code the tries are forgotten, and the secret gets the form of new ones: what Hasura Auth or a
    former key wrote is sealed under ours, or what we sealed is opened for Hasura Auth."""
    await stores.totp.forget_tries(user.id, CODE)
    stored = user.totp_secret or ""
    is_plain = not stored.startswith(PREFIX)
    if is_plain if kit.settings.peer_compatible_writes else kit.seals.is_current(stored):
        return
    secret = _secret_of(user, kit)
    if secret:
        await stores.totp.reseal(user.id, stored, sealed_secret(secret, user.id, kit))
