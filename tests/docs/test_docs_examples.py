"""Every example of docs/ is run: questions and requests are answered as the page says, rules fit, commands exist."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

import pytest
from docs.examples import (
    AuthExchange,
    Commands,
    Example,
    Exchange,
    Question,
    RulesExample,
    Run,
    SchemaExcerpt,
    Settled,
    Sight,
    Story,
)
from docs.pages import blocks_of, pages
from docs.running import Desk, as_text, asked, assert_answered, assert_exists, exchanged, ran
from docs.stories import BothEngines, Told

from gql_gen.rules.types import RulesError
from usher.postgres import EmbeddedPostgres

EXAMPLES = [example for page in pages() for example in Story(blocks_of(page)).examples()]
T = TypeVar("T", bound=Example)


def each(kind: type[T]) -> pytest.MarkDecorator:
    found = [example for example in EXAMPLES if isinstance(example, kind)]
    return pytest.mark.parametrize("example", found, ids=lambda example: example.block.place)


@each(Question)
async def test_a_question_is_answered_as_the_page_says(example: Question, desk: Desk) -> None:
    assert await asked(example, desk) == as_text(example.answer.text)


@each(Exchange)
async def test_a_request_is_answered_as_the_page_says(example: Exchange, desk: Desk) -> None:
    assert_answered(example, *await exchanged(example, desk))


STEPS = [example for example in EXAMPLES if isinstance(example, AuthExchange | Sight)]


@pytest.mark.parametrize("page", sorted({step.block.page for step in STEPS}))
async def test_the_story_of_a_page_goes_as_it_says(page: str, postgres: EmbeddedPostgres, story: str) -> None:
    postgres.create_database("docs_story", story)
    try:
        async with BothEngines.over(postgres.url("docs_story")) as engines:
            told = Told()
            for step in STEPS:
                if step.block.page == page:
                    await engines.tell(step, told)
    finally:
        postgres.drop_database("docs_story")


@each(RulesExample)
async def test_rules_fit_the_example(example: RulesExample, desk: Desk) -> None:
    if example.faults is None:
        await desk.engine(example.text)
        return
    with pytest.raises(RulesError) as broken:
        await desk.engine(example.text)
    assert f"{broken.value}\n" == example.faults


@each(SchemaExcerpt)
async def test_an_excerpt_stands_in_the_schema(example: SchemaExcerpt, desk: Desk) -> None:
    sdl = (await desk.engine(example.rules)).sdl(example.role)
    missing = [part for part in example.block.text.strip().split("\n\n") if part not in sdl]
    assert missing == []


@each(Commands)
def test_commands_exist(example: Commands) -> None:
    for line in example.lines:
        assert_exists(line)


@pytest.mark.parametrize("page", sorted({example.block.page for example in EXAMPLES if isinstance(example, Run)}))
def test_the_commands_of_a_page_do_what_it_says(page: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for example in EXAMPLES:
        if isinstance(example, Run) and example.block.page == page:
            ran(example, tmp_path)


def test_every_kind_of_example_is_run_somewhere() -> None:
    assert {type(example) for example in EXAMPLES} == {
        *(Question, Exchange, AuthExchange, Sight, RulesExample, SchemaExcerpt, Commands, Run, Settled)
    }
