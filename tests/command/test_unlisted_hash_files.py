"""Hash files that no listing names: which are requested, and which are waited for."""

from __future__ import annotations

import hashlib
import pathlib
import time
from collections import Counter

import pytest

from tests.conftest import Cli, Result
from tests.support.artifacts import hash_file, make_wheel, sha256
from tests.support.params import quick
from tests.support.servers import Handler, Respond, Server, respond, serving

NAMES = tuple(f"demo-1.0-{number}-py3-none-any.whl" for number in range(1, 6))

each_verb = pytest.mark.parametrize("verb", ["fetch", "verify"])


@pytest.fixture
def wheels(cli: Cli, dist: pathlib.Path) -> dict[str, bytes]:
    """Five wheels in the folder ``dist``: name to content."""
    return {name: make_wheel(dist, name, name.encode()).read_bytes() for name in NAMES}


def link(address: str, content: bytes | None, algorithm: str = "sha256") -> str:
    """Return a link, with a digest unless *content* is None."""
    if content is None:
        return f'<a href="{address}">x</a>\n'
    digits = hashlib.new(algorithm, content, usedforsecurity=False).hexdigest()
    return f'<a href="{address}#{algorithm}={digits}">x</a>\n'


def run(cli: Cli, verb: str, url: str, *options: object, wait: float = 0) -> Result:
    if verb == "verify":
        return cli("verify", "dist", "--against", url, "--wait", wait, *options)
    return cli(
        *("fetch", "--verify", "--local-folder", "got", "--wait", wait, *options, "demo", url)
    )


def asked(server: Server, suffix: str = ".sha256") -> dict[str, int]:
    """Return the requests for hash files: path to number."""
    return dict(Counter(path for path in server.paths() if path.endswith(suffix)))


def objects(wheels: dict[str, bytes], folder: str = "/") -> dict[str, Respond | bytes]:
    return {f"{folder}{name}": content for name, content in wheels.items()}


# Artifacts that have a digest already.


@each_verb
@pytest.mark.parametrize("workers", [1, 4, 16])
def test_only_the_first_two_of_a_folder_are_asked_for(
    cli: Cli, wheels: dict[str, bytes], verb: str, workers: int
) -> None:
    page = "".join(link(name, content) for name, content in wheels.items()).encode()
    with serving({"/": page, **objects(wheels)}) as server:
        result = run(cli, verb, server.url, "--max-workers", workers)
    assert result.code == 0, result.out
    assert asked(server) == {f"/{name}.sha256": 1 for name in NAMES[:2]}


@each_verb
def test_first_two_of_each_folder_are_asked_for(
    cli: Cli, wheels: dict[str, bytes], verb: str
) -> None:
    routes: dict[str, Respond | bytes] = {}
    page = ""
    for number, (name, content) in enumerate(wheels.items()):
        folder = "odd/" if number % 2 else "even/"
        page += link(folder + name, content)
        routes[f"/{folder}{name}"] = content
    with serving({"/": page.encode(), **routes}) as server:
        assert run(cli, verb, server.url).code == 0
    first = [f"/even/{NAMES[0]}", f"/even/{NAMES[2]}", f"/odd/{NAMES[1]}", f"/odd/{NAMES[3]}"]
    assert asked(server) == {f"{path}.sha256": 1 for path in first}


@each_verb
@pytest.mark.parametrize("number", [0, 1])
def test_all_are_asked_for_if_one_of_the_first_two_has_a_hash_file(
    cli: Cli, wheels: dict[str, bytes], verb: str, number: int
) -> None:
    page = "".join(link(name, content) for name, content in wheels.items()).encode()
    routes = objects(wheels)
    routes[f"/{NAMES[number]}.sha256"] = hash_file(wheels[NAMES[number]], NAMES[number])
    # It contradicts the link, so it must not be overlooked.
    routes[f"/{NAMES[4]}.sha256"] = hash_file(b"other", NAMES[4])
    with serving({"/": page, **routes}) as server:
        result = run(cli, verb, server.url)
    assert result.code == 1, result.out
    assert NAMES[4] in result.line("refused")
    assert set(asked(server)) == {f"/{name}.sha256" for name in NAMES}


def test_listed_hash_file_of_the_first_counts(cli: Cli, wheels: dict[str, bytes]) -> None:
    page = "".join(link(name, content) for name, content in wheels.items())
    page += link(f"{NAMES[0]}.sha256", None)
    routes = objects(wheels)
    routes[f"/{NAMES[0]}.sha256"] = hash_file(wheels[NAMES[0]], NAMES[0])
    with serving({"/": page.encode(), **routes}) as server:
        assert run(cli, "fetch", server.url).code == 0
    assert asked(server) == {f"/{name}.sha256": 1 for name in NAMES}


@each_verb
@pytest.mark.parametrize("algorithms", [("sha512",), ("sha512", "blake2b")])
def test_algorithm_option_asks_for_more_of_the_first_two_only(
    cli: Cli, wheels: dict[str, bytes], verb: str, algorithms: tuple[str, ...]
) -> None:
    page = "".join(link(name, content) for name, content in wheels.items()).encode()
    options = [word for name in algorithms for word in ("--hash-algorithm", name)]
    with serving({"/": page, **objects(wheels)}) as server:
        assert run(cli, verb, server.url, *options).code == 0
    for algorithm in ("sha256", *algorithms):
        assert len(asked(server, f".{algorithm}")) == 2


# Package indexes.


@each_verb
def test_package_index_is_not_asked_for_hash_files(
    cli: Cli, wheels: dict[str, bytes], verb: str
) -> None:
    with serving(objects(wheels)) as files:
        page = "".join(link(files.url + name, content) for name, content in wheels.items())
        with serving({"/": page.encode()}) as server:
            assert run(cli, verb, server.url).code == 0
    assert asked(files) == {}
    assert server.paths() == ["/"]


@pytest.mark.parametrize("other", ["no digest", "md5", "same origin", "a hash file"])
def test_other_pages_are_asked_for_hash_files(
    cli: Cli, wheels: dict[str, bytes], other: str
) -> None:
    first, *rest = wheels
    routes = objects(wheels) | {f"/{first}.sha256": hash_file(wheels[first], first)}
    with serving(routes) as files:
        page = "".join(link(files.url + name, wheels[name]) for name in rest)
        if other == "no digest":
            page += link(files.url + first, None)
        elif other == "md5":
            page += link(files.url + first, wheels[first], "md5")
        elif other == "same origin":
            page += link(first, wheels[first])
        else:
            page += link(files.url + first, wheels[first]) + link(
                f"{files.url}{first}.sha256", None
            )
        with serving({"/": page.encode(), **routes}) as server:
            result = run(cli, "fetch", server.url)
    assert result.code == 0, result.out
    assert f"/{first}.sha256" in [*asked(files), *asked(server)]
    verdicts = [row for row in result.out.splitlines() if row.startswith("ok")]
    assert "hash file" in next(row for row in verdicts if first in row)


# Artifacts without another digest.


def no_hash_file(handler: Handler) -> None:
    respond(handler, 404, b"")


def front_page(handler: Handler) -> None:
    respond(handler, 200, b"<!doctype html><title>Files</title>")


def bad_request(handler: Handler) -> None:
    respond(handler, 400, b"")


def login(handler: Handler) -> None:
    respond(handler, 401, b"")


def empty(handler: Handler) -> None:
    respond(handler, 200, b"")


def error_object(handler: Handler) -> None:
    respond(handler, 200, b'{"error": "no such file"}')


def large_page(handler: Handler) -> None:
    respond(handler, 200, b"<html>" + b" " * 100_000)


ABSENT: list[Respond] = [
    no_hash_file, front_page, bad_request, login, empty, error_object, large_page
]  # fmt: skip


@pytest.mark.parametrize(
    "answer", quick(ABSENT, no_hash_file, front_page), ids=lambda answer: answer.__name__
)
@pytest.mark.parametrize("workers", [pytest.param(1, marks=pytest.mark.thorough), 16])
def test_hash_files_that_nobody_has_are_not_waited_for(
    cli: Cli, answer: Respond, workers: int
) -> None:
    names = [f"demo-1.0-{number}-py3-none-any.whl" for number in range(39)]
    routes: dict[str, Respond | bytes] = {"/": "".join(link(n, None) for n in names).encode()}
    for name in names:
        routes |= {f"/{name}": b"PK", f"/{name}.sha256": answer}
    with serving(routes) as server:
        began = time.monotonic()
        result = run(cli, "fetch", server.url, "--max-workers", workers, wait=600)
        took = time.monotonic() - began
    assert result.code == 3
    assert result.out.count("missing-hash: no digest found for this artifact") == 39
    assert took < 120
    # One request for each artifact, and one that no cache answers.
    assert max(asked(server).values()) <= 2
    assert len(asked(server)) == 39
    assert "waiting " not in result.out
    assert result.out.count("counts as missing") == (answer is not no_hash_file)


@pytest.mark.parametrize("listed", [True, False])
def test_hash_file_is_waited_for_if_another_artifact_has_one(
    cli: Cli, wheels: dict[str, bytes], listed: bool
) -> None:
    late: list[str] = []

    def appear(handler: Handler) -> None:
        late.append(handler.path)
        if len(late) < 4:
            respond(handler, 404, b"")
        else:
            respond(handler, 200, hash_file(wheels[NAMES[0]], NAMES[0]))

    page = "".join(link(name, None) for name in NAMES)
    routes = objects(wheels) | {f"/{NAMES[0]}.sha256": appear}
    for name in NAMES[1:]:
        routes[f"/{name}.sha256"] = hash_file(wheels[name], name)
        page += link(f"{name}.sha256", None) if listed else ""
    with serving({"/": page.encode(), **routes}) as server:
        result = run(cli, "fetch", server.url, wait=20)
    assert result.code == 0, result.out
    assert "verified 5 of 5" in result.out
    assert NAMES[0] in result.line("waiting")


def test_hash_file_of_another_version_is_a_reason_to_wait(
    cli: Cli, wheels: dict[str, bytes]
) -> None:
    old = "demo-0.9-py3-none-any.whl"
    page = link(NAMES[0], None) + link(old, None) + link(f"{old}.sha256", None)
    with serving({"/": page.encode(), **objects(wheels)}) as server:
        result = run(cli, "fetch", server.url, "--version", "1.0", wait=1)
    assert (result.code, "waiting up to 1 s" in result.out) == (3, True)


def test_hash_file_in_another_folder_is_no_reason_to_wait(
    cli: Cli, wheels: dict[str, bytes]
) -> None:
    page = (
        link(NAMES[0], None) + link(f"old/{NAMES[1]}", None) + link(f"old/{NAMES[1]}.sha256", None)
    )
    routes = objects(wheels) | {f"/old/{NAMES[1]}": wheels[NAMES[1]]}
    routes[f"/old/{NAMES[1]}.sha256"] = hash_file(wheels[NAMES[1]], NAMES[1])
    with serving({"/": page.encode(), **routes}) as server:
        result = run(cli, "fetch", server.url, wait=60)
    assert (result.code, "waiting" in result.out) == (3, False)
    assert "verified 1 of 2" in result.out


@pytest.mark.parametrize(
    "status", [503, *(pytest.param(n, marks=pytest.mark.thorough) for n in (408, 425, 429, 500))]
)
def test_server_error_is_retried_without_another_digest(
    cli: Cli, wheels: dict[str, bytes], status: int
) -> None:
    name, content = next(iter(wheels.items()))
    answers = [status, status, 200]

    def recover(handler: Handler) -> None:
        code = answers.pop(0)
        respond(handler, code, hash_file(content, name) if code < 400 else b"")

    routes = objects(wheels) | {f"/{name}.sha256": recover}
    with serving({"/": link(name, None).encode(), **routes}) as server:
        result = run(cli, "fetch", server.url, wait=20)
    assert (result.code, answers) == (0, []), result.out


# Stale pairs.


@each_verb
@pytest.mark.parametrize("listed", [True, False])
def test_hash_file_is_the_newest_copy(
    cli: Cli, wheels: dict[str, bytes], listed: bool, verb: str
) -> None:
    name, content = next(iter(wheels.items()))
    for other in NAMES[1:]:
        pathlib.Path("dist", other).unlink()

    def replica(handler: Handler) -> None:
        newest = handler.headers.get("X-Newest") == "true"
        respond(handler, 200, hash_file(content if newest else b"old", name))

    page = link(name, None) + (link(f"{name}.sha256", None) if listed else "")
    with serving({"/": page.encode(), f"/{name}": content, f"/{name}.sha256": replica}) as server:
        result = run(cli, verb, server.url)
    assert result.code == 0, result.out
    assert asked(server) == {f"/{name}.sha256": 1}
    assert sha256(content) == hashlib.sha256(pathlib.Path("dist", name).read_bytes()).hexdigest()
