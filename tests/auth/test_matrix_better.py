"""Where we go beyond Hasura Auth: every such rule of the auth contract, and the tests that hold it. A test that is
renamed or dropped is missed here, so that no rule is left without one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final

import pytest

RULES: Final[Mapping[str, tuple[str, ...]]] = {
    # ---- §1, requests
    "what does not fit the contract is invalid-request in the standard shape": (
        "test_refused",
        "test_nothing_undocumented_comes_back",
    ),
    "so is an address that is none": ("test_what_does_not_fit_makes_nobody", "test_refused"),
    "passwords have up to 1,024 characters": ("test_argon2_takes_a_thousand_characters_to_the_last",),
    "access lists do not look at capitals": ("test_access_lists", "test_refused"),
    "targets with control characters, spaces and the like are refused": ("test_what_only_looks_like_it_is_refused",),
    # ---- §2, flows
    "an unknown address costs what a wrong password costs": ("test_sign_in_with_a_wrong_password",),
    "the state of an account is told after the right password alone": (
        "test_sign_in_with_the_right_password_of_an_account_that_may_not",
        "test_a_wrong_password_and_an_unknown_address_answer_alike",
    ),
    "a new password ends the other sessions": (
        "test_the_ticket_sets_a_password_once_and_ends_everything",
        "test_a_token_keeps_its_own_session_and_the_pats",
    ),
    "asking for another address verifies nothing": ("test_the_address_moves_when_the_mail_is_opened",),
    "the verification is mailed again, and unknown addresses are not told": (
        "test_the_verification_is_mailed_again",
        "test_concealed_it_is_ok_for_everybody",
    ),
    "a TOTP code signs in once; enrolling and switching off do not use it up": (
        "test_a_code_signs_in_once",
        "test_enrol_sign_in_and_switch_off_within_one_period",
    ),
    "a state is opaque, used once, bound to the browser; PKCE": (
        "test_another_browser_is_refused",
        "test_forged_expired_swapped_and_used_states_are_refused",
        "test_of_fifty_callbacks_one_signs_in",
        "test_nothing_readable_is_kept",
        "test_a_new_user_signs_up_and_comes_back",
    ),
    "an address is verified where the provider says so, not where there is one": (
        "test_the_table_is_whole",
        "test_an_address_without_a_word_for_it_opens_nothing",
    ),
    "elevation covers the second factor": (
        "test_required_asks_everybody_but_for_the_first_key",
        "test_recommended_asks_who_has_a_key",
    ),
    # ---- §4, mail
    "subjects are encoded, a mail has an id and a text beside its HTML": (
        "test_other_alphabets_travel_encoded_in_the_subject_and_plain_in_the_body",
        "test_a_sign_up_that_needs_verification_mails_a_link",
    ),
    "values break out of neither headers nor HTML": ("test_nothing_breaks_out_of_a_header_or_the_html",),
    "mails are tried again, and no server that hangs holds anybody up": (
        "test_a_failure_is_tried_again_and_told_without_what_was_sent",
        "test_a_server_that_hangs_or_drops_holds_nobody_up",
        "test_a_broken_mail_server_changes_nothing_in_the_answer",
    ),
    "a missing language falls back to the same template": (
        "test_a_language_that_is_missing_falls_back_to_the_same_template",
    ),
    # ---- §8, in its order
    "one use means one": (
        "test_a_magic_link_signs_in_once",
        "test_a_reset_ticket_sets_one_password",
        "test_a_ticket_for_the_second_factor_signs_in_once",
        "test_a_mailed_code_signs_in_once",
    ),
    "a replayed refresh token ends its session, within a grace for tabs and lost answers": (
        "test_a_former_token_ends_its_session",
        "test_parallel_tabs_get_the_same_successor",
        "test_a_stolen_token_ends_its_session_once",
        "test_the_former_token_within_the_interval",
    ),
    "what opens an account is unreadable at rest": (
        "test_a18_what_opens_an_account_stands_nowhere",
        "test_generate_gives_a_picture_and_the_text",
    ),
    "a mistyped TOTP code leaves the ticket, a few end it": ("test_a_wrong_code_leaves_the_ticket_and_five_end_it",),
    "guesses at codes are bounded, whatever address they come from": (
        "test_parallel_guesses_are_counted_across_engines",
        "test_who_knows_the_password_cannot_guess_the_second_factor_from_many_places",
    ),
    "a refused new password leaves the reset ticket": ("test_a_refused_password_does_not_burn_the_ticket",),
    "no unverified address of a provider opens an account": (
        "test_a01_an_unverified_address_of_a_provider_opens_no_account",
        "test_an_unverified_address_is_mailed",
    ),
    "a verified owner removes what a squatter put in": ("test_a_verified_owner_ends_what_a_squatter_put_in",),
    "a challenge is used once, in the database, and outlives a restart; the counter is checked": (
        "test_a_challenge_is_gone_after_its_first_answer",
        "test_a_challenge_survives_a_restart_and_2400_others",
        "test_a_copied_key_is_found_out",
    ),
    "nothing a caller sends changes what others get": ("test_host_headers_change_nothing",),
    "known and unknown addresses are answered alike, at the same time": (
        "test_asking_for_a_mail",
        "test_reset_answers_alike_for_every_address",
        "test_signing_up_with_a_taken_address",
    ),
    "believed proxies only": (
        "test_an_untrusted_socket_s_forwarded_address_is_not_believed",
        "test_what_a_visitor_writes_before_the_proxy_s_word_counts_for_nothing",
    ),
    "one too many is told in the standard shape, and how long to wait": ("test_the_answer_to_one_too_many",),
    "mailed codes are counted, and so are accounts": (
        "test_the_buckets_of_a_path",
        "test_mailed_codes_count_for_the_same_account",
    ),
    "all processes count together": (
        "test_two_processes_over_one_database_admit_the_burst_and_not_one_more",
        "test_a_parallel_burst_over_two_engines_passes_exactly_the_burst_and_a_restart_forgets_nothing",
    ),
    "TOTP is not replaced while active": ("test_generate_refuses",),
    "a second factor is asked for after a mailed link too": ("test_a_link_asks_for_the_second_factor",),
    "tokens have an id of their own": ("test_the_claims_are_those_of_the_contract",),
    "long pass phrases count to the last character": ("test_argon2_takes_a_thousand_characters_to_the_last",),
    "what has expired is cleaned up": ("test_what_has_expired_goes_in_batches_and_the_rest_stays",),
    "readyz looks at the database": ("test_refused",),
}
"""Rule → the tests that would fail without it."""


@pytest.fixture(scope="module")
def names() -> frozenset[str]:
    """Of all tests of the auth engine."""
    texts = (path.read_text(encoding="utf-8") for path in Path(__file__).parent.glob("test_*.py"))
    return frozenset(name for text in texts for name in re.findall(r"^(?:async )?def (test_\w+)\(", text, re.MULTILINE))


@pytest.mark.parametrize("rule", RULES)
def test_a_rule_is_held_by_tests(rule: str, names: frozenset[str]) -> None:
    assert RULES[rule]
    assert set(RULES[rule]) - names == set()
