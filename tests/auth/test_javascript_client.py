"""`@nhost/nhost-js`, today's client of Hasura Auth, made from its OpenAPI file: what it sees of the engine.

It tells one story in one process; the tests read it, and what the database then holds.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from auth_kit import SETTINGS, Mailbox
from front.commands import Serving
from javascript_kit import Story, World, execute, install, story_of, tell

REDIRECT = "https://app.test/welcome"
NOTES = "create table notes (id serial primary key, user_id uuid not null, text text not null)"
RULES = """
version: 1
naming: nhost
roles: { user: {} }
tables:
  notes:
    permissions:
      user:
        select: { columns: [text, user_id], filter: { user_id: { _eq: X-Hasura-User-Id } } }
        insert: { columns: [text], check: {}, set: { user_id: X-Hasura-User-Id } }
"""
ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+")


@pytest.fixture(scope="module")
def nhost(auth_database: str, smtp: Mailbox) -> Story:
    """What the client saw."""
    return story_of("nhost_js.mjs", auth_database, smtp)


def told(refusal: dict[str, Any], status: int, error: str) -> bool:
    """Whether nhost-js threw its FetchError over the contract's three keys."""
    assert refusal.get("isFetchError"), refusal
    body = refusal["body"]
    assert set(body) == {"status", "error", "message"}
    assert (refusal["status"], body["status"], body["error"]) == (status, status, error), refusal
    assert refusal["message"] == body["message"]
    return True


def test_the_service_tells_of_itself(nhost: Story) -> None:
    seen = nhost["service"]
    assert (seen["health"], seen["head"], seen["version"]) == ("OK", 200, {"version": "9.8.7"})
    (key,) = seen["keys"]
    assert set(key) == {"alg", "e", "kid", "kty", "n", "use"}
    assert seen["isSigned"], "the published key does not verify an access token"


def test_sign_up(nhost: Story) -> None:
    seen = nhost["signUp"]
    session, user = seen["session"], seen["session"]["user"]
    assert set(session) == {"accessToken", "accessTokenExpiresIn", "refreshToken", "refreshTokenId", "user"}
    assert (user["displayName"], user["metadata"], set(user["roles"])) == ("Jane Doe", {"tier": "gold"}, {"user", "me"})
    assert seen["user"] == user
    claims = seen["claims"]
    assert sorted(claims.pop("x-hasura-allowed-roles")) == ["me", "user"]
    assert claims == {
        "x-hasura-default-role": "user",
        "x-hasura-user-id": user["id"],
        "x-hasura-user-is-anonymous": "false",
    }
    assert told(seen["again"], 409, "email-already-in-use")
    assert told(seen["short"], 400, "invalid-request")
    assert told(seen["role"], 400, "role-not-allowed")
    assert told(seen["redirect"], 400, "redirectTo-not-allowed")
    assert told(seen["nobody"], 400, "invalid-request")


def test_sign_up_with_verification(nhost: Story) -> None:
    seen = nhost["verification"]
    assert (seen["signedUp"], seen["before"], seen["asked"]) == ({}, None, "OK")
    assert told(seen["early"], 401, "unverified-user")
    assert told(seen["wrong"], 401, "invalid-email-password")
    assert (seen["landed"]["status"], seen["landed"]["to"]) == (302, REDIRECT)
    assert set(seen["landed"]["query"]) == {"refreshToken", "type"}
    assert seen["landed"]["query"]["type"] == "verifyEmail"
    assert seen["user"]["emailVerified"]
    assert seen["signedIn"] == seen["user"]["email"]
    assert seen["replaced"]["query"]["error"] == "invalid-ticket"
    assert seen["linkAgain"]["query"] == {"error": "invalid-ticket", "errorDescription": "Invalid ticket"}
    assert told(seen["verifiedAlready"], 400, "email-already-verified")
    assert seen["passed"]


def test_sign_in(nhost: Story) -> None:
    seen = nhost["signIn"]
    assert told(seen["wrong"], 401, "invalid-email-password")
    assert seen["unknown"] == seen["wrong"]
    assert told(seen["malformed"], 400, "invalid-request")
    assert seen["email"] == seen["stored"]
    assert (seen["verified"], seen["verifiedByHeader"]) == ("OK", "OK")
    assert told(seen["forged"], 400, "invalid-request")


def test_refresh(nhost: Story) -> None:
    """When asked, by itself before a request with an expired token, and by a token in hand: one row, a new token.
    Twice at once harms nothing."""
    seen = nhost["refresh"]
    assert seen["together"] == [True, True]
    assert (seen["after"], seen["row"]["sessions"]) == (seen["ids"][0], 1)
    assert len(set(seen["tokens"])) == 4
    assert len(set(seen["ids"])) == 1
    assert told(seen["unknown"], 401, "invalid-refresh-token")
    assert told(seen["malformed"], 400, "invalid-request")


def test_sign_out(nhost: Story) -> None:
    seen = nhost["signOut"]
    assert (seen["one"], seen["all"], seen["stored"]) == ("OK", "OK", None)
    assert [seen[when]["sessions"] for when in ("before", "after", "end")] == [2, 1, 0]
    assert told(seen["ended"], 401, "invalid-refresh-token")


def test_anonymous_and_no_longer(nhost: Story) -> None:
    seen = nhost["anonymous"]
    guest, user = seen["guest"], seen["user"]
    assert (guest["isAnonymous"], guest["roles"], guest["displayName"]) == (True, ["anonymous"], "A guest")
    assert "email" not in guest
    assert told(seen["forbidden"], 403, "forbidden-anonymous")
    assert (seen["done"], user["id"], user["email"]) == ("OK", guest["id"], seen["email"])
    assert (user["isAnonymous"], user["defaultRole"]) == (False, "user")
    assert seen["signedIn"] == guest["id"]
    assert told(seen["again"], 400, "user-not-anonymous")
    assert seen["without"] == "Anonymous User"

    linked = nhost["anonymousByLink"]
    assert (linked["done"], linked["user"]["id"], linked["user"]["isAnonymous"]) == ("OK", linked["id"], False)
    assert told(linked["old"], 401, "invalid-refresh-token")


def test_magic_links(nhost: Story) -> None:
    """A program is sent on at once, a browser by the page's button; either way once."""
    seen = nhost["magicLink"]
    assert (seen["asked"], seen["program"]["status"], seen["program"]["to"]) == ("OK", 302, REDIRECT)
    assert seen["program"]["query"]["type"] == "passwordlessEmail"
    assert (seen["user"]["emailVerified"], seen["user"]["displayName"]) == (True, "Magic")
    assert (seen["browser"]["page"], seen["browser"]["status"]) == (200, 303)
    assert seen["browser"]["query"]["type"] == "passwordlessEmail"
    assert seen["there"] == seen["user"]["id"]
    assert seen["again"]["query"]["error"] == "invalid-ticket"


def test_codes(nhost: Story) -> None:
    mailed, texted = nhost["emailCode"], nhost["smsCode"]
    assert (mailed["asked"], mailed["user"]["email"], mailed["user"]["emailVerified"]) == ("OK", mailed["email"], True)
    assert mailed["stored"] == mailed["user"]["id"]
    assert told(mailed["wrong"], 401, "invalid-ticket")
    assert told(mailed["again"], 401, "invalid-ticket")
    assert (texted["asked"], texted["user"]["phoneNumber"]) == ("OK", texted["phoneNumber"])
    assert texted["user"]["phoneNumberVerified"]
    assert told(texted["wrong"], 400, "invalid-request")
    assert told(texted["again"], 400, "invalid-request")


def test_passwords(nhost: Story) -> None:
    """Changed with a session, reset by a ticket, and by the session that a reset link opens."""
    seen = nhost["passwords"]
    assert [seen[way] for way in ("changed", "reset", "byTicket", "byLink", "nobody")] == ["OK"] * 5
    assert told(seen["otherEnded"], 401, "invalid-refresh-token")
    assert told(seen["old"], 401, "invalid-email-password")
    assert told(seen["refused"], 400, "invalid-request")
    assert told(seen["twice"], 401, "invalid-ticket")
    assert told(seen["without"], 400, "invalid-request")
    assert seen["landed"]["query"]["type"] == "passwordReset"
    assert seen["signedIn"].startswith("passwords.")


def test_change_of_address(nhost: Story) -> None:
    seen = nhost["emailChange"]
    before, user = seen["before"], seen["user"]
    assert (seen["asked"], before["new_email"], before["email_verified"]) == ("OK", seen["newEmail"], False)
    assert seen["landed"]["query"]["type"] == "emailConfirmChange"
    assert (user["id"], user["email"], user["emailVerified"]) == (before["id"], seen["newEmail"], True)
    assert told(seen["refused"], 409, "email-already-in-use")


def test_personal_access_tokens(nhost: Story) -> None:
    seen = nhost["accessTokens"]
    assert set(seen["made"]) == {"id", "personalAccessToken"}
    assert seen["signedIn"]["user"]["id"] == seen["twice"] == seen["id"]
    assert seen["signedIn"]["refreshTokenId"] != seen["made"]["id"]
    assert told(seen["wrongKind"], 401, "invalid-pat")
    assert told(seen["refreshed"], 401, "invalid-refresh-token")
    assert told(seen["past"], 400, "invalid-request")
    assert (seen["row"]["sessions"], seen["row"]["pats"]) == (3, 1)


def test_second_factor(nhost: Story) -> None:
    seen = nhost["secondFactor"]
    assert seen["generated"]["imageUrl"].startswith("data:image/png;base64,")
    assert (seen["activated"], seen["active"], seen["disabled"], seen["after"]) == ("OK", "totp", "OK", None)
    assert told(seen["wrong"], 401, "invalid-totp")
    assert set(seen["challenge"]) == {"mfa"}
    assert seen["between"] is None, "the client took a session before the second factor"
    assert told(seen["mistyped"], 401, "invalid-totp")
    assert told(seen["twice"], 401, "invalid-ticket")
    assert seen["plain"] == ["session"]


def test_providers(nhost: Story) -> None:
    seen = nhost["providers"]
    assert (seen["status"], seen["to"]) == (302, "https://github.com/login/oauth/authorize")
    assert seen["query"]["redirect_uri"].endswith("/v1/signin/provider/github/callback")
    assert {"client_id", "response_type", "scope", "state"} <= set(seen["query"])
    assert seen["cookie"]
    assert (seen["off"]["to"], seen["off"]["query"]["error"]) == (REDIRECT, "disabled-endpoint")
    assert told(seen["idToken"], 409, "disabled-endpoint")
    assert told(seen["link"], 409, "disabled-endpoint")


def test_security_keys(nhost: Story) -> None:
    seen = nhost["securityKeys"]
    assert seen["creation"]["user"]["id"] == seen["user"]["id"] == seen["again"] == seen["stored"]
    assert (seen["row"]["has_password"], seen["row"]["sessions"]) == (False, 2)
    assert len(seen["request"]["allowCredentials"]) == 1
    assert "allowCredentials" not in seen["usernameless"]
    assert told(seen["adding"], 400, "invalid-request"), "another key wants elevation"

    elevated = nhost["elevation"]
    assert told(elevated["keyless"], 400, "invalid-request")
    assert set(elevated["added"]) == {"id", "nickname"}
    assert told(elevated["plain"], 400, "invalid-request")
    assert elevated["claims"]["x-hasura-auth-elevated"] == elevated["id"]
    assert set(elevated["made"]) == {"id", "personalAccessToken"}


def test_what_the_client_learned_later_is_refused_in_its_words(nhost: Story) -> None:
    """Codes in place of refresh tokens, sign-up routes of their own: a FetchError each, and nothing is stored."""
    seen = nhost["later"]
    assert told(seen["challenge"], 400, "invalid-request")
    for name in ("exchange", "providerTokens", "signUpCode"):
        assert told(seen[name], 404, "not-found")
    assert seen["row"] is None


def test_both_engines_behind_one_door(fresh_auth_database: str, smtp: Mailbox, tmp_path: Path) -> None:
    """The client's own refresh on its way to the GraphQL engine wants an address that ends in /v1."""
    install()
    execute(fresh_auth_database, NOTES)
    rules = tmp_path / "permissions.yaml"
    rules.write_text(RULES)
    options = ("serve", "--auth", "--port", 0, "--database-url", fresh_auth_database, "--permissions", rules)
    serving = Serving(tmp_path, options, {**SETTINGS, "AUTH_API_PREFIX": "/v1"})
    try:
        (address,) = ADDRESS.findall(serving.wait_for("Serving on"))
        world = World(fresh_auth_database, smtp, [])
        story = tell("front_door.mjs", world, auth=f"{address}/v1/auth/v1", graphql=f"{address}/v1/graphql")
    finally:
        serving.stop()
    seen = story["asks"]
    note = {"text": "mine", "userId": seen["id"]}
    assert seen["written"] == {"data": {"insertNote": note}}
    assert seen["read"] == {"data": {"notes": [note]}}
    assert (seen["isRefreshed"], seen["session"]) == (True, None)
    assert seen["stranger"]["errors"]
