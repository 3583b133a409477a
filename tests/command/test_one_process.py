"""Several runs in one process, as in a notebook or in a plugin that starts a run."""

from __future__ import annotations

import pathlib
import threading

import pytest

from tests.support.artifacts import ANOTHER_A as B
from tests.support.artifacts import A, hash_file
from tests.support.commands import got
from tests.support.pages import page
from tests.support.servers import Handler, Respond, Routes, respond, serving
from wheelhouse_hashes.builtin import BUILT_IN
from wheelhouse_hashes.cli.fetch import fetch
from wheelhouse_hashes.options import FetchOptions
from wheelhouse_hashes.plugins.hooks import Plugins
from wheelhouse_hashes.plugins.session import Session
from wheelhouse_hashes.report import FetchReport


def in_step(barrier: threading.Barrier, content: bytes) -> Respond:
    """Answer each request when those of all runs are there."""

    def answer(handler: Handler) -> None:
        barrier.wait(300)
        respond(handler, 200, content)

    return answer


@pytest.mark.parametrize("runs", [2, 3])
def test_fetches_share_a_folder(wheel: bytes, runs: int) -> None:
    barrier = threading.Barrier(runs)
    routes: Routes = {
        "/": page(A, f"{A}.sha256", B, f"{B}.sha256"),
        f"/{A}": in_step(barrier, wheel),
        f"/{A}.sha256": hash_file(wheel),
        f"/{B}": in_step(barrier, wheel),
        f"/{B}.sha256": hash_file(wheel, B),
    }
    reports: list[FetchReport] = []

    def run(url: str) -> None:
        options = FetchOptions(project_name="demo", url=url, wait=0, max_workers=1, verify=True)
        session = Session("fetch", options, Plugins.load(BUILT_IN, {}))
        reports.append(fetch(session, url, "got", "demo", None))

    with serving(routes) as server:
        threads = [threading.Thread(target=run, args=(server.url,)) for _ in range(runs)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [sorted(report.good) for report in reports] == [sorted([A, B])] * runs
    assert [report.exit_code for report in reports] == [0] * runs
    assert got() == sorted([A, B])
    assert [path.name for path in pathlib.Path("got").iterdir() if path.is_dir()] == []
