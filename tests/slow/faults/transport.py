"""Faults of servers, networks and proxies (E.3)."""

from __future__ import annotations

import gzip
import socket
import ssl
import struct
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import trustme

from tests.slow.faults.catalogue import (
    HALF,
    B,
    Case,
    Check,
    Done,
    fault,
    in_turn,
    link,
    page,
    raw,
    status,
    wheel,
)
from tests.support.artifacts import A, sha256
from tests.support.servers import Handler, Respond, respond
from wheelhouse_hashes.causes import Cause

LOGIN = b"<!doctype html><title>Log in</title>"
REJECTED = f".rejected/{A}.rejected"


def _length(size: int | str) -> str:
    return f"HTTP/1.1 200 OK\nContent-Length: {size}"


def _cut(size: int = HALF) -> Respond:
    return raw(_length(len(wheel())), wheel()[:size])


@fault("E.3.1", causes=Cause.TRUNCATED, says="60000 of", for_peers=True)
def body_is_cut(case: Case) -> None:
    """The body ends in the middle every time; Content-Length was right."""
    case.routes[f"/{A}"] = _cut()


@fault("E.3.1", left=(A,), says="waiting up to 9 s", for_peers=True)
def body_is_cut_once(case: Case) -> None:
    """The body ends in the middle, once."""
    case.routes[f"/{A}"] = in_turn(_cut(), wheel())
    case.wait = "9"


@fault("E.3.2", causes=Cause.TRUNCATED, for_peers=True)
def body_of_unknown_length_is_cut(case: Case) -> None:
    """The body ends in the middle, without a Content-Length to reveal it."""
    case.routes[f"/{A}"] = raw("HTTP/1.1 200 OK\nConnection: close", wheel()[:HALF])


@fault("E.3.3", causes=Cause.TRUNCATED, for_peers=True)
def chunked_body_is_cut(case: Case) -> None:
    """A chunked body ends without its last chunk."""
    body = b"%x\r\n" % HALF + wheel()[:HALF] + b"\r\n"
    case.routes[f"/{A}"] = raw("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", body)


@fault("E.3.4", causes=Cause.TRUNCATED, says="the archive is cut off", for_peers=True)
def content_length_is_too_small(case: Case) -> None:
    """Content-Length is 60000, but the body continues."""
    case.routes[f"/{A}"] = raw(_length(HALF), wheel())


@fault("E.3.5", causes=Cause.UNREACHABLE, for_peers=True)
def content_length_is_negative(case: Case) -> None:
    """Content-Length is -5."""
    case.routes[f"/{A}"] = raw(_length(-5), wheel())


@fault("E.3.6", causes=Cause.UNREACHABLE, for_peers=True)
def content_length_comes_twice(case: Case) -> None:
    """Two Content-Length headers, the first one too small."""
    head = f"{_length(HALF)}\nContent-Length: {len(wheel())}"
    case.routes[f"/{A}"] = raw(head, wheel())


@fault("E.3.7", causes=Cause.UNREACHABLE, for_peers=True)
def content_length_is_no_number(case: Case) -> None:
    """Content-Length is "many"."""
    case.routes[f"/{A}"] = raw(_length("many"), wheel())


@fault("E.3.8", causes=Cause.NOT_A_DISTRIBUTION, says="HTML", for_peers=True)
def page_instead_of_wheel(case: Case) -> None:
    """Status 200 with an HTML page instead of the wheel."""
    case.routes[f"/{A}"] = LOGIN


@fault("E.3.8", causes=Cause.NOT_A_DISTRIBUTION, for_peers=True)
def page_of_unknown_length_instead_of_wheel(case: Case) -> None:
    """The same, without Content-Length."""
    case.routes[f"/{A}"] = raw("HTTP/1.1 200 OK\nContent-Type: text/html", LOGIN)


@fault("E.3.9", causes=Cause.NOT_A_DISTRIBUTION, says="empty", for_peers=True)
def empty_body(case: Case) -> None:
    """Status 200 with an empty body."""
    case.routes[f"/{A}"] = b""


@fault("E.3.10", causes=Cause.UNREACHABLE, says="204", for_peers=True)
def no_content(case: Case) -> None:
    """Status 204."""
    case.routes[f"/{A}"] = raw("HTTP/1.1 204 No Content\nConnection: close")


def _part(start: int, first_byte: int, **headers: str) -> Respond:
    total = len(wheel())
    part = f"bytes {first_byte}-{total - 1}/{total}"
    return status(206, wheel()[start:], Content_Range=part, **headers)


@fault("E.3.11", causes=Cause.UNREACHABLE, says="206", for_peers=True)
def part_that_nobody_asked_for(case: Case) -> None:
    """Status 206 with the second half, without a Range header in the request."""
    case.routes[f"/{A}"] = _part(HALF, HALF)


def _resumed(case: Case, answer: Respond, first: bytes = b"") -> Check:
    """Cut the first body; answer range requests with the given function, others with the wheel.

    :param first: the first body, if it is not the wheel.
    """
    whole = first or wheel()
    cut = [raw(f'{_length(len(whole))}\nETag: "{sha256(whole)}"', whole[:HALF])]

    def resume(handler: Handler) -> None:
        if cut:
            cut.pop()(handler)
        elif "Range" in handler.headers:
            answer(handler)
        else:
            respond(handler, 200, wheel())

    def check(done: Done) -> None:
        assert any("range" in headers for _, _, headers in case.server.requests)

    case.routes[f"/{A}"] = resume
    case.wait = "9"
    return check


@fault("E.3.12", left=(A,), for_peers=True)
def part_of_another_range(case: Case) -> Check:
    """After a cut, the request for the rest gets a different range, correctly labeled."""
    return _resumed(case, _part(1000, 1000))


@fault("E.3.13", left=(A,), for_peers=True)
def range_is_refused(case: Case) -> Check:
    """After a cut, the request for the rest gets status 416."""
    return _resumed(case, status(416))


@fault("E.3.14", left=(A,), for_peers=True)
def range_is_ignored(case: Case) -> Check:
    """After a cut, the request for the rest gets the whole body with status 200."""
    return _resumed(case, lambda handler: respond(handler, 200, wheel()))


@fault("E.3.15", left=(A,), for_peers=True)
def etag_changes_between_ranges(case: Case) -> Check:
    """The first body is cut and of an old version; the rest comes from the new version."""
    return _resumed(case, _part(HALF, HALF, ETag=f'"{sha256(wheel())}"'), wheel(seed=1))


@fault("E.3.15", left=(A,), for_peers=True)
def rest_of_a_body_that_was_cut(case: Case) -> Check:
    """Control case for the four above: only a cut, and the rest is served."""
    return _resumed(case, _part(HALF, HALF, ETag=f'"{sha256(wheel())}"'))


@fault(
    *("E.3.16", "E.7.7"),
    causes=Cause.NOT_A_DISTRIBUTION,
    says="sent with Content-Encoding: gzip",
    for_peers=True,
)
def wheel_is_compressed_unasked(case: Case) -> None:
    """The wheel has an unrequested Content-Encoding: gzip."""
    body = gzip.compress(wheel(), mtime=0)
    case.routes[f"/{A}"] = status(200, body, Content_Encoding="gzip")


@fault("E.3.16", left=(A,), for_peers=True)
def wheel_is_said_to_be_compressed(case: Case) -> None:
    """The wheel is not compressed but has Content-Encoding: gzip."""
    case.routes[f"/{A}"] = status(200, wheel(), Content_Encoding="gzip")


@fault("E.3.17", left=(A,))
def hash_file_is_compressed_unasked(case: Case) -> None:
    """The hash file has an unrequested Content-Encoding: gzip."""
    case.without_digest_in_the_link()
    text = case.routes[f"/{A}.sha256"]
    assert isinstance(text, bytes)
    body = gzip.compress(text, mtime=0)
    case.routes[f"/{A}.sha256"] = status(200, body, Content_Encoding="gzip")


@fault("E.3.17", causes=Cause.UNREADABLE_HASH, says="more than 65536 bytes")
def hash_file_is_a_gzip_bomb(case: Case) -> None:
    """The hash file is 64 MB of spaces, compressed to 64 kB."""
    case.without_digest_in_the_link()
    body = gzip.compress(b" " * 64_000_000, 9, mtime=0)
    case.routes[f"/{A}.sha256"] = status(200, body, Content_Encoding="gzip")


@fault("E.3.19", causes=Cause.NOT_A_DISTRIBUTION, for_peers=True)
def redirect_to_a_login_page(case: Case) -> None:
    """Status 302 to a login page with status 200."""
    case.routes[f"/{A}"] = status(302, Location="/login")
    case.routes["/login"] = LOGIN


@fault("E.3.20", causes=Cause.FORBIDDEN, for_peers=True)
def forbidden(case: Case) -> None:
    """Status 403 at first; waiting does not help with permissions, so it is final."""
    case.routes[f"/{A}"] = in_turn(status(403), status(403), wheel())


@fault("E.3.20", left=(A,))
def hash_file_is_forbidden(case: Case) -> None:
    """Status 403 for the hash file, which means absent on S3; the link has the digest."""
    case.routes[f"/{A}.sha256"] = status(403)


@fault("E.3.21", left=(A,), for_peers=True)
def wheel_is_late(case: Case) -> None:
    """Status 404 twice, then the wheel."""
    case.routes[f"/{A}"] = in_turn(status(404), status(404), wheel())
    case.wait = "9"


@fault("E.3.22", left=(A,), for_peers=True)
def absence_is_cached(case: Case) -> None:
    """A cache answers 404 to the URL, but not with a different query."""

    def cached(handler: Handler) -> None:
        if "?" in handler.path:
            respond(handler, 200, wheel())
        else:
            respond(handler, 404, b"cached")

    case.routes[f"/{A}"] = cached


@fault("E.3.23", left=(A,), for_peers=True)
def too_many_requests(case: Case) -> None:
    """Status 429 with Retry-After: 1, then the wheel."""
    case.routes[f"/{A}"] = in_turn(status(429, Retry_After="1"), wheel())
    case.wait = "9"


@fault("E.3.24", left=(A,), for_peers=True)
def unavailable_until(case: Case) -> None:
    """Status 503 with a date in Retry-After, then the wheel."""

    def unavailable(handler: Handler) -> None:
        date = datetime.now(UTC) + timedelta(seconds=2)
        respond(handler, 503, b"", Retry_After=format_datetime(date, usegmt=True))

    case.routes[f"/{A}"] = in_turn(unavailable, wheel())
    case.wait = "9"


@fault("E.3.23", causes=Cause.UNREACHABLE, says="503", for_peers=True, limit=40)
def unavailable_for_an_hour(case: Case) -> None:
    """Status 503 with Retry-After: 3600, longer than the wait budget."""
    case.routes[f"/{A}"] = status(503, Retry_After="3600")
    case.wait = "1"


@fault("E.3.25", left=(A,), for_peers=True)
def server_error_once(case: Case) -> None:
    """Status 500 once, then the wheel."""
    case.routes[f"/{A}"] = in_turn(status(500), wheel())
    case.wait = "9"


@fault("E.3.25", exit_code=5, says="HTTP status 500")
def page_with_a_server_error(case: Case) -> None:
    """Status 500 for the index page, each time."""
    case.routes["/"] = status(500)


@fault("E.3.26", causes=Cause.TRUNCATED, for_peers=True)
def connection_is_reset(case: Case) -> None:
    """The connection is reset in the middle of the body."""

    def reset(handler: Handler) -> None:
        handler.wfile.write(_length(len(wheel())).replace("\n", "\r\n").encode() + b"\r\n\r\n")
        handler.wfile.write(wheel()[:HALF])
        linger = struct.pack("ii", 1, 0)
        handler.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
        handler.close_connection = True
        handler.connection.close()

    case.routes[f"/{A}"] = reset


def serve_tls(
    case: Case,
    routes: dict[str, Respond | bytes],
    host: str = "127.0.0.1",
    *,
    expired: bool = False,
) -> str:
    """Serve over TLS; the command trusts the authority that signed the certificate.

    :param host: the host in the certificate; the server is ``127.0.0.1``.
    :returns: the server's URL.
    """
    authority = trustme.CA()
    now = datetime.now(UTC)
    until = now + timedelta(days=-1 if expired else 1)
    certificate = authority.issue_cert(host, not_before=now - timedelta(days=2), not_after=until)
    tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    certificate.configure_cert(tls)
    authority.cert_pem.write_to_path(str(case.folder / "ca.pem"))
    case.environ["SSL_CERT_FILE"] = str(case.folder / "ca.pem")
    return case.serve(routes, tls).url


def _dripping(first: int, pause: float) -> Respond:
    """Send the headers and some bytes at once, then more after each pause, for a minute."""

    def drip(handler: Handler) -> None:
        handler.wfile.write(_length(len(wheel())).replace("\n", "\r\n").encode() + b"\r\n\r\n")
        handler.wfile.write(wheel()[:first])
        handler.close_connection = True
        for number in range(int(60 / pause)):
            time.sleep(pause)
            handler.wfile.write(wheel()[first + number : first + number + 1])

    return drip


def _stalled(case: Case, first: int, pause: float) -> None:
    case.add(B, wheel(B))
    case.routes[f"/{A}"] = _dripping(first, pause)
    case.options = ["--timeout", "3"]


@fault("E.3.27", causes=Cause.UNREACHABLE, left=(B,), limit=40, for_peers=True)
def stall_behind_the_headers(case: Case) -> None:
    """Nothing follows the headers; ``--timeout 3``."""
    _stalled(case, 0, 30)


@fault("E.3.28", causes=Cause.UNREACHABLE, left=(B,), limit=40, for_peers=True)
def stall_within_the_body(case: Case) -> None:
    """Nothing follows the first half of the body; ``--timeout 3``."""
    _stalled(case, HALF, 30)


@fault("E.3.29", causes=Cause.UNREACHABLE, left=(B,), limit=40, for_peers=True)
def one_byte_at_a_time(case: Case) -> None:
    """The body arrives byte by byte, five per second; ``--timeout 3``."""
    _stalled(case, 0, 0.2)


@fault("E.3.30", causes=Cause.UNREACHABLE, says="certificate")
def certificate_has_expired(case: Case) -> None:
    """The wheel is on a TLS server with an expired certificate."""
    url = serve_tls(case, {f"/{A}": wheel()}, expired=True)
    case.routes["/"] = page(link(url + A, wheel()))


@fault("E.3.31", causes=Cause.UNREACHABLE, says="certificate")
def certificate_is_for_another_host(case: Case) -> None:
    """The wheel is on a TLS server whose certificate is for another host."""
    url = serve_tls(case, {f"/{A}": wheel()}, "other.example")
    case.routes["/"] = page(link(url + A, wheel()))


@fault("E.3.30", "E.3.31", causes=Cause.UNREACHABLE, says="certificate")
def authority_is_unknown(case: Case) -> None:
    """The wheel is on a TLS server whose authority is not trusted."""
    url = serve_tls(case, {f"/{A}": wheel()})
    case.environ.clear()
    case.routes["/"] = page(link(url + A, wheel()))


@fault("E.3.30", left=(A,))
def certificate_is_good(case: Case) -> None:
    """Control case for the three above: the same server with a good certificate."""
    url = serve_tls(case, {f"/{A}": wheel()})
    case.routes["/"] = page(link(url + A, wheel()))


@fault("E.3.18", causes=Cause.UNREACHABLE, says="redirects from https to http")
def redirect_to_http(case: Case) -> None:
    """A TLS server redirects to plain HTTP."""
    plain = case.serve({f"/{A}": wheel()})
    url = serve_tls(case, {f"/{A}": status(301, Location=plain.url + A)})
    case.routes["/"] = page(link(url + A, wheel()))


@fault("E.3.32", left=(A,))
def ipv6_is_dead(case: Case) -> None:
    """The host has an IPv6 address that never answers and an IPv4 address that does."""
    server = case.serve({f"/{A}": wheel()})
    port = int(server.url.rstrip("/").rpartition(":")[2])
    deaf = case.stack.enter_context(socket.socket(socket.AF_INET6))
    deaf.bind(("::1", port))
    deaf.listen(0)
    # The queue is full: new connections get no answer, not even a refusal.
    for _ in range(4):
        waiting = case.stack.enter_context(socket.socket(socket.AF_INET6))
        waiting.setblocking(False)
        waiting.connect_ex(("::1", port))
    case.routes["/"] = page(link(f"http://localhost:{port}/{A}", wheel()))


@fault("E.3.33", causes=Cause.NOT_A_DISTRIBUTION)
def proxy_answers_with_its_own_page(case: Case) -> None:
    """A proxy answers with its own page and status 200 instead of the wheel."""
    listed = page(link(f"http://wheels.example/{A}", wheel()))

    proxy = case.serve({"http://wheels.example/": listed, f"http://wheels.example/{A}": LOGIN})
    case.environ["http_proxy"] = proxy.url
    case.url = "http://wheels.example/"


@fault("E.3.33", exit_code=5, says="HTTP status 502")
def proxy_is_broken(case: Case) -> None:
    """A proxy answers everything with status 502 and its own page."""
    proxy = case.serve({"http://wheels.example/": status(502, LOGIN)})
    case.environ["http_proxy"] = proxy.url
    case.url = "http://wheels.example/"


@fault("E.3.33", exit_code=4, says="nothing matches")
def portal_answers_everything(case: Case) -> None:
    """A captive portal answers every request, including the index page, with its login page."""
    proxy = case.serve({"http://wheels.example/": LOGIN})
    case.environ["http_proxy"] = proxy.url
    case.url = "http://wheels.example/"


@fault("E.3.34", exit_code=5, says="resolve")
def host_is_unknown(case: Case) -> None:
    """The host name cannot be resolved."""
    case.url = "http://no-such-host.invalid/"


@fault("E.3.34", causes=Cause.UNREACHABLE, left=(B,), says="resolve")
def host_of_a_link_is_unknown(case: Case) -> None:
    """The host name in one of two links cannot be resolved."""
    case.add(B, wheel(B))
    del case.good[A]
    links = link(f"http://no-such-host.invalid/{A}", wheel()), link(B, wheel(B))
    case.routes["/"] = page(*links)


@fault("E.3.26", causes=Cause.UNREACHABLE)
def answer_is_no_http(case: Case) -> None:
    """The answer for the wheel is not HTTP."""
    case.routes[f"/{A}"] = raw("SSH-2.0-server", wheel())


@fault("E.3.14", left=(A,))
def server_counts_the_requests(case: Case) -> Check:
    """Control case for all others: everything is good, in three requests."""

    def check(done: Done) -> None:
        assert case.server.paths() == ["/", f"/{A}.sha256", f"/{A}"], done

    return check
