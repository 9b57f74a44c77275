"""Which buckets a request is counted in: by its path alone. Auth contract §5; our own routes by the same rules.

Global: all. E-mail: what sends a mail. SMS: what sends a text message. Brute force: what begins with /signin or
/elevate, or ends with /verify or /otp. Sign-ups: what begins with /signup.
"""

from __future__ import annotations

from typing import Final

from auth_engine.core.settings import Rate, Settings
from auth_engine.limits.windows import Counter, counter

GLOBAL: Final = "global"
EMAIL: Final = "email"
SMS: Final = "sms"
BRUTE_FORCE: Final = "brute-force"
SIGNUPS: Final = "signups"

EMAIL_PATHS: Final = frozenset(
    {
        "/signin/passwordless/email",
        "/signin/otp/email",
        "/user/email/change",
        "/user/password/reset",
        "/elevate/otp/email",
    }
)
VERIFYING_PATHS: Final = frozenset(
    {
        "/user/email/send-verification-email",
        "/signup/email-password",
        "/signup/webauthn/verify",
        "/user/deanonymize",
    }
)
"""These mail only where addresses have to be verified."""
SMS_PATHS: Final = frozenset({"/signin/passwordless/sms", "/user/phone-number/change"})
_EVERYBODY: Final = "*"


class Buckets:
    """The buckets of the settings."""

    def __init__(self, settings: Settings) -> None:
        self._emails = EMAIL_PATHS | VERIFYING_PATHS if settings.email_verified_required else EMAIL_PATHS
        self._email_is_global = settings.rate_limit_email_is_global
        self._rates = {
            GLOBAL: Rate(settings.rate_limit_global_burst, settings.rate_limit_global_seconds),
            EMAIL: Rate(settings.rate_limit_email_burst, settings.rate_limit_email_seconds),
            SMS: Rate(settings.rate_limit_sms_burst, settings.rate_limit_sms_seconds),
            BRUTE_FORCE: Rate(settings.rate_limit_brute_force_burst, settings.rate_limit_brute_force_seconds),
            SIGNUPS: Rate(settings.rate_limit_signups_burst, settings.rate_limit_signups_seconds),
        }

    def of_all(self, address: str) -> Counter:
        """The counter of everything that an address asks."""
        return counter(GLOBAL, self._rates[GLOBAL], address)

    def matching(self, path: str, address: str) -> list[Counter]:
        """The other counters of a request, in the contract's order. `path` is without prefix."""
        return [
            counter(
                name,
                self._rates[name],
                _EVERYBODY if name == EMAIL and self._email_is_global else address,
            )
            for name in self.names(path)
        ]

    def names(self, path: str) -> list[str]:
        names = []
        if path in self._emails:
            names.append(EMAIL)
        if path in SMS_PATHS:
            names.append(SMS)
        if path.startswith(("/signin", "/elevate/")) or path.endswith(("/verify", "/otp")):
            names.append(BRUTE_FORCE)
        if path.startswith("/signup"):
            names.append(SIGNUPS)
        return names
