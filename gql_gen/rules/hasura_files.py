"""Reading Hasura's metadata from disk: one exported file, or the folder that Hasura's command line keeps."""

from __future__ import annotations

import json
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any, Final

from gql_gen.rules.hasura_desk import Desk, ImportRefused, is_empty
from gql_gen.rules.reading import plain, read_yaml
from gql_gen.rules.types import RulesError

FOLDER_FILES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "allow_list.yaml": "allowlist",
        "api_limits.yaml": "api_limits",
        "backend_configs.yaml": "backend_configs",
        "cron_triggers.yaml": "cron_triggers",
        "graphql_schema_introspection.yaml": "graphql_schema_introspection",
        "inherited_roles.yaml": "inherited_roles",
        "metrics_config.yaml": "metrics_config",
        "network.yaml": "network",
        "opentelemetry.yaml": "opentelemetry",
        "query_collections.yaml": "query_collections",
        "remote_schemas.yaml": "remote_schemas",
        "rest_endpoints.yaml": "rest_endpoints",
    }
)
"""File of the folder → key of the metadata. version.yaml and the two files of actions are read in their own way."""
_SPREAD: Final = ("version.yaml", "actions.yaml")
"""Files whose own keys are keys of the metadata."""
_TYPES: Final = "actions.graphql"
_SUFFIXES: Final = (".yaml", ".yml", ".json", ".graphql")
_INCLUDE: Final = "!include "
_DEPTH: Final = 8


def read_metadata(source: Path, desk: Desk) -> dict[str, Any]:
    """The metadata as one object, as `export_metadata` gives it. Raises ImportRefused when it cannot be read."""
    metadata = _folder(source, desk) if source.is_dir() else _parsed(source)
    if isinstance(metadata, dict) and metadata.keys() <= {"metadata", "resource_version"} and "metadata" in metadata:
        metadata = metadata["metadata"]
    if not isinstance(metadata, dict):
        raise ImportRefused(((str(source), "expected an object with version, sources, …"),))
    return metadata


def _folder(folder: Path, desk: Desk) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for path in sorted(folder.iterdir()):
        if not path.is_file() or path.suffix not in _SUFFIXES:
            continue
        if path.name in FOLDER_FILES:
            metadata[FOLDER_FILES[path.name]] = _included(path, folder)
        elif path.name in _SPREAD:
            metadata |= _spread(path, folder, desk)
        elif path.name != _TYPES:
            desk.refuse(path.name, "this file of the metadata folder is not known")
    # Either place may define types, and neither hides the other's.
    metadata["custom_types"] = [
        found for found in (metadata.get("custom_types"), _type_text(folder / _TYPES)) if not is_empty(found)
    ]
    metadata["sources"] = _included(folder / "databases" / "databases.yaml", folder)
    return metadata


def _spread(path: Path, folder: Path, desk: Desk) -> dict[str, Any]:
    found = _included(path, folder)
    known = ("version",) if path.name == "version.yaml" else ("actions", "custom_types")
    if not isinstance(found, dict):
        desk.refuse(path.name, "expected an object")
        return {}
    for key in found.keys() - set(known):
        desk.refuse(f"{path.name}: {key}", "this key is not known")
    return {key: value for key, value in found.items() if key in known}


def _type_text(path: Path) -> str:
    """What the file says beside comments."""
    lines = _text(path).splitlines() if path.is_file() else []
    return "\n".join(line for line in lines if line.strip() and not line.lstrip().startswith("#"))


def _included(path: Path, folder: Path, depth: int = 0) -> Any:
    """A file with every `!include other.yaml` replaced by that file, which must lie within the folder."""
    if depth > _DEPTH:
        raise ImportRefused(((str(path), "files include one another too deeply"),))
    return _expanded(_parsed(path), path, folder, depth)


def _expanded(value: Any, path: Path, folder: Path, depth: int) -> Any:
    match value:
        case dict():
            return {key: _expanded(below, path, folder, depth) for key, below in value.items()}
        case list():
            return [_expanded(item, path, folder, depth) for item in value]
        case str() if value.startswith(_INCLUDE):
            target = (path.parent / value.removeprefix(_INCLUDE).strip()).resolve()
            if not target.is_relative_to(folder.resolve()):
                raise ImportRefused(((str(path), f"{value}: lies outside of the metadata folder"),))
            return _included(target, folder, depth + 1)
        case _:
            return value


def _parsed(path: Path) -> Any:
    text = _text(path)
    if path.suffix == ".json" or text.lstrip().startswith("{"):
        return _json(text, path)
    try:
        return plain(read_yaml(text, str(path), include_tag=True))
    except RulesError as error:
        refusals = (
            (str(fault.at), f"{fault.message}{f' ({fault.hint})' if fault.hint else ''}") for fault in error.faults
        )
        raise ImportRefused(tuple(refusals)) from error


def _text(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise ImportRefused(((str(path), f"cannot be read: {error.strerror}"),)) from error
    except UnicodeDecodeError as error:
        raise ImportRefused(((str(path), "this is not UTF-8 text"),)) from error


def _json(text: str, path: Path) -> Any:
    try:
        value = json.loads(text, parse_float=Decimal, parse_constant=_refuse_constant, object_pairs_hook=_object)
        if "\\ud" in text.lower():
            # Half of a surrogate pair is JSON, but no text.
            json.dumps(value, ensure_ascii=False, default=str).encode()
        return value
    except (ValueError, RecursionError) as error:
        raise ImportRefused(((str(path), f"this is not JSON: {error}"),)) from error


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is no number")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f'the key "{next(key for key in keys if keys.count(key) > 1)}" stands twice in one object')
    return found
