"""Outgoing HTTP: which addresses are not for it (features A20), and what of the environment it follows."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
import pytest_asyncio
from certificate_kit import Certificate
from provider_stub import ProviderStub

from auth_engine.net.addresses import Resolver, is_public
from auth_engine.net.outside import MAX_BYTES, Outside, Unreachable


@pytest.fixture(scope="module")
def stub() -> Iterator[ProviderStub]:
    with ProviderStub.open() as stub:
        yield stub


@pytest_asyncio.fixture
async def outside() -> AsyncIterator[Outside]:
    made = Outside()
    yield made
    await made.close()


# ---------------------------------------------------------------- addresses


PRIVATE = [
    "127.0.0.1", "127.255.0.1", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1", "169.254.169.254",
    "100.64.0.1", "100.100.100.200", "0.0.0.0", "0.1.2.3", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1",
    "fe80::1%eth0", "fc00::1", "fd00:ec2::254", "fec0::1", "ff02::1", "2001:db8::1", "::ffff:127.0.0.1",
    "::ffff:10.0.0.1", "::ffff:a9fe:a9fe", "::127.0.0.1", "::ffff:0:127.0.0.1", "64:ff9b::7f00:1",
    "64:ff9b::10.0.0.1", "64:ff9b:1::10.0.0.1", "2002:7f00:1::", "2002:a00:1::1",
    "2001:0:4136:e378:8000:63bf:f5ff:fffe", "localhost", "127.1",
]  # fmt: skip
PUBLIC = [
    "8.8.8.8", "1.1.1.1", "172.32.0.1", "2606:4700:4700::1111", "::ffff:8.8.8.8", "64:ff9b::8.8.8.8",
    "2002:808:808::1",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses(address: str) -> None:
    assert is_public(address)


REFUSED = [
    "http://127.0.0.1:{port}/", "http://localhost:{port}/", "http://127.1:{port}/", "http://2130706433:{port}/",
    "http://0x7f000001:{port}/", "http://0177.0.0.1:{port}/", "http://0:{port}/", "http://[::1]:{port}/",
    "http://[::ffff:127.0.0.1]:{port}/", "http://[::ffff:7f00:1]:{port}/", "http://user@127.0.0.1:{port}/",
    "http://example.test@127.0.0.1:{port}/", "http://127.0.0.1:{port}#", "file:///etc/passwd", "ftp://127.0.0.1/",
    "gopher://x/", "//127.0.0.1:{port}/", "http:///x", "http://", "http://169.254.169.254/latest/meta-data/",
    "http://127.0.0.1:99999/", "nothing", "http://127%2e0%2e0%2e1:{port}/", "http://①②⑦.0.0.1:{port}/",
]  # fmt: skip


@pytest.mark.parametrize("template", REFUSED)
async def test_what_others_name_does_not_reach_inside(template: str, outside: Outside, stub: ProviderStub) -> None:
    stub.clear()
    url = template.format(port=stub.url.rpartition(":")[2])
    with pytest.raises(Unreachable):
        await outside.ask("GET", url, trusted=False, seconds=2.0)
    assert stub.asked == []


async def test_the_operator_s_addresses_may_be_private(outside: Outside, stub: ProviderStub) -> None:
    stub.answers["/x"] = (200, "well")
    reply = await outside.ask("GET", f"{stub.url}/x", trusted=True)
    assert (reply.status, reply.body) == (200, b"well")


@pytest.mark.parametrize("trusted", [True, False])
async def test_redirects_are_not_followed(trusted: bool, stub: ProviderStub) -> None:
    stub.clear()
    stub.answers["/x"] = (302, "")
    stub.headers["location"] = f"{stub.url}/secret"
    outside = Outside() if trusted else _recording([])
    reply = await outside.ask("GET", f"{stub.url}/x" if trusted else "http://public.test/x", trusted=trusted)
    assert reply.status == 302
    assert stub.to("/secret") == []
    await outside.close()


# ---------------------------------------------------------------- pinned to what was judged


def _recording(requests: list[httpx.Request], *answers: tuple[str, ...]) -> Outside:
    """An Outside whose names mean this, one answer after another, and whose requests go nowhere."""
    said = list(answers) or [("8.8.8.8",)]

    async def resolve(host: str, port: int) -> tuple[str, ...]:
        return said.pop(0) if len(said) > 1 else said[0]

    def take(request: httpx.Request) -> httpx.Response:
        requests.append(request)
        return httpx.Response(302, headers={"set-cookie": "spy=1; Path=/"})

    return Outside(resolver=resolve, transport=httpx.MockTransport(take))


async def test_the_connection_goes_to_the_address_that_was_judged() -> None:
    requests: list[httpx.Request] = []
    outside = _recording(requests, ("8.8.8.8", "1.1.1.1"), ("127.0.0.1",))
    await outside.ask("GET", "https://public.test:8443/x?y=1", trusted=False)
    with pytest.raises(Unreachable):
        await outside.ask("GET", "https://public.test:8443/x?y=1", trusted=False)
    [request] = requests
    assert str(request.url) == "https://8.8.8.8:8443/x?y=1"
    assert request.headers["host"] == "public.test:8443"
    assert request.extensions["sni_hostname"] == "public.test"
    await outside.close()


@pytest.mark.parametrize("found", [("8.8.8.8", "127.0.0.1"), ("::1",), ("::ffff:10.0.0.1",), ()])
async def test_one_private_address_is_enough(found: tuple[str, ...]) -> None:
    requests: list[httpx.Request] = []
    outside = _recording(requests, found)
    with pytest.raises(Unreachable):
        await outside.ask("GET", "https://public.test/", trusted=False)
    assert requests == []


async def test_an_ipv6_address_is_written_as_one() -> None:
    requests: list[httpx.Request] = []
    outside = _recording(requests, ("2606:4700:4700::1111",))
    await outside.ask("GET", "https://public.test/x", trusted=False)
    assert str(requests[0].url) == "https://[2606:4700:4700::1111]/x"
    await outside.close()


async def test_cookies_are_not_kept() -> None:
    requests: list[httpx.Request] = []
    outside = _recording(requests)
    for trusted in (True, True, False, False):
        await outside.ask("GET", "https://public.test/x", trusted=trusted)
    assert all("cookie" not in request.headers for request in requests)
    await outside.close()


# ---------------------------------------------------------------- bounds


async def test_an_endless_answer_is_none(outside: Outside, stub: ProviderStub) -> None:
    stub.answers["/big"] = (200, "x" * (MAX_BYTES + 1))
    with pytest.raises(Unreachable, match="too long"):
        await outside.ask("GET", f"{stub.url}/big", trusted=True)
    stub.answers["/big"] = (200, "x" * MAX_BYTES)
    assert len((await outside.ask("GET", f"{stub.url}/big", trusted=True)).body) == MAX_BYTES


async def test_the_time_is_for_everything_together(outside: Outside) -> None:
    """A server that sends a byte now and then keeps each single wait short."""

    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            await reader.readuntil(b"\r\n\r\n")
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n")
            while True:
                writer.write(b"x")
                await writer.drain()
                await asyncio.sleep(0.02)
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(drip, "127.0.0.1", 0)
    url = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/"
    began = asyncio.get_running_loop().time()
    with pytest.raises(Unreachable):
        await outside.ask("GET", url, trusted=True, seconds=0.2)
    assert asyncio.get_running_loop().time() - began < 2
    server.close()


async def test_nobody_there(outside: Outside) -> None:
    with pytest.raises(Unreachable) as fault:
        await outside.ask("POST", "http://127.0.0.1:9/?secret=x", trusted=True, form={"code": "secret"})
    assert "secret" not in str(fault.value)


# ---------------------------------------------------------------- the environment


@contextmanager
def _https(folder: Path) -> Iterator[tuple[int, Path]]:
    """A server whose certificate its own file alone vouches for: port and file."""
    certificate = Certificate.make(folder)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("content-length", "4")
            self.end_headers()
            self.wfile.write(b"well")

        def log_message(self, format: str, *arguments: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.socket = certificate.server_context().wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
    try:
        yield server.server_port, certificate.chain
    finally:
        server.shutdown()
        server.server_close()


async def test_certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with _https(tmp_path) as (port, chain):
        url = f"https://localhost:{port}/"
        strict = Outside()
        with pytest.raises(Unreachable):
            await strict.ask("GET", url, trusted=True)
        await strict.close()
        monkeypatch.setenv("SSL_CERT_FILE", str(chain))
        told = Outside()
        assert (await told.ask("GET", url, trusted=True)).body == b"well"
        await told.close()


async def test_proxies(stub: ProviderStub, monkeypatch: pytest.MonkeyPatch) -> None:
    """A request through the proxy carries the whole address; NO_PROXY goes around it."""
    stub.clear()
    monkeypatch.setenv("HTTP_PROXY", stub.url)
    monkeypatch.setenv("http_proxy", stub.url)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    outside = Outside(resolver=_says("8.8.8.8"))
    for trusted in (True, False):
        await outside.ask("GET", "http://elsewhere.test/x", trusted=trusted)
    assert [request.headers["host"] for request in stub.asked] == ["elsewhere.test"] * 2
    await outside.ask("GET", f"{stub.url}/near", trusted=True)
    assert stub.to("/near")
    await outside.close()
    for inside in (Outside(resolver=_says("10.0.0.1")), Outside(resolver=_says("8.8.8.8", "::1"))):
        with pytest.raises(Unreachable):
            await inside.ask("GET", "http://inside.test/", trusted=False)
    # Where only the proxy can resolve, only the proxy can judge.
    blind = Outside(resolver=_says())
    assert (await blind.ask("GET", "http://elsewhere.test/x", trusted=False)).status == 404
    await blind.close()


def _says(*found: str) -> Resolver:
    async def resolve(host: str, port: int) -> tuple[str, ...]:
        if not found:
            raise OSError("no such name")
        return found

    return resolve
