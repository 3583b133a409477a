"""Limits that are checked before the work they bound, and names that CI services would obey."""

from __future__ import annotations

import contextlib
import json
from urllib.parse import quote

from tests.slow.faults.catalogue import B, Case, fault, link, page, status, wheel
from tests.support.artifacts import A, sha256
from tests.support.servers import Handler, Respond, respond
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.formats.pages import JSON_TYPE

#: Memory for a large page and what is read from it, in MiB.
PAGE_MEMORY = 256


def _json(name: str, *, padding: int = 0, **values: object) -> Respond:
    file = {"filename": name, "url": name, "hashes": {"sha256": sha256(wheel(name))}, **values}
    body = json.dumps({"meta": {"api-version": "1.1"}, "files": [file]}).encode()
    return lambda handler: respond(handler, 200, body + b" " * padding, Content_Type=JSON_TYPE)


@fault("E.2.2.2", left=(A,), says="verified 1 of 1", memory=PAGE_MEMORY)
def page_of_many_links_of_which_one_is_wanted(case: Case) -> None:
    """A page of 50,000 links with digests, of which one has the wanted version."""
    others = (f"demo-2.{number}-py3-none-any.whl" for number in range(50_000))
    digest = "0" * 64
    links = (f'<a href="{name}#sha256={digest}">x</a>\n' for name in others)
    case.options += ["--version", "1.0"]
    case.routes["/"] = page(*links, link(A, wheel()))


@fault("E.2.2.1", exit_code=5, says="more than 16777216 bytes of JSON", memory=PAGE_MEMORY)
def json_page_of_20_mb(case: Case) -> None:
    """A JSON page of 20 MB."""
    case.routes["/"] = _json(A, padding=20_000_000)


@fault(causes=Cause.UNREACHABLE, says="its URL is longer than 8192 characters")
def url_of_20_kb(case: Case) -> None:
    """The URL of an artifact has 20,000 characters."""
    case.routes["/"] = _json(A, url=f"{'x/' * 10_000}{A}")


@fault("E.3.4", causes=Cause.MISMATCH, says="longer than the 1000 bytes that the listing declares")
def body_longer_than_the_declared_size(case: Case) -> None:
    """The body of a wheel never ends, and the page says that the wheel has 1000 bytes."""

    def answer(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Connection", "close")
        handler.end_headers()
        with contextlib.suppress(OSError):
            while True:
                handler.wfile.write(b"PK\3\4" * 4096)

    case.routes |= {"/": _json(A, size=1000), f"/{A}": answer}


def _also_named(case: Case, name: str) -> None:
    case.list(f'<a href="{quote(name, safe="")}">x</a>')
    case.environ["GITHUB_ACTIONS"] = "true"


@fault("E.2.1.10", causes=Cause.UNSAFE_NAME, left=(A,), says=r"#\x23[set-output")
def name_with_a_command_for_github(case: Case) -> None:
    """``##[set-output name=x]/X.whl``, which a runner of GitHub Actions would obey."""
    _also_named(case, f"##[set-output name=x]/{B}")


@fault("E.2.1.10", causes=Cause.UNSAFE_NAME, left=(A,), says=r"#\x23vso[task.setvariable")
def name_with_a_command_for_azure(case: Case) -> None:
    """``##vso[task.setvariable …]x/X.whl``, which an agent of Azure Pipelines would obey."""
    _also_named(case, f"##vso[task.setvariable variable=PATH]x/{B}")


@fault("E.2.1.10", causes=Cause.UNSAFE_NAME, left=(A,), says=r"x\n::add-mask")
def name_with_a_command_on_a_second_line(case: Case) -> None:
    """A name with a line feed and ``::add-mask::``."""
    _also_named(case, f"x\n::add-mask::x/{B}")


@fault("E.3.33", exit_code=5, says="the proxy requires a valid user and password")
def proxy_requires_a_password(case: Case) -> None:
    """A proxy answers with status 407."""
    case.url = "http://wheels.example/"
    proxy = case.serve({case.url: status(407)})
    case.environ["http_proxy"] = proxy.url


@fault("E.3.34", exit_code=5, says="HTTP_PROXY is ignored for http URLs")
def proxy_variable_in_upper_case(case: Case) -> None:
    """The proxy for http URLs is set in upper case, which curl ignores."""
    case.url = "http://wheels.invalid/"
    case.environ["HTTP_PROXY"] = "http://127.0.0.1:1"
