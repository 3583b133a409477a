from __future__ import annotations

import pytest
from packaging.version import Version

from tests.support.artifacts import sha256
from wheelhouse_hashes.artifacts import Claim, Digest, Finding
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.listing.selection import Selection, asked_for, select
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.transport import Entry, LeftOut, Listing

BASE = "https://host/wheels/"
PLUGINS = Plugins.load(BUILT_IN, {})


def _entry(name: str, *claims: Claim | Finding, base: str = BASE, size: int | None = None) -> Entry:
    return Entry(name, base + name.replace("+", "%2B"), size, claims=claims)


def _claim(body: bytes) -> Claim:
    return Claim(Digest("sha256", sha256(body)), "link", BASE)


def _select(*entries: Entry | str, project: str = "numpy", version: str | None = None) -> Selection:
    listed = tuple(_entry(e) if isinstance(e, str) else e for e in entries)
    return select(Listing(BASE, listed), PLUGINS, asked_for(project, version))


def _names(selection: Selection) -> list[str]:
    return [artifact.name for artifact in selection.artifacts]


@pytest.mark.parametrize(
    "project", ["zope.interface", "Zope_Interface", "zope-interface", "ZOPE.-_interface"]
)
def test_projects_are_compared_by_pep_503(project: str) -> None:
    names = ["Zope_Interface-5.0-py3-none-any.whl", "zope.interface-5.0.tar.gz"]
    others = ["zope_interfaces-5.0-py3-none-any.whl", "zope-5.0.tar.gz", "interface-5.0.zip"]
    assert _names(_select(*names, *others, project=project)) == sorted(names)


@pytest.mark.parametrize(
    ("version", "wanted"),
    [
        ("1.0", ["numpy-1.0-py3-none-any.whl", "numpy-1.0.0.tar.gz"]),
        ("v1.0.0", ["numpy-1.0-py3-none-any.whl", "numpy-1.0.0.tar.gz"]),
        ("1.0+local", ["numpy-1.0+local-py3-none-any.whl"]),
        ("1.1.RC1", ["numpy-1.1rc1.zip"]),
        ("1!1.0", ["numpy-1!1.0-py3-none-any.whl"]),
        ("2.0", []),
    ],
)
def test_versions_are_compared_by_pep_440(version: str, wanted: list[str]) -> None:
    names = [
        "numpy-1.0-py3-none-any.whl",
        "numpy-1.0.0.tar.gz",
        "numpy-1.0+local-py3-none-any.whl",
        "numpy-1.0.1-py3-none-any.whl",
        "numpy-1!1.0-py3-none-any.whl",
        "numpy-1.1rc1.zip",
        "numpy-1.10.zip",
    ]
    selection = _select(*names, version=version)
    assert sorted(_names(selection)) == sorted(wanted)
    assert selection.versions == tuple(
        Version(v) for v in ("1.0", "1.0+local", "1.0.1", "1.1rc1", "1.10", "1!1.0")
    )


def test_invalid_version_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="'latest': not a valid version") as caught:
        _select("numpy-1.0.zip", version="latest")
    assert caught.value.exit_code == 2


def test_non_artifacts_are_skipped() -> None:
    names = ["index.html", "metadata.json", "", "numpy", "numpy-1.0-py3-none-any.whl.part"]
    selection = _select(*names, "numpy-1.0.zip")
    assert _names(selection) == ["numpy-1.0.zip"]


def test_artifacts_are_sorted_and_keep_entry_fields() -> None:
    claim = _claim(b"a")
    second = Entry("numpy-1.0.zip", BASE + "a.zip", 7, {"X-Auth-Token": "t"}, (claim,))
    selection = _select("numpy-2.0.zip", second)
    assert _names(selection) == ["numpy-1.0.zip", "numpy-2.0.zip"]
    artifact = selection.artifacts[0]
    assert (artifact.url, artifact.size) == (BASE + "a.zip", 7)
    assert artifact.headers == {"X-Auth-Token": "t"}
    assert artifact.claims == (claim,)
    assert artifact.listed
    assert artifact.parsed.version == Version("1.0")


def test_companions_are_grouped_with_artifact() -> None:
    name, other = "numpy-1.0-py3-none-any.whl", "numpy-1.0.tar.gz"
    selection = _select(f"{name}.sha256", name, f"{name}.sha512", other, f"{other}.md5")
    assert _names(selection) == [name, other]
    wheel, sdist = selection.artifacts
    assert wheel.companions == {
        f"{name}.sha256": f"{BASE}{name}.sha256",
        f"{name}.sha512": f"{BASE}{name}.sha512",
    }
    assert sdist.companions == {f"{other}.md5": f"{BASE}{other}.md5"}


def test_first_of_two_companion_links_is_used() -> None:
    name = "numpy-1.0.zip"
    first = Entry(f"{name}.sha256", "https://host/wheels/first")
    second = Entry(f"{name}.sha256", "https://host/wheels/second")
    (artifact,) = _select(name, first, second).artifacts
    assert artifact.companions == {f"{name}.sha256": "https://host/wheels/first"}


def test_announced_artifact_url_is_beside_companion() -> None:
    name = "numpy-1.0+local-py3-none-any.whl"
    headers = {"X-Auth-Token": "t"}
    companion = Entry(
        f"{name}.sha256", f"https://cdn/w/{name.replace('+', '%2B')}.sha256", 99, headers
    )
    (artifact,) = _select(companion).artifacts
    assert artifact.name == name
    assert artifact.url == "https://cdn/w/numpy-1.0%2Blocal-py3-none-any.whl"
    assert artifact.headers == headers
    assert artifact.size is None
    assert artifact.claims == ()
    assert not artifact.listed


def test_two_links_with_same_name_keep_both_claims() -> None:
    name = "numpy-1.0.zip"
    one, other = _claim(b"one"), _claim(b"other")
    objection = Finding(Cause.UNREADABLE_HASH, "bad")
    first = Entry(name, "https://host/first.zip", 1, claims=(one,))
    second = Entry(name, "https://host/second.zip", 2, claims=(other, objection))
    (artifact,) = _select(first, second).artifacts
    assert (artifact.url, artifact.size) == ("https://host/first.zip", 1)
    assert artifact.claims == (one, other, objection)


def _dev(version: str) -> str:
    return f"numpy-{version}-py3-none-any.whl"


def test_companion_superseded_by_five_builds_is_leftover() -> None:
    listed = [_dev(f"1.0.dev{n}") for n in range(1, 6)]
    selection = _select(*listed, _dev("1.0.dev0") + ".sha256")
    assert selection.leftovers == (_dev("1.0.dev0"),)
    assert _names(selection) == listed


def test_companion_behind_four_builds_is_announced() -> None:
    listed = [_dev(f"1.0.dev{n}") for n in range(2, 6)]
    selection = _select(*listed, _dev("1.0.dev0") + ".sha256")
    assert selection.leftovers == ()
    assert _names(selection) == [_dev("1.0.dev0"), *listed]


def test_companion_of_youngest_or_release_is_not_leftover() -> None:
    listed = [_dev(f"1.0.dev{n}") for n in range(1, 6)]
    ghosts = [_dev("1.0.dev9"), _dev("0.9")]
    selection = _select(*listed, *(ghost + ".sha256" for ghost in ghosts))
    assert selection.leftovers == ()
    assert sorted(_names(selection)) == sorted([*listed, *ghosts])


def test_announced_dev_build_supersedes_nothing() -> None:
    # As text, 1.10 sorts before 1.9, so the announced build is processed first.
    listed = [_dev(f"1.{n}.dev0") for n in range(11, 15)]
    selection = _select(*listed, _dev("1.10.dev0") + ".sha256", _dev("1.9.dev0") + ".sha256")
    assert selection.leftovers == ()
    assert _dev("1.9.dev0") in _names(selection)


def test_leftover_of_other_version_is_ignored() -> None:
    listed = [_dev(f"1.0.dev{n}") for n in range(1, 6)]
    selection = _select(*listed, _dev("1.0.dev0") + ".sha256", version="1.0.dev5")
    assert selection.leftovers == ()
    assert _names(selection) == [_dev("1.0.dev5")]


def test_skipped_artifact_is_not_requested_beside_its_hash_file() -> None:
    there, gone = (f"demo-1.0-{n}-py3-none-any.whl" for n in (1, 2))
    names = (there, f"{there}.sha256", f"{gone}.sha256")
    out = LeftOut(gone, Cause.UNREACHABLE, "ftp")
    listing = Listing(BASE, tuple(Entry(name, BASE + name) for name in names), left_out=(out,))
    selection = select(listing, PLUGINS, asked_for("demo", None))
    assert (_names(selection), selection.left_out) == ([there], (out,))


def test_skipped_artifact_is_listed_unless_offered_elsewhere() -> None:
    there, gone, other = (f"demo-1.0-{n}-py3-none-any.whl" for n in (1, 2, 3))
    listing = Listing(
        BASE,
        (Entry(there, BASE + there),),
        left_out=(
            LeftOut(there, Cause.UNREACHABLE, "ftp"),
            LeftOut(gone, Cause.UNREACHABLE, "ftp"),
            LeftOut(gone, Cause.FORBIDDEN, "file"),
            LeftOut(other.replace("demo", "x"), Cause.UNREACHABLE, "ftp"),
            LeftOut("page.html", Cause.UNREACHABLE, "ftp"),
        ),
    )
    assert select(listing, PLUGINS, asked_for("demo", None)).left_out == (
        LeftOut(gone, Cause.FORBIDDEN, "file"),
    )
    assert select(listing, PLUGINS, asked_for("demo", "2")).left_out == ()


def test_unsafe_names_of_requested_project_are_listed() -> None:
    name = "demo-1.0-py3-none-any.whl"
    asked = {f"../{name}", f"{name}\n", f"{name}.", f"-{name}", "demo.x-1.0.tar.gz"}
    hostile = asked | {"../other-1.0.tar.gz", "..", "-x", "demo-1.0-py3-none-any.whl.sha256\n"}
    listing = Listing(BASE, tuple(Entry(n, BASE) for n in hostile))
    unsafe = dict(select(listing, PLUGINS, asked_for("demo", None)).unsafe)
    assert set(unsafe) == asked - {"demo.x-1.0.tar.gz"}
    assert dict(select(listing, PLUGINS, asked_for("demo", "9")).unsafe) == {}


@pytest.mark.parametrize("name", ["con.x-1.0.tar.gz", "con.x-1.0.tar.gz.sha256"])
def test_reserved_name_is_unsafe_if_only_announced(name: str) -> None:
    selection = select(Listing(BASE, (Entry(name, BASE),)), PLUGINS, asked_for("con.x", None))
    assert selection.artifacts == ()
    assert [name for name, _ in selection.unsafe] == ["con.x-1.0.tar.gz"]
