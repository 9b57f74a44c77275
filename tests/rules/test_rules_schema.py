"""The JSON Schema and the loader come from one table: what one accepts or refuses, so does the other."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from ruamel.yaml import YAML

from gql_gen.rules.load import parse_rules
from gql_gen.rules.schema import json_schema
from gql_gen.rules.types import RulesError

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)
REFERENCE = Path(__file__).parents[2] / "docs" / "permissions.md"


def data(text: str) -> Any:
    return YAML(typ="safe", pure=True).load(text)


def whole(body: str) -> str:
    return f"version: 1\nroles: {{user: {{}}}}\nrules: {{own: {{id: 1}}}}\ntables:\n  t:\n    {body}\n"


def listing(body: str) -> str:
    return f"version: 1\nroles: {{user: {{}}}}\nquery_collections: {{c: {{Q: '{{ a }}'}}}}\nallow_list: {body}\n"


GOOD = [
    "version: 1",
    "version: 1\nnaming: graphql-default\ncustomization: {root_fields: {namespace: a}, type_names: {suffix: _x}}",
    "version: 1\nisolation_level: serializable\nreveal_constraints: true",
    "version: 1\nconnections: true\ninfer_function_permissions: false",
    "version: 1\nlimits: {depth: 1, nodes: 2, batch: 3, rate: {per_minute: 1, by: [X-hasura-a, ip]}}",
    "version: 1\nlimits: {seconds: 0.5, rows: 0}\nroles: {a: {}, b: {inherits: [a], introspection: false, limits: {}}}",
    "version: 1\nroles: {a: {}}\nfunctions: {f: {}, s.g: {name: n, exposed_as: query, permissions: [a]}}",
    "version: 1\nfunctions: {f: {permissions: [], root_fields: {function: a, function_aggregate: {comment: b}}}}",
    listing("{c: '*'}"),
    listing("{c: [user]}"),
    whole("permissions: {user: {select: [{columns: '*', filter: {}}, {columns: [a], filter: own}]}}"),
    whole("reveal_constraints: [a_key]"),
    whole("reveal_constraints: '*'"),
    whole("hide: [a]"),
    whole("columns: {a: b, c: {name: d, comment: ''}}"),
    whole("root_fields: {select: a, insert_one: {comment: x}}"),
    whole("relationships: {r: {object: {key: a}}, s: {array: {table: x.y, key: [a, b]}}, q: {array: x, on: {a: b}}}"),
    whole("permissions: {user: {select: {columns: '*', filter: own, limit: 1, query_root_fields: []}}}"),
    whole("permissions: {user: {insert: {check: {a: {_in: [1]}}, set: {a: {sql: now()}, b: [1]}}}}"),
    whole("permissions: {user: {update: {columns: [], filter: {_or: [own, {a: {$gt: 1}}]}}, delete: {filter: {}}}}"),
    whole(
        "permissions: {user: {delete: {filter: {o: {_not: {x: {_is_null: true}}}, _exists: {_table: t, _where: {}}}}}}"
    ),
]
BROKEN = [
    "naming: nhost",
    "version: 2",
    "version: 1\nnaming: other",
    "version: 1\nextra: 1",
    "version: 1\nisolation_level: high",
    "version: 1\nreveal_constraints: '*'",
    whole("reveal_constraints: all"),
    whole("reveal_constraints: [a, a]"),
    "version: 1\nroles: [user]",
    "version: 1\nroles: {user: {inherits: []}}",
    "version: 1\nroles: {user: {introspection: 1}}",
    "version: 1\nlimits: {depth: 0}",
    "version: 1\nlimits: {seconds: 0}",
    "version: 1\nlimits: {rows: -1}",
    "version: 1\nlimits: {rate: {by: [ip]}}",
    "version: 1\nlimits: {rate: {per_minute: 1, by: [host]}}",
    "version: 1\nlimits: {rate: {per_minute: 1, by: ip}}",
    "version: 1\nconnections: some",
    "version: 1\nfunctions: {a.b.c: {}}",
    "version: 1\nfunctions: {f: {exposed_as: both}}",
    "version: 1\nfunctions: {f: {root_fields: {select: a}}}",
    "version: 1\nquery_collections: {c: {Q: ''}}",
    "version: 1\nquery_collections: {c: [a]}",
    listing("{}"),
    listing("{c: []}"),
    listing("{c: all}"),
    "version: 1\ntables: {a.b.c: {}}",
    "version: 1\ncustomization: {root_fields: {namespace: 1a}}",
    whole("name: a-b"),
    whole("hide: x"),
    whole("hide: [a, a]"),
    whole("root_fields: {selct: x}"),
    whole("columns: {a: {nam: x}}"),
    whole("relationships: {r: {on: {a: b}}}"),
    whole("relationships: {r: {array: x, object: x, on: {a: b}}}"),
    whole("relationships: {r: {array: x, on: {}}}"),
    whole("permissions: {user: {selct: {}}}"),
    whole("permissions: {user: {select: {columns: '*'}}}"),
    whole("permissions: {user: {select: []}}"),
    whole("permissions: {user: {select: [{columns: '*'}]}}"),
    whole("permissions: {user: {delete: [{filter: {}}]}}"),
    whole("permissions: {user: {select: {columns: id, filter: {}}}}"),
    whole("permissions: {user: {select: {columns: '*', filter: {}, limit: -1}}}"),
    whole("permissions: {user: {select: {columns: '*', filter: {}, query_root_fields: [x]}}}"),
    whole("permissions: {user: {delete: {filter: 5}}}"),
    whole("permissions: {user: {delete: {filter: {_eq: 5}}}}"),
    whole("permissions: {user: {delete: {filter: {a: {_eq: 1, _gtt: 2}}}}}"),
    whole("permissions: {user: {delete: {filter: {a: {_is_null: 1}}}}}"),
    whole("permissions: {user: {delete: {filter: {_exists: {_table: t}}}}}"),
    whole("permissions: {user: {delete: {filter: {}, columns: [a]}}}"),
]


def test_the_schema_is_one() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("text", GOOD)
def test_both_accept(text: str) -> None:
    VALIDATOR.validate(data(text))
    parse_rules(text, "p")


@pytest.mark.parametrize("text", BROKEN)
def test_both_refuse(text: str) -> None:
    assert not VALIDATOR.is_valid(data(text))
    with pytest.raises(RulesError):
        parse_rules(text, "p")


def test_the_schema_accepts_every_example_that_loads() -> None:
    examples = re.findall(r"```yaml\n(version: 1\n.*?)```", REFERENCE.read_text(), re.DOTALL)
    loaded = [example for example in examples if _loads(example)]
    assert len(loaded) >= 2
    for example in loaded:
        VALIDATOR.validate(data(example))


def _loads(text: str) -> bool:
    try:
        parse_rules(text, "permissions.md")
    except RulesError:
        return False
    return True
