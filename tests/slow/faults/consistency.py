"""Inconsistent stores, and jobs that were interrupted or overlap (E.4)."""

from __future__ import annotations

import functools
import hashlib
import random
from email.utils import formatdate

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
    status,
    wheel,
)
from tests.slow.faults.transport import REJECTED
from tests.support.artifacts import A, hash_file, sha256, wheel_bytes
from tests.support.servers import Respond
from wheelhouse_hashes.causes import Cause

OLD = wheel(seed=1)


@fault("E.4.1", left=(A,), says="waiting up to 9 s")
def hash_file_before_the_wheel(case: Case) -> None:
    """The hash file is there; the wheel appears after two checks."""
    case.routes |= {"/": page(link(f"{A}.sha256")), f"/{A}": in_turn(*[status(404)] * 2, wheel())}
    case.wait = "9"


@fault("E.4.1", causes=Cause.MISSING_ARTIFACT, says="the artifact never appeared")
def hash_file_and_never_the_wheel(case: Case) -> None:
    """The hash file is there, but the wheel never appears: its job was interrupted."""
    case.routes |= {"/": page(link(f"{A}.sha256")), f"/{A}": status(404)}


@fault("E.4.2", left=(A, B), says="waiting up to 9 s")
def wheel_before_the_hash_file(case: Case) -> None:
    """The wheel is there; its hash file appears after two checks, and another wheel has one."""
    case.without_digest_in_the_link()
    case.add(B, wheel(B))
    case.routes[f"/{A}.sha256"] = in_turn(*[status(404)] * 2, hash_file(wheel()))
    case.wait = "9"


@fault("E.4.3", causes=Cause.MISSING_HASH)
def wheel_and_never_the_hash_file(case: Case) -> None:
    """The wheel is there, but no source has a digest for it."""
    case.without_digest_in_the_link()
    del case.routes[f"/{A}.sha256"]


SEVERAL = tuple(f"demo-1.0-{number}-py3-none-any.whl" for number in range(12))


def _several(case: Case, folder: str = "") -> None:
    """Publish twelve wheels without hash files."""
    case.routes.clear()
    case.good = {name: wheel() for name in SEVERAL}
    case.routes |= {f"/{folder}{name}": wheel() for name in SEVERAL}


@fault("E.4.3", causes=(Cause.MISSING_HASH,) * len(SEVERAL), limit=30)
def wheels_and_never_a_hash_file(case: Case) -> Check:
    """Twelve wheels, and no digest of any: they are not waited for (``--wait 90``)."""
    _several(case)
    case.routes["/"] = page(*map(link, SEVERAL))
    case.wait = "90"

    def check(done: Done) -> None:
        asked = [path for path in case.server.paths() if path.endswith(".sha256")]
        assert max(map(asked.count, asked)) <= 2
        assert "waiting" not in done.out

    return check


@fault("E.4.3", left=SEVERAL, says="verified 12 of 12")
def wheels_with_digests_and_no_hash_file(case: Case) -> Check:
    """Twelve wheels with digests in the links: two hash files are asked for, then no more."""
    _several(case)
    case.routes["/"] = page(*(link(name, wheel()) for name in SEVERAL))

    def check(done: Done) -> None:
        asked = [path for path in case.server.paths() if path.endswith(".sha256")]
        assert sorted(asked) == [f"/{name}.sha256" for name in sorted(SEVERAL)[:2]], asked

    return check


@fault("E.4.3", left=SEVERAL, says="verified 12 of 12")
def package_index_without_hash_files(case: Case) -> Check:
    """A page with digests on every link, the wheels on another server: no hash file is asked
    for.
    """
    _several(case)
    files = case.serve(case.routes)
    case.routes = {"/": page(*(link(files.url + name, wheel()) for name in SEVERAL))}

    def check(done: Done) -> None:
        assert not [path for path in files.paths() if path.endswith(".sha256")]

    return check


def _with_metadata(content: bytes) -> Respond:
    """Serve content with its digest in the object's metadata, as Swift does."""
    return status(200, content, X_Object_Meta_Sha256=sha256(content))


@fault("E.4.4", causes=Cause.STALE, left=(REJECTED,))
def old_hash_file_and_new_wheel(case: Case) -> None:
    """The wheel was replaced but its hash file was not; the metadata show it."""
    case.routes |= {"/": page(link(A)), f"/{A}": _with_metadata(wheel())}
    case.routes[f"/{A}.sha256"] = hash_file(OLD)


@fault("E.4.4", left=(A,))
def old_hash_file_at_first(case: Case) -> None:
    """The same, but the new hash file appears at the second check."""
    case.routes |= {"/": page(link(A)), f"/{A}": _with_metadata(wheel())}
    case.routes[f"/{A}.sha256"] = in_turn(hash_file(OLD), hash_file(wheel()))


@fault("E.4.4", causes=Cause.MISMATCH, left=(REJECTED,))
def old_hash_file_in_a_store_without_metadata(case: Case) -> None:
    """The same permanently, in a store without metadata: indistinguishable from damage."""
    case.routes |= {"/": page(link(A)), f"/{A}.sha256": hash_file(OLD)}


@fault("E.4.5", causes=Cause.STALE, left=(REJECTED,))
def new_hash_file_and_old_wheel(case: Case) -> None:
    """The hash file is new, but a replica still serves the old wheel."""
    case.routes |= {"/": page(link(A)), f"/{A}": _with_metadata(OLD)}


@fault("E.4.6", left=(A,))
def replicas_flap(case: Case) -> None:
    """Replicas alternate: the old wheel, the new one, the old one."""
    case.routes |= {"/": page(link(A)), f"/{A}": in_turn(OLD, wheel(), OLD)}


@fault("E.4.6", left=(A,))
def hash_files_flap(case: Case) -> None:
    """Replicas alternate: the old hash file, the new one, the old one."""
    case.without_digest_in_the_link()
    files = in_turn(hash_file(OLD), hash_file(wheel()), hash_file(OLD))
    case.routes[f"/{A}.sha256"] = files


@fault("E.4.7", left=(A, B))
def listing_lags(case: Case) -> None:
    """The listing shows a hash file but not yet its wheel, which exists."""
    case.add(B, wheel(B))
    case.routes["/"] = page(link(A, wheel()), link(f"{B}.sha256"))


@fault("E.4.7", exit_code=4, says="nothing matches")
def listing_has_nothing_yet(case: Case) -> None:
    """The listing does not show an artifact that was just published."""
    case.routes["/"] = page()


@fault("E.4.8", left=(A,), says="withdrawn")
def listing_shows_what_was_deleted(case: Case) -> None:
    """The listing still shows a wheel that was deleted together with its hash file."""
    case.list(link(B), link(f"{B}.sha256"))


@fault("E.4.8", causes=Cause.MISSING_ARTIFACT, left=(A,))
def linked_wheel_is_gone(case: Case) -> None:
    """A link with a digest leads to nothing: the page still announces the wheel."""
    case.list(link(B, wheel(B)))


@fault("E.4.9", left=(A,))
def wheel_is_replaced_during_the_download(case: Case) -> None:
    """The first half of a body is old and the second half new; afterwards everything is new."""
    mixed = OLD[:HALF] + wheel()[HALF:]
    case.routes |= {f"/{A}": in_turn(mixed, wheel())}


@fault("E.4.10", causes=Cause.CONFLICT, left=(REJECTED,))
def rerun_with_other_bytes_under_one_name(case: Case) -> None:
    """A second CI run published other bytes under the same name: the page has the first digest, the
    hash file the second.
    """
    case.routes |= {"/": page(link(A, OLD))}


def _page_elsewhere(case: Case) -> None:
    """Let a page on another server have the digest of the first build."""
    case.routes |= {f"/{A}": _with_metadata(OLD), f"/{A}.sha256": hash_file(OLD)}
    store = case.serve(dict(case.routes))
    case.routes["/"] = page(link(A, wheel()).replace(A, f"{store.url}{A}"))


@fault("E.4.10", causes=Cause.REPLACED, left=(REJECTED,), says="the artifact was replaced")
def replaced_with_its_hash_file_and_metadata(case: Case) -> None:
    """A wheel was replaced together with its hash file and metadata; a page on another server has
    the first digest.
    """
    _page_elsewhere(case)
    case.wait = "60"


@fault("E.4.10", causes=Cause.REPLACED, left=(REJECTED,), says="waiting up to 1 s")
def replaced_within_the_hour(case: Case) -> None:
    """The same, but the wheel changed within the last hour: the fetch waits for the page."""
    _page_elsewhere(case)
    young = status(
        200, OLD, X_Object_Meta_Sha256=sha256(OLD), Last_Modified=formatdate(usegmt=True)
    )
    store = case.serve({f"/{A}": young, f"/{A}.sha256": hash_file(OLD)})
    case.routes["/"] = page(link(A, wheel()).replace(A, f"{store.url}{A}"))
    case.wait = "1"


@fault("E.4.3", exit_code=2, says="--require pinned: no source of this run can supply it")
def required_tier_that_nothing_supplies(case: Case) -> None:
    """A tier is required that none of the sources can supply."""
    case.options = ["--require", "pinned"]


UPLOAD = (
    *("upload", "--hashfile", "--provider-name", "LOCAL", "--username", "store"),
    *("--secret", "none", "--local-folder", "dist"),
)


def upload(case: Case, name: str, content: bytes, *options: str) -> None:
    """Upload one artifact into the container ``wheels``."""
    (case.folder / "dist").mkdir()
    (case.folder / "dist" / name).write_bytes(content)
    (case.folder / "store" / "wheels").mkdir(parents=True)
    case.command = [*UPLOAD, *options, "wheels"]


def there(case: Case, expected: dict[str, bytes]) -> Check:
    """Check the contents of the container at the end, except the index page."""

    def check(done: Done) -> None:
        files = (case.folder / "store" / "wheels").rglob("*")
        found = {p.name: p.read_bytes() for p in files if p.is_file() and p.name != "index.html"}
        assert found == expected, found

    return check


@fault(
    "E.4.10",
    exit_code=1,
    causes=Cause.CONFLICT,
    says="--no-replace: the container already has this artifact with different content",
)
def upload_of_other_bytes_with_no_replace(case: Case) -> Check:
    """A second CI run uploads other bytes under the same name, with ``--no-replace``."""
    upload(case, A, OLD, "--no-replace")
    before = {A: wheel(), f"{A}.sha256": hash_file(wheel())}
    for name, content in before.items():
        (case.folder / "store" / "wheels" / name).write_bytes(content)
    return there(case, before)


@fault("E.4.10", exit_code=0, says="replaced")
def upload_of_other_bytes(case: Case) -> Check:
    """The same without ``--no-replace``: the wheel is replaced, and this is reported."""
    upload(case, A, OLD)
    (case.folder / "store" / "wheels" / A).write_bytes(wheel())
    (case.folder / "store" / "wheels" / f"{A}.sha256").write_bytes(hash_file(wheel()))
    return there(case, {A: OLD, f"{A}.sha256": hash_file(OLD)})


@fault("E.4.11", exit_code=0, says="sent")
def upload_that_was_cut_off(case: Case) -> Check:
    """An upload was killed after the hash file; a rerun completes it."""
    upload(case, A, wheel())
    (case.folder / "store" / "wheels" / f"{A}.sha256").write_bytes(hash_file(wheel()))
    return there(case, {A: wheel(), f"{A}.sha256": hash_file(wheel())})


@fault("E.4.12", exit_code=0, says="sent")
def dev_wheel_that_was_renamed_already(case: Case) -> Check:
    """An upload was killed after giving a dev wheel its time stamp; the rerun keeps the name."""
    name = "demo-1.0.dev1+20260101000000-py3-none-any.whl"
    upload(case, name, wheel(name))
    (case.folder / "store" / "wheels" / f"{name}.sha256").write_bytes(hash_file(wheel(name), name))
    return there(case, {name: wheel(name), f"{name}.sha256": hash_file(wheel(name), name)})


@fault("E.4.13", left=tuple(f"demo-1.0.dev{n}-py3-none-any.whl" for n in range(1, 6)))
def hash_file_of_a_pruned_dev_build(case: Case) -> Check:
    """A hash file is left over from a dev build that five younger ones supersede: it is noted, and
    the build does not count as missing.
    """
    case.routes = {"/": page()}
    case.good.clear()
    for number in range(1, 6):
        name = f"demo-1.0.dev{number}-py3-none-any.whl"
        case.add(name, wheel(name))
    case.list(link("demo-1.0.dev0-py3-none-any.whl.sha256"))

    def check(done: Done) -> None:
        assert "older dev build; only its companions remain" in done.out

    return check


@fault("E.4.14", exit_code=0, says="already there")
def upload_of_what_another_job_sent(case: Case) -> Check:
    """Another job uploaded the same wheel."""
    upload(case, A, wheel())
    both = {A: wheel(), f"{A}.sha256": hash_file(wheel())}
    for name, content in both.items():
        (case.folder / "store" / "wheels" / name).write_bytes(content)
    return there(case, both)


def contains(case: Case, **objects: bytes) -> None:
    """Put wheel A, and its hash files by algorithm, into the container."""
    for algorithm, content in objects.items():
        name = A if algorithm == "wheel" else f"{A}.{algorithm}"
        (case.folder / "store" / "wheels" / name).write_bytes(content)


@fault("E.4.5", causes=Cause.DISK, says="the container still has the previous artifact")
def replacement_that_is_refused(case: Case) -> Check:
    """A rebuilt wheel cannot be written (``ulimit -f``) after its hash file was: the previous hash
    file is put back.
    """
    upload(case, A, large())
    contains(case, wheel=OLD, sha256=hash_file(OLD))
    case.prefix = ["bash", "-c", 'ulimit -f 5000; exec "$@"', "bash"]
    return there(case, {A: OLD, f"{A}.sha256": hash_file(OLD)})


@fault("E.4.11", exit_code=0, says="replaced")
def replacement_that_was_cut_off(case: Case) -> Check:
    """A replacement was killed after the hash file; a rerun completes it."""
    upload(case, A, wheel())
    contains(case, wheel=OLD, sha256=hash_file(wheel()))
    return there(case, {A: wheel(), f"{A}.sha256": hash_file(wheel())})


@fault("E.4.11", causes=Cause.DISK, says="the container still has the previous artifact")
def replacement_that_was_cut_off_and_is_refused(case: Case) -> Check:
    """A replacement was killed after the hash file, and the rerun cannot write the wheel: the hash
    file of the previous wheel is made again.
    """
    new = large()
    upload(case, A, new)
    contains(case, wheel=OLD, sha256=hash_file(new))
    case.prefix = ["bash", "-c", 'ulimit -f 5000; exec "$@"', "bash"]
    return there(case, {A: OLD, f"{A}.sha256": hash_file(OLD)})


@functools.lru_cache
def large() -> bytes:
    """Return a wheel of 10 MB."""
    return wheel_bytes(random.Random(1).randbytes(10_000_000))


@fault("E.4.4", exit_code=1, says="a fetch will refuse the artifact: delete")
def foreign_hash_file_beside_the_right_wheel(case: Case) -> Check:
    """Another tool left a hash file of older bytes beside the wheel: it is named, and kept."""
    upload(case, A, wheel())
    contains(case, wheel=wheel(), sha256=hash_file(wheel()), md5=b"0" * 32)
    kept = {A: wheel(), f"{A}.sha256": hash_file(wheel()), f"{A}.md5": b"0" * 32}
    return there(case, kept)


@fault("E.4.4", exit_code=0, says="corrected: it contained sha512:aaaa")
def hash_file_of_another_algorithm_that_is_stale(case: Case) -> Check:
    """An earlier run with another ``--hash-algorithm`` left a hash file of older bytes: it is
    corrected.
    """
    upload(case, A, wheel())
    stale = f"{'a' * 128}  {A}\n".encode()
    contains(case, wheel=wheel(), sha256=hash_file(wheel()), sha512=stale)
    right = f"{hashlib.sha512(wheel()).hexdigest()}  {A}\n".encode()
    return there(case, {A: wheel(), f"{A}.sha256": hash_file(wheel()), f"{A}.sha512": right})


@fault("E.4.12", causes=(Cause.UNSAFE_NAME,) * 2, says="spelled differently")
def two_spellings_of_one_dev_version(case: Case) -> Check:
    """Two wheels of one dev version with different spellings, which would get one name: both are
    refused, and no file is replaced.
    """
    names = ("demo-1.0.dev1-py3-none-any.whl", "demo-1.0dev1-py3-none-any.whl")
    upload(case, names[0], wheel(names[0]))
    (case.folder / "dist" / names[1]).write_bytes(wheel(names[1]))
    empty = there(case, {})

    def check(done: Done) -> None:
        empty(done)
        assert {path.name for path in (case.folder / "dist").iterdir()} == set(names)

    return check


@fault("E.4.13", exit_code=0, says="sent")
def dev_build_of_a_maintenance_branch(case: Case) -> Check:
    """Five newer dev builds are there: the uploaded one is kept as well."""
    names = [f"demo-1.{n}.dev1+20260101000000-py3-none-any.whl" for n in range(6)]
    upload(case, names[0], wheel(names[0]))
    expected: dict[str, bytes] = {}
    for name in names:
        expected |= {name: wheel(name), f"{name}.sha256": hash_file(wheel(name), name)}
    for name in names[1:]:
        for each in (name, f"{name}.sha256"):
            (case.folder / "store" / "wheels" / each).write_bytes(expected[each])
    return there(case, expected)


@fault("E.4.15", exit_code=4, says="wheels/index.html was not written by wheelhouse-hashes")
def index_page_of_another_program(case: Case) -> Check:
    """The container has a landing page under the name of the index page."""
    landing = b"<!DOCTYPE html><html><h1>Wheels of demo</h1></html>"
    upload(case, A, wheel())
    page_there = case.folder / "store" / "wheels" / "index.html"
    page_there.write_bytes(landing)
    check_there = there(case, {A: wheel(), f"{A}.sha256": hash_file(wheel())})

    def check(done: Done) -> None:
        check_there(done)
        assert page_there.read_bytes() == landing

    return check


@fault("E.4.11", exit_code=0, says="container wheels: sent 1")
def index_page_that_was_cut_off(case: Case) -> None:
    """Another job was killed while it wrote the index page, which is written again."""
    upload(case, A, wheel())
    page_there = case.folder / "store" / "wheels" / "index.html"
    page_there.write_bytes(b'<html><body><p>\n<li><a href="demo-0.9')
