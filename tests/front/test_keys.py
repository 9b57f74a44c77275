"""The secrets of a data folder, and the tickets signed with them."""

from __future__ import annotations

import stat
from pathlib import Path

import jwt
import pytest

from usher.failures import StartRefused
from usher.keys import CLAIMS, keys_of, sign_ticket, with_keys
from usher.settings import Settings


def test_keys_are_made_once_and_only_their_owner_reads_them(tmp_path: Path) -> None:
    keys = keys_of(tmp_path)
    assert keys_of(tmp_path) == keys
    assert stat.S_IMODE((tmp_path / "keys.json").stat().st_mode) == 0o600


def test_keys_are_not_shown(tmp_path: Path) -> None:
    keys = keys_of(tmp_path)
    assert keys.admin_secret not in repr(keys)
    assert keys.jwt_key not in repr(keys)


def test_a_spoilt_file_of_keys_is_reported(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text("{")
    with pytest.raises(StartRefused, match=r"keys\.json"):
        keys_of(tmp_path)


def test_a_ticket_carries_the_claims(tmp_path: Path) -> None:
    keys = keys_of(tmp_path)
    ticket = sign_ticket(with_keys(Settings(), keys), "42", ("user", "manager"))
    assert ticket is not None
    claims = jwt.decode(ticket, keys.jwt_key, algorithms=["HS256"])[CLAIMS]
    assert claims == {
        "x-hasura-user-id": "42",
        "x-hasura-default-role": "user",
        "x-hasura-allowed-roles": ["user", "manager"],
    }


def test_the_environments_secrets_go_before_the_folders(tmp_path: Path) -> None:
    settings = with_keys(Settings(admin_secret="mine"), keys_of(tmp_path))
    assert settings.admin_secret == "mine"


def test_no_ticket_is_signed_with_a_key_that_can_only_check() -> None:
    assert sign_ticket(Settings(jwt_secret='{"type": "RS256", "key": "-----BEGIN"}'), "42", ("user",)) is None
