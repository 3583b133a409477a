"""``--expect-file``, ``--expect-like``, ``--expect-cibuildwheel`` and ``--exclude``."""

from __future__ import annotations

import json
import pathlib
import re
from collections.abc import Iterable, Iterator

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.artifacts import make_sdist, make_wheel, sha256
from tests.support.commands import FETCH
from tests.support.servers import Handler, Respond, Routes, Server, respond, serving

TAGS = [
    f"{python}-{abi}-{platform}"
    for python, abi in (("cp312", "cp312"), ("cp313", "cp313"), ("cp313", "cp313t"))
    for platform in ("manylinux_2_17_x86_64", "win_amd64")
]
SUMS = pathlib.Path("SHA256SUMS")


def names(version: str, tags: Iterable[str] = TAGS) -> list[str]:
    """Return the names of a release: wheels and an sdist."""
    return [*(f"demo-{version}-{each}.whl" for each in tags), f"demo-{version}.tar.gz"]


def build(folder: str, wanted: Iterable[str]) -> dict[str, bytes]:
    """Make artifacts in a folder."""
    path = pathlib.Path(folder)
    path.mkdir(exist_ok=True)
    made = [(make_sdist if n.endswith(".tar.gz") else make_wheel)(path, n) for n in wanted]
    return {each.name: each.read_bytes() for each in made}


@pytest.fixture
def release(cli: Cli) -> dict[str, bytes]:
    """The release 2.0 in ``dist``, and its digest list."""
    made = build("dist", names("2.0"))
    SUMS.write_text("".join(f"{sha256(content)}  {name}\n" for name, content in made.items()))
    return made


def remove(*parts: str) -> None:
    """Remove artifacts from ``dist`` and from the digest list."""
    gone = [path for path in pathlib.Path("dist").iterdir() if any(p in path.name for p in parts)]
    assert gone
    for path in gone:
        path.unlink()
    lines = SUMS.read_text().splitlines(keepends=True)
    SUMS.write_text("".join(line for line in lines if not any(p in line for p in parts)))


def verify(cli: Cli, *options: object) -> Result:
    """Verify ``dist`` against its digest list."""
    return cli("verify", "dist", "--against", SUMS, *options)


def simple_page(versions: Iterable[str], yanked: str = "") -> Respond:
    """A page of the simple API in JSON, without the artifacts; the wheels have a size."""
    files = [
        {
            "filename": name,
            "url": f"/files/{name}",
            "hashes": {"sha256": "0" * 64},
            "size": 1_000,
            "yanked": "broken" if version == yanked else False,
        }
        for version in versions
        for name in names(version)
    ]
    content = {"meta": {"api-version": "1.1"}, "name": "demo", "files": files}
    body = json.dumps(content).encode()

    def answer(handler: Handler) -> None:
        kind = "application/vnd.pypi.simple.v1+json"
        respond(handler, 200, body, **{"Content-Type": kind})

    return answer


def html_page(versions: Iterable[str], yanked: str = "") -> bytes:
    """A page of the simple API in HTML."""
    return "".join(
        f'<a href="{name}"{" data-yanked" if version == yanked else ""}>{name}</a>'
        for version in versions
        for name in names(version)
    ).encode()


@pytest.fixture
def index() -> Iterator[Server]:
    """A package index with three releases: 1.0, 1.1 (yanked) and 2.1rc1, as JSON and HTML."""
    versions = ("1.0", "1.1", "2.1rc1")
    routes: Routes = {
        "/json/": simple_page(versions, yanked="1.1"),
        "/html/": html_page(versions, yanked="1.1"),
    }
    with serving(routes) as server:
        yield server


@pytest.mark.usefixtures("release")
def test_expect_file_of_patterns(cli: Cli) -> None:
    expected = pathlib.Path("expected.txt")
    expected.write_text(
        "# any version\nsdist\n*-manylinux_* 3\ncp313t-* 2\n*-win_amd64 2-4\n!pp*\n"
    )
    assert verify(cli, "--expect-file", expected).code == 0
    remove("cp313t-manylinux")
    result = verify(cli, "--expect-file", expected)
    assert result.code == 4
    assert "incomplete: line 3, *-manylinux_*: expected 3, found 2: demo-2.0-cp312" in result.out
    assert "line 4, cp313t-*: expected 2, found 1" in result.out


@pytest.mark.usefixtures("release")
def test_surplus_and_forbidden_artifacts(cli: Cli) -> None:
    expected = pathlib.Path("expected.txt")
    expected.write_text("*-manylinux_*\n*-win_amd64\n!cp313t-*\n")
    result = verify(cli, "--expect-file", expected)
    assert result.code == 4
    assert "line 3, !cp313t-*: must not be there: demo-2.0-cp313-cp313t-manylinux" in result.out
    assert "not expected: demo-2.0.tar.gz" in result.out


@pytest.mark.parametrize(
    ("option", "content", "words"),
    [
        ("--expect-file", "", "nothing is expected"),
        ("--expect-file", "!pp*", "nothing is expected"),
        ("--expect-file", "*.whl", "line 1: .*not file names"),
        ("--expect-file", "#" * 1_100_000, "larger than"),
        ("--expect-cibuildwheel", "\n# none\n", "no build identifiers; check CIBW_BUILD"),
        ("--expect-cibuildwheel", "cp312-win32\ncp312-*", "line 2: 'cp312-.*' is not a build id"),
    ],
)
@pytest.mark.usefixtures("release")
def test_file_that_expects_nothing_or_cannot_be_read(
    cli: Cli, option: str, content: str, words: str
) -> None:
    pathlib.Path("expected.txt").write_text(content)
    result = verify(cli, option, "expected.txt")
    assert (result.code, result.out) == (2, "")
    assert re.search(words, result.err)


@pytest.mark.usefixtures("release")
def test_each_build_identifier_needs_a_wheel(cli: Cli) -> None:
    one, other = pathlib.Path("linux.txt"), pathlib.Path("windows.txt")
    one.write_text("".join(f"{p}-manylinux_x86_64\n" for p in ("cp312", "cp313", "cp313t")))
    other.write_text("cp312-win_amd64\ncp313-win_amd64\n")
    options = ("--expect-cibuildwheel", one, "--expect-cibuildwheel", other)
    result = verify(cli, *options)
    assert result.code == 0
    note = result.line("note")
    assert note.endswith(
        "no build identifier of --expect-cibuildwheel: demo-2.0-cp313-cp313t-win_amd64.whl"
    )
    remove("cp312-win", "cp313-win")
    result = verify(cli, *options)
    assert result.code == 4
    assert "no wheels for win_amd64 at all: 2 in the build identifiers" not in result.out
    assert "no cp312, cp313 wheels for win_amd64: 2 in the build identifiers" in result.out


@pytest.mark.usefixtures("release")
@pytest.mark.parametrize(
    ("page", "version"),
    [("json", ""), ("html", ""), ("json", "previous@"), ("json", "1.0@"), ("html", "2.1rc1@")],
)
def test_release_like_another_one(cli: Cli, index: Server, page: str, version: str) -> None:
    like = f"{version}{index.url}{page}/"
    result = verify(cli, "--expect-like", like, "--wait", 0)
    assert result.code == 0
    other = "2.1rc1" if "rc" in version else "1.0"
    assert f"expected the 7 kinds of demo {other} at {index.url}{page}/\n" in result.out
    assert "  also from" not in result.out
    remove("cp313t")
    result = verify(cli, "--expect-like", like)
    assert result.code == 4
    assert f"incomplete: no cp313t wheels at all: 2 in {other}" in result.out
    assert "name what is no longer built with --without" in result.out
    dropped = verify(cli, "--expect-like", like, "--without", "cp313t-*")
    assert dropped.code == 0
    assert f"expected the 5 kinds of demo {other} at" in dropped.out


@pytest.mark.usefixtures("release")
def test_release_like_its_candidate_in_a_folder(cli: Cli) -> None:
    build("candidate", names("2.0rc1"))
    assert verify(cli, "--expect-like", "candidate").code == 0
    remove("win_amd64")
    result = verify(cli, "--expect-like", "2.0rc1@candidate")
    assert result.code == 4
    assert "no wheels for win_amd64 at all: 3 in 2.0rc1" in result.out
    assert "expected the 7 kinds of demo 2.0rc1 at candidate\n" in result.out


@pytest.mark.usefixtures("release")
def test_release_like_a_digest_list_offline(python: Cli) -> None:
    lines = (f"{sha256(name.encode())}  {name}\n" for name in names("1.9", TAGS[:4]))
    pathlib.Path("OLD").write_text("".join(lines))
    program = (
        "import sys; sys.modules['pycurl'] = None; sys.argv = ['x', 'verify', 'dist', "
        "'--against', 'SHA256SUMS', '--expect-like', 'OLD']; "
        "from wheelhouse_hashes.__main__ import main; main()"
    )
    result = python("-c", program)
    assert (result.code, result.err) == (0, "")
    assert result.line("note").endswith("new, not in demo 1.9: cp313t wheels (2)")


@pytest.mark.usefixtures("release")
def test_digests_of_a_list_like_another_release(cli: Cli) -> None:
    build("old", names("1.0"))
    pathlib.Path("SHORT").write_text("".join(SUMS.read_text().splitlines(keepends=True)[:-1]))
    result = cli("verify", "SHORT", "--against", "SHORT", "--expect-like", "old")
    assert result.code == 4
    assert "no sdist: 1 in 1.0" in result.out


@pytest.mark.usefixtures("release")
def test_other_sizes_are_notes(cli: Cli) -> None:
    build("old", names("1.0"))
    path = next(pathlib.Path("old").glob("*-cp312-win_amd64.whl"))
    make_wheel(pathlib.Path("old"), path.name, bytes(range(256)) * 100)
    result = verify(cli, "--expect-like", "old")
    assert result.code == 0
    assert "  size: cp312 win_amd64: " in result.line("note")


@pytest.mark.usefixtures("release")
def test_lost_project_of_a_release_with_several(cli: Cli) -> None:
    build("old", [*names("1.0"), "extra-1.0-py3-none-any.whl"])
    result = verify(cli, "--expect-like", "1.0@old")
    assert result.code == 4
    assert "no py3 wheels at all: 1 in 1.0" in result.out


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--expect-like", "3.0@{index}"), "no artifacts of version 3.0; it has 2.1rc1, 1.1, 1.0"),
        (("--expect-like", "1.0@{index}", "--without", "*"), "nothing would be expected"),
        (("--expect-like", "nowhere"), "nowhere: not an http or https URL, and no such file"),
        (("--expect-like", "x@{index}"), "the part before '@' is not a version"),
        (("--without", "sdist"), "--without: no effect without --expect-like"),
        (("--exclude", "*.whl"), "--exclude '*.whl': patterns match tags"),
    ],
)
@pytest.mark.usefixtures("release")
def test_usage_errors(cli: Cli, index: Server, options: tuple[str, ...], words: str) -> None:
    given = [option.format(index=f"{index.url}json/") for option in options]
    result = verify(cli, *given)
    assert result.code == 2
    assert words in result.out + result.err


@pytest.mark.usefixtures("release")
def test_index_that_cannot_be_reached(cli: Cli, index: Server) -> None:
    result = verify(cli, "--expect-like", f"{index.url}gone/", "--wait", 0)
    assert result.code == 5
    assert "/gone/" in result.err


@pytest.mark.usefixtures("release")
def test_without_that_names_nothing_is_noted(cli: Cli) -> None:
    build("old", names("1.0"))
    result = verify(cli, "--expect-like", "old", "--without", "cp27-*")
    assert result.code == 0
    assert result.line("note").endswith(
        "--without cp27-*: demo 1.0 has no such artifact; remove the option"
    )


@pytest.mark.usefixtures("release")
def test_project_that_the_address_lacks_is_noted(cli: Cli, index: Server) -> None:
    make_wheel(pathlib.Path("dist"), "extra-2.0-py3-none-any.whl")
    like = f"{index.url}html/"
    result = cli("verify", "dist", "--missing-hash", "accept", "--expect-like", like)
    assert result.code == 0
    assert f"--expect-like: {like} has no extra, which is not compared" in result.out
    result = cli("verify", "dist", "--missing-hash", "accept", "--expect-like", index.url + "none/")
    assert result.code == 5


@pytest.mark.usefixtures("release")
def test_cut_listing_of_another_release(cli: Cli) -> None:
    body = html_page(["1.0"])

    def answer(handler: Handler) -> None:
        respond(handler, 200, body, X_Next_Page="2")

    with serving({"/": answer}) as server:
        result = verify(cli, "--expect-like", server.url)
    assert (result.code, result.out.count("listing-cut: ")) == (4, 1)


@pytest.mark.parametrize("inside", [True, False])
def test_list_in_the_folder_is_named_as_such(
    cli: Cli, release: dict[str, bytes], *, inside: bool
) -> None:
    old = pathlib.Path("dist" if inside else ".", "OLD")
    old.write_text("".join(f"{sha256(b'')}  {name}\n" for name in names("1.0")))
    result = verify(cli, "--expect-like", old, "--allow", "OLD")
    assert (result.code, len(release)) == (0, 7)
    assert ("(from the same folder as the artifacts)" in result.out) == inside


@pytest.mark.usefixtures("release")
def test_address_of_the_digests_is_named_as_such(cli: Cli, release: dict[str, bytes]) -> None:
    with serving(served(release, "1.0")) as server:
        options = ("--against", server.url, "--wait", 0, "--expect-like", server.url)
        result = cli("verify", "dist", *options)
    assert result.code == 0
    assert "(from the same server as the digests)" in result.out


@pytest.mark.usefixtures("release")
def test_private_container_with_earlier_releases(cli: Cli) -> None:
    for folder, version in (("old", "1.0"), ("dist", "2.0")):
        build(folder, names(version))
        uploaded = ("upload", "--hashfile", "--local-folder", folder, *LOCAL, "wheels")
        pathlib.Path("store").mkdir(exist_ok=True)
        assert cli(*uploaded).code == 0
    like = ("--expect-like", "container://wheels", *LOCAL)
    result = verify(cli, *like)
    assert result.code == 0
    assert "expected the 7 kinds of demo 1.0 at container://wheels\n" in result.out
    fetched = cli(*FETCH, "--version", "2.0", *like, "container://wheels")
    assert fetched.code == 0
    assert "(from the same store as the artifacts)" in fetched.out


def test_each_fetched_version_has_its_own_model(cli: Cli, release: dict[str, bytes]) -> None:
    release |= build("older", names("1.0", TAGS[:4]))
    with serving(served(release)) as server, serving({"/": html_page(["0.9", "1.0"])}) as other:
        result = cli(*FETCH, "--expect-like", other.url, server.url)
    assert result.code == 4
    assert "no cp313t wheels at all: 2 in 0.9" in result.out
    assert result.out.count("incomplete: ") == 1
    assert "expected the 7 kinds of demo 1.0" in result.out


@pytest.mark.usefixtures("release")
def test_modules_are_imported_only_for_these_options(python: Cli) -> None:
    program = (
        "import atexit, sys; sys.argv = ['x', 'verify', 'dist', '--against', 'SHA256SUMS', "
        "'--expect', '7']; "
        "atexit.register(lambda: print(*(n for n in sys.modules if n.startswith('wheelhouse')))); "
        "from wheelhouse_hashes.__main__ import main; main()"
    )
    result = python("-c", program)
    assert "wheelhouse_hashes.builtin.completeness" in result.out
    for name in ("expected", "wheel_kinds", "tag_globs", "formats.releases", "kind_changes"):
        assert name not in result.out.splitlines()[-1]


def served(release: dict[str, bytes], *versions: str) -> Routes:
    """A page with the release 2.0 and others, of which only the names are there."""
    links = "".join(
        f'<a href="{name}#sha256={sha256(content)}">{name}</a>' for name, content in release.items()
    )
    routes: Routes = {f"/{name}": content for name, content in release.items()}
    return {**routes, "/": links.encode() + html_page(versions)}


def test_fetch_like_the_previous_release(cli: Cli, release: dict[str, bytes]) -> None:
    with serving(served(release, "1.0")) as server:
        options = ("--version", "2.0", "--expect-like", server.url, "--wait", 0)
        result = cli(*FETCH, *options, server.url)
        assert result.code == 0
        end = "(from the same server as the artifacts)\n"
        assert f"expected the 7 kinds of demo 1.0 at {server.url} {end}" in result.out
        assert "verified 7 of 7" in result.out
        early = cli(*FETCH, "--version", "0.9", "--expect-like", server.url, server.url)
        assert (early.code, early.out) == (2, "")
        assert "no final release below demo 0.9" in early.err
    release.pop(names("2.0")[0])
    with serving(served(release, "1.0")) as server, serving({"/": html_page(["1.0"])}) as other:
        options = ("--version", "2.0", "--expect-like", other.url, "--wait", 0)
        result = cli(*FETCH, *options, server.url)
    assert result.code == 4
    assert "no cp312 wheels for manylinux x86_64: 1 in 1.0" in result.out
    assert f"at {other.url}\n" in result.out
    assert "also from" not in result.out


def test_fetch_like_a_local_folder(cli: Cli, release: dict[str, bytes]) -> None:
    build("candidate", names("2.0rc1"))
    release.pop("demo-2.0.tar.gz")
    with serving(served(release)) as server:
        result = cli(*FETCH, "--expect-like", "candidate", server.url)
    assert result.code == 4
    assert "no sdist: 1 in 2.0rc1" in result.out


def test_fetch_leaves_out_excluded_artifacts(cli: Cli, release: dict[str, bytes]) -> None:
    build("old", names("1.0"))
    options: tuple[object, ...] = ("--exclude", "cp313t-*", "--exclude", "sdist", "--expect", 4)
    options += ("--expect-like", "old", "--report", "report.json", "--html", "report.html")
    with serving(served(release)) as server:
        result = cli(*FETCH, *options, "--against", SUMS, "--local-folder", "got", server.url)
        asked = [path for path in server.paths() if "cp313t" in path]
    assert result.code == 0
    assert "verified 4 of 4 artifacts" in result.out
    assert "excluded 3" in result.out
    assert not asked
    excluded = [name for name in release if "cp313t" in name or name.endswith(".gz")]
    assert json.loads(pathlib.Path("report.json").read_text())["excluded"] == sorted(excluded)
    shown = pathlib.Path("report.html").read_text()
    assert all(shown.count(name) == 1 for name in excluded)
    assert len(list(pathlib.Path("got").glob("*.*"))) == 4


@pytest.mark.usefixtures("release")
def test_verify_does_not_miss_excluded_artifacts(cli: Cli) -> None:
    for path in pathlib.Path("dist").glob("*cp313t*"):
        path.unlink()
    assert verify(cli).code == 4
    result = verify(cli, "--exclude", "cp313t-*")
    assert (result.code, "excluded 2" in result.out) == (0, True)


@pytest.mark.usefixtures("release")
def test_excluded_artifacts_in_the_folder_are_unexpected(cli: Cli) -> None:
    result = verify(cli, "--exclude", "sdist")
    assert result.code == 4
    assert "unexpected: --exclude leaves it out, but it is in the folder" in result.line("refused")


@pytest.mark.usefixtures("release")
def test_excluded_artifacts_are_not_expected(cli: Cli) -> None:
    pathlib.Path("names").write_text("\n".join(names("2.0")))
    pathlib.Path("builds").write_text("cp312-win_amd64\ncp313t-win_amd64\n")
    remove("cp313t")
    options = ("--expect-file", "names", "--expect-cibuildwheel", "builds")
    assert verify(cli, *options).code == 4
    assert verify(cli, *options, "--exclude", "cp313t-*").code == 0
    pathlib.Path("patterns").write_text("cp312-*\ncp313-cp313-*\ncp313t-win_* 1\nsdist\n")
    assert verify(cli, "--expect-file", "patterns").code == 4
    assert verify(cli, "--expect-file", "patterns", "--exclude", "cp313t-*").code == 0
    result = verify(cli, "--expect-cibuildwheel", "builds", "--exclude", "*")
    assert (result.code, "excludes all identifiers" in result.err) == (2, True)


GRAALPY = "demo-2.0-graalpy312-graalpy{}_312_native-manylinux_2_17_x86_64.whl"


@pytest.mark.parametrize("there", ["", "250", "242"])
def test_builds_for_graalpy_have_the_column_of_their_wheels(cli: Cli, there: str) -> None:
    """Each release of GraalPy has an ABI of its own; the column is that of the Python."""
    made = ["demo-2.0-cp312-cp312-win_amd64.whl", *([GRAALPY.format(there)] if there else [])]
    build("dist", made)
    pathlib.Path("builds").write_text("cp312-win_amd64\ngp312_250-manylinux_x86_64\n")
    options = ("--missing-hash", "accept", "--grid", "--expect-cibuildwheel", "builds")
    result = cli("verify", "dist", *options)
    assert result.code == (0 if there == "250" else 4)
    assert "gp312" not in result.out
    grid = result.out.splitlines()[-3:]
    assert grid[0].split() == ["cp312", "graalpy312"]
    cells = {"": ["missing"], "250": ["unverified"], "242": ["1", "unverified,", "1", "missing"]}
    assert grid[1].split() == ["manylinux", "x86_64", *cells[there]]
    assert cli("verify", "dist", *options, "--exclude", "graalpy312-*").code == (4 if there else 0)
