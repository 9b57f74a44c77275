"""Rules of the house that no type checker knows, held over the sources themselves."""

from __future__ import annotations

import ast
import json
import re
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from gql_gen.model.operators import COLUMN_COMPARISONS, GROUPS
from gql_gen.sql.operators import TEMPLATES

ROOT = Path(__file__).parents[2]
PACKAGES = ("usher", "gql_gen", "auth_engine", "commons")
LONGEST_FILE = 600
LONG_TABLES = frozenset[str]()
"""Files that may be longer, being one table each."""

SQL = re.compile(
    r"[\s(]*(select\s.*\s(from|as)\s|select\s+\$|insert\s+into\s|update\s+\S+\s+set\s|delete\s+from\s|with\s+\S+\s+as\s*\(|"
    r"create\s+(table|schema|function|database|role|extension|trigger|view|index)\s|alter\s+\S+\s|drop\s+\S+\s+\S|"
    r"set\s+local\s|truncate\s|grant\s.*\sto\s|begin;|commit;)",
    re.IGNORECASE | re.DOTALL,
)
SQL_HOMES = ("gql_gen/sql/", "gql_gen/introspect/")
SQL_ELSEWHERE = frozenset({"usher/postgres.py", "auth_engine/store/rights.py"})
"""The embedded server makes and drops databases with its own psql, before there is anything to ask; whoever lacks a
right is told which GRANT to run."""


@cache
def tracked_files() -> tuple[Path, ...]:
    """Every file of the repository, whether committed yet or not."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=ROOT,
        capture_output=True,
        check=True,
    )
    paths = (ROOT / name for name in listed.stdout.decode().split("\0") if name)
    return tuple(path for path in paths if path.is_file())


def sources() -> list[Path]:
    return [path for path in tracked_files() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] in PACKAGES]


def inside(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def docstrings(module: ast.Module) -> set[int]:
    """The strings that stand alone: documentation, not data."""
    return {id(node.value) for node in ast.walk(module) if isinstance(node, ast.Expr)}


def strings(path: Path) -> Iterator[tuple[int, str]]:
    prose = docstrings(tree(path))
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in prose:
            yield node.lineno, node.value


# ---------------------------------------------------------------- where things live


def test_sql_text_lives_where_sql_is_written() -> None:
    found = [
        f"{inside(path)}:{line}: {text[:60]!r}"
        for path in sources()
        if not inside(path).startswith(SQL_HOMES) and inside(path) not in SQL_ELSEWHERE
        for line, text in strings(path)
        if SQL.match(text)
    ]
    assert not found, "\n".join(found)


def test_every_named_statement_is_used_and_every_used_one_is_there() -> None:
    """Statements of the auth engine stand in sql/*.sql; modules load a file by `queries("file")` into a constant."""
    store = ROOT / "auth_engine" / "store"
    written = {
        (path.stem, name)
        for path in (store / "sql").glob("*.sql")
        for name in re.findall(r"^-- name: (\w+)", path.read_text(), re.MULTILINE)
    }
    used = {
        (file, name)
        for path in store.rglob("*.py")
        for constant, file in re.findall(r"^(\w+)(?:: Final)? = queries\(\"(\w+)\"\)", path.read_text(), re.MULTILINE)
        for name in _names_used(constant, file, path.read_text(), written)
    }
    assert written == used, (written - used, used - written)
    assert len(written) > 20


def _names_used(constant: str, file: str, text: str, written: set[tuple[str, str]]) -> set[str]:
    """The names in brackets; all names of a file whose statements are run one after the other."""
    if re.search(rf"\bin {constant}\b|\b{constant}\[[a-z_f]|queries\(\"{file}\"\)\[", text):
        return {name for home, name in written if home == file}
    return set(re.findall(rf"\b{constant}\[\"(\w+)\"\]", text))


def test_the_search_for_sql_text_finds_it() -> None:
    """The guard above guards something: what it looks for is there where it may be."""
    found = {inside(path) for path in sources() for _, text in strings(path) if SQL.match(text)}
    assert {"gql_gen/sql/read.py", "gql_gen/sql/page.py", "gql_gen/sql/session.py"} <= found


def test_only_the_settings_read_the_environment() -> None:
    found = [
        f"{inside(path)}:{node.lineno}"
        for path in sources()
        if inside(path) != "usher/settings.py"
        for node in ast.walk(tree(path))
        if (isinstance(node, ast.Attribute) and node.attr in ("environ", "environb", "getenv", "getenvb"))
        or (
            isinstance(node, ast.ImportFrom)
            and node.module == "os"
            and {"environ", "getenv"} & {a.name for a in node.names}
        )
    ]
    assert not found, "\n".join(found)


def test_permitted_is_made_in_one_place() -> None:
    found = [
        inside(path)
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call) and ast.unparse(node.func).split(".")[-1] == "Permitted"
    ]
    assert found == ["gql_gen/gate/permit.py"]


def test_the_key_of_the_gate_stays_in_the_gate() -> None:
    found = {
        inside(path)
        for path in sources()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("gql_gen.gate")
        and any(alias.name.startswith("_") for alias in node.names)
    }
    assert found == {"gql_gen/gate/permit.py"}


def test_no_sql_is_put_together_by_hand() -> None:
    """Outside gql_gen.sql.text nobody builds an Sql from a string that is not its own literal."""
    found = []
    for path in sources():
        for node in ast.walk(tree(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "sql":
                template = node.args[0]
                if not all(isinstance(part, ast.Constant) for part in _choices(template)):
                    found.append(f"{inside(path)}:{node.lineno}: {ast.unparse(template)[:60]}")
    assert not found, "\n".join(found)


def _choices(node: ast.expr) -> list[ast.expr]:
    return [*_choices(node.body), *_choices(node.orelse)] if isinstance(node, ast.IfExp) else [node]


# ---------------------------------------------------------------- tables that must agree


def test_every_operator_is_written_in_sql_and_no_other() -> None:
    assert set(TEMPLATES) == {spec.name for specs in GROUPS.values() for spec in specs}


def test_a_column_comparison_is_an_operator() -> None:
    assert set(COLUMN_COMPARISONS.values()) <= set(TEMPLATES)


# ---------------------------------------------------------------- the repository


def text_files() -> Iterator[tuple[Path, str]]:
    for path in tracked_files():
        try:
            yield path, path.read_text()
        except UnicodeDecodeError:
            continue


# In two halves, so that this file does not name them either.
REGISTRIES = tuple(map(".".join, (("pypi", "org"), ("pythonhosted", "org"), ("registry", "npmjs"), ("npmjs", "com"))))


def test_no_file_names_a_package_registry() -> None:
    """Where packages come from is for whoever installs them to say."""
    found = [f"{inside(path)}: {name}" for path, text in text_files() for name in REGISTRIES if name in text]
    assert not found, "\n".join(found)


@pytest.mark.parametrize(
    "path", [path for path in tracked_files() if path.name.endswith("package-lock.json")], ids=inside
)
def test_a_node_lock_holds_no_addresses(path: Path) -> None:
    packages = json.loads(path.read_text())["packages"]
    assert not [name for name, package in packages.items() if "resolved" in package]


def test_no_file_is_too_long_to_read() -> None:
    found = {
        inside(path): lines
        for path in tracked_files()
        if path.suffix == ".py" and (lines := path.read_text().count("\n")) > LONGEST_FILE
    }
    assert set(found) <= LONG_TABLES, found


def test_every_module_says_what_it_is_for() -> None:
    silent = [inside(path) for path in sources() if path.stat().st_size > 2 and not ast.get_docstring(tree(path))]
    assert not silent
