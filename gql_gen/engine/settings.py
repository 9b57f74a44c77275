"""What an engine needs to know. Made by the front door, which alone reads the environment."""

from __future__ import annotations

from dataclasses import dataclass, field

from gql_gen.dialects.document import Limits


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """`pool_size` bounds the connections of one process. Times in milliseconds, sizes in bytes."""

    database_url: str = field(repr=False)
    pool_size: int = 10
    stringify_numeric_types: bool = False
    development: bool = False
    use_prepared_statements: bool = True
    statement_timeout_ms: int = 60_000
    max_depth: int = 100
    max_tokens: int = 15_000
    max_query_bytes: int = 262_144
    max_fields: int = 2_000
    plan_cache_bytes: int = 64 * 1024 * 1024
    infer_function_permissions: bool | None = None
    """None: as the rules say."""
    allow_list: bool | None = None
    """Whether only listed operations may be asked. None: when the rules have an allow list."""

    @property
    def limits(self) -> Limits:
        return Limits(self.max_depth, self.max_tokens, self.max_query_bytes, self.max_fields)
