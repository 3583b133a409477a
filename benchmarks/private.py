"""Fetch from a private container, against a copy of its folder and ``sha256sum``."""

from __future__ import annotations

import os
import shlex
import shutil

from benchmarks import peers, uploading
from benchmarks.artifacts import PROJECT, ArtifactSet, make_set
from benchmarks.measure import Tool
from benchmarks.suite import Suite, sizes

#: Its parameter is the kind of the set.
CASE = "fetch, {}, private container"

OURS = "ours, container://"
COPY = "cp + sha256sum"

#: When the files of the container were written: long ago, so that nothing is waited for.
LONG_AGO = 1_400_000_000


def _tools(suite: Suite, made: ArtifactSet) -> list[Tool]:
    into = suite.got

    def clear() -> None:
        shutil.rmtree(into, ignore_errors=True)
        into.mkdir()

    options = tuple(o for o in uploading.local_options(suite) if o != "--no-enable-cdn")
    place = ("--local-folder", str(into), PROJECT, "container://wheels")
    ours = peers.ours("fetch", "--verify", *options, *place)
    tools = [Tool(OURS, ours, verified=True, before=clear)]
    if "sha256sum" in suite.environment.programs:
        source, target = shlex.quote(str(made.folder)), shlex.quote(str(into))
        copy = f"cp {source}/*.whl {target} && cd {target} && sha256sum -c --quiet "
        command = ["sh", "-c", copy + shlex.quote(str(made.sums))]
        tools.append(Tool(COPY, command, verified=True, before=clear))
    return tools


def private(suite: Suite) -> None:
    """Fetch small and large artifacts from a container of the LOCAL provider."""
    store = suite.folder / "store"
    for kind, (count, size) in (("small", suite.scale.small), ("numpy-like", suite.scale.numpy)):
        store.mkdir()
        try:
            made = make_set(store / "wheels", count, size)
            for path in made.folder.iterdir():
                os.utime(path, (LONG_AGO, LONG_AGO))
            case = CASE.format(kind)
            suite.say(f"\n== {case}: {sizes(count, size)}")
            suite.runner.case(case, _tools(suite, made), artifacts=count)
        finally:
            shutil.rmtree(store)
            shutil.rmtree(suite.got, ignore_errors=True)
