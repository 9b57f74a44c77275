"""YAML of the tests' own files, read by libyaml: the careful reader takes seconds of every run for them."""

from __future__ import annotations

import re
from typing import Any

import yaml


class _Loader(yaml.CSafeLoader):
    """The words of YAML 1.2: `on` and `yes` are texts, as are dates."""


_OTHERS = {"tag:yaml.org,2002:bool", "tag:yaml.org,2002:timestamp"}
_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in known if tag not in _OTHERS]
    for first, known in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile("^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)


def read_quickly(text: str) -> Any:
    """What one document says."""
    return yaml.load(text, _Loader)
