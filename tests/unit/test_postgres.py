"""The embedded server, started for real."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import asyncpg
import pytest

from usher.postgres import EmbeddedPostgres, PostgresError, ScriptError, StartError


def write(folder: Path, text: str) -> Path:
    script = folder / "script.sql"
    script.write_text(text)
    return script


def server_pid(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split("\n")[0])


async def rows(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        return int(await connection.fetchval("select count(*) from kept"))
    finally:
        await connection.close()


# ---------------------------------------------------------------- the folder


async def test_a_second_start_finds_its_data_again(tmp_path: Path) -> None:
    for expected in (1, 2):
        with EmbeddedPostgres.start(tmp_path / "data") as server:
            server.apply(
                "postgres", write(tmp_path, "create table if not exists kept (); insert into kept default values;")
            )
            assert await rows(server.url("postgres")) == expected


async def test_real_data_is_durable(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path / "data") as server:
        connection = await asyncpg.connect(server.url("postgres"))
        settings = [await connection.fetchval(f"show {name}") for name in ("fsync", "full_page_writes")]
        settings.append(await connection.fetchval("show synchronous_commit"))
        await connection.close()
    assert settings == ["on", "on", "on"]


def test_a_folder_of_somebody_else_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("chapter one")
    with pytest.raises(StartError, match="was not made by usher"):
        EmbeddedPostgres.start(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.txt"]


def test_a_folder_in_use_is_refused(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path), pytest.raises(StartError, match="in use by another usher"):
        EmbeddedPostgres.start(tmp_path)


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StartError, match="cannot use the data folder"):
        EmbeddedPostgres.start(tmp_path / "file")


def test_an_interrupted_initialisation_is_begun_anew(tmp_path: Path) -> None:
    (tmp_path / ".usher").write_text("")
    (tmp_path / "postgres.making").mkdir()
    (tmp_path / "postgres.making" / "PG_VERSION").write_text("18")
    with EmbeddedPostgres.start(tmp_path) as server:
        assert "postgres" in server.databases()


async def test_a_long_path_gets_a_short_socket(tmp_path: Path) -> None:
    data_dir = tmp_path / ("long, \"quoted\" 'and' spaced " * 6)
    with EmbeddedPostgres.start(data_dir) as server:
        connection = await asyncpg.connect(server.url("postgres"))
        assert Path(await connection.fetchval("show data_directory")) == data_dir / "postgres"
        await connection.close()
        assert len(os.fsencode(server.socket_dir)) < 80
    assert not server.socket_dir.exists()


async def test_a_path_with_odd_characters_works(tmp_path: Path) -> None:
    data_dir = tmp_path / 'o\'h, "ü" & 50%'
    with EmbeddedPostgres.start(data_dir) as server:
        server.create_database("there")
        connection = await asyncpg.connect(server.url("there"))
        assert await connection.fetchval("select current_database()") == "there"
        await connection.close()


# ---------------------------------------------------------------- start and stop

CHILD = """
import sys, time
from pathlib import Path
from usher.postgres import EmbeddedPostgres
with EmbeddedPostgres.start(Path(sys.argv[1])):
    print("ready", flush=True)
    time.sleep(60)
"""


def start_in_child(data_dir: Path) -> subprocess.Popen[str]:
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, str(data_dir)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    )
    assert child.stdout is not None
    assert child.stdout.readline() == "ready\n"
    return child


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_ctrl_c_stops_the_server(tmp_path: Path) -> None:
    child = start_in_child(tmp_path / "data")
    pid = server_pid(tmp_path / "data")
    os.killpg(child.pid, signal.SIGINT)
    child.communicate(timeout=20)
    assert not is_running(pid)
    assert not (tmp_path / "data" / "postgres" / "postmaster.pid").exists()


def test_a_server_that_outlived_its_usher_is_replaced(tmp_path: Path) -> None:
    child = start_in_child(tmp_path / "data")
    orphan = server_pid(tmp_path / "data")
    child.kill()
    child.communicate(timeout=20)
    assert is_running(orphan)
    with EmbeddedPostgres.start(tmp_path / "data") as server:
        assert server_pid(tmp_path / "data") != orphan
        assert "postgres" in server.databases()
    assert not is_running(orphan)


def test_a_stale_pid_file_that_names_a_stranger_does_not_matter(tmp_path: Path) -> None:
    """After a power cut the number may belong to anybody: here it is the test's own."""
    data_dir = tmp_path / "data"
    with EmbeddedPostgres.start(data_dir):
        lines = (data_dir / "postgres" / "postmaster.pid").read_text().splitlines()
    stale = "\n".join([str(os.getpid()), *lines[1:]])
    (data_dir / "postgres" / "postmaster.pid").write_text(stale + "\n")
    with EmbeddedPostgres.start(data_dir) as server:
        assert "postgres" in server.databases()


def test_a_server_that_cannot_start_says_why(tmp_path: Path) -> None:
    with EmbeddedPostgres.start(tmp_path):
        pass
    with (tmp_path / "postgres" / "postgresql.conf").open("a") as configuration:
        configuration.write("shared_buffers = 'a lot'\n")
    with pytest.raises(StartError, match="shared_buffers"):
        EmbeddedPostgres.start(tmp_path)
    (tmp_path / ".usher").open("r+").close()


def test_stopping_twice_is_fine_and_a_scratch_folder_is_gone() -> None:
    with EmbeddedPostgres.scratch() as server:
        server.stop()
    assert not server.data_dir.exists()


# ---------------------------------------------------------------- databases and scripts


async def test_databases_with_hostile_names_are_made_copied_and_dropped(postgres: EmbeddedPostgres) -> None:
    name, copy = 'Qu"ote ü?&/', "--copy 'of' it"
    postgres.create_database(name)
    postgres.create_database(copy, template=name)
    connection = await asyncpg.connect(postgres.url(copy))
    assert await connection.fetchval("select current_database()") == copy
    postgres.drop_database(copy)
    connection.terminate()
    postgres.drop_database(name)
    postgres.drop_database(name)
    assert not {name, copy} & postgres.databases()


def test_a_database_that_exists_is_not_made_again(postgres: EmbeddedPostgres) -> None:
    with pytest.raises(PostgresError, match="already exists"):
        postgres.create_database("postgres")


@pytest.fixture
def scratch_database(postgres: EmbeddedPostgres) -> str:
    postgres.drop_database("scratch")
    postgres.create_database("scratch")
    return "scratch"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("create table a ();\n\nselect 1,\n  2,\n  nope(3);\n", 5, r"function nope\(integer\) does not exist"),
        ("create table a ();\n-- why\n\n/* and\nhow */\ndrop table\n  b;\n", 6, 'table "b" does not exist'),
        ("create table a ();\ncreate table b (\n", 2, "syntax error"),
        ("do $$ begin\n  raise exception 'no\nway';\nend $$;\n", 1, "no\nway"),
        ("select 1;\n\\nonsense\n", 2, "invalid command"),
        ("create extension postgis;\n", 1, 'extension "postgis" is not in the embedded Postgres'),
        ('create extension "uuid-ossp";\n', 1, "gen_random_uuid"),
        ("create extension pgcrypto;\n", 1, "gen_random_uuid"),
        ("create table a (x int);\ncopy a from stdin;\n1\nx\n\\.\n", 5, "invalid input syntax for type integer"),
    ],
)
def test_a_broken_script_is_pointed_at(
    postgres: EmbeddedPostgres, scratch_database: str, tmp_path: Path, text: str, line: int, message: str
) -> None:
    script = write(tmp_path, text)
    with pytest.raises(ScriptError, match=message) as failed:
        postgres.apply(scratch_database, script)
    assert (failed.value.file, failed.value.line) == (script, line)


async def test_a_broken_script_leaves_nothing_behind(
    postgres: EmbeddedPostgres, scratch_database: str, tmp_path: Path
) -> None:
    with pytest.raises(ScriptError):
        postgres.apply(scratch_database, write(tmp_path, "create table kept ();\nselect nope;\n"))
    connection = await asyncpg.connect(postgres.url(scratch_database))
    assert await connection.fetchval("select to_regclass('kept')") is None
    await connection.close()


async def test_a_statement_that_refuses_a_transaction_runs_without_one(
    postgres: EmbeddedPostgres, scratch_database: str, tmp_path: Path
) -> None:
    script = write(tmp_path, "create table kept (x int);\ncreate index concurrently on kept (x);\n")
    postgres.apply(scratch_database, script)
    assert await rows(postgres.url(scratch_database)) == 0


def test_a_missing_script_is_named(postgres: EmbeddedPostgres, tmp_path: Path) -> None:
    with pytest.raises(ScriptError, match=r"absent\.sql: no such file"):
        postgres.apply("postgres", tmp_path / "absent.sql")


def test_an_included_script_is_pointed_at(postgres: EmbeddedPostgres, scratch_database: str, tmp_path: Path) -> None:
    (tmp_path / "part.sql").write_text("select 1;\nselect nope;\n")
    with pytest.raises(ScriptError) as failed:
        postgres.apply(scratch_database, write(tmp_path, "\\ir part.sql\n"))
    assert (failed.value.file.name, failed.value.line) == ("part.sql", 2)


# ---------------------------------------------------------------- the fixtures of tests/conftest.py


async def test_a_module_gets_its_own_clone_of_a_schema(database, fresh_database) -> None:  # type: ignore[no-untyped-def]
    assert database("shop") == database("shop")
    assert database("shop") != fresh_database("shop")
    connection = await asyncpg.connect(database("shop"))
    assert await connection.fetchval("select count(*) from article") == 6
    await connection.close()
