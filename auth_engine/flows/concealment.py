"""AUTH_CONCEAL_ERRORS on routes that mail something: every well-formed address is answered alike. Auth contract §10."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

from auth_engine.core.errors import Refused
from auth_engine.flows.kit import Kit


@contextmanager
def concealed(kit: Kit) -> Iterator[None]:
    """Swallow a refusal that would tell something about the account, where errors are concealed: the flow goes on to
    its usual answer."""
    try:
        yield
    except Refused as refused:
        if not (kit.settings.conceal_errors and refused.code.refusal.concealed):
            raise


@asynccontextmanager
async def until_window(kit: Kit) -> AsyncIterator[None]:
    """Where errors are concealed, what is inside takes a whole number of AUTH_EMAIL_ANSWER_WINDOW, however it ends."""
    began = kit.clock.monotonic()
    try:
        yield
    finally:
        window = kit.settings.email_answer_window_ms / 1000
        if kit.settings.conceal_errors and window:
            passed = kit.clock.monotonic() - began
            await kit.clock.sleep_until(began + window * (passed // window + 1))
