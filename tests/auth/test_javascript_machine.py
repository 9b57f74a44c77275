"""`@nhost/hasura-auth-js`, the client of Hasura Auth before today's: what it sees of the engine.

It is a state machine that refreshes by itself, takes links from the address bar, asks security keys through the
browser, and gives errors back as payloads.
"""

from __future__ import annotations

from typing import Any

import pytest
from auth_kit import Mailbox
from javascript_kit import Story, story_of


@pytest.fixture(scope="module")
def machine(auth_database: str, smtp: Mailbox) -> Story:
    """What the client saw."""
    return story_of("hasura_auth_js.mjs", auth_database, smtp)


def payload(error: dict[str, Any], status: int, code: str) -> bool:
    """Whether hasura-auth-js gave back the engine's refusal as its error."""
    assert set(error) == {"status", "error", "message"}
    assert (error["status"], error["error"]) == (status, code), error
    return True


def test_the_machine_signs_up(machine: Story) -> None:
    seen = machine["signUp"]
    assert (seen["error"], seen["user"]["email"], seen["user"]["displayName"]) == (None, seen["email"], "Jane Doe")
    assert (seen["same"], seen["isAuthenticated"], seen["stored"]) == (True, True, True)
    assert seen["userId"] == seen["user"]["id"] == seen["claims"]["x-hasura-user-id"]
    assert seen["states"][-1] == "SIGNED_IN"
    assert payload(seen["again"], 409, "email-already-in-use")


def test_the_machine_wants_the_address_verified(machine: Story) -> None:
    """`status` 20 is the client's own: it knows the state from `unverified-user`."""
    seen = machine["verification"]
    assert seen["signedUp"] == {"session": None, "error": None}
    assert payload(seen["early"]["error"], 20, "unverified-user")
    assert (seen["sent"], seen["signedIn"]) == ({"error": None}, True)
    assert seen["landed"]["query"]["type"] == "verifyEmail"
    assert payload(seen["again"]["error"], 400, "email-already-verified")


def test_the_machine_signs_in_and_out(machine: Story) -> None:
    seen, left = machine["signIn"], machine["signOut"]
    assert payload(seen["wrong"]["error"], 401, "invalid-email-password")
    assert (seen["wrongThen"], seen["error"], seen["user"]) == (False, None, seen["email"])
    assert seen["busy"]["error"] == "already-signed-in"
    assert [left[when] for when in ("before", "after", "end")] == [2, 1, 0]
    assert (left["one"], left["all"]) == ({"error": None}, {"error": None})
    assert (left["stored"], left["isAuthenticated"]) == (None, False)
    assert left["ended"]["error"] == "invalid-refresh-token"


def test_the_machine_refreshes(machine: Story) -> None:
    """When told to, when opened again over its storage, and by its own clock."""
    seen, itself = machine["refresh"], machine["byItself"]
    assert len(set(seen["tokens"])) == 4
    assert (seen["restored"], seen["user"]) == (True, seen["email"])
    assert seen["unknown"]["error"]["error"] == "invalid-refresh-token"
    assert itself == {"isRefreshed": True, "isAuthenticated": True, "told": True}


def test_the_machine_is_anonymous_and_no_longer(machine: Story) -> None:
    seen, linked = machine["anonymous"], machine["anonymousByLink"]
    assert (seen["error"], seen["guest"]["isAnonymous"], seen["done"]) == (None, True, {"error": None})
    assert (seen["row"]["id"], seen["row"]["is_anonymous"]) == (seen["guest"]["id"], False)
    assert (seen["refreshed"]["email"], seen["refreshed"]["isAnonymous"]) == (seen["email"], False)
    assert (linked["done"], linked["user"]["id"]) == ({"error": None}, linked["id"])


def test_the_machine_arrives_by_a_link(machine: Story) -> None:
    """It takes the refresh token from the address bar, and clears it away."""
    seen = machine["magicLink"]
    assert seen["asked"]["error"] is None
    assert seen["arrived"] == {"user": seen["email"], "history": ["/welcome?type=passwordlessEmail", "/welcome"]}


def test_the_machine_signs_in_by_codes(machine: Story) -> None:
    seen = machine["codes"]
    assert (seen["asked"]["error"], seen["texted"]["error"]) == (None, None)
    assert seen["wrong"]["session"] is None
    assert (seen["user"], seen["phone"]) == (seen["email"], seen["phoneNumber"])


def test_the_machine_changes_what_it_signs_in_with(machine: Story) -> None:
    seen, moved = machine["passwords"], machine["emailChange"]
    assert [seen[way] for way in ("changed", "reset", "byTicket")] == [{"error": None}] * 3
    assert payload(seen["twice"]["error"], 401, "invalid-ticket")
    assert payload(seen["old"], 401, "invalid-email-password")
    assert seen["signedIn"] == seen["email"]
    assert (moved["asked"], moved["now"], moved["old"]) == ({"error": None}, moved["newEmail"], None)


def test_the_machine_has_access_tokens_and_a_second_factor(machine: Story) -> None:
    tokens, factor = machine["accessTokens"], machine["secondFactor"]
    assert (tokens["made"]["isSuccess"], tokens["signedIn"]) == (True, tokens["id"])
    assert payload(tokens["wrong"], 401, "invalid-pat")
    assert factor["generated"]["isGenerated"]
    assert payload(factor["wrong"]["error"], 401, "invalid-totp")
    assert (factor["activated"]["isActivated"], factor["disabled"]["isDisabled"]) == (True, True)
    assert set(factor["challenge"]["mfa"]) == {"ticket"}
    assert payload(factor["mistyped"]["error"], 401, "invalid-totp")
    assert (factor["signedIn"], factor["plain"]) == (factor["email"], None)


def test_the_machine_and_providers(machine: Story) -> None:
    seen = machine["providers"]
    for way in ("sent", "connect"):
        assert (seen[way]["status"], seen[way]["to"]) == (302, "https://github.com/login/oauth/authorize")
    assert payload(seen["idToken"], 409, "disabled-endpoint")


def test_the_machine_with_a_security_key(machine: Story) -> None:
    """Through the browser's own interface, as @simplewebauthn/browser asks it: signing up, in, and elevating."""
    seen, elevated = machine["securityKeys"], machine["elevation"]
    assert (seen["error"], seen["users"]) == (None, [seen["email"]] * 3)
    assert elevated["added"]["key"]["nickname"] == "desk"
    assert payload(elevated["plain"]["error"], 400, "invalid-request")
    assert (elevated["elevated"]["elevated"], elevated["claim"]) == (True, elevated["id"])
    assert elevated["made"]["isSuccess"]
