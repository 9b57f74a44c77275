"""`usher fmt`: order changes, meaning and comments stay."""

from __future__ import annotations

from usher.fmt import formatted

UNTIDY = """\
# Head of the file.

tables:
  # about b
  public.b:
    permissions:
      user:
        select: { filter: {}, columns: [id] }\x20\x20
    # who may know
    reveal_constraints: [b_key]
    name: bees

  public.a:  # about a
    is_enum: true
roles:
  user: {}
# nothing is lost
isolation_level: serializable
reveal_constraints: true
version: 1
"""

TIDY = """\
# Head of the file.

version: 1
# nothing is lost
isolation_level: serializable
reveal_constraints: true
roles:
  user: {}
tables:
  public.a:  # about a
    is_enum: true

  # about b
  public.b:
    name: bees
    # who may know
    reveal_constraints: [b_key]
    permissions:
      user:
        select: { filter: {}, columns: [id] }
"""


def test_entries_move_with_their_comments() -> None:
    assert formatted(UNTIDY, "permissions.yaml") == TIDY


def test_a_tidy_file_is_left_alone() -> None:
    assert formatted(TIDY, "permissions.yaml") == TIDY


def test_blanks_within_a_text_are_part_of_it() -> None:
    text = "version: 1\nquery_collections:\n  app:\n    Ids: |\n      { notes \n        { id } }\n"
    assert formatted(text, "permissions.yaml") == text
