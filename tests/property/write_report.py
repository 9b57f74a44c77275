"""A wrong answer to a mutation, as all that is needed to see it again by hand."""

from __future__ import annotations

from property.kinds import json_text
from property.script import permissions_yaml, sql_script
from property.trial import Mismatch
from property.world import World
from property.writes import Mutation


def write_report(world: World, mutation: Mutation, mismatch: Mismatch) -> str:
    rules = permissions_yaml(world)
    session = {name: given.text for name, given in mutation.session.items() if name in rules}
    parts = {
        "schema.sql": sql_script(world),
        "settings": f"stringify_numeric_types={world.stringifies}",
        "permissions.yaml": rules,
        "role": f"{mutation.role}{' (backend)' if mutation.is_backend else ''}",
        "session": json_text(session),
        "mutation": mismatch.document.text,
        "variables": json_text(mismatch.document.variables),
        "expected": repr(getattr(mismatch.expected, "data", mismatch.expected)),
        "answer": mismatch.answer,
        "difference": f"{mismatch.kind}: {mismatch.said}",
    }
    return "\n\n".join(f"--- {title}\n{text}" for title, text in parts.items())
