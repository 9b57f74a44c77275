"""A mail as flows ask for it: which template, to whom, with what in it."""

from __future__ import annotations

from enum import Enum

import msgspec


class Template(Enum):
    """The templates of Hasura Auth, and ours below them."""

    EMAIL_VERIFY = "email-verify"
    EMAIL_CONFIRM_CHANGE = "email-confirm-change"
    SIGNIN_PASSWORDLESS = "signin-passwordless"
    SIGNIN_OTP = "signin-otp"
    PASSWORD_RESET = "password-reset"
    ELEVATE_OTP = "elevate-otp"
    INVITE = "invite"
    NOTICE = "notice"
    """To the owner of an account: something about it changed. `subject` says what."""


class Letter(msgspec.Struct, frozen=True):
    """Everything that a template may show. Kept encrypted until it is delivered."""

    template: str
    to: str
    locale: str
    display_name: str
    email: str
    link: str = ""
    ticket: str = ""
    redirect_to: str = ""
    new_email: str = ""
    subject: str = ""
    """For notices: a word such as `password-changed`, from which the template makes a sentence."""
