"""`_related` of updates by key, against a real database whose state is compared whole."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from typing import Any

import asyncpg
import pytest
from graphql import build_schema
from mutation_kit import fields
from related_kit import AT, RULES, SCHEMA, Office, sown, state_of, told

from gql_gen.ask import Guard
from gql_gen.engine.answer import Engine
from gql_gen.engine.settings import EngineSettings
from gql_gen.rules.load import parse_rules
from usher.postgres import EmbeddedPostgres

ABSENT = "a row to be related was not found"
CHECK = "check constraint of an insert/update permission has failed"
BLOCKED = "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and datname = current_database()"


@pytest.fixture(scope="module")
async def opened(postgres: EmbeddedPostgres) -> AsyncIterator[tuple[Engine, Any]]:
    postgres.create_database("related")
    url = postgres.url("related")
    connection = await asyncpg.connect(url)
    await connection.execute(SCHEMA)
    engine = await Engine.open(EngineSettings(url), parse_rules(RULES, "permissions.yaml"), strict=True)
    yield engine, connection
    await engine.close()
    await connection.close()
    postgres.drop_database("related")


@pytest.fixture
async def office(opened: tuple[Engine, Any]) -> Office:
    engine, connection = opened
    await sown(connection)
    return Office(engine, connection, await state_of(connection))


# ---------------------------------------------------------------- every operation

Changes = Mapping[str, Mapping[Any, Mapping[str, Any] | None]]
NEW = {"id": 100, "title": "new", "points": 0, "owner": "ann", "person_id": 1}
SEEN = {1: {"tasks_seen": 1}}
MANY: dict[str, tuple[str, Changes]] = {
    "connect": ("tasks: {connect: [{id: 5}, {id: 3}]}", {"task": {5: {"person_id": 1}, 3: {"person_id": 1}}}),
    "connect nothing": ("tasks: {connect: []}", {}),
    "connect one": ("tasks: {connect: {id: 5}}", {"task": {5: {"person_id": 1}}}),
    "disconnect": (
        "tasks: {disconnect: {points: {_gt: 3}}}",
        {"task": {2: {"person_id": None}, 4: {"person_id": None}}},
    ),
    "disconnect null": (
        'tasks: {disconnect: null, delete: null, create: {title: "new"}}',
        {"task": {100: NEW}, "person": SEEN},
    ),
    "set": (
        "tasks: {set: [{id: 2}, {id: 5}]}",
        {"task": {1: {"person_id": None}, 4: {"person_id": None}, 5: {"person_id": 1}}},
    ),
    "set nothing": ("tasks: {set: []}", {"task": {key: {"person_id": None} for key in (1, 2, 4)}}),
    "create": ('tasks: {create: [{title: "new"}]}', {"task": {100: NEW}, "person": SEEN}),
    "create two levels": (
        'tasks: {create: [{title: "new", remarks: {data: [{body: "x"}, {body: "y"}]}}]}',
        {
            "task": {100: NEW},
            "person": SEEN,
            "remark": {100: {"id": 100, "body": "x", "task_id": 100}, 101: {"id": 101, "body": "y", "task_id": 100}},
        },
    ),
    "update": (
        'tasks: {update: [{where: {id: {_eq: 3}}, _set: {title: "x"}}, {where: {id: {_lt: 3}}, _inc: {points: 1}}]}',
        {"task": {1: {"points": 2}, 2: {"points": 21}}},
    ),
    "delete": ("tasks: {delete: {id: {_in: [2, 5]}}}", {"task": {2: None}}),
}
ONE: dict[str, tuple[str, Changes]] = {
    "replace": (
        "badge: {disconnect: true, connect: {id: 2}}",
        {"badge": {1: {"person_id": None}, 2: {"person_id": 1}}},
    ),
    "disconnect": ("badge: {disconnect: true}", {"badge": {1: {"person_id": None}}}),
    "disconnect not": ('badge: {disconnect: false, update: {_set: {code: "B"}}}', {"badge": {1: {"code": "B"}}}),
    "delete and create": (
        'badge: {create: {id: 3, code: "C"}, delete: true}',
        {"badge": {1: None, 3: {"id": 3, "code": "C", "person_id": 1}}},
    ),
    "update": ('badge: {update: {_set: {code: "B"}}}', {"badge": {1: {"code": "B"}}}),
}
OURS: dict[str, tuple[str, Changes]] = {
    "connect": ("team: {connect: {id: 2}}", {"person": {1: {"team_id": 2}}}),
    "disconnect": ("team: {disconnect: true}", {"person": {1: {"team_id": None}}}),
    "create": (
        'team: {create: {id: 9, name: "new"}}',
        {"person": {1: {"team_id": 9}}, "team": {9: {"id": 9, "name": "new", "owner": "ann"}}},
    ),
    "create with its own": (
        'team: {create: {id: 9, name: "new", people: {data: [{id: 9, name: "Zoe"}]}}}',
        {
            "person": {
                1: {"team_id": 9},
                9: {"id": 9, "name": "Zoe", "owner": "ann", "tasks_seen": 0, "boss_id": None, "team_id": 9},
            },
            "team": {9: {"id": 9, "name": "new", "owner": "ann"}},
        },
    ),
    "update": ('team: {update: {_set: {name: "RED"}}}', {"team": {1: {"name": "RED"}}}),
}
CASES = {
    f"{kind} {name}": case
    for kind, cases in (("many", MANY), ("one", ONE), ("ours", OURS))
    for name, case in cases.items()
}


@pytest.mark.parametrize("case", CASES)
async def test_an_operation_changes_what_it_says_and_nothing_else(office: Office, case: str) -> None:
    related, changes = CASES[case]
    assert (await office.update(related))["id"] == 1
    assert await office.state() == office.changed(**changes)


@pytest.mark.parametrize("case", CASES)
async def test_where_there_is_no_such_row_nothing_happens(office: Office, case: str) -> None:
    assert await office.update(CASES[case][0], id=99) is None
    assert await office.state() == office.seed


@pytest.mark.parametrize("case", CASES)
async def test_a_dry_run_changes_nothing(office: Office, case: str) -> None:
    text = f"mutation {{ update_person_by_pk(pk_columns: {{id: 1}}, _related: {{{CASES[case][0]}}}) {{ id }} }}"
    answer = await office.ask(text, guard=Guard(dry_run=True))
    assert answer == {"data": {"update_person_by_pk": {"id": 1}}}
    assert await office.state() == office.seed


async def test_our_own_key_is_null_before_its_row_is_deleted(office: Office) -> None:
    await office.update("team: {delete: true}", id=2, more="_set: {boss_id: null}")
    # Another person still refers to the team, so all of it fails.
    assert await office.state() == office.seed
    await office.connection.execute("update person set team_id = null where id = 1")
    assert await office.update("team: {delete: true}", id=2, show="{ team_id }") == {"team_id": None}
    expected = office.changed(team={1: None}, person={1: {"team_id": None}, 2: {"team_id": None}})
    assert await office.state() == expected


async def test_keys_of_several_columns(office: Office) -> None:
    answer = await office.ask(
        """mutation {
          update_room_by_pk(pk_columns: {floor: 1, number: 2}, _related: {chairs: {set: [{id: 1}, {id: 2}]}}) {
            name
            chairs(order_by: {id: asc}) { id }
          }
        }"""
    )
    assert answer["data"]["update_room_by_pk"] == {"name": "den", "chairs": [{"id": 1}, {"id": 2}]}
    for related, room in (("{connect: {number: 1, floor: 1}}", {"name": "hall"}), ("{disconnect: true}", None)):
        given = f"pk_columns: {{id: 1}}, _related: {{room: {related}}}"
        answer = await office.ask(f"mutation {{ update_chair_by_pk({given}) {{ room {{ name }} }} }}")
        assert answer["data"]["update_chair_by_pk"] == {"room": room}
    key = {"floor": 1, "number": 2}
    assert await office.state() == office.changed(chair={1: {"floor": None, "number": None}, 2: key})


async def test_a_table_that_refers_to_itself(office: Office) -> None:
    related = "boss: {connect: {id: 3}}, people: {connect: [{id: 3}, {id: 1}]}"
    answer = await office.update(related, show="{ boss_id boss { name } people(order_by: {id: asc}) { id } }")
    # Our row was written first, and then once more as one of its own people.
    assert answer == {"boss_id": 1, "boss": {"name": "Ann"}, "people": [{"id": 1}, {"id": 2}, {"id": 3}]}


async def test_several_operations_have_one_order(office: Office) -> None:
    related = """
      tasks: {
        create: [{title: "new"}], connect: [{id: 5}], update: [{where: {}, _set: {title: "done"}}],
        disconnect: {id: {_eq: 4}}, delete: {id: {_eq: 2}}
      }, team: {create: {id: 9, name: "new"}}
    """
    answer = await office.update(related, more='_set: {name: "Anna"},')
    assert answer == {
        "id": 1,
        "name": "Anna",
        "team": {"id": 9},
        "tasks": [{"id": 1, "title": "done"}, {"id": 5, "title": "free"}, {"id": 100, "title": "new"}],
    }
    assert await office.state() == office.changed(
        person={1: {"name": "Anna", "team_id": 9, "tasks_seen": 1}},
        team={9: {"id": 9, "name": "new", "owner": "ann"}},
        task={1: {"title": "done"}, 2: None, 4: {"person_id": None}, 5: {"person_id": 1}, 100: NEW},
    )


async def test_what_is_set_is_updated_too(office: Office) -> None:
    await office.update('tasks: {update: {where: {}, _set: {title: "all"}}, set: [{id: 5}], create: {title: "new"}}')
    state = await office.state()
    assert {key: row["title"] for key, row in state["task"].items() if row["person_id"] == 1} == {5: "all", 100: "new"}


async def test_the_answer_is_the_row_as_it_is_when_all_is_written(office: Office) -> None:
    related = 'tasks: {create: [{title: "x"}, {title: "y"}]}'
    assert await office.update(related, show="{ tasks_seen }") == {"tasks_seen": 2}
    assert await office.update(related, show="{ tasks_seen }", more='_set: {name: "Anna"},') == {"tasks_seen": 4}


async def test_a_row_that_a_trigger_leaves_as_it_is_counts_as_updated(office: Office) -> None:
    assert await office.update("tasks: {connect: [{id: 5}]}", more='_set: {name: "Ann"},', show="{ name }") == {
        "name": "Ann"
    }
    assert await office.state() == office.changed(task={5: {"person_id": 1}})


# ---------------------------------------------------------------- variables


async def test_variables_may_hold_any_part(office: Office) -> None:
    text = """mutation ($all: person_related_input, $id: Int!) {
      update_person_by_pk(pk_columns: {id: $id}, _related: $all) { tasks(order_by: {id: asc}) { title } }
    }"""
    asked: list[tuple[Any, list[str]]] = [
        ({"tasks": {"connect": [{"id": 5}]}}, ["three", "free"]),
        ({"tasks": {"connect": [{"id": 1}]}}, ["one", "three", "free"]),
        ({"tasks": {"connect": [{"id": 2}, {"id": 4}]}}, ["one", "two", "three", "hers", "free"]),
        ({"tasks": {"set": []}}, []),
        ({"tasks": {"create": [{"title": "a"}]}}, ["a"]),
        ({"tasks": {"create": [{"title": "b"}, {"title": "c"}]}}, ["a", "b", "c"]),
        ({"tasks": {"create": [{"title": "d", "points": 3}, {"title": "e"}]}}, ["a", "b", "c", "d", "e"]),
        ({"tasks": {"delete": {"points": {"_eq": 3}}, "create": []}}, ["a", "b", "c", "e"]),
        ({"tasks": {"update": [{"where": {}, "_set": {"title": "z"}}]}}, ["z"] * 4),
        ({"badge": {"create": {"id": 7}, "disconnect": True}, "tasks": None}, ["z"] * 4),
        ({"badge": {"connect": {"id": 2}, "disconnect": True, "delete": False}}, ["z"] * 4),
    ]
    for related, expected in asked:
        for _ in range(1 if "create" in str(related) else 2):
            answer = await office.ask(text, {"all": related, "id": 2})
            titles = [task["title"] for task in answer["data"]["update_person_by_pk"]["tasks"]]
            assert titles == expected, related


async def test_variables_within_what_is_created(office: Office) -> None:
    text = """mutation ($title: String!, $rows: [remark_insert_input!]!, $others: [task_insert_input!], $no: Boolean) {
      update_person_by_pk(pk_columns: {id: 3}, _related: {
        tasks: {create: [{title: $title, remarks: {data: $rows}}]}, badge: {disconnect: $no},
        people: {create: [{id: 7, name: "Zed", tasks: {data: []}}, {id: 8, name: $title}]}
      }) { tasks { title remarks { body } } }
      second: update_person_by_pk(pk_columns: {id: 2}, _related: {tasks: {create: $others}}) { id }
    }"""
    sent = {"title": "t", "rows": [{"body": "x"}], "others": [{"title": "u"}, {"title": "v"}], "no": False}
    answer = await office.ask(text, sent)
    assert answer["data"]["update_person_by_pk"]["tasks"] == [{"title": "t", "remarks": [{"body": "x"}]}]
    state = await office.state()
    assert [row["title"] for row in state["task"].values() if row["person_id"] == 2] == ["three", "u", "v"]
    assert {key: row["boss_id"] for key, row in state["person"].items() if key > 6} == {7: 3, 8: 3}


# ---------------------------------------------------------------- a role's rules


async def test_a_role_writes_what_its_rules_allow(office: Office) -> None:
    related = """
      tasks: {
        connect: [{id: 5}], update: [{where: {id: {_eq: 2}}, _set: {title: "x"}}], delete: {}, create: {title: "new"}
      },
      badge: {update: {_set: {code: "B"}}}, team: {connect: {id: 2}}
    """
    answer = await office.update(related, role="user")
    assert answer["tasks"] == [{"id": 2, "title": "x"}, {"id": 5, "title": "free"}, {"id": 100, "title": "new"}]
    # Her own small tasks alone were deleted: not the larger one, not Eve's.
    assert await office.state() == office.changed(
        task={1: None, 2: {"title": "x"}, 5: {"person_id": 1}, 100: NEW},
        badge={1: {"code": "B"}},
        person={1: {"team_id": 2, "tasks_seen": 1}},
    )


@pytest.mark.parametrize(
    "related", ["tasks: {disconnect: {id: {_gt: 1}}}", "tasks: {set: [{id: 5}], delete: {id: {_eq: 1}}}"]
)
async def test_rows_that_the_role_may_not_update_stay_related(office: Office, related: str) -> None:
    await office.update(related, role="user")
    state = await office.state()
    assert state["task"][4]["person_id"] == 1
    assert state["task"][2]["person_id"] is None


async def test_a_row_that_the_role_may_not_update_takes_nothing_along(office: Office) -> None:
    assert await office.update('tasks: {connect: [{id: 5}], create: {title: "x"}}', role="user", id=3) is None
    assert await office.update("team: {connect: {id: 99}}", role="user", id=3) is None
    assert await office.state() == office.seed


HIDDEN = "tasks: {connect: [{id: 6}]}", "tasks.connect[0]"
REFUSED: dict[str, tuple[str, str, tuple[str, str, str]]] = {
    "a hidden child": ("user", HIDDEN[0], ("not-exists", f"{AT}.{HIDDEN[1]}", ABSENT)),
    "a missing child": ("user", "tasks: {connect: [{id: 99}]}", ("not-exists", f"{AT}.tasks.connect[0]", ABSENT)),
    "one of several": ("user", "tasks: {connect: [{id: 5}, {id: 6}]}", ("not-exists", f"{AT}.tasks.connect", ABSENT)),
    "twice the same": ("user", "tasks: {connect: [{id: 5}, {id: 5}]}", ("not-exists", f"{AT}.tasks.connect", ABSENT)),
    "a hidden row to set": ("user", "tasks: {set: [{id: 4}]}", ("not-exists", f"{AT}.tasks.set[0]", ABSENT)),
    "a hidden parent": ("user", "team: {connect: {id: 3}}", ("not-exists", f"{AT}.team.connect", ABSENT)),
    "a missing parent": ("user", "team: {connect: {id: 99}}", ("not-exists", f"{AT}.team.connect", ABSENT)),
    "a missing badge": ("admin", "badge: {connect: {id: 99}}", ("not-exists", f"{AT}.badge.connect", ABSENT)),
    "the check of an insert": (
        "user",
        'tasks: {create: [{title: "x"}, {title: "y", points: 60}]}',
        ("permission-error", f"{AT}.tasks.create", CHECK),
    ),
    "the check of an update": (
        "user",
        "tasks: {update: [{where: {id: {_eq: 2}}, _inc: {points: 30}}]}",
        ("permission-error", f"{AT}.tasks.update[0]", "not such a task"),
    ),
    "a check once more": ("keeper", 'tasks: {create: {title: "bad"}}', ("permission-error", "$", "no bad tasks")),
}


@pytest.mark.parametrize("case", REFUSED)
async def test_a_refusal_leaves_all_as_it_was(office: Office, case: str) -> None:
    role, related, expected = REFUSED[case]
    more = '_set: {name: "Anna"},'
    assert told(await office.update(related, role=role, more=more, show="{ id }")) == expected
    assert await office.state() == office.seed


async def test_a_connection_is_an_update_of_the_row_connected(office: Office) -> None:
    answer = await office.update("tasks: {connect: [{id: 5}]}", role="user", id=2)
    assert told(answer) == ("permission-error", f"{AT}.tasks.connect[0]", "not such a task")
    assert await office.state() == office.seed


async def test_a_check_of_our_own_row_comes_before_the_other_side(office: Office) -> None:
    answer = await office.update("tasks: {connect: [{id: 99}]}", role="user", more='_set: {name: ""},')
    assert told(answer)[0] == "permission-error"
    assert await office.state() == office.seed


async def test_a_later_root_that_fails_undoes_it(office: Office) -> None:
    answer = await office.ask(
        """mutation {
          update_person_by_pk(pk_columns: {id: 1}, _related: {tasks: {create: {title: "x"}}}) { id }
          insert_team_one(object: {id: 1, name: "again"}) { id }
        }"""
    )
    assert told(answer)[0] == "constraint-violation"
    assert await office.state() == office.seed


@pytest.mark.parametrize("role", ["admin", "user"])
async def test_a_constraint_is_told_as_for_any_write(office: Office, role: str) -> None:
    related = "badge: {connect: {id: 2}}" if role == "admin" else "tasks: {create: {title: null}}"
    answer = await office.update(related, role=role)
    assert told(answer)[0] == "constraint-violation"
    assert await office.state() == office.seed


async def test_our_row_is_judged_as_it_is_when_its_turn_comes(office: Office) -> None:
    """Somebody else gives the person away at the same moment: the role's filter is asked again after the wait."""
    async with office.connection.transaction():
        await office.connection.execute("update person set owner = 'eve' where id = 1")
        waiting = asyncio.create_task(office.update("tasks: {connect: [{id: 5}]}", role="user"))
        for _ in range(500):
            if waiting.done() or await office.connection.fetchval(BLOCKED):
                break
            await asyncio.sleep(0.01)
    assert await waiting is None
    assert await office.state() == office.changed(person={1: {"owner": "eve"}})


# ---------------------------------------------------------------- what is offered


def test_a_role_is_offered_what_its_rules_can_allow(opened: tuple[Engine, Any]) -> None:
    built = build_schema(opened[0].sdl("user"))
    assert {name: list(fields(built, name)) for name in built.type_map if "_related_" in name} == {
        "person_related_input": ["badge", "boss", "people", "tasks", "team"],
        "person_related_badge_input": ["update"],
        # The key between people is not the role's to change.
        "person_related_boss_input": ["update"],
        "person_related_people_input": ["update"],
        "person_related_tasks_input": ["connect", "create", "delete", "disconnect", "set", "update"],
        "person_related_team_input": ["connect", "disconnect"],
        # Their own key to the person: it may be changed, and the person it refers to as well.
        "task_related_input": ["person"],
        "task_related_person_input": ["connect", "disconnect", "update"],
        "badge_related_input": ["person"],
        "badge_related_person_input": ["update"],
    }


def test_who_may_only_insert_is_offered_that(opened: tuple[Engine, Any]) -> None:
    built = build_schema(opened[0].sdl("teller"))
    assert fields(built, "person_related_tasks_input") == {"create": "[task_insert_input!]"}
    # A team could be made, but the person's key is not the role's to change.
    assert list(fields(built, "person_related_input")) == ["boss", "people", "tasks"]


def test_a_key_that_cannot_be_null_is_never_taken_away(opened: tuple[Engine, Any]) -> None:
    built = build_schema(opened[0].sdl("admin"))
    assert list(fields(built, "task_related_remarks_input")) == ["connect", "create", "delete", "update"]
    assert list(fields(built, "remark_related_task_input")) == ["connect", "create", "update"]


def test_it_is_offered_by_primary_key_alone(opened: tuple[Engine, Any]) -> None:
    mutations = build_schema(opened[0].sdl("admin")).mutation_type
    assert mutations is not None
    assert [name for name, field in mutations.fields.items() if "_related" in field.args] == [
        f"update_{table}_by_pk" for table in ("badge", "chair", "person", "remark", "room", "task", "team")
    ]


@pytest.mark.parametrize(
    "related", ["badge: {connect: {id: 2}}", "team: {create: {id: 9}}", "boss: {disconnect: true}"]
)
async def test_what_is_not_offered_looks_like_what_does_not_exist(office: Office, related: str) -> None:
    code, _, message = told(await office.update(related, role="user"))
    assert (code, message.startswith("field '")) == ("validation-failed", True)
    assert await office.state() == office.seed
