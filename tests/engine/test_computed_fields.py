"""Fields that functions compute: what they get, what they give, and to whom."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from typing import Any

import asyncpg
import pytest
from computed_kit import RULES, SCHEMA
from engine_kit import ask

from gql_gen.catalog.types import Catalog, Ident
from gql_gen.dialects.hasura.schema import RoleSchema
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.errors import Rejected
from gql_gen.gate.permit import permit
from gql_gen.introspect.read import read_catalog
from gql_gen.model.build import build_model
from gql_gen.model.predicates import ComputedRef, Slot, ValueType
from gql_gen.model.roles import check_all_roles, role_model
from gql_gen.model.types import ComputedField, Model, RoleModel
from gql_gen.plan.nodes import Call, Plan, Root, Select, Show, ShowComputed, ShowRows
from gql_gen.plan.show import show
from gql_gen.rules.load import parse_rules
from usher.postgres import EmbeddedPostgres

AUTHOR, ARTICLE = Ident("public", "author"), Ident("public", "article")
TEXT = ValueType(Ident("pg_catalog", "text"), "String")


@pytest.fixture(scope="module")
def url(postgres: EmbeddedPostgres) -> Iterator[str]:
    postgres.create_database("computed")
    yield postgres.url("computed")
    postgres.drop_database("computed")


@pytest.fixture(scope="module")
async def catalog(url: str) -> Catalog:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(SCHEMA)
        return await read_catalog(connection)
    finally:
        await connection.close()


@pytest.fixture
async def engine(url: str, catalog: Catalog) -> AsyncIterator[Engine]:
    found = await Engine.open(EngineSettings(url), parse_rules(RULES, "permissions.yaml"), strict=True)
    yield found
    await found.close()


async def data(engine: Engine, query: str, **more: Any) -> Any:
    answer = await ask(engine, query, **more)
    assert "data" in answer, answer
    return answer["data"]


async def author(engine: Engine, fields: str, **more: Any) -> Any:
    """What admin is told of author 1."""
    return (await data(engine, f"{{ author_by_pk(id: 1) {{ {fields} }} }}", **more))["author_by_pk"]


async def message(engine: Engine, query: str, **more: Any) -> str:
    answer = await ask(engine, query, **more)
    assert "errors" in answer, answer
    return str(answer["errors"][0]["message"])


# ---------------------------------------------------------------- single values


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("full_name", "Ada Lind"),
        ("secret_length", 4),
        ("odd", "odd"),
        ("wide_sum", 9007199254740994),
        ("facts", {"name": "Ada", "tags": ["x", "y"]}),
        ('facts(path: "$.tags[1]")', "y"),
        ('greeting(args: {word: "hi"})', "hi Ada!"),
        ('greeting(args: {word: "hi", end: "?", times: 2})', "hi Ada?hi Ada?"),
        ('greeting(args: {times: 2, word: "hi"})', "hi Ada!hi Ada!"),
        ('greeting(args: {word: "hi", end: null})', None),
        ("places", [7, 8]),
        ("places(args: null)", [7, 8]),
        ("places(args: {arg_1: 1})", [1, 8]),
        ("places(args: {arg_2: 2, arg_1: 1})", [1, 2]),
        ("late", "xAdaadmin"),
        ('late(args: {x: "y"})', "yAdaadmin"),
        ("feels", "glad"),
        ("feels(args: {how: sad})", "sad"),
        ('named(args: {text_of: "x"})', "x"),
    ],
)
async def test_a_function_of_the_row_is_a_field(engine: Engine, field: str, expected: Any) -> None:
    assert await author(engine, f"it: {field}") == {"it": expected}


@pytest.mark.parametrize(
    ("field", "said"),
    [
        ("greeting", "missing required field 'args'"),
        ("greeting(args: null)", "unexpected null value for type 'greeting_author_args'"),
        ('greeting(args: {end: "!"})', "Non default arguments cannot be omitted"),
        ("places(args: {arg_2: 2})", "Only last set of positional arguments can be omitted"),
        ("places(args: {arg_3: 2})", "field 'arg_3' not found in type: 'places_author_args'"),
        ("full_name(args: {})", "'full_name' has no argument named 'args'"),
        ("who(args: {session: {}})", "'who' has no argument named 'args'"),
        ("greeting(args: {word: 1})", "expected a string for type 'String', but found an integer"),
    ],
)
async def test_arguments_are_checked(engine: Engine, field: str, said: str) -> None:
    assert await message(engine, f"{{ author {{ {field} }} }}") == said


async def test_arguments_come_in_variables_of_any_shape(engine: Engine) -> None:
    whole = "query($a: greeting_author_args!) { author_by_pk(id: 1) { greeting(args: $a) } }"
    single = 'query($t: String) { author_by_pk(id: 1) { greeting(args: {word: "hi", end: $t}) } }'
    for query, variables, expected in [
        (whole, {"a": {"word": "yo"}}, "yo Ada!"),
        (whole, {"a": {"word": "yo", "times": 2}}, "yo Ada!yo Ada!"),
        (whole, {"a": {"word": None}}, None),
        (single, {"t": "?"}, "hi Ada?"),
        (single, {"t": None}, None),
        (single, {}, "hi Ada!"),
    ]:
        assert (await data(engine, query, variables=variables))["author_by_pk"] == {"greeting": expected}


async def test_the_session_comes_from_the_ticket_alone(engine: Engine) -> None:
    for role, user in [("admin", "7"), ("admin", "8"), ("listed", '"; x')]:
        found = await data(engine, "{ author { who } }", role=role, session={"x-hasura-user-id": user})
        assert [row["who"] for row in found["author"]] == [f"{role}:{user}:Ada", f"{role}:{user}:Bo"]


async def test_numbers_are_text_where_that_was_asked_for(url: str, catalog: Catalog) -> None:
    rules = parse_rules(RULES, "permissions.yaml")
    found = await Engine.open(EngineSettings(url, stringify_numeric_types=True), rules, strict=True)
    try:
        assert await author(found, "wide_sum secret_length") == {"wide_sum": "9007199254740994", "secret_length": 4}
    finally:
        await found.close()


async def test_views_have_rows_too(engine: Engine) -> None:
    assert await data(engine, "{ writer(limit: 1) { initial } }") == {"writer": [{"initial": "A"}]}


async def test_a_row_at_hand_may_come_from_a_page_of_an_aggregate(engine: Engine) -> None:
    for page in ("", "limit: 2", "order_by: {first_name: asc}", "distinct_on: id"):
        query = f"{{ author_aggregate({page}) {{ nodes {{ full_name found(limit: 1) {{ title named }} }} }} }}"
        nodes = (await data(engine, query.replace("()", "")))["author_aggregate"]["nodes"]
        assert nodes[0] == {"full_name": "Ada Lind", "found": [{"title": "Bees", "named": "Bees"}]}


# ---------------------------------------------------------------- rows


@pytest.mark.parametrize(
    ("page", "expected"),
    [
        ("", ["Bees", "Ants", "Owls"]),
        ('(args: {search: "%s"})', ["Bees", "Ants", "Owls"]),
        ('(args: {search: "A%"})', ["Ants"]),
        ('(where: {title: {_neq: "Ants"}})', ["Bees", "Owls"]),
        ("(order_by: {title: asc})", ["Ants", "Bees", "Owls"]),
        ("(limit: 1, offset: 1)", ["Ants"]),
        ("(distinct_on: author_id, order_by: [{author_id: asc}, {title: desc}])", ["Owls"]),
    ],
)
async def test_rows_of_a_function_make_a_list(engine: Engine, page: str, expected: list[str]) -> None:
    assert await author(engine, f"found{page} {{ title }}") == {"found": [{"title": title} for title in expected]}


async def test_functions_of_rows_of_functions(engine: Engine) -> None:
    found = await author(engine, "found(limit: 1) { named writers { full_name found(limit: 1) { title } } }")
    assert found == {"found": [{"named": "Bees", "writers": [{"full_name": "Ada Lind", "found": [{"title": "Bees"}]}]}]}


async def test_rows_carry_the_rule_and_the_limit_of_their_own_table(engine: Engine) -> None:
    session = {"x-hasura-user-id": "1"}
    found = await data(engine, "{ author { found { title } } }", role="user", session=session)
    assert found == {"author": [{"found": [{"title": "Bees"}, {"title": "Ants"}]}]}
    hidden = '{ author { found(where: {title: {_eq: "Owls"}}) { title } } }'
    assert await data(engine, hidden, role="user", session=session) == {"author": [{"found": []}]}
    back = "{ author { found(limit: 1) { writers { id } } } }"
    other = await data(engine, back, role="user", session={"x-hasura-user-id": "2"})
    assert other == {"author": [{"found": [{"writers": [{"id": 2}]}]}]}


async def test_an_answer_may_have_keys_of_any_length(engine: Engine) -> None:
    long = "a" * 70
    found = await author(engine, f"{long}: full_name found(limit: 1) {{ {long}: named }}")
    assert found == {long: "Ada Lind", "found": [{long: "Bees"}]}


# ---------------------------------------------------------------- whose they are


@pytest.mark.parametrize(
    ("role", "fields"),
    [
        ("user", {"id", "first_name", "full_name", "found", "articles"}),
        ("reader", {"id"}),
        ("listed", {"full_name", "who"}),
    ],
)
async def test_a_role_has_what_its_rule_lists_and_rows_it_may_select(
    catalog: Catalog, role: str, fields: set[str]
) -> None:
    schema = RoleSchema(_role(catalog, role))
    assert set(schema.object(schema.role.entities[AUTHOR]).fields) == fields


async def test_what_a_role_has_not_is_not_there(engine: Engine) -> None:
    for role, field in [("reader", "full_name"), ("reader", "found { title }"), ("user", "lines { id }")]:
        name = field.split()[0]
        query = f"{{ author {{ {field} }} }}"
        said = await message(engine, query, role=role, session={"x-hasura-user-id": "1"})
        assert said == f"field '{name}' not found in type: 'author'"


def _role(catalog: Catalog, name: str) -> RoleModel:
    rules = parse_rules(RULES, "permissions.yaml")
    return role_model(build_model(catalog, rules, {}), rules, name)


def _computed(catalog: Catalog, name: str, relation: Ident = AUTHOR) -> ComputedField:
    return _role(catalog, "admin").entities[relation].computed[name]


def _value(field: ComputedField, given: tuple[tuple[int, Slot | None], ...] = ()) -> ShowComputed:
    return ShowComputed("it", ComputedRef(Call(field.routine, given), TEXT.pg))


def _plan(shown: Show) -> Plan:
    return Plan("read", (Root("it", Select(AUTHOR, (shown,)), "select"),))


async def test_the_gate_lets_only_the_roles_own_functions_through(catalog: Catalog) -> None:
    role = _role(catalog, "writer")
    greeting, found = _computed(catalog, "greeting"), _computed(catalog, "found")
    word, sleep = Slot("literal", (), TEXT, "hi"), Ident("pg_catalog", "pg_sleep")
    right: tuple[Show, ...] = (
        _value(greeting, ((0, word),)),
        ShowRows("it", Select(ARTICLE, (), rows=Call(found.routine))),
    )
    for shown in right:
        assert permit(_plan(shown), role)
    wrong: list[Show] = [
        _value(_computed(catalog, "who")),
        _value(replace(greeting, routine=replace(greeting.routine, ident=sleep)), ((0, word),)),
        _value(greeting),
        _value(greeting, ((0, word), (1, word))),
        _value(greeting, ((0, word), (9, word))),
        _value(greeting, ((0, Slot("claims", (), TEXT)),)),
        _value(found),
        ShowRows("it", Select(ARTICLE, ())),
        ShowRows("it", Select(AUTHOR, (), rows=Call(found.routine))),
        ShowRows("it", Select(ARTICLE, (), single=True, rows=Call(found.routine))),
        ShowRows("it", Select(Ident("public", "diary"), (), rows=Call(_computed(catalog, "lines").routine))),
        ShowRows("it", Select(AUTHOR, (), rows=Call(_computed(catalog, "writers", ARTICLE).routine))),
    ]
    for shown in wrong:
        with pytest.raises(Rejected):
            permit(_plan(shown), role)


async def test_the_gate_attaches_the_rule_of_the_rows(catalog: Catalog) -> None:
    role = _role(catalog, "user")
    shown = ShowRows("it", Select(ARTICLE, (), rows=Call(_computed(catalog, "found").routine)))
    text = show(permit(_plan(shown), role).plan)
    assert "it · rows of public.article from articles_of(the row)\n" in text
    assert "draft _eq 'f" in text
    assert "at most 2" in text


# ---------------------------------------------------------------- what a write gives back


@pytest.mark.parametrize("role", ["admin", "writer"])
async def test_a_write_gives_back_computed_fields(engine: Engine, role: str) -> None:
    shown = 'full_name secret_length greeting(args: {word: "hi"}) found(args: {search: "B%"}) { title }'

    async def run(mutation: str) -> Any:
        return next(iter((await data(engine, f"mutation {{ {mutation} }}", role=role)).values()))

    made = {"full_name": "Cy Poe", "secret_length": 4, "greeting": "hi Cy!", "found": []}
    given = 'id: 9, first_name: "Cy", last_name: "Poe"'
    assert await run(f"insert_author_one(object: {{{given}}}) {{ {shown} }}") == made
    if role == "writer":
        nested = 'insert_article(objects: [{id: 90, title: "Bugs", author_id: 9}]) { returning { named } }'
        assert await run(nested) == {"returning": [{"named": "Bugs"}]}
        made["found"] = [{"title": "Bugs"}]
    changed = {**made, "full_name": "Di Poe", "greeting": "hi Di!"}
    update = f'update_author(where: {{id: {{_eq: 9}}}}, _set: {{first_name: "Di"}}) {{ returning {{ {shown} }} }}'
    assert await run(update) == {"returning": [changed]}
    by_key = f'update_author_by_pk(pk_columns: {{id: 9}}, _set: {{first_name: "Cy"}}) {{ {shown} }}'
    assert await run(by_key) == made
    upsert = "on_conflict: {constraint: author_pkey, update_columns: last_name}"
    row = '{id: 9, first_name: "x", last_name: "Doe"}'
    assert await run(f"insert_author(objects: [{row}], {upsert}) {{ returning {{ full_name }} }}") == {
        "returning": [{"full_name": "Cy Doe"}]
    }
    await data(engine, "mutation { delete_article(where: {id: {_eq: 90}}) { affected_rows } }")
    assert await run("delete_author(where: {id: {_eq: 9}}) { returning { full_name secret_length } }") == {
        "returning": [{"full_name": "Cy Doe", "secret_length": 4}]
    }


async def test_a_computed_field_sees_what_the_whole_mutation_wrote(engine: Engine) -> None:
    mutation = """mutation {
      insert_author_one(object: {id: 9, first_name: "Cy", articles: {data: [{id: 91, title: "Cats"}]}}) {
        full_name found { title named }
      }
      delete_article_by_pk(id: 91) { named writers { full_name } }
      delete_author_by_pk(id: 9) { full_name }
    }"""
    assert await data(engine, mutation) == {
        "insert_author_one": {"full_name": "Cy", "found": [{"title": "Cats", "named": "Cats"}]},
        "delete_article_by_pk": {"named": "Cats", "writers": [{"full_name": "Cy"}]},
        "delete_author_by_pk": {"full_name": "Cy"},
    }


# ---------------------------------------------------------------- what is told of them


async def test_types_and_descriptions(engine: Engine) -> None:
    sdl = engine.sdl("admin")
    assert 'A computed field, executes function "full_name"\n  """\n  full_name: String\n' in sdl
    assert '"""Who asks."""\n  who: String\n' in sdl
    assert "input greeting_author_args {\n  end: String\n  times: Int\n  word: String\n}" in sdl
    assert "input feels_author_args {\n  how: mood\n}" in sdl
    assert "args: greeting_author_args!\n" in sdl
    assert "): [article!]\n" in sdl
    assert "lines" not in engine.sdl("user")


# ---------------------------------------------------------------- what cannot be one


def _model(catalog: Catalog, computed: str, tables: str = "article: {}", rule: str = "{}") -> Model:
    text = f"""
version: 1
naming: hasura
roles: {{ user: {{}} }}
tables:
  author:
    computed_fields: {{ {computed} }}
    permissions: {rule}
  {tables}
"""
    rules = parse_rules(text, "permissions.yaml")
    return check_all_roles(build_model(catalog, rules, {}), rules)


@pytest.mark.parametrize(
    ("computed", "said"),
    [
        ("x: full_nam", 'the database has no function public.full_nam (did you mean "public.full_name"?)'),
        ("x: pg_catalog.length", "the database has no function pg_catalog.length"),
        ("x: nobody", "public.nobody takes no row of public.author: it has no arguments"),
        ("x: greeting", 'takes no row of public.author: its argument "word" is of type pg_catalog.text'),
        ("x: initial", 'takes no row of public.author: its argument "w" is of type public.writer'),
        ("x: { function: greeting, table_argument: b }", 'public.greeting has no argument "b"'),
        ("x: { function: greeting, table_argument: word }", 'its argument "word" is of type pg_catalog.text'),
        ("x: twice", "public.twice stands for 2 functions that take a row of public.author"),
        ("x: { function: twice, table_argument: b }", "none of the 2 functions public.twice takes a row"),
        ("x: { function: who, session_argument: s }", 'public.who has no argument "s"'),
        ("x: { function: who, session_argument: a }", 'public.who has no argument "a"'),
        (
            "x: { function: greeting, table_argument: a, session_argument: word }",
            'takes "word" as text, and session variables are json',
        ),
        ("x: all_of", "public.all_of takes a variadic argument"),
        ("x: with_rest", "public.with_rest takes a variadic argument"),
        ("x: any_of", 'public.any_of takes "b" as anyelement, which is no type of a value'),
        ("x: row_of", 'public.row_of takes "b" as article, which is a row and no single value'),
        ("x: nothing", "public.nothing returns void, which is no type of a value"),
        ("x: one_article", "public.one_article returns one row of public.article (declare it `returns setof article`)"),
        ("x: titles", "public.titles returns a set of text, not rows of a tracked table"),
        ("x: pairs", "public.pairs returns a table of its own making"),
        ("x: out_of", "public.out_of has an out argument"),
        ("x: lines_of", "public.lines_of returns rows of public.diary, which is not tracked (list public.diary)"),
        ("x: spelled", 'public.spelled has the argument "not-graphql", which GraphQL cannot spell'),
        ("x: done", "public.done is no plain function: its kind is procedure"),
        ("id: full_name", "a column or relationship is called the same"),
        ("articles: full_name", "a column or relationship is called the same"),
        ("articles_aggregate: full_name", "a column or relationship is called the same"),
        ("_and: full_name", "GraphQL does not allow the name"),
        ("__x: full_name", "GraphQL does not allow the name"),
    ],
)
async def test_what_cannot_be_a_field_is_a_fault(catalog: Catalog, computed: str, said: str) -> None:
    model = _model(catalog, computed)
    name = computed.split(":")[0]
    assert [str(fault) for fault in model.faults if said in str(fault)], [str(fault) for fault in model.faults]
    assert len(model.faults) == 1
    assert f'the computed field "{name}" of public.author is left out: ' in str(model.faults[0])
    assert model.entities[AUTHOR].computed == {}


async def test_types_of_arguments_do_not_clash(catalog: Catalog) -> None:
    tables = "article: { name: greet_author_args }"
    model = _model(catalog, "greet: { function: greeting, table_argument: a }", tables)
    assert 'the type of its arguments, "greet_author_args", would clash with a type of public.article' in str(
        model.faults[0]
    )


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ("full_nam", 'public.author has no computed field "full_nam" (did you mean "full_name"?)'),
        ("found", 'the computed field "found" of public.author returns rows of public.article'),
    ],
)
async def test_a_list_names_single_values_that_there_are(catalog: Catalog, listed: str, said: str) -> None:
    rule = f"{{ user: {{ select: {{ columns: [id], filter: {{}}, computed_fields: [{listed}, full_name] }} }} }}"
    model = _model(catalog, "full_name: full_name, found: articles_of", rule=rule)
    assert len(model.faults) == 1
    assert said in str(model.faults[0])


async def test_a_function_that_goes_is_noticed(url: str, catalog: Catalog, engine: Engine) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("alter function full_name(author) rename to name_in_full")
        assert "full_name" in await message(engine, "{ author { full_name } }")
    finally:
        await connection.execute("alter function name_in_full(author) rename to full_name")
        await connection.close()
