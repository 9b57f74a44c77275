"""A stranger signs up with somebody's address and a password of their own, and waits: the owner comes by mail."""

from __future__ import annotations

import pytest
from auth_kit import PASSWORD, AuthServer, Serve, link_of, new_address, query_of, refused, ticket_of

BY_MAIL = {
    "AUTH_EMAIL_PASSWORDLESS_ENABLED": "true",
    "AUTH_OTP_EMAIL_ENABLED": "true",
    "AUTH_VERIFY_CONFIRM": "never",
}


async def come_by(door: str, server: AuthServer, address: str) -> None:
    if door == "link":
        await server.post("/signin/passwordless/email", {"email": address})
        link = link_of(server.mailbox.last(address))
        answer = await server.client.get(link)
        assert "refreshToken" in query_of(answer.headers["location"])
    else:
        await server.post("/signin/otp/email", {"email": address})
        body = {"email": address, "otp": ticket_of(server.mailbox.last(address))}
        assert "session" in (await server.post("/signin/otp/email/verify", body)).json()


@pytest.mark.parametrize("door", ["link", "code"])
async def test_the_strangers_password_goes(serve: Serve, door: str) -> None:
    server = await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true", **BY_MAIL)
    address = new_address()
    assert (await server.post("/signup/email-password", {"email": address, "password": PASSWORD})).json() == {}
    refused(await server.sign_in(address), 401, "unverified-user")
    await come_by(door, server, address)
    refused(await server.sign_in(address), 401, "invalid-email-password")


@pytest.mark.parametrize("door", ["link", "code"])
async def test_where_addresses_need_no_proof_a_password_stays(serve: Serve, door: str) -> None:
    server = await serve(**BY_MAIL)
    address = new_address()
    await server.sign_up(address)
    await come_by(door, server, address)
    assert (await server.sign_in(address)).status_code == 200


async def test_whoever_opens_the_mail_of_their_own_sign_up_keeps_their_password(serve: Serve) -> None:
    server = await serve(AUTH_EMAIL_SIGNIN_EMAIL_VERIFIED_REQUIRED="true", **BY_MAIL)
    address = new_address()
    await server.post("/signup/email-password", {"email": address, "password": PASSWORD})
    await server.client.get(link_of(server.mailbox.last(address)))
    assert (await server.sign_in(address)).status_code == 200
    await come_by("link", server, address)
    assert (await server.sign_in(address)).status_code == 200
