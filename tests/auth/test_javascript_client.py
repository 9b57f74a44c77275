"""Hasura Auth's own JavaScript clients against the engine: what they see, and what the database then holds.

`@nhost/nhost-js` is the client of today, made from Hasura Auth's OpenAPI file; `@nhost/hasura-auth-js` is the one before
it, a state machine. Each tells one story in one process; the tests read it.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from auth_kit import Mailbox
from clients.tools import NoTools, ensure_installed
from javascript_kit import CLIENTS, Story, World, sms_log, tell
from live_kit import live

EVERYTHING_ON = {
    "AUTH_API_PREFIX": "/v1",
    "AUTH_ANONYMOUS_USERS_ENABLED": "true",
    "AUTH_EMAIL_PASSWORDLESS_ENABLED": "true",
    "AUTH_OTP_EMAIL_ENABLED": "true",
    "AUTH_MFA_ENABLED": "true",
    "AUTH_REQUIRE_ELEVATED_CLAIM": "recommended",
    "AUTH_WEBAUTHN_ENABLED": "true",
    "AUTH_SMS_PASSWORDLESS_ENABLED": "true",
    "AUTH_SMS_PROVIDER": "dev",
    "AUTH_PROVIDER_GITHUB_ENABLED": "true",
    "AUTH_PROVIDER_GITHUB_CLIENT_ID": "id",
    "AUTH_PROVIDER_GITHUB_CLIENT_SECRET": "secret",
    "AUTH_VERSION": "9.8.7",
}
STRICT = {**EVERYTHING_ON, "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true"}


@pytest.fixture(scope="module")
def world(auth_database: str, smtp: Mailbox) -> Iterator[tuple[World, dict[str, str]]]:
    """Two engines over one database, one that wants addresses verified, and what a story may ask for."""
    try:
        ensure_installed(CLIENTS)
    except NoTools as missing:
        pytest.skip(str(missing))
    with (
        sms_log() as texts,
        live(auth_database, smtp, EVERYTHING_ON) as open_engine,
        live(auth_database, smtp, STRICT) as strict_engine,
    ):
        yield World(auth_database, smtp, texts), {"open": open_engine, "strict": strict_engine}


@pytest.fixture(scope="module")
def nhost(world: tuple[World, dict[str, str]]) -> Story:
    """What @nhost/nhost-js saw."""
    return tell("nhost_js.mjs", world[0], **world[1])


def test_story(nhost: Story) -> None:
    import json
    open("/tmp/story1.json", "w").write(json.dumps(nhost, indent=1))
