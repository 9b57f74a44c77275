"""What no honest client sends: bodies, documents and values, by what is wrong with them."""

# Texts that cannot be broken without hiding what is wrong with them stay on one line.
# ruff: noqa: E501

from __future__ import annotations

import json
from typing import Any

LONG = "x" * 200


def body(query: Any, **more: Any) -> str:
    return json.dumps({"query": query, **more})


# ---------------------------------------------------------------- what is not even a question

BODIES: dict[str, bytes | str] = {
    "nothing": "",
    "white space": " \n ",
    "no JSON": "query { author { id } }",
    "half of it": '{"query": "{ author { id } }"',
    "two of it": '{"query": "{__typename}"}{"query": "{__typename}"}',
    "a number": "1",
    "a string": '"{ author { id } }"',
    "null": "null",
    "true": "true",
    "an empty object": "{}",
    "an empty batch": "[]",
    "a batch of nothing": "[null]",
    "a batch of numbers": "[1, 2]",
    "a batch of batches": '[[{"query": "{__typename}"}]]',
    "a query that is null": '{"query": null}',
    "a query that is a number": '{"query": 1}',
    "a query that is an object": '{"query": {}}',
    "variables that are a list": body("{__typename}", variables=[]),
    "variables that are a string": body("{__typename}", variables="{}"),
    "variables that are a number": body("{__typename}", variables=1),
    "an operation that is a number": body("{__typename}", operationName=1),
    "an operation that is an object": body("{__typename}", operationName={}),
    "bad UTF-8": b'{"query": "{ author { id } } # \xff\xfe"}',
    "bad UTF-8 in a variable": b'{"query": "query($a: String!) { author(where: {name: {_eq: $a}}) { id } }", "variables": {"a": "\xc3("}}',
    "an overlong NUL": b'{"query": "{ author { id } } # \xc0\x80"}',
    "UTF-16": '{"query": "{ __typename }"}'.encode("utf-16"),
    "a byte order mark": b'\xef\xbb\xbf{"query": "{ author_by_pk { id } }"}',
    "half a surrogate pair": '{"query": "{ author(where: {name: {_eq: \\"\\ud800\\"}}) { id } }"}',
    "a raw half of a surrogate pair": '{"query": "{ author(where: {name: {_eq: \\"\ud800\\"}}) { id } }"}',
    "NaN": '{"query": "{ author(limit: 0) { nothing } }", "variables": {"a": NaN}}',
    "a number without an end": '{"query": "{ author { nothing } }", "variables": {"a": 1e}}',
    "1e400000": '{"query": "{ author { nothing } }", "variables": {"a": 1e400000}}',
    "a million digits": '{"query": "{ author { nothing } }", "variables": {"a": ' + "9" * 1_000_000 + "}}",
    "a million decimals": '{"query": "{ author { nothing } }", "variables": {"a": 0.' + "9" * 1_000_000 + "}}",
    "ten megabytes": body("{ author { nothing } }", variables={"a": "x" * (10 * 1024 * 1024)}),
    "ten megabytes of brackets": "[" * (10 * 1024 * 1024 - 1),
    "ten megabytes of objects": '{"a":' * (2 * 1024 * 1024 - 1),
    "a deep variable": '{"query": "{ author { nothing } }", "variables": {"a": ' + "[" * 1_000 + "]" * 1_000 + "}}",
    "a deep variable of objects": '{"query": "{__typename}", "variables": ' + '{"a":' * 1_000 + "1" + "}" * 1_000 + "}",
    "a deep extension": '{"query": "{ nothing }", "extensions": ' + '{"a":' * 1_000 + "1" + "}" * 1_000 + "}",
}


# ---------------------------------------------------------------- documents


def chain(length: int, last: str = "id") -> str:
    links = [f"fragment f{index} on author {{ ...f{index + 1} }}" for index in range(length)]
    return "{ author { ...f0 } } " + " ".join(links) + f" fragment f{length} on author {{ {last} }}"


def doubling(depth: int) -> str:
    links = [
        f"fragment f{index} on author {{ ...f{index + 1} a: mentor {{ ...f{index + 1} }} b: mentor {{ ...f{index + 1} }} }}"
        for index in range(depth)
    ]
    return "{ author { ...f0 } } " + " ".join(links) + f" fragment f{depth} on author {{ id }}"


DOCUMENTS: dict[str, str] = {
    "nothing": "",
    "white space": " \t\n,",
    "a comment": "# nothing",
    "a bracket": "{",
    "a closing bracket": "}",
    "an empty selection": "{ }",
    "an empty selection in a fragment": "{ author { ...a id } } fragment a on author { }",
    "an empty selection in an inline fragment": "{ author { id ... on author { } } }",
    "an empty selection below": "{ author { } }",
    "empty arguments": "{ author() { id } }",
    "only a fragment": "fragment a on author { id }",
    "a schema": "schema { query: query_root }",
    "a type": "type a { b: Int }",
    "a type beside a query": "{ __typename } type a { b: Int }",
    "a mutation": "mutation { delete_author(where: {}) { affected_rows } }",
    "a subscription": "subscription { author { id } }",
    "NUL in the text": "{ author { id \0 } }",
    "NUL in a name": "{ author { i\0d } }",
    "NUL in a string": '{ author(where: { name: { _eq: "a\\u0000b" } }) { id } }',
    "NUL in a pattern": '{ author(where: { name: { _regex: "\\u0000" } }) { id } }',
    "NUL in jsonb": '{ author(where: { settings: { _contains: { a: ["\\u0000"] } } }) { id } }',
    "NUL in an array": '{ author(where: { languages: { _contains: ["\\u0000"] } }) { id } }',
    "NUL in a key": '{ author(where: { settings: { _has_key: "\\u0000" } }) { id } }',
    "NUL in a path": '{ author { settings(path: "a.\\u0000") } }',
    "NUL in a date": '{ author(where: { born: { _eq: "\\u0000" } }) { id } }',
    "half a surrogate pair": '{ author(where: { name: { _eq: "\\ud83d" } }) { id } }',
    "half a surrogate pair, braced": '{ author(where: { name: { _eq: "\\u{d83d}" } }) { id } }',
    "a character beyond all": '{ author(where: { name: { _eq: "\\u{110000}" } }) { id } }',
    "an unclosed string": '{ author(where: { name: { _eq: "a } }) { id } }',
    "an unclosed block string": '{ author(where: { name: { _eq: """a } }) { id } }',
    "a bad escape": '{ author(where: { name: { _eq: "\\q" } }) { id } }',
    "300 kilobytes": "{ author { id } } #" + "x" * 300_000,
    "300 kilobytes of two-byte letters": "{ author { id } } #" + "ö" * 150_000,
    "15,001 tokens": "{ author { " + "id " * 15_001 + "} }",
    "10,000 aliases": "{ author { " + " ".join(f"a{index}: id" for index in range(4_900)) + " } }",
    "2,001 fields": "{ author { " + " ".join(f"a{index}: id" for index in range(2_000)) + " } }",
    "the same field 2,001 times": "{ author { " + "id " * 2_001 + " } }",
    "1,000 braces": "{ author " * 1_000 + "}" * 1_000,
    "1,000 braces, unclosed": "{ author " * 1_000,
    "101 levels": "{ author { " + "mentor { " * 99 + "id" + " }" * 101,
    "1,000 lists": "{ author(where: " + "[" * 1_000 + "]" * 1_000 + ") { id } }",
    "1,000 lists in jsonb": "{ author(where: { settings: { _eq: " + "[" * 1_000 + "]" * 1_000 + " } }) { id } }",
    "1,000 objects": "{ author(where: " + "{_not: " * 1_000 + "{}" + "}" * 1_000 + ") { id } }",
    "1,000 parentheses": "{ author" + "(" * 1_000,
    "1,000 types": "query ($a: " + "[" * 1_000 + "Int" + "]" * 1_000 + ") { author { id } }",
    "1,000 defaults": "query ($a: Int = " + "[" * 1_000 + "]" * 1_000 + ") { author { id } }",
    "1,000 inline fragments": "{ author { " + "... { " * 1_000 + "id" + " }" * 1_002,
    "a quote and 120,000 escapes": '"' + '\\"' * 60_000,
    "a block quote and 30,000 escapes": '"""' + '\\"""' * 30_000,
    "100,000 quotes": '"' * 100_000,
    "80,000 backslashes": '"' + "\\" * 80_000,
    "a fragment that holds itself": "{ author { ...a } } fragment a on author { ...a }",
    "two fragments that hold each other": "{ author { ...a } } fragment a on author { ...b } fragment b on author { ...a }",
    "fifty fragments in a ring": chain(49, "...f0"),
    "a ring below a relationship": chain(20, "articles { author { ...f0 } }"),
    "a chain of 1,500 fragments that holds nothing known": chain(1_500, "nothing"),
    "fragments that double 30 times": doubling(30),
    "fragments that double 60 times": doubling(60),
    "a fragment twice": "{ author { ...a } } fragment a on author { id } fragment a on author { id }",
    "a fragment without a name": "{ author { ...on } } fragment on on author { id }",
    "an argument twice": "{ author(limit: 1, limit: 2) { id } }",
    "a key twice": "{ author(where: { id: { _eq: 1, _eq: 2 } }) { id } }",
    "a variable twice": "query ($a: Int, $a: Int) { author(limit: $a) { id } }",
    "an operation twice": "query a { author { id } } query a { author { id } }",
    "no name for one of two": "query a { author { id } } { author { id } }",
    "a variable in a default": "query ($a: Int = 1, $b: Int = $a) { author(limit: $b) { id } }",
    "a directive twice": "{ author @skip(if: false) @skip(if: false) { id } }",
    "a directive without a condition": "{ author @skip { id } }",
    "a directive with a null": "{ author @skip(if: null) { id } }",
    "a directive with a string": '{ author @skip(if: "true") { id } }',
    "a directive with another argument": "{ author @skip(if: true, unless: false) { id } }",
    "a directive with the same argument twice": "{ author @skip(if: true, if: false) { id } }",
    "a directive on a variable": "query ($a: Int @skip(if: true)) { author(limit: $a) { id } }",
    "a directive on a fragment's definition": "{ author { ...a } } fragment a on author @skip(if: true) { id }",
    "a directive with an unknown variable": "{ author @skip(if: $x) { id } }",
    "a directive that is not there": "{ author @live { id } }",
    "a directive on the query": "query @skip(if: true) { author { id } }",
    "an integer of 5,000 digits": "{ author(where: { id: { _eq: " + "9" * 5_000 + " } }) { id } }",
    "an integer of 3,000 digits": "{ author(where: { id: { _eq: " + "9" * 3_000 + " } }) { id } }",
    "a numeric of 200,000 digits": "{ article(where: { rating: { _eq: " + "9" * 200_000 + " } }) { id } }",
    "a limit of 3,000 digits": "{ author(limit: " + "9" * 3_000 + ") { id } }",
    "1e400 for an integer": "{ author(where: { id: { _eq: 1e400 } }) { id } }",
    "1e999999999 for an integer": "{ author(where: { id: { _eq: 1e999999999 } }) { id } }",
    "1e999999999 for a numeric": "{ article(where: { rating: { _eq: 1e999999999 } }) { id } }",
    "1e99999999999999999999 for a numeric": "{ article(where: { rating: { _eq: 1e99999999999999999999 } }) { id } }",
    "1e400 for a float": "{ article_tag(where: { weight: { _eq: 1e400 } }) { weight } }",
    "1e999999999 in jsonb": "{ author(where: { settings: { _eq: 1e999999999 } }) { id } }",
    "an alias that is two fields": "{ __typename: author { id } author { id } __typename }",
    "an alias that hides __typename": "{ author { __typename: id __typename } }",
    "an unknown meta field": "{ author { __nothing } }",
    "__typename with an argument": "{ author { __typename(x: 1) } }",
    "__typename with a selection": "{ author { __typename { id } } }",
    "__schema below a row": "{ author { __schema { types { name } } } }",
    "__schema without a selection": "{ __schema }",
    "__schema with an unknown field": "{ __schema { nothing } }",
    "__type without a name": "{ __type { name } }",
    "__type with a number": "{ __type(name: 1) { name } }",
    "__type with an unknown variable": "{ __type(name: $a) { name } }",
    "introspection in a ring": "{ __schema { types { ...A } } } fragment A on __Type { fields { type { ...A } } }",
    "introspection in a longer ring": "{ __schema { types { ...A } } } fragment A on __Type { fields { ...B } } fragment B on __Field { type { ...A } }",
    "deep introspection": "{ __schema { types { " + "fields { type { " * 20 + "name" + " } }" * 20 + " } } }",
    "deep introspection of possible types": "{ __schema { types { "
    + "possibleTypes { " * 60
    + "name"
    + " }" * 60
    + " } } }",
    "deep introspection of inputs": "{ __schema { types { "
    + "inputFields { type { " * 20
    + "name"
    + " } }" * 20
    + " } } }",
    "wide introspection": "{ "
    + " ".join(f"s{index}: __schema {{ types {{ name fields {{ name }} }} }}" for index in range(700))
    + " }",
}


# ---------------------------------------------------------------- strange, but right

STRANGE: dict[str, tuple[str, Any]] = {
    "brackets in strings": ('{ author(where: { name: { _eq: "' + "{[(" * 200 + '" } }) { id } }', {"author": []}),
    "brackets in block strings": (
        '{ author(where: { name: { _eq: """' + '{[( \\""" " "" ' * 200 + '""" } }) { id } }',
        {"author": []},
    ),
    "brackets in comments": ("{ author_by_pk(id: 1) { id } } # " + '{[("' * 200 + "\n# }", {"author_by_pk": {"id": 1}}),
    "a comment between": ('{ author_by_pk # {\n(id: 1) # "\n { id } }', {"author_by_pk": {"id": 1}}),
    "carriage returns": ("{ author_by_pk # {\r(id: 1)\r\n{ id } }", {"author_by_pk": {"id": 1}}),
    "a byte order mark": ("\ufeff{ author_by_pk(id: 1) { id } }", {"author_by_pk": {"id": 1}}),
    "a key called __proto__": (
        '{ author(where: { settings: { _contains: { __proto__: { constructor: "x" } } } }) { id } }',
        {"author": []},
    ),
    "an alias called __proto__": ("{ author_by_pk(id: 1) { __proto__: id } }", {"author_by_pk": {"__proto__": 1}}),
    "an alias called constructor": (
        "{ constructor: author_by_pk(id: 1) { toString: id } }",
        {"constructor": {"toString": 1}},
    ),
    "an alias called __typename": ("{ author_by_pk(id: 1) { __typename: id } }", {"author_by_pk": {"__typename": 1}}),
    "an alias called __schema": ("{ __schema: author_by_pk(id: 1) { id } }", {"__schema": {"id": 1}}),
    "long aliases that differ at their end": (
        f"{{ author_by_pk(id: 1) {{ {LONG}1: id {LONG}2: mentor_id }} }}",
        {"author_by_pk": {f"{LONG}1": 1, f"{LONG}2": None}},
    ),
    "a fragment called on2": (
        "{ author_by_pk(id: 1) { ...on2 } } fragment on2 on author { id }",
        {"author_by_pk": {"id": 1}},
    ),
    "the same field 1,900 times": ("{ author_by_pk(id: 1) { " + "id " * 1_900 + "} }", {"author_by_pk": {"id": 1}}),
    "a chain of 60 fragments": (
        chain(60).replace("{ author {", "{ author_by_pk(id: 1) {", 1),
        {"author_by_pk": {"id": 1}},
    ),
    "99 levels": ("{ author_by_pk(id: 4) { " + "mentor { " * 97 + "id" + " }" * 99, None),
    "commas everywhere": (",{,author_by_pk,(,id,:,1,),{,id,},},", {"author_by_pk": {"id": 1}}),
    "a ring of fragments on another type": (
        "{ author_by_pk(id: 1) { id ...a } } fragment a on article { author { ...a } ...a }",
        {"author_by_pk": {"id": 1}},
    ),
    "an unused variable of an unknown type": (
        "query ($a: Nothing) { author_by_pk(id: 1) { id } }",
        {"author_by_pk": {"id": 1}},
    ),
}


# ---------------------------------------------------------------- values

EVIL_VALUES: list[Any] = [
    None, True, False, 0, -1, 1.5, 2**31, 2**63, 2**64, 10**40, 1e308, "", "x", "1", "NaN", "Infinity", "-Infinity", "\0", "a\0b",
    "\u2028", "😀" * 1_000, "' or 1=1 --", "$1", "{", "}", "{}", "{{1}}", "[]", "\\", '"', "%", "%s", "{0}", "now()", "null", [], [None],
    [[]], [1, "a", None, {}], {}, {"": 1}, {"_eq": 1}, {"__proto__": {}}, {"a": None}, {"id": {"_eq": 1}}, [{"id": {}}], ["a\0"], {"a\0": 1},
]  # fmt: skip
VARIABLE_PLACES: dict[str, str] = {
    "Int!": "{ author_by_pk(id: $v) { id } }",
    "Int": "{ author(limit: $v) { id } }",
    "Int ": "{ author(offset: $v) { id } }",
    "author_bool_exp": "{ author(where: $v) { id } }",
    "[author_order_by!]": "{ author(order_by: $v) { id } }",
    "[author_select_column!]": "{ author(distinct_on: $v) { id } }",
    "order_by": "{ author(order_by: { id: $v }) { id } }",
    "String": "{ author_by_pk(id: 1) { settings(path: $v) } }",
    "String ": "{ author(where: { name: { _like: $v } }) { id } }",
    "String  ": "{ author(where: { name: { _similar: $v } }) { id } }",
    "String   ": "{ author(where: { name: { _iregex: $v } }) { id } }",
    "[String!]": "{ author(where: { name: { _in: $v } }) { id } }",
    "[String!] ": "{ author(where: { languages: { _eq: $v } }) { id } }",
    "[[String!]!]": "{ author(where: { languages: { _in: $v } }) { id } }",
    "[String!]  ": "{ author(where: { settings: { _has_keys_any: $v } }) { id } }",
    "citext": "{ author(where: { email: { _eq: $v } }) { id } }",
    "date": "{ author(where: { born: { _eq: $v } }) { id } }",
    "timestamptz": "{ article(where: { published_at: { _gt: $v } }) { id } }",
    "interval": "{ article(where: { reading_time: { _gt: $v } }) { id } }",
    "jsonb": "{ author(where: { settings: { _contains: $v } }) { id } }",
    "[jsonb!]": "{ author(where: { settings: { _in: $v } }) { id } }",
    "bigint": "{ article(where: { views: { _eq: $v } }) { id } }",
    "smallint": "{ tag(where: { id: { _eq: $v } }) { id } }",
    "numeric": "{ article(where: { rating: { _eq: $v } }) { id } }",
    "float8": "{ article_tag(where: { weight: { _lt: $v } }) { weight } }",
    "Boolean": "{ author(where: { is_active: { _eq: $v } }) { id } }",
    "Boolean ": "{ author(where: { is_active: { _is_null: $v } }) { id } }",
    "Boolean!": "{ author_by_pk(id: 1) { id @include(if: $v) name } }",
    "uuid": "{ customer(where: { id: { _eq: $v } }) { id } }",
    "[uuid!]": "{ customer(where: { id: { _nin: $v } }) { id } }",
    "article_state": "{ article(where: { state: { _eq: $v } }) { id } }",
    "[order_status_enum!]": "{ purchase(where: { status: { _in: $v } }) { id } }",
    "Int_comparison_exp": "{ author(where: { id: $v }) { id } }",
    "article_bool_exp": "{ author(where: { articles: $v }) { id } }",
    "article_aggregate_bool_exp": "{ author(where: { articles_aggregate: $v }) { id } }",
    "String!": "{ __type(name: $v) { name } }",
}
