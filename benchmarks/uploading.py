"""The cases that upload, to libcloud's LOCAL provider and to a Swift cluster."""

from __future__ import annotations

import contextlib
import os
import pathlib
import shutil
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

from benchmarks import peers
from benchmarks.artifacts import PROJECT, make_set, sha256_of, write_wheel
from benchmarks.measure import Tool
from benchmarks.servers import counting
from benchmarks.suite import Suite, sizes
from tests.swift.cluster import USERS, Cluster, ClusterError

OURS = "ours, --hashfile"
WITHOUT = "ours, no hash files"
HOST = "bare host"

LOCAL_NUMPY = "upload, numpy-like, LOCAL"
LOCAL_TORCH = "upload, torch-like, LOCAL"
LOCAL_SMALL = "upload, many small, LOCAL"
SWIFT_NUMPY = "upload, numpy-like, Swift"
SWIFT_SMALL = "upload, many small, Swift"
SWIFT_FETCH = "fetch, many small, private container on Swift"
DEV = "upload dev wheels, {} objects there"
SLOPE = "upload, cost of each"
REQUESTS = "requests of an upload to Swift"

BARE_SWIFT = pathlib.Path(__file__).with_name("bare_swift.py")

#: Tags of dev wheels that the host alone supports; it keeps five builds of each.
TAGS = [f"cp3{minor}-cp3{minor}-manylinux_2_{libc}_x86_64" for minor in (6, 7, 8, 9)
        for libc in (17, 24, 28, 31, 34)]  # fmt: skip
BUILDS = 5


def local_options(suite: Suite) -> tuple[str, ...]:
    """Return the options for the LOCAL provider, in the folder ``store``."""
    store = ("--provider-name", "LOCAL", "--username", str(suite.folder / "store"))
    return (*store, "--secret", "none", "--no-enable-cdn")


def _tools(
    suite: Suite,
    dist: pathlib.Path,
    arguments: tuple[str, ...],
    before: Callable[[], None],
    *,
    without: bool = True,
) -> list[Tool]:
    """Return the uploads of one folder into the container ``wheels``.

    :param without: whether to upload without hash files and without checks of contents, too.
    """
    args = ("--local-folder", str(dist), *arguments, "wheels")
    hashfile = ("upload", "--hashfile")
    tools = [Tool(OURS, peers.ours(*hashfile, *args), before=before)]
    if without:
        unchecked = peers.ours(*hashfile, "--check-contents", "none", *args)
        tools.append(Tool(peers.UNCHECKED, unchecked, before=before))
        tools.append(Tool(WITHOUT, peers.ours("upload", *args), before=before))
    if suite.environment.host_python:
        command = peers.host(suite.environment, "upload", *args)
        tools.append(Tool(HOST, command, before=before))
    return tools


@contextlib.contextmanager
def dist_of(suite: Suite, count: int, size: int, *, linked: bool = False) -> Iterator[pathlib.Path]:
    """Create a folder with only the artifacts to upload."""
    made = make_set(suite.folder / "set", count, size, linked=linked)
    dist = suite.folder / "dist"
    dist.mkdir()
    for name in made.digests:
        made.folder.joinpath(name).rename(dist / name)
    shutil.rmtree(made.folder)
    try:
        yield dist
    finally:
        shutil.rmtree(dist)
        shutil.rmtree(suite.folder / "store", ignore_errors=True)


def _into_local(suite: Suite, case: str, count: int, size: int, *, linked: bool = False) -> None:
    store = suite.folder / "store"

    def empty() -> None:
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir()

    with dist_of(suite, count, size, linked=linked) as dist:
        suite.say(f"\n== {case}: {sizes(count, size)}")
        suite.runner.case(case, _tools(suite, dist, local_options(suite), empty))


def local(suite: Suite) -> None:
    """Upload to LOCAL."""
    _into_local(suite, LOCAL_NUMPY, *suite.scale.numpy)
    _into_local(suite, LOCAL_SMALL, *suite.scale.small_upload)


def torch(suite: Suite) -> None:
    """Upload very large artifacts to LOCAL: memory, and passes over the bytes."""
    _into_local(suite, LOCAL_TORCH, *suite.scale.torch, linked=True)


def swift(suite: Suite) -> None:
    """Upload to a three-node Swift cluster, like the one in tests/swift."""
    try:
        with Cluster(suite.folder / "swift") as cluster:
            for case, size in (
                (SWIFT_NUMPY, suite.scale.numpy),
                (SWIFT_SMALL, suite.scale.small_upload),
            ):
                with dist_of(suite, *size) as dist:
                    suite.say(f"\n== {case}: {sizes(*size)}")
                    _into_swift(suite, case, cluster, dist)
            with dist_of(suite, *suite.scale.small_upload) as dist:
                suite.say(f"\n== {SWIFT_FETCH}: {sizes(*suite.scale.small_upload)}")
                _from_swift(suite, cluster, dist)
            _count_requests(suite, cluster)
    except ClusterError as error:
        suite.skip("uploads to Swift", str(error).splitlines()[0])
    finally:
        shutil.rmtree(suite.folder / "swift", ignore_errors=True)


def _swift_options(auth: str, storage: str) -> tuple[str, ...]:
    """Return the options for a Swift with these URLs."""
    return (
        *("--provider-name", "OPENSTACK_SWIFT", "--region", "ord"),
        *("--driver-option", f"ex_force_auth_url={auth}"),
        *("--driver-option", f"ex_force_base_url={storage}"),
    )


def _swift_tools(suite: Suite, dist: pathlib.Path, container: str, port: int) -> list[Tool]:
    """Return the uploads of one folder into one container, through a port."""
    root = f"http://127.0.0.1:{port}"
    auth, storage = f"{root}/auth/v1.0", f"{root}/v1/AUTH_test"
    login = ("--username", "test:tester", "--secret", USERS["tester"], "--no-enable-cdn")
    args = ("upload", "--local-folder", str(dist), *login)
    options = _swift_options(auth, storage)
    tools = [
        Tool(OURS, peers.ours(*args, "--hashfile", *options, container)),
        Tool(WITHOUT, peers.ours(*args, *options, container)),
    ]
    python = suite.environment.host_python
    if python:
        # The host has no option for the URLs.
        command = [python, "-W", "ignore", str(BARE_SWIFT), auth, storage, *args, container]
        tools.append(Tool(HOST, command))
    return tools


def _into_swift(suite: Suite, case: str, cluster: Cluster, dist: pathlib.Path) -> None:
    container = cluster.create(f"wheels-{uuid.uuid4().hex[:8]}")

    def empty() -> None:
        # Remove them from the disks, not only from the listing: the disks cannot hold all runs.
        with ThreadPoolExecutor(4) as pool:
            for _ in pool.map(
                lambda name: cluster.request("DELETE", f"{container}/{name}"),
                cluster.names(container),
            ):
                pass

    tools = _swift_tools(suite, dist, container, cluster.s3_port)
    for tool in tools:
        tool.before = empty
    suite.runner.case(case, tools)
    empty()


def _from_swift(suite: Suite, cluster: Cluster, dist: pathlib.Path) -> None:
    """Fetch from a private container, with our hash files or rclone's own listing."""
    container = cluster.create(f"wheels-{uuid.uuid4().hex[:8]}")
    suite.runner.run(_swift_tools(suite, dist, container, cluster.s3_port)[0])
    sums = suite.folder / "SHA256SUMS"
    lines = (f"{sha256_of(path)}  {path.name}\n" for path in dist.iterdir())
    sums.write_text("".join(lines))
    root = f"http://127.0.0.1:{cluster.s3_port}"
    auth, storage = f"{root}/auth/v1.0", f"{root}/v1/AUTH_test"

    def clear() -> None:
        shutil.rmtree(suite.got, ignore_errors=True)
        suite.got.mkdir()

    place = ("--local-folder", str(suite.got), PROJECT, f"container://{container}")
    login = ("--username", "test:tester", "--secret", USERS["tester"])
    ours = peers.ours("fetch", "--verify", *login, *_swift_options(auth, storage), *place)
    tools = [Tool("ours, container://", ours, verified=True, before=clear)]
    if "rclone" in suite.environment.programs:
        environ = {
            "RCLONE_SWIFT_AUTH": auth,
            "RCLONE_SWIFT_AUTH_VERSION": "1",
            "RCLONE_SWIFT_STORAGE_URL": storage,
            "RCLONE_SWIFT_USER": "test:tester",
            "RCLONE_SWIFT_KEY": USERS["tester"],
        }
        command = peers.rclone([f":swift:{container}"], suite.got, sums, peers.SMALL_AT_ONCE)
        tools.append(Tool(peers.RCLONE, command, True, environ, clear))  # noqa: FBT003
    try:
        suite.runner.case(SWIFT_FETCH, tools, artifacts=suite.scale.small_upload[0])
    finally:
        shutil.rmtree(suite.got, ignore_errors=True)
        sums.unlink()


def _count_requests(suite: Suite, cluster: Cluster) -> None:
    """Count the requests of each upload of the same few artifacts, by method; not timed."""
    count = min(20, suite.scale.dev)
    counted: dict[str, dict[str, int]] = {}
    suite.say(f"\n{REQUESTS}: {count} artifacts")
    with dist_of(suite, count, 1000) as dist, counting(cluster.s3_port) as (port, counts):
        for tool in _swift_tools(suite, dist, "", port):
            container = cluster.create(f"counted-{uuid.uuid4().hex[:8]}")
            counts.clear()
            sample = suite.runner.run(Tool(tool.name, [*tool.command[:-1], container]))
            counted[tool.name] = {**dict(sorted(counts.items())), "all": counts.total()}
            note = "" if sample.exit_code == 0 else "  FAILED"
            suite.say(f"  {tool.name:34} {counted[tool.name]}{note}")
    suite.facts[REQUESTS] = {"artifacts": count, "requests": counted}


def dev(suite: Suite) -> None:
    """Upload dev wheels into containers with more and more objects."""
    template = suite.folder / "template"
    template.mkdir()
    chosen = TAGS[: -(-suite.scale.dev // BUILDS)]
    wheels = [f"nightly-1.0.dev{build}-{tags}.whl" for tags in chosen for build in range(BUILDS)]
    for name in wheels[: suite.scale.dev]:
        write_wheel(template / name, 10_000)
    for held in suite.scale.held:
        _dev_into(suite, template, held)
    shutil.rmtree(template)


def _dev_into(suite: Suite, template: pathlib.Path, held: int) -> None:
    dist, store = suite.folder / "dist", suite.folder / "store"
    container = store / "wheels"

    def prepare() -> None:
        # The hosts rename dev wheels; the uploaded files must be removed.
        shutil.rmtree(dist, ignore_errors=True)
        shutil.copytree(template, dist)
        for path in container.iterdir():
            if not path.name.startswith("held-"):
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    container.mkdir(parents=True)
    try:
        first = container / "held-1.0-0-py3-none-any.whl"
        write_wheel(first, 100)
        for number in range(1, held):
            os.link(first, container / f"held-1.0-{number}-py3-none-any.whl")
        if not held:
            first.unlink()
        case = DEV.format(f"{held:,}")
        suite.say(f"\n== {case}: {len(list(template.iterdir()))} dev wheels")
        suite.runner.case(case, _tools(suite, dist, local_options(suite), prepare, without=False))
    finally:
        shutil.rmtree(dist, ignore_errors=True)
        shutil.rmtree(store)


def slope(suite: Suite) -> None:
    """Upload few and many tiny artifacts to LOCAL, to compare the cost per artifact."""
    counts: Sequence[int] = suite.scale.slope
    store, folders = suite.folder / "store", suite.folder / "dists"

    def empty() -> None:
        shutil.rmtree(store, ignore_errors=True)
        store.mkdir()

    with dist_of(suite, counts[-1], 1000) as dist:
        every = sorted(dist.iterdir())
        tools = []
        for count in counts:
            part = folders / str(count)
            part.mkdir(parents=True)
            for path in every[:count]:
                os.link(path, part / path.name)
            (tool, *_) = _tools(suite, part, local_options(suite), empty)
            tool.name = f"{count} artifacts"
            tools.append(tool)
        suite.say(f"\n== {SLOPE}: {', '.join(f'{count:,}' for count in counts)} artifacts")
        suite.runner.case(SLOPE, tools)
        shutil.rmtree(folders)
