"""All stores of one runner: of the pool, or of a transaction."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from auth_engine.store.accounts import Accounts
from auth_engine.store.audit import Audit
from auth_engine.store.codes import Codes
from auth_engine.store.counters import Counters
from auth_engine.store.factors import Factors
from auth_engine.store.keys import Keys
from auth_engine.store.outbox import Outbox
from auth_engine.store.providers import Providers
from auth_engine.store.runner import PoolRunner, Runner
from auth_engine.store.sessions import Sessions
from auth_engine.store.tickets import Tickets
from auth_engine.store.totp import Totp
from auth_engine.store.users import Users


class Stores:
    """One store for each family of tables."""

    def __init__(self, runner: Runner) -> None:
        self.accounts = Accounts(runner)
        self.audit = Audit(runner)
        self.codes = Codes(runner)
        self.counters = Counters(runner)
        self.factors = Factors(runner)
        self.keys = Keys(runner)
        self.outbox = Outbox(runner)
        self.providers = Providers(runner)
        self.sessions = Sessions(runner)
        self.tickets = Tickets(runner)
        self.totp = Totp(runner)
        self.users = Users(runner)


class Store(Stores):
    """The stores over the pool: each statement is a transaction of its own, unless `transaction` joins several."""

    def __init__(self, pool: PoolRunner) -> None:
        super().__init__(pool)
        self._pool = pool

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[Stores]:
        """All that is done with the stores given is committed together, or nothing is."""
        async with self._pool.transaction() as runner:
            yield Stores(runner)

    async def ping(self) -> None:
        """Raises when the database does not answer."""
        await self._pool.value("select 1")

    async def close(self) -> None:
        await self._pool.close()
