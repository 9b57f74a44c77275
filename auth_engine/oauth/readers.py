"""Reading each provider's answer. What counts as a verified address is the provider's own flag, and nothing else: that
there is an address says nothing (auth contract §2; CVE-2026-41574 was about this)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeAlias

from auth_engine.oauth.profile import Profile, ProfileFailed, profile_of

Json: TypeAlias = Mapping[str, Any]
Reader: TypeAlias = Callable[[Json, Any], Profile]
"""The profile, and the answer of the second address that lists e-mail addresses (None where there is none)."""


def mapping(value: Any) -> Json:
    """The object; an empty one for anything else."""
    return value if isinstance(value, Mapping) else {}


def _objects(value: Any) -> list[Json]:
    return [each for each in value if isinstance(each, Mapping)] if isinstance(value, list) else []


def _words(*values: Any) -> str:
    return " ".join(value for value in values if isinstance(value, str) and value)


def _picked(entries: list[Json], primary: str, verified: str) -> Json:
    """The primary address when it is verified, else any verified one, else the primary, else the first."""
    ranked = sorted(entries, key=lambda entry: (entry.get(verified) is not True, entry.get(primary) is not True))
    return ranked[0] if ranked else {}


def github(answer: Json, emails: Any) -> Profile:
    email = _picked(_objects(emails), "primary", "verified")
    return profile_of(
        answer.get("id"),
        email=email.get("email"),
        verified=email.get("verified"),
        name=answer.get("name") or answer.get("login"),
        avatar=answer.get("avatar_url"),
    )


def google(answer: Json, _: Any) -> Profile:
    return profile_of(
        answer.get("id") or answer.get("sub"),
        email=answer.get("email"),
        verified=answer.get("verified_email", answer.get("email_verified")),
        name=answer.get("name"),
        avatar=answer.get("picture"),
    )


def claims(answer: Json, _: Any = None) -> Profile:
    """OpenID Connect's standard claims, of a userinfo answer or an id token."""
    return profile_of(
        answer.get("sub"),
        email=answer.get("email"),
        verified=answer.get("email_verified"),
        name=answer.get("name") or _words(answer.get("given_name"), answer.get("family_name")),
        avatar=answer.get("picture"),
    )


def azuread(answer: Json, _: Any) -> Profile:
    """Unverified always: a tenant's administrator writes what stands there."""
    email = answer.get("email") or answer.get("preferred_username") or answer.get("upn")
    return profile_of(answer.get("oid"), email=email, name=answer.get("name"))


def entraid(answer: Json, _: Any) -> Profile:
    """Unverified always, as azuread."""
    name = answer.get("name") or _words(answer.get("givenname"), answer.get("familyname"))
    return profile_of(answer.get("sub"), email=answer.get("email"), name=name)


def bitbucket(answer: Json, emails: Any) -> Profile:
    email = _picked(_objects(mapping(emails).get("values")), "is_primary", "is_confirmed")
    avatar = mapping(mapping(answer.get("links")).get("avatar")).get("href")
    return profile_of(
        answer.get("uuid"),
        email=email.get("email"),
        verified=email.get("is_confirmed"),
        name=answer.get("display_name"),
        avatar=avatar,
    )


def discord(answer: Json, _: Any) -> Profile:
    identity, picture = answer.get("id"), answer.get("avatar")
    name, discriminator = answer.get("username"), answer.get("discriminator")
    return profile_of(
        identity,
        email=answer.get("email"),
        verified=answer.get("verified"),
        name=f"{name}#{discriminator}" if discriminator else name,
        avatar=f"https://cdn.discordapp.com/avatars/{identity}/{picture}.png" if picture else "",
    )


def facebook(answer: Json, _: Any) -> Profile:
    """Facebook says of no address that it is verified."""
    avatar = mapping(mapping(answer.get("picture")).get("data")).get("url")
    return profile_of(answer.get("id"), email=answer.get("email"), name=answer.get("name"), avatar=avatar)


def gitlab(answer: Json, _: Any) -> Profile:
    confirmed = isinstance(answer.get("confirmed_at"), str) and bool(answer["confirmed_at"])
    return profile_of(
        answer.get("id"),
        email=answer.get("email"),
        verified=confirmed,
        name=answer.get("name"),
        avatar=answer.get("avatar_url"),
    )


def spotify(answer: Json, _: Any) -> Profile:
    """Spotify's own documents call the address unverified."""
    images = _objects(answer.get("images"))
    avatar = images[0].get("url") if images else ""
    return profile_of(answer.get("id"), email=answer.get("email"), name=answer.get("display_name"), avatar=avatar)


def strava(answer: Json, _: Any) -> Profile:
    """Strava tells no address."""
    return profile_of(
        answer.get("id"), name=_words(answer.get("firstname"), answer.get("lastname")), avatar=answer.get("profile")
    )


def twitch(answer: Json, _: Any) -> Profile:
    """Twitch gives an address without a flag beside it."""
    users = _objects(answer.get("data"))
    if not users:
        raise ProfileFailed("the profile is empty")
    user = users[0]
    name, avatar = user.get("display_name"), user.get("profile_image_url")
    return profile_of(user.get("id"), email=user.get("email"), name=name, avatar=avatar)


def twitter(answer: Json, _: Any) -> Profile:
    """X gives an address without a flag beside it."""
    avatar = answer.get("profile_image_url_https")
    return profile_of(answer.get("id_str"), email=answer.get("email"), name=answer.get("name"), avatar=avatar)


def windowslive(answer: Json, _: Any) -> Profile:
    emails = mapping(answer.get("emails"))
    email = emails.get("preferred") or emails.get("account")
    return profile_of(answer.get("id"), email=email, name=answer.get("name"))


def workos(answer: Json, _: Any) -> Profile:
    """The address is what the customer's directory says: unverified."""
    name = _words(answer.get("first_name"), answer.get("last_name"))
    return profile_of(answer.get("id"), email=answer.get("email"), name=name)
