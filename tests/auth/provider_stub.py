"""A provider that says what it is told to, and a browser that goes there and back."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import jwt
from auth_kit import AuthServer, query_of
from certificate_kit import Certificate
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key

APP = "https://app.test/in"


@dataclass(frozen=True, slots=True)
class Asked:
    """A request that the stub was asked."""

    method: str
    path: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    form: Mapping[str, str]


@dataclass(slots=True)
class ProviderStub:
    """Answers by path: a status and a value (JSON, or a text as it is)."""

    url: str = ""
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    asked: list[Asked] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)

    def to(self, path: str) -> list[Asked]:
        return [each for each in self.asked if each.path == path]

    def clear(self) -> None:
        self.answers.clear()
        self.asked.clear()
        self.headers.clear()

    @classmethod
    @contextmanager
    def open(cls, certificate: Certificate | None = None) -> Iterator[ProviderStub]:
        """Over HTTPS where a certificate is given."""
        stub = cls()
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(stub))
        if certificate is not None:
            server.socket = certificate.server_context().wrap_socket(server.socket, server_side=True)
        stub.url = f"http{'s' if certificate else ''}://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield stub
        finally:
            server.shutdown()
            server.server_close()


def _handler(stub: ProviderStub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            parts = urlsplit(self.path)
            raw = self.rfile.read(int(self.headers.get("content-length") or 0)).decode()
            headers = {name.lower(): value for name, value in self.headers.items()}
            asked = Asked(self.command, parts.path, dict(parse_qsl(parts.query)), headers, dict(parse_qsl(raw)))
            stub.asked.append(asked)
            status, value = stub.answers.get(parts.path, (404, {"error": "nothing here"}))
            body = value.encode() if isinstance(value, str) else json.dumps(value).encode()
            self.send_response(status)
            for name, said in stub.headers.items():
                self.send_header(name, said)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = _answer

        def log_message(self, format: str, *arguments: Any) -> None:
            """Nothing."""

    return Handler


# ---------------------------------------------------------------- id tokens


@dataclass(frozen=True, slots=True)
class IdTokenSigner:
    """Signs id tokens as an issuer does."""

    key: RSAPrivateKey
    kid: str = "one"

    @classmethod
    def make(cls, kid: str = "one") -> IdTokenSigner:
        return cls(generate_private_key(65537, 2048), kid)

    @property
    def jwk(self) -> dict[str, Any]:
        public: dict[str, Any] = jwt.algorithms.RSAAlgorithm.to_jwk(self.key.public_key(), as_dict=True)
        return {**public, "kid": self.kid, "alg": "RS256", "use": "sig"}

    def sign(self, claims: Mapping[str, Any], headers: Mapping[str, Any] | None = None) -> str:
        now = datetime.now(UTC)
        given = {"iat": now, "exp": now + timedelta(minutes=5), **claims}
        said = {name: value for name, value in given.items() if value is not None}
        return jwt.encode(said, self.key, algorithm="RS256", headers={"kid": self.kid, **(headers or {})})


def unsigned(claims: Mapping[str, Any]) -> str:
    """A token of the algorithm `none`."""
    parts = ({"alg": "none", "typ": "JWT"}, dict(claims))
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts) + "."


# ---------------------------------------------------------------- the browser


@dataclass(slots=True)
class Browser:
    """A browser of its own: its cookies are not another's."""

    server: AuthServer
    cookies: dict[str, str] = field(default_factory=dict)
    set_cookie: str = ""

    async def begin(self, provider: str, **query: str) -> httpx.URL:
        """Set out; where the browser is sent to."""
        answer = await self._get(f"/signin/provider/{provider}", {"redirectTo": APP, **query})
        assert answer.status_code == 302, answer.text
        return httpx.URL(answer.headers["location"])

    async def come_back(self, provider: str, **query: str) -> httpx.URL:
        answer = await self._get(f"/signin/provider/{provider}/callback", query)
        assert answer.status_code == 302, answer.text
        return httpx.URL(answer.headers["location"])

    async def post_back(self, provider: str, **form: str) -> httpx.URL:
        answer = await self.server.client.post(
            f"/signin/provider/{provider}/callback", data=form, headers={"Cookie": self._cookie()}
        )
        self.server.client.cookies.clear()
        assert answer.status_code == 302, answer.text
        return httpx.URL(answer.headers["location"])

    async def follow(self, url: str) -> httpx.URL:
        """Back to the engine by the address that a provider made."""
        target = httpx.URL(url)
        answer = await self._get(target.path, dict(target.params))
        assert answer.status_code == 302, answer.text
        return httpx.URL(answer.headers["location"])

    async def _get(self, path: str, query: Mapping[str, str]) -> httpx.Response:
        answer = await self.server.client.get(path, params=query, headers={"Cookie": self._cookie()})
        self.server.client.cookies.clear()
        for said in answer.headers.get_list("set-cookie"):
            self.set_cookie = said
            name, _, value = said.partition(";")[0].partition("=")
            self.cookies[name] = value
        return answer

    def _cookie(self) -> str:
        return "; ".join(f"{name}={value}" for name, value in self.cookies.items())


def told(url: httpx.URL) -> dict[str, str]:
    """What an address of the app was given, after a look at whose address it is."""
    assert str(url.copy_with(query=None, fragment=None)) in (APP, "https://app.test"), url
    return query_of(str(url))


async def session_of(server: AuthServer, url: httpx.URL) -> dict[str, Any]:
    """The session that a redirect brought."""
    found = told(url)
    assert set(found) == {"refreshToken"}, found
    answer = await server.post("/token", {"refreshToken": found["refreshToken"]})
    assert answer.status_code == 200, answer.text
    session: dict[str, Any] = answer.json()
    return session
