"""The contract: every hook that a plugin can implement.

A plugin is a module or object with functions that bear these names and the
marker :data:`hookimpl`; an installed one is found through the entry-point
group ``wheelhouse_hashes``.  An implementation takes the arguments that it
needs and leaves the others out.

What holds for every hook: a call that raises is never passed over in silence.
An error of :mod:`wheelhouse_hashes.errors` keeps its own cause (so what
``run.client`` raises may pass through); anything else counts as cause
``plugin`` and names the plugin and its distribution.  In a worker thread it
refuses the artifact in hand; in the main thread it ends the command.  Hooks
that run in worker threads run at the same time for different artifacts.

``docs/hooks.rst`` has one section a hook, with examples; a test keeps the two
equal.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import argparse
    import pathlib

    from wheelhouse_hashes.artifacts import (
        Claim,
        Companion,
        Finding,
        ListedArtifact,
        Listing,
        LocalArtifact,
        Verdict,
    )
    from wheelhouse_hashes.options import CheckOptions, Options, UploadOptions
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run

#: The marker's name, and the entry-point group.
GROUP = "wheelhouse_hashes"

hookspec = pluggy.HookspecMarker(GROUP)

#: Marks a function of a plugin as the implementation of the hook it is named after.
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def wheelhouse_add_options(verb: str, parser: argparse._ArgumentGroup) -> None:
    """Add options to a verb.

    When: the parser is being built, once for each verb (``upload``, ``fetch``,
    ``index``, ``verify``), whichever of them the user gave; main thread.
    A command that uses none of our options belongs to the host alone, and no
    other hook is called in it.  A plugin that raises here counts as one that
    cannot be loaded: a warning then, exit code 2 in a command of ours.

    :param verb: the verb.
    :param parser: the group to call ``add_argument`` on.
    """


@hookspec
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Get ready: check options, open pins and checkpoints.

    When: once a command that uses our options, before anything is sent or
    asked for; main thread.  Raise :exc:`~wheelhouse_hashes.errors.UsageError`
    to end the command with exit code 2.

    :param run: the command in progress.
    """


@hookspec
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Close what was opened, write reports.

    When: once for every ``wheelhouse_run_started`` that succeeded, also after
    a failure; main thread.  All verdicts are final.

    :param run: the command that ends.
    :param report: what became of every artifact.
    """


@hookspec
def wheelhouse_companions(artifact: LocalArtifact, run: Run[UploadOptions]) -> Sequence[Companion]:  # type: ignore[empty-body]
    """Name the objects to publish beside an artifact.

    When: ``upload``, before the artifact is published, and for artifacts that
    are there already; worker thread.  May be asked again when an upload is
    retried.  The content is asked for if the object has to be sent or, of a
    reproducible companion, to be compared with what is there.
    Your own ``wheelhouse_companion_of`` must know every name that you return.

    :param artifact: the artifact, with its digests.
    :param run: the command in progress.
    :returns: companions; empty if there are none.
    """


@hookspec(firstresult=True)
def wheelhouse_companion_of(object_name: str) -> str | None:
    """Tell which artifact an object belongs to.

    When: any listing, once for every object; any thread.  It must be quick
    and go by the name alone.  An object that belongs to an artifact is never
    listed as a package, is deleted with its artifact, and shows an artifact
    that was announced and never came.

    :param object_name: the name of an object.
    :returns: the artifact's name, or None if it is no companion that you know.
    """


@hookspec
def wheelhouse_artifact_uploaded(artifact: LocalArtifact, run: Run[UploadOptions]) -> None:
    """Take note of an artifact that is published.

    When: ``upload``, after a read-back showed the artifact and its
    companions; worker thread; once an artifact that was sent.  Not for
    artifacts that were there already.  It stays published whatever happens
    here; an exception is reported and makes the command exit with 1.

    :param artifact: the artifact.
    :param run: the command in progress.
    """


@hookspec(firstresult=True)
def wheelhouse_locate(url: str, run: Run[CheckOptions]) -> Listing | None:
    """Say what an address offers.

    When: ``fetch --verify`` and ``verify``,
    once, before anything is fetched; main thread.
    The first plugin that does not return None answers alone; plugins are
    asked before the built-in reader of index pages and directory listings.

    :param url: the address that the user gave, with its fragment but without
        user and password (``run.client`` holds them for its origin).
    :param run: the command in progress.
    :returns: everything that is offered, or None if the address is not yours.
    """


@hookspec
def wheelhouse_claims(  # type: ignore[empty-body]
    artifact: ListedArtifact, run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Say which digests an artifact ought to have.

    When: ``fetch --verify`` and ``verify``,
    before the artifact's body is asked for; worker
    thread.  Repeated on every further try; ``run.client`` and
    ``run.companion`` then bypass caches by themselves.  All sources are asked
    and every claim must match.

    :param artifact: the artifact; its own ``claims`` came with the listing.
    :param run: the command in progress.
    :returns: claims; a finding refuses the artifact; empty means "I do not
        know it".
    """


@hookspec
def wheelhouse_response_claims(  # type: ignore[empty-body]
    artifact: ListedArtifact, headers: Mapping[str, str], run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Say which digests the answer's own headers claim.

    When: ``fetch --verify``, after the headers of the answer that carries the
    artifact and before its body; worker thread.  Repeated on every further
    try.  Not for artifacts that are on disk already.

    :param artifact: the artifact.
    :param headers: the headers, names in lower case.  If the bytes came in
        several answers after a cut, those of the last one go before those of
        the first (:rfc:`9110`, section 15.3.7.3).
    :param run: the command in progress.
    :returns: as for ``wheelhouse_claims``; set ``travels`` on each claim.
    """


@hookspec
def wheelhouse_inspect(  # type: ignore[empty-body]
    artifact: ListedArtifact, path: pathlib.Path, run: Run[CheckOptions]
) -> Sequence[Finding]:
    """Look at an artifact's bytes and object to them.

    When: ``fetch --verify`` and ``verify``,
    after all claims matched; the bytes are complete
    and in a file that bears the artifact's own name, in a private folder or,
    if they were there already, in the target folder; worker thread.  Repeated
    if the artifact is read again.  The file is to be read only.

    :param artifact: the artifact.
    :param path: the file.
    :param run: the command in progress.
    :returns: findings; empty means "no objection".  Set ``may_heal`` on one
        that a store which is not consistent yet can bring about.
    """


@hookspec
def wheelhouse_artifact_settled(
    artifact: ListedArtifact, verdict: Verdict, run: Run[CheckOptions]
) -> None:
    """Take note of a final verdict.

    When: ``fetch --verify`` and ``verify``,
    once an artifact; worker thread.  The file is
    under its final name if ``verdict.good``.  The verdict stands whatever
    happens here; an exception is reported and makes the command exit with 1.

    :param artifact: the artifact.
    :param verdict: what was concluded.
    :param run: the command in progress.
    """
