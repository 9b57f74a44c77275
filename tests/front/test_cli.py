"""The command line as its user meets it: one clear message, an exit code, no traceback."""

from __future__ import annotations

import socket
import tomllib
from pathlib import Path

import pytest
from front.commands import ROOT, Ended, run_usher

from usher import __version__


def refused(ended: Ended) -> str:
    """The message of a command that refused: the one thing it said on stderr."""
    assert ended.code not in (0, None)
    assert "Traceback" not in ended.error
    return ended.error


def test_the_version_is_the_packages() -> None:
    assert tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"] == __version__
    assert __version__ in run_usher("--version").out


@pytest.mark.parametrize("command", ["up", "serve"])
def test_a_busy_port_is_named(command: str, data_dir: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as busy:
        port = busy.getsockname()[1]
        where = ["--data-dir", data_dir] if command == "up" else ["--database-url", "postgresql://nowhere"]
        said = refused(run_usher(command, "--port", port, *where))
    assert f"port {port} on 127.0.0.1 is in use" in said
    assert not (data_dir).exists()


def test_a_broken_schema_is_named_with_its_line(tmp_path: Path, data_dir: Path) -> None:
    broken = tmp_path / "schema.sql"
    broken.write_text("create table fine (id int);\n\nselect nothing;\n")
    said = refused(run_usher("up", "--port", 0, "--schema", broken, "--data-dir", data_dir))
    assert f"{broken}:3: column" in said


def test_broken_rules_are_named_all_at_once(tmp_path: Path, data_dir: Path) -> None:
    broken = tmp_path / "permissions.yaml"
    broken.write_text("version: 1\nnamin: nhost\ntables:\n  public.org: { hid: [name] }\n")
    said = refused(run_usher("up", "--port", 0, "--permissions", broken, "--data-dir", data_dir))
    assert f"{broken}:2:1: " in said
    assert f"{broken}:4:17: " in said


def test_rules_that_do_not_fit_the_schema_stop_a_check(tmp_path: Path) -> None:
    rules = tmp_path / "permissions.yaml"
    rules.write_text("version: 1\ntables:\n  public.orgg: {}\n")
    said = refused(run_usher("check", "--permissions", rules, "--out", tmp_path / "none"))
    assert f"{rules}:3:3: " in said


def test_an_unreachable_database_is_said(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as unused:
        port = unused.getsockname()[1]
    said = refused(run_usher("serve", "--port", 0, "--database-url", f"postgresql://u:hush@127.0.0.1:{port}/d"))
    assert "cannot reach the database" in said
    assert "hush" not in said


def test_serve_without_a_database_asks_which() -> None:
    assert "--database-url" in refused(run_usher("serve", "--port", 0))


def test_without_secrets_no_other_machine_is_served() -> None:
    said = refused(run_usher("serve", "--host", "0.0.0.0", "--port", 0, "--database-url", "postgresql://nowhere"))
    assert "everybody is admin" in said


def test_a_folder_that_is_not_ours_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "letters").write_text("dear …")
    assert "was not made by usher" in refused(run_usher("up", "--port", 0, "--data-dir", tmp_path))
    assert [path.name for path in tmp_path.iterdir()] == ["letters"]


def test_generated_schemas_are_checked_against_what_is_committed(tmp_path: Path) -> None:
    folder = tmp_path / "generated"
    assert run_usher("generate", "--out", folder).code == 0
    assert {path.name for path in folder.iterdir()} == {
        f"{role}.graphql" for role in ("admin", "anonymous", "manager", "owner", "public", "user")
    }
    assert run_usher("generate", "--check", "--out", folder).code == 0
    (folder / "user.graphql").write_text("type query_root { nothing: Int }\n")
    (folder / "gone.graphql").write_text("type query_root { nothing: Int }\n")
    said = refused(run_usher("generate", "--check", "--out", folder))
    assert "-type query_root { nothing: Int }" in said
    assert "gone.graphql" in said


def test_a_schema_shows_comments_and_hides_secrets(tmp_path: Path) -> None:
    run_usher("generate", "--out", tmp_path)
    admin = (tmp_path / "admin.graphql").read_text()
    assert "A person who can sign in" in admin
    for secret in (
        "passwordHash",
        "password_hash",
        "totpSecret",
        "otpHash:",
        "currentChallenge",
        "credentialPublicKey",
    ):
        assert secret not in admin


def test_fmt_writes_and_checks(tmp_path: Path) -> None:
    rules = tmp_path / "permissions.yaml"
    rules.write_text("tables: {}\nversion: 1\n")
    assert "usher fmt" in refused(run_usher("fmt", "--check", "--permissions", rules))
    assert run_usher("fmt", "--permissions", rules).code == 0
    assert rules.read_text() == "version: 1\ntables: {}\n"


def test_hasura_metadata_becomes_rules_with_a_report(tmp_path: Path) -> None:
    source, out = tmp_path / "metadata.yaml", tmp_path / "permissions.yaml"
    source.write_text(
        "version: 3\nsources:\n- name: default\n  kind: postgres\n  tables:\n"
        "  - table: {schema: public, name: org}\n    select_permissions:\n"
        "    - role: user\n      permission: {columns: [id, name], filter: {}}\n"
    )
    ended = run_usher("import-hasura", source, "--out", out, "--hide", "public.org.slug")
    assert ended.code == 0, ended.error
    assert "hide: [slug]" in out.read_text()
    assert run_usher("check", "--permissions", out, "--out", tmp_path / "none").code == 0


def test_metadata_that_is_none_is_refused(tmp_path: Path) -> None:
    source = tmp_path / "metadata.json"
    source.write_text('{"version": 3, "sources": [], "actions": [{"name": "pay"}]}')
    refused(run_usher("import-hasura", source, "--out", tmp_path / "permissions.yaml"))
    assert not (tmp_path / "permissions.yaml").exists()


def test_the_json_schema_is_printed() -> None:
    assert '"$schema"' in run_usher("schema").out
