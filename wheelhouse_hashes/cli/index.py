"""The ``index`` verb: rebuild the index page of a container from its contents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import StoreError, UsageErrors
from wheelhouse_hashes.plugins.session import Session, conclude, noting_interruption, phase
from wheelhouse_hashes.report import IndexReport
from wheelhouse_hashes.runtime.parallel import run_in_thread

if TYPE_CHECKING:
    from wheelhouse_hashes.options import IndexOptions


def rebuild_index(run: Session[IndexOptions]) -> int:
    """Run the ``index`` verb and return its exit code.

    :raises WheelhouseHashesError: if the page cannot be written.
    """
    # Imported here because Libcloud is slow to import and not every verb uses a store.
    from wheelhouse_hashes.stores.names import check_container_name
    from wheelhouse_hashes.stores.opening import account_of, open_store
    from wheelhouse_hashes.upload.index_page import Links, update_index

    usage = UsageErrors()
    account = None
    with usage.noted():
        check_container_name(run.options.container_name)
    with usage.noted():
        account = account_of(run.options)
    report = IndexReport()

    with phase(run, report, usage):
        assert account is not None  # noqa: S101 (a usage error ended the command)
        name = run.options.container_name
        store = open_store(account, name, run.store_requests(name))

        def rebuild() -> Links:
            store.open(create=False)
            objects = store.objects()
            if "/" in name and not objects:
                raise StoreError(
                    f"container {name!r} does not exist: no object is directly under the prefix"
                )
            return update_index(run, store, objects, {})

        with noting_interruption(report):
            report.links = links = run_in_thread(rebuild, run.stop)
            conclude(run, report)
            noun = "link" if len(links) == 1 else "links"
            run.say(f"container {store.container_name}: index page written, {len(links)} {noun}")
            without = sum(1 for digest in links.values() if digest is None)
            if without:
                run.say(
                    f"links without a digest: {without}; "
                    "upload their artifacts again with --hashfile"
                )
        for problem in report.problem_lines():
            run.say(problem)
        if report.interrupted:
            if report.links is None:
                name = store.container_name
                run.say(f"container {name}: the index page may not have been written")
            run.say("interrupted: run the command again")
    return report.exit_code
