"""schemathesis over our OpenAPI file: no fault of ours, no shape that is not documented, nothing wrong accepted.

All checks but two: wrong methods are 404 here as at Hasura Auth (`unsupported_method` wants 405), and what fits the
schema may still be refused for what the database holds (`positive_data_acceptance`). Two checks want 401 where a token
is missing or wrong; clients of Hasura Auth look for 400, so exactly that answer is let through, and no other.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest
from auth_kit import ADMIN_SECRET, PASSWORD, Mailbox, new_address
from live_kit import live

ROOT = Path(__file__).parents[2]
LEFT_OUT = "unsupported_method,positive_data_acceptance"
EXAMPLES = 1
FAILURE = re.compile(r"^- (?=ST\d+ )", re.MULTILINE)
THE_CONTRACTS_400 = re.compile(
    r"ST203 Missing required header accepted\s+Got 400 when missing required 'Authorization' header"
    r"|ST401 Unexpected response to [^\n]+\s+Expected 401 or 403, got `400 Bad Request`"
)
SOAK_EXAMPLES = 60
HOOKS = Path(__file__).with_name("schemathesis_hooks.py")
EVERYTHING_ON = {
    "AUTH_ANONYMOUS_USERS_ENABLED": "true",
    "AUTH_EMAIL_PASSWORDLESS_ENABLED": "true",
    "AUTH_OTP_EMAIL_ENABLED": "true",
    "AUTH_MFA_ENABLED": "true",
    "AUTH_WEBAUTHN_ENABLED": "true",
    "AUTH_SMS_PASSWORDLESS_ENABLED": "true",
    "AUTH_SMS_PROVIDER": "dev",
    "AUTH_PROVIDER_GITHUB_ENABLED": "true",
    "AUTH_PROVIDER_GITHUB_CLIENT_ID": "id",
    "AUTH_PROVIDER_GITHUB_CLIENT_SECRET": "secret",
    "AUTH_EMAIL_ANSWER_WINDOW": "20",
    "AUTH_RATE_LIMIT_ENABLE": "false",
}


def attack(database: str, mailbox: Mailbox, folder: Path, examples: int) -> None:
    with live(database, mailbox, EVERYTHING_ON) as address:
        body = {"email": new_address(), "password": PASSWORD}
        session = httpx.post(f"{address}/signup/email-password", json=body).json()["session"]
        done = subprocess.run(
            [
                *(sys.executable, "-m", "schemathesis.cli", "run", str(ROOT / "docs" / "auth" / "openapi.json")),
                *("--url", address, "--max-examples", str(examples), "--seed", "1", "--no-color"),
                *("--checks", "all", "--exclude-checks", LEFT_OUT, "--phases", "examples,coverage,fuzzing"),
                *("--header", f"Authorization: Bearer {session['accessToken']}"),
                *("--exclude-path", "/user/delete", "--header", f"x-hasura-admin-secret: {ADMIN_SECRET}"),
                *("--generation-database", "none", "--suppress-health-check", "all", "--request-timeout", "20"),
            ],
            cwd=folder,
            env={
                **os.environ,
                "PYTHONWARNINGS": "ignore",
                "SCHEMATHESIS_HOOKS": HOOKS.stem,
                "PYTHONPATH": str(HOOKS.parent),
            },
            capture_output=True,
            text=True,
            timeout=1800,
            check=False,
        )
    said = done.stdout + done.stderr
    assert "Test cases:" in said, said[-4000:]
    found = [block for block in FAILURE.split(done.stdout)[1:] if not THE_CONTRACTS_400.match(block)]
    assert not found, "\n- ".join(["", *(block[:1500] for block in found[:12])])


def test_nothing_undocumented_comes_back(fresh_auth_database: str, mailbox: Mailbox, tmp_path: Path) -> None:
    attack(fresh_auth_database, mailbox, tmp_path, EXAMPLES)


@pytest.mark.soak
@pytest.mark.skipif("SOAK" not in os.environ, reason="a soak run: make soak")
def test_nothing_undocumented_comes_back_for_long(fresh_auth_database: str, mailbox: Mailbox, tmp_path: Path) -> None:
    attack(fresh_auth_database, mailbox, tmp_path, SOAK_EXAMPLES)
