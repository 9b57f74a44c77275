"""Whether the time of an answer tells an account from none: pairs of questions asked in turn, and the
Kolmogorov–Smirnov distance of their times.

With concealment on, both questions of a pair have the same answer. What is measured is what a stranger can measure: the
time at the other end of the connection. The distance that chance alone exceeds in one of a hundred runs is printed
beside; the tests hold what makes the times equal (equal work, the same step of release), not the times.
"""

from __future__ import annotations

import asyncio
import math
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import click
import httpx

from bench.auth import DATABASE, settings_of_bench
from bench.processes import BenchError, auth_engine
from bench.results import aligned
from usher.postgres import EmbeddedPostgres, PostgresError

KNOWN: Final = "known@example.test"
UNVERIFIED: Final = "unverified@example.test"
UNKNOWN: Final = "unknown@example.test"
REFUSED: Final = "somebody@refused.test"
"""Kept out by the access lists, so it stays unknown where an unknown address would sign up."""
PASSWORD: Final = "a long enough password"
WRONG: Final = "not that password"
_CHANCE: Final = math.sqrt(-math.log(0.01 / 2) / 2)


@dataclass(frozen=True, slots=True)
class Pair:
    """Two questions that must be answered alike."""

    title: str
    path: str
    one: dict[str, Any]
    other: dict[str, Any]


PAIRS: Final = (
    Pair(
        "sign-in: wrong password, no such account",
        "/signin/email-password",
        {"email": KNOWN, "password": WRONG},
        {"email": UNKNOWN, "password": WRONG},
    ),
    Pair(
        "sign-in: unverified, no such account",
        "/signin/email-password",
        {"email": UNVERIFIED, "password": WRONG},
        {"email": UNKNOWN, "password": WRONG},
    ),
    Pair("password reset: known, unknown", "/user/password/reset", {"email": KNOWN}, {"email": UNKNOWN}),
    Pair("magic link: known, refused", "/signin/passwordless/email", {"email": KNOWN}, {"email": REFUSED}),
    Pair("e-mail code: known, refused", "/signin/otp/email", {"email": KNOWN}, {"email": REFUSED}),
    Pair(
        "code: wrong, no such account",
        "/signin/otp/email/verify",
        {"email": KNOWN, "otp": "000000"},
        {"email": UNKNOWN, "otp": "000000"},
    ),
    Pair(
        "verification mail: wanted, unknown",
        "/user/email/send-verification-email",
        {"email": UNVERIFIED},
        {"email": UNKNOWN},
    ),
)


def distance(ones: Sequence[float], others: Sequence[float]) -> float:
    """The two-sample Kolmogorov–Smirnov statistic: how far apart the distributions are at most, from 0 to 1."""
    moments = sorted({*ones, *others})
    return max(abs(_share(ones, moment) - _share(others, moment)) for moment in moments)


def _share(times: Sequence[float], moment: float) -> float:
    return sum(each <= moment for each in times) / len(times)


async def _measure(client: httpx.AsyncClient, pair: Pair, samples: int) -> tuple[list[float], list[float]]:
    """Seconds of each question, asked in turn. Raises BenchError when the two are not answered alike."""
    times: tuple[list[float], list[float]] = ([], [])
    answers: set[tuple[int, bytes]] = set()
    for _ in range(samples):
        for body, seen in zip((pair.one, pair.other), times, strict=True):
            began = time.perf_counter()
            answer = await client.post(pair.path, json=body)
            seen.append(time.perf_counter() - began)
            answers.add((answer.status_code, answer.content))
    if len(answers) != 1:
        raise BenchError(f"{pair.title}: answered in {len(answers)} ways")
    return times


async def _all(port: int, samples: int) -> list[list[str]]:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as client:
        for address in (KNOWN, UNVERIFIED):
            await client.post("/signup/email-password", json={"email": address, "password": PASSWORD})
        measured = await asyncio.gather(*(_measure(client, pair, samples) for pair in PAIRS))
    chance = _CHANCE * math.sqrt(2 / samples)
    return [
        [
            pair.title,
            f"{statistics.median(ones) * 1000:.1f}",
            f"{statistics.median(others) * 1000:.1f}",
            f"{distance(ones, others):.3f}",
            f"{chance:.3f}",
        ]
        for pair, (ones, others) in zip(PAIRS, measured, strict=True)
    ]


@click.command(context_settings={"max_content_width": 100})
@click.option("--samples", type=click.IntRange(20, 2_000), default=200, show_default=True, help="Of each question.")
def main(samples: int) -> None:
    """How far the times of answers tell one account from another, or from none."""
    try:
        with _served() as port:
            rows = asyncio.run(_all(port, samples))
    except (BenchError, PostgresError) as error:
        raise click.ClickException(str(error)) from error
    click.echo(f"{samples} samples of each, asked in turn, all pairs at once")
    click.echo(aligned(["pair", "one ms", "other ms", "distance", "chance (1 %)"], rows))


@contextmanager
def _served() -> Iterator[int]:
    settings = {
        **settings_of_bench(limits=False),
        "AUTH_CONCEAL_ERRORS": "true",
        "AUTH_ACCESS_CONTROL_BLOCKED_EMAIL_DOMAINS": REFUSED.partition("@")[2],
        "AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED": "true",
        "AUTH_EMAIL_PASSWORDLESS_ENABLED": "true",
        "AUTH_OTP_EMAIL_ENABLED": "true",
        "AUTH_RATE_LIMIT_ENABLE": "false",
    }
    folder = Path(tempfile.mkdtemp(prefix="usher-bench-"))
    try:
        with EmbeddedPostgres.start(folder / "data") as postgres:
            postgres.create_database(DATABASE)
            with auth_engine(postgres.url(DATABASE), folder / "auth.log", settings) as server:
                yield server.port
    finally:
        shutil.rmtree(folder, ignore_errors=True)
