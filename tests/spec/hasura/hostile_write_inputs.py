"""Mutations that no honest client sends, and values for places where only honest ones are expected."""

# As in hostile_inputs.py: texts that cannot be broken without hiding what is wrong with them.
# ruff: noqa: E501

from __future__ import annotations

from typing import Any

ARTICLE = 'id: 90, author_id: 1, title: "A"'
DOCUMENTS: dict[str, str] = {
    "a schema below a mutation": "mutation { __schema { types { name } } }",
    "no fields": "mutation { }",
    "rows that are no rows": "mutation { insert_tag(objects: [[{ id: 9 }]]) { affected_rows } }",
    "NUL in a row": 'mutation { insert_tag(objects: { id: 9, name: "a\\u0000" }) { affected_rows } }',
    "NUL in jsonb": f'mutation {{ insert_article(objects: {{ {ARTICLE}, meta: {{ a: "\\u0000" }} }}) {{ affected_rows }} }}',
    "NUL in a key of jsonb": 'mutation { update_article(where: {}, _delete_key: { meta: "\\u0000" }) { affected_rows } }',
    "NUL in a path of jsonb": 'mutation { update_article(where: {}, _delete_at_path: { meta: ["\\u0000"] }) { affected_rows } }',
    "half a surrogate pair": 'mutation { insert_tag(objects: { id: 9, name: "\\ud83d" }) { affected_rows } }',
    "an integer of 5,000 digits": "mutation { insert_tag(objects: { id: " + "9" * 5_000 + " }) { affected_rows } }",
    "a numeric of 200,000 digits": f"mutation {{ insert_article(objects: {{ {ARTICLE}, rating: {'9' * 200_000} }}) {{ affected_rows }} }}",
    "1e999999999 for a numeric": f"mutation {{ insert_article(objects: {{ {ARTICLE}, rating: 1e999999999 }}) {{ affected_rows }} }}",
    "1e400 for a float": "mutation { insert_article_tag(objects: { article_id: 3, tag_id: 1, weight: 1e400 }) { affected_rows } }",
    "more than a bigint": f"mutation {{ insert_article(objects: {{ {ARTICLE}, views: 9223372036854775808 }}) {{ affected_rows }} }}",
    "1,000 lists in jsonb": f"mutation {{ insert_article(objects: {{ {ARTICLE}, meta: {'[' * 1_000 + ']' * 1_000} }}) {{ affected_rows }} }}",
    "100 levels of related rows": "mutation { insert_article(objects: "
    + "{ comments: { data: { article: { data: " * 25
    + "{}"
    + " } } } }" * 25
    + ") { affected_rows } }",
    "300 roots that insert": "mutation { "
    + " ".join(f'a{at}: insert_tag(objects: {{ id: {at}, name: "{at}" }}) {{ affected_rows }}' for at in range(300))
    + " }",
    "an operator twice": 'mutation { update_tag(where: {}, _set: { name: "a" }, _set: { id: 1 }) { affected_rows } }',
    "a null for an operator's operand": "mutation { update_article(where: {}, _inc: { views: null }) { affected_rows } }",
    "a variable that nobody declared": "mutation { insert_tag(objects: $rows) { affected_rows } }",
    "a variable of another type": "mutation ($rows: [author_insert_input!]!) { insert_tag(objects: $rows) { affected_rows } }",
    "a directive that is not there": "mutation { insert_tag(objects: []) @live { affected_rows } }",
    "a mutation in a subscription": "subscription { insert_tag(objects: []) { affected_rows } }",
    "a selection that is missing": "mutation { insert_tag(objects: []) }",
    "a selection below a number": "mutation { insert_tag(objects: []) { affected_rows { n } } }",
    "arguments of a count": "mutation { insert_tag(objects: []) { affected_rows(where: {}) } }",
    "arguments of returning": "mutation { insert_tag(objects: []) { returning(limit: 1) { id } } }",
}
PLACES: dict[str, str] = {
    "[tag_insert_input!]!": "mutation ($v: {type}) { insert_tag(objects: $v) { affected_rows } }",
    "tag_insert_input!": "mutation ($v: {type}) { insert_tag_one(object: $v) { id } }",
    "tag_on_conflict": 'mutation ($v: {type}) { insert_tag(objects: { id: 1, name: "a" }, on_conflict: $v) { affected_rows } }',
    "[tag_update_column!]!": 'mutation ($v: {type}) { insert_tag(objects: { id: 1, name: "a" }, on_conflict: { constraint: tag_pkey, update_columns: $v }) { affected_rows } }',
    "tag_constraint!": 'mutation ($v: {type}) { insert_tag(objects: { id: 1, name: "a" }, on_conflict: { constraint: $v }) { affected_rows } }',
    "Boolean": 'mutation ($v: {type}) { insert_tag(objects: { id: 1, name: "a" }, on_conflict: { constraint: tag_pkey, return_existing: $v }) { returning { id } } }',
    "comment_arr_rel_insert_input": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, comments: $v }}) {{ affected_rows }} }}",
    "author_obj_rel_insert_input": 'mutation ($v: {type}) { insert_article(objects: { id: 90, title: "A", author: $v }) { affected_rows } }',
    "[comment_insert_input!]!": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, comments: {{ data: $v }} }}) {{ affected_rows }} }}",
    "author_bool_exp!": "mutation ($v: {type}) { update_author(where: $v, _set: { born: null }) { affected_rows } }",
    "author_set_input": "mutation ($v: {type}) { update_author(where: { id: { _eq: 1 } }, _set: $v) { affected_rows } }",
    "author_pk_columns_input!": "mutation ($v: {type}) { update_author_by_pk(pk_columns: $v, _set: { born: null }) { id } }",
    "author_append_input": "mutation ($v: {type}) { update_author(where: {}, _append: $v) { affected_rows } }",
    "[String!]": "mutation ($v: {type}) { update_author(where: {}, _delete_at_path: { settings: $v }) { affected_rows } }",
    "article_inc_input": "mutation ($v: {type}) { update_article(where: {}, _inc: $v) { affected_rows } }",
    "[author_updates!]!": "mutation ($v: {type}) { update_author_many(updates: $v) { affected_rows } }",
    "Int!": "mutation ($v: {type}) { delete_comment_by_pk(id: 1) { id } delete_author_by_pk(id: $v) { id } }",
    "Int": "mutation ($v: {type}) { insert_author(objects: { id: $v, name: \"n\", email: \"n\" }) { affected_rows } }",
    "smallint": "mutation ($v: {type}) { insert_tag(objects: { id: $v, name: \"n\" }) { affected_rows } }",
    "bigint": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, views: $v }}) {{ affected_rows }} }}",
    "numeric": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, rating: $v }}) {{ affected_rows }} }}",
    "percentage": 'mutation ($v: {type}) { insert_customer(objects: { name: "n", discount: $v }) { affected_rows } }',
    "float8": "mutation ($v: {type}) { update_article_tag(where: {}, _set: { weight: $v }) { affected_rows } }",
    "[String!] ": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, keywords: $v }}) {{ affected_rows }} }}",
    "jsonb": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, meta: $v }}) {{ affected_rows }} }}",
    "uuid": 'mutation ($v: {type}) { insert_customer(objects: { id: $v, name: "n" }) { affected_rows } }',
    "interval": "mutation ($v: {type}) { update_article(where: {}, _set: { reading_time: $v }) { affected_rows } }",
    "article_state": f"mutation ($v: {{type}}) {{ insert_article(objects: {{ {ARTICLE}, state: $v }}) {{ affected_rows }} }}",
    "order_status_enum": 'mutation ($v: {type}) { update_purchase(where: {}, _set: { status: $v }) { affected_rows } }',
}  # fmt: skip
ROWS: list[Any] = [
    {"id": 9}, {"id": None, "name": None}, {"name": "usher:check:0"}, [{"id": 9, "name": "x"}] * 3, {"": 1}, [{"id": 9}, None], [[{}]], {"data": {}},
    {"data": [{"article_id": 1}]}, {"data": [], "on_conflict": {}}, {"constraint": "tag_pkey"}, {"constraint": "tag_pkey", "update_columns": [None]},
    {"constraint": "tag_pkey", "update_columns": ["name", "name"]}, {"id": {"_eq": None}}, {"_or": []}, {"settings": {"a": "\0"}}, {"settings": "\ud800"},
    [{"where": {}, "_set": {"name": "x"}}], [{"where": None}], {"views": 2**63 - 1}, {"views": 0.5}, {"rating": 10**40}, "usher:check:99", '"usher:absent:7"',
    "{1,2}", "{{a},{b}}", "{", [None], [["a"], []], -(2**63), 32768, "1e5", "NaN", "99.999", 10**6,
]  # fmt: skip
