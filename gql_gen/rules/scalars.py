"""What the scalars of a rules file mean: text, numbers with every digit, true, false, null, and nothing else."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation
from typing import Final

from gql_gen.rules.nodes import Scalar

STANDARD: Final = "tag:yaml.org,2002:"
TEXT: Final = STANDARD + "str"
_WHOLE: Final = re.compile(r"[-+]?(0|[1-9][0-9]*)\Z")


class OddNumber(Exception):
    """A number as YAML spells some: octal, with underscores, infinite."""


class ForeignTag(Exception):
    """A tag that JSON has no value for."""


def scalar_value(tag: str, text: str) -> Scalar:
    """The value of a scalar. Dates stay text. Raises OddNumber or ForeignTag."""
    match tag.removeprefix(STANDARD):
        case "str" | "timestamp" | "merge":
            return text
        case "null":
            return None
        case "bool" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "int":
            return _whole(text)
        case "float":
            return _decimal(text)
    raise ForeignTag


def _whole(text: str) -> int:
    if _WHOLE.match(text) is None:
        raise OddNumber
    try:
        return int(text)
    except ValueError as error:  # Python refuses to read thousands of digits
        raise OddNumber from error


def _decimal(text: str) -> Decimal:
    try:
        number = Decimal(text)
    except InvalidOperation as error:
        raise OddNumber from error
    if not number.is_finite():
        raise OddNumber
    return number
