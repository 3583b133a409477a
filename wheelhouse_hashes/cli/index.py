"""The ``index`` verb: rebuild the index page of a container from its contents."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import UsageError, UsageErrors
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
    from wheelhouse_hashes.stores.driver import Account, allow_unverified_tls
    from wheelhouse_hashes.stores.opening import open_store
    from wheelhouse_hashes.upload.index_page import Links, update_index

    options = run.options
    if options.no_ssl_check:
        allow_unverified_tls()
    usage = UsageErrors()
    username = secret = ""
    with usage.noted():
        username = _credential(options.username, "USERNAME")
    with usage.noted():
        secret = _credential(options.secret, "SECRET")
    account = Account(
        options.provider_name, username, secret, options.region, options.driver_options
    )
    with usage.noted():
        account.check()
    report = IndexReport()

    with phase(run, report, usage):
        store = open_store(account, options.container_name, run.budget)

        def rebuild() -> Links:
            store.open(create=False)
            return update_index(run, store, store.objects(), {})

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


def _credential(value: str | None, name: str) -> str:
    value = value or os.environ.get(f"WHEELHOUSE_UPLOADER_{name}")
    if not value:
        raise UsageError(
            f"no {name.lower()}: use --{name.lower()} or set WHEELHOUSE_UPLOADER_{name}"
        )
    return value
