"""The reader of pages: what could hide an example from the tests is an error, and an example that is wrong fails."""

from __future__ import annotations

from pathlib import Path

import jwt
import pytest
from docs.examples import AuthExchange, Commands, Exchange, Question, RulesExample, Run, Sight, Story
from docs.pages import BadPage, Block, blocks, blocks_of, pages
from docs.running import Desk, as_text, asked, assert_answered, assert_exists, exchanged, ran
from docs.stories import BothEngines, Told

from docs import stories
from gql_gen.rules.types import RulesError
from usher.postgres import EmbeddedPostgres


def page(*lines: str) -> list[Block]:
    return list(blocks("\n".join(lines), "page.md"))


def read(*lines: str) -> list[object]:
    return list(Story(page(*lines)).examples())


def test_a_block_has_its_language_its_place_and_the_notes_above() -> None:
    (block,) = page(
        "Prose.", "", "<!-- as manager 1; with the rules above -->", "", "```graphql", "{ orgs { name } }", "```"
    )
    assert (block.place, block.language, block.text) == ("page.md:6", "graphql", "{ orgs { name } }\n")
    assert block.notes == {"as": "manager 1", "with": "the rules above"}


def test_a_comment_counts_for_the_block_right_below_it_alone() -> None:
    (block,) = page("<!-- as admin -->", "Prose between.", "```graphql", "{ a }", "```")
    assert block.notes == {}


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["```json", "{}"], "never closed"),
        (["- a list", "  ```json", "  {}", "  ```"], "at the line's start"),
        (["~~~json", "{}", "~~~"], "made of backticks"),
        (["Prose.", "", "    { indented }"], "fence it"),
        (["<!-- sa admin -->", "```graphql", "{ a }", "```"], "no note of ours"),
        (["<!-- as admin; as user -->", "```graphql", "{ a }", "```"], "stands twice"),
    ],
)
def test_what_could_hide_a_block_is_refused(lines: list[str], reason: str) -> None:
    with pytest.raises(BadPage, match=reason):
        page(*lines)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["```python", "pass", "```"], "no test runs"),
        (["```graphql", "{ a }", "```"], "the answer is missing"),
        (["```graphql", "{ a }", "```", "```json variables", "{}", "```"], "the answer is missing"),
        (["```json", "{}", "```"], "an answer without a question"),
        (["```json variables", "{}", "```"], "no test runs"),
        (["```http", "GET / HTTP/1.1", "```"], "the answer is missing"),
        (["<!-- run -->", "```graphql", "{ a }", "```"], "means nothing"),
        (["<!-- as user one -->", "```graphql", "{ a }", "```", "```json", "{}", "```"], "who asks"),
        (["<!-- with the rules above -->", "```graphql", "{ a }", "```", "```json", "{}", "```"], "there are none"),
        (["<!-- at tables > nowhere > columns -->", "```yaml", "a: b", "```"], "has no 'nowhere'"),
        (["<!-- faults -->", "```yaml", "version: 2", "```"], "the answer is missing"),
        (["<!-- written a.yaml -->", "```yaml", "version: 1", "```"], "nothing above writes"),
        (["<!-- workflow -->", "```yaml", "on: push", "```"], "runs nothing"),
    ],
)
def test_a_block_that_no_test_would_run_is_refused(lines: list[str], reason: str) -> None:
    with pytest.raises(BadPage, match=reason):
        read(*lines)


def test_every_block_of_every_page_is_claimed() -> None:
    for path in pages():
        list(Story(blocks_of(path)).examples())


# ---------------------------------------------------------------- wrong examples fail


async def test_a_wrong_answer_fails(desk: Desk) -> None:
    (question,) = read(
        "```graphql", "{ orgs(limit: 1) { __typename } }", "```", "```json", '{"data": {"orgs": []}}', "```"
    )
    assert isinstance(question, Question)
    assert await asked(question, desk) != as_text(question.answer.text)


def test_keys_in_another_order_are_another_answer() -> None:
    assert as_text('{"a": 1, "b": 2}') != as_text('{"b": 2, "a": 1}')
    assert as_text("1.0") != as_text("1.00")
    assert as_text('{"a":1}') == as_text('{ "a": 1 }')


@pytest.mark.parametrize(
    "answer", ["HTTP/1.1 200 OK\n\nNO", "HTTP/1.1 404 Not Found\n\nOK", "HTTP/1.1 200 OK\nallow: GET\n\nOK"]
)
async def test_a_wrong_reply_fails(desk: Desk, answer: str) -> None:
    (exchange,) = read("```http", "GET /healthz HTTP/1.1", "```", "```http", *answer.split("\n"), "```")
    assert isinstance(exchange, Exchange)
    with pytest.raises(AssertionError):
        assert_answered(exchange, *await exchanged(exchange, desk))


@pytest.mark.parametrize("table", ["public.nowhere: {}", "public.org: { permissions: { user: { select: {} } } }"])
async def test_rules_that_do_not_fit_fail(desk: Desk, table: str) -> None:
    (rules,) = read("```yaml", "version: 1", "roles: { user: {} }", "tables:", f"  {table}", "```")
    assert isinstance(rules, RulesExample)
    with pytest.raises(RulesError):
        await desk.engine(rules.text)


@pytest.mark.parametrize(
    "line", ["usher chek", "usher check --sql a", "make coffee", "rm -rf .", "A=1 usher up --nope"]
)
def test_a_command_that_does_not_exist_fails(line: str) -> None:
    (commands,) = read("```sh", line, "```")
    assert isinstance(commands, Commands)
    with pytest.raises(Exception, match=r".+"):
        assert_exists(commands.lines[0])


@pytest.mark.parametrize(("note", "output"), [("run", "usher: no"), ("run; exits 1", "something else")])
def test_a_command_that_does_otherwise_fails(
    note: str, output: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (run,) = read(f"<!-- {note} -->", "```sh", "usher fmt --permissions nowhere.yaml", "```", "```text", output, "```")
    assert isinstance(run, Run)
    with pytest.raises(AssertionError):
        ran(run, tmp_path)


# ---------------------------------------------------------------- stories of docs/auth


def story_of(*lines: str) -> list[AuthExchange | Sight]:
    steps = list(Story(list(blocks("\n".join(lines), "auth/page.md"))).examples())
    return [step for step in steps if isinstance(step, AuthExchange | Sight)]


def asks(answer: str) -> list[str]:
    return ["```http", "GET /v1/auth/healthz HTTP/1.1", "```", "```http", *answer.split("\n"), "```"]


@pytest.mark.parametrize(
    ("wanted", "got", "fits"),
    [
        ({"a": "…"}, {"a": 1}, True),
        ({"a": 1}, {"a": 1, "b": 2}, False),
        ({"a": 1, "…": "…"}, {"a": 1, "b": 2}, True),
        ({"a": 1, "…": "…"}, {"b": 2}, False),
        ({"a": 1}, {"a": True}, False),
        (["…", "…"], [1, 2, 3], True),
        (["a", "…"], ["b", "c"], False),
        (["a"], ["a", "b"], False),
        ("x=<name>&…", "x=1&y", True),
        ("x=<name>", "y=1", False),
        ({"a": "<name>", "b": "<name>"}, {"a": "1", "b": "2"}, False),
        ({"a": "<name>", "b": "<name>"}, {"a": "1", "b": "1"}, True),
    ],
)
def test_what_an_answer_must_be(wanted: object, got: object, fits: bool) -> None:
    assert Told().fits(wanted, got) is fits


def test_what_was_said_is_said_again() -> None:
    told = Told()
    assert told.fits({"ticket": "<the ticket>"}, {"ticket": "t-1"})
    assert told.filled("GET /x?ticket=<the ticket>") == "GET /x?ticket=t-1"
    with pytest.raises(KeyError):
        told.filled("<another>")


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["<!-- mailed -->", "```json", "{}", "```"], "only a text"),
        (["```http", "GET / HTTP/1.1", "```", "<!-- called -->", "```http", "POST / HTTP/1.1", "```"], "is missing"),
        (["<!-- from 10.0.0.1 -->", "```http", "GET / HTTP/1.1", "```"], "means nothing"),
    ],
)
def test_a_step_that_no_test_would_run_is_refused(lines: list[str], reason: str) -> None:
    with pytest.raises(BadPage, match=reason):
        story_of(*lines)


def test_settings_hold_from_where_they_stand() -> None:
    first, second = story_of(
        "```sh", "export AUTH_A=1 AUTH_B=2", "```", *asks("HTTP/1.1 200 OK"), "<!-- settings AUTH_B=3 -->",
        *asks("HTTP/1.1 200 OK"),
    )  # fmt: skip
    assert (first.settings, second.settings) == ({"AUTH_A": "1", "AUTH_B": "2"}, {"AUTH_A": "1", "AUTH_B": "3"})


async def test_a_wrong_story_fails(postgres: EmbeddedPostgres, story: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stories, "PATIENCE_SECONDS", 0.0)
    wrong = [
        *asks('HTTP/1.1 404 Not Found\n\n"OK"'),
        *asks('HTTP/1.1 200 OK\nX-Nothing: …\n\n{"status": "ok"}'),
        *asks('HTTP/1.1 200 OK\n\n"KO"'),
        *("<!-- mailed -->", "```text", "To: nobody@example.com", "```"),
        *("<!-- logged -->", "```text", "a line that nobody wrote", "```"),
        *("<!-- called -->", "```http", "POST /hook HTTP/1.1", "", "{}", "```"),
        *("```json token", '{"sub": "nobody"}', "```"),
    ]
    told = Told({"access token": jwt.encode({"sub": "somebody"}, "k" * 32)})
    async with BothEngines.over(postgres.url(story)) as engines:
        for step in story_of(*wrong):
            with pytest.raises(AssertionError):
                await engines.tell(step, told)
