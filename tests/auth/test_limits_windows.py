"""The rules of limits: which buckets a path falls in, what a sliding window admits, what the memory forgets."""

from __future__ import annotations

import pytest

from auth_engine.core.settings import Rate, Settings
from auth_engine.limits.buckets import Buckets
from auth_engine.limits.memory import MemoryCounts
from auth_engine.limits.windows import Window, counter, seconds_to_wait

TEN = Rate(10, 100)


class FakeClock:
    """Time that passes when it is told to."""

    def __init__(self) -> None:
        self.moment = 1_000.0

    def monotonic(self) -> float:
        return self.moment


def counts_of(clock: FakeClock, most: int = 1_000) -> MemoryCounts:
    return MemoryCounts(clock, most)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("path", "names"),
    [
        ("/version", []),
        ("/token", []),
        ("/user", []),
        ("/token/verify", ["brute-force"]),
        ("/verify", ["brute-force"]),
        ("/signin/email-password", ["brute-force"]),
        ("/signin/provider/github/callback", ["brute-force"]),
        ("/signin/passwordless/email", ["email", "brute-force"]),
        ("/signin/otp/email", ["email", "brute-force"]),
        ("/signin/otp/email/verify", ["brute-force"]),
        ("/signin/passwordless/sms", ["sms", "brute-force"]),
        ("/signin/passwordless/sms/otp", ["brute-force"]),
        ("/signup/email-password", ["email", "signups"]),
        ("/signup/webauthn", ["signups"]),
        ("/signup/webauthn/verify", ["email", "brute-force", "signups"]),
        ("/user/email/change", ["email"]),
        ("/user/email/send-verification-email", ["email"]),
        ("/user/password/reset", ["email"]),
        ("/user/deanonymize", ["email"]),
        ("/user/phone-number/change", ["sms"]),
        ("/user/phone-number/verify", ["brute-force"]),
        ("/user/webauthn/verify", ["brute-force"]),
        ("/elevate/totp", ["brute-force"]),
        ("/elevate/otp/email", ["email", "brute-force"]),
        ("//signin/email-password", []),
        ("/healthz", []),
    ],
)
def test_the_buckets_of_a_path(path: str, names: list[str]) -> None:
    assert Buckets(Settings(email_verified_required=True)).names(path) == names


@pytest.mark.parametrize("path", ["/signup/email-password", "/user/email/send-verification-email", "/user/deanonymize"])
def test_what_mails_only_to_verify_counts_as_mail_only_then(path: str) -> None:
    assert "email" not in Buckets(Settings(email_verified_required=False)).names(path)


def test_one_bucket_of_mails_for_everybody() -> None:
    for is_global in (True, False):
        buckets = Buckets(Settings(rate_limit_email_is_global=is_global))
        here, there = (buckets.matching("/user/password/reset", address)[0] for address in ("192.0.2.1", "192.0.2.2"))
        assert (here == there) is is_global


def test_a_counter_belongs_to_bucket_burst_interval_and_client_and_shows_no_client() -> None:
    base = counter("email", TEN, "192.0.2.1")
    others = [
        counter("sms", TEN, "192.0.2.1"),
        counter("email", Rate(11, 100), "192.0.2.1"),
        counter("email", Rate(10, 101), "192.0.2.1"),
        counter("email", TEN, "192.0.2.2"),
    ]
    assert len({base.key, *(each.key for each in others)}) == 5
    assert "192.0.2" not in base.key


@pytest.mark.parametrize(
    ("current", "previous", "elapsed", "has_room", "wait"),
    [
        (0, 0, 0.0, True, None),
        (9, 0, 0.99, True, None),
        (10, 0, 0.0, False, 110),  # the window to its end, and a tenth of the next
        (10, 0, 0.5, False, 60),
        (0, 10, 0.0, False, 10),
        (0, 10, 0.1, True, None),
        (5, 10, 0.5, False, 10),
        (5, 10, 0.6, True, None),
        (9, 10, 0.5, False, 50),  # only the end of the window frees enough
    ],
)
def test_what_a_window_admits(current: int, previous: int, elapsed: float, has_room: bool, wait: int | None) -> None:
    window = Window(current, previous, elapsed)
    assert window.has_room(10) is has_room
    if wait is not None:
        assert seconds_to_wait(window, TEN) == wait


def test_a_burst_of_one_comes_back_after_both_windows() -> None:
    assert seconds_to_wait(Window(1, 0, 0.0), Rate(1, 10)) == 20


async def test_memory_slides_and_refused_requests_are_not_counted() -> None:
    clock = FakeClock()
    counts, mine = counts_of(clock), counter("email", TEN, "192.0.2.1")
    assert [await counts.take([mine]) > 0 for _ in range(15)] == [False] * 10 + [True] * 5
    clock.moment += 99
    assert await counts.take([mine]) == 11
    clock.moment += 11  # now a tenth of the next window is over, so one of the ten does not lie within it any more
    assert await counts.take([mine]) == 0
    assert await counts.take([mine]) > 0
    clock.moment += 200
    assert [await counts.take([mine]) for _ in range(10)] == [0] * 10


@pytest.mark.parametrize("already", range(0, 10, 3))
async def test_who_waits_as_long_as_told_is_let_in_and_not_a_second_earlier(already: int) -> None:
    for early in (1, 0):
        clock = FakeClock()
        counts, mine = counts_of(clock), counter("email", TEN, "192.0.2.1")
        for _ in range(already):
            await counts.take([mine])
        clock.moment += 130
        wait = 0
        while not wait:
            wait = await counts.take([mine])
        clock.moment += wait - early
        assert (await counts.take([mine]) > 0) is bool(early)


async def test_what_is_given_back_is_free_again() -> None:
    counts, mine = counts_of(FakeClock()), counter("account", Rate(1, 60), "somebody")
    assert await counts.take([mine]) == 0
    assert await counts.take([mine]) > 0
    await counts.give_back(mine)
    assert await counts.take([mine]) == 0


async def test_a_flood_of_clients_neither_grows_the_memory_nor_frees_who_is_stopped() -> None:
    counts, stopped = counts_of(FakeClock(), 100), counter("account", Rate(3, 600), "victim")
    while not await counts.take([stopped]):
        pass
    for number in range(1_000):
        await counts.take([counter("account", Rate(3, 600), f"{number}")])
    assert await counts.take([stopped]) > 0
    assert len(counts._rows) <= 100
