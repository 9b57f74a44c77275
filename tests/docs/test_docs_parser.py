"""The reader of pages: what could hide an example from the tests is an error, and an example that is wrong fails."""

from __future__ import annotations

from pathlib import Path

import pytest
from docs.examples import Commands, Exchange, Question, RulesExample, Run, Story
from docs.pages import BadPage, Block, blocks, blocks_of, pages
from docs.running import Desk, as_text, asked, assert_answered, assert_exists, exchanged, ran

from gql_gen.rules.types import RulesError


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
