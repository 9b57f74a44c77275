"""Every case under cases/: the answer, to the order of its keys, the first time and from the cache."""

from __future__ import annotations

import json

import pytest
from runner import Case, Street, read_cases


@pytest.mark.parametrize("case", read_cases(), ids=lambda case: f"{case.file}: {case.name}")
async def test_the_answer_is_as_written(case: Case, street: Street) -> None:
    engine = await street.engine(case.house)
    for _ in range(2):
        reply = await engine.answer(case.ask, case.caller)
        # As text: a mapping would forgive keys in another order, and GraphQL does not.
        assert json.dumps(json.loads(reply.body), indent=1) == json.dumps(case.answer, indent=1)
