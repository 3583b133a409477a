"""The public contract: all hooks that a plugin can implement.

A plugin is a module or object with functions that have these names and are marked
with :data:`hookimpl`.  Installed plugins are found through the entry-point group
``wheelhouse_hashes``.  An implementation may omit arguments that it does not need.

Exceptions are never ignored.  An error of :mod:`wheelhouse_hashes.errors` keeps its
own cause, so errors raised by ``run.client`` can be left to propagate.  Any other
exception is reported with cause ``plugin``, the plugin's name and its distribution.
In a worker thread it refuses the current artifact; in the main thread it ends the
command.  Hooks in worker threads are called concurrently for different artifacts.

``docs/hooks.rst`` has one section per hook, with examples; a test keeps both in sync.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    import pathlib

    from wheelhouse_hashes.artifacts import (
        Artifact,
        Claim,
        Companion,
        Finding,
        ListedArtifact,
        LocalArtifact,
        Tier,
        Verdict,
    )
    from wheelhouse_hashes.options import CheckOptions, Options, UploadOptions
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.run import Run
    from wheelhouse_hashes.transport import Listing, Opened, OpenRequest, Page
    from wheelhouse_hashes.verbs import OptionGroup, Verb

#: The project name of the markers, and the entry-point group.
GROUP = "wheelhouse_hashes"

hookspec = pluggy.HookspecMarker(GROUP)

#: Marks a function of a plugin as the implementation of the hook with the same name.
hookimpl = pluggy.HookimplMarker(GROUP)


@hookspec
def wheelhouse_add_options(verb: str, parser: OptionGroup) -> None:
    """Add command line options to a verb.

    When: the parser is built, once for each verb (``upload``, ``fetch``, ``index``,
    ``verify`` and those of plugins), regardless of the verb that was given; main thread.
    A command without any wheelhouse-hashes option is run by the host alone, and no other
    hook is called.  A plugin that raises here is treated as one that cannot be loaded:
    the host's own commands print a warning, all others end with exit code 2.

    :param verb: the verb.
    :param parser: the group to call ``add_argument`` on.
    """


@hookspec
def wheelhouse_verbs() -> Sequence[Verb]:  # type: ignore[empty-body]
    """Return verbs to add to the command line.

    When: the parser is built, once, in every command; main thread.  It must be fast and
    must not import anything that is slow to import.  A plugin that raises here, or whose
    verb has a name that is taken, is treated as one that cannot be loaded.

    :returns: the verbs; may be empty.
    """


@hookspec
def wheelhouse_run_started(run: Run[Options]) -> None:
    """Check options and open files such as pins and checkpoints.

    When: once per command that uses a wheelhouse-hashes option, before the first
    request; main thread.  Raise :exc:`~wheelhouse_hashes.errors.UsageError` to end the
    command with exit code 2.

    :param run: the command in progress.
    """


@hookspec
def wheelhouse_tiers(run: Run[CheckOptions]) -> Sequence[Tier]:  # type: ignore[empty-body]
    """Return the tiers that this plugin's claims can have in this run.

    When: ``fetch --verify`` and ``verify``, once, after ``wheelhouse_run_started``; main
    thread.  ``--require`` ends the command with exit code 2 if no plugin can supply the
    tier.  Only the options decide; no network.  A plugin without this hook supplies none.

    :param run: the command in progress.
    :returns: tiers; empty if the options give the plugin no source.
    """


@hookspec
def wheelhouse_prepare(run: Run[Options]) -> None:
    """Request what the whole run needs, such as a checkpoint or an index.

    When: once per command that uses a wheelhouse-hashes option, after all plugins'
    ``wheelhouse_run_started``; main thread.  If it raises a transient
    :exc:`~wheelhouse_hashes.errors.TransferError`, this plugin's hook is called again within
    ``--wait``, with ``run.fresh`` true; any other exception ends the command.

    :param run: the command in progress.
    """


@hookspec
def wheelhouse_conclude(run: Run[Options], report: Report) -> Sequence[Finding]:  # type: ignore[empty-body]
    """Return objections to the run as a whole, such as an artifact that nobody built.

    When: once per command that was not interrupted and did not end early, after the last
    artifact and before the closing lines; main thread.  If the hook raises, the closing
    lines are still printed; the exception is one of the report's problems.

    :param run: the command that ends.
    :param report: the results for all artifacts; all verdicts are final.
    :returns: findings; empty if there are no objections.  They are added to
        ``report.findings``, printed, and count for the exit code.
    """


@hookspec
def wheelhouse_run_finished(run: Run[Options], report: Report) -> None:
    """Close resources and write reports.

    When: once if ``wheelhouse_run_started`` succeeded, even if the command failed
    later; main thread.  All verdicts are final.

    :param run: the command that ends.
    :param report: the results for all artifacts.
    """


@hookspec
def wheelhouse_companions(artifact: LocalArtifact, run: Run[UploadOptions]) -> Sequence[Companion]:  # type: ignore[empty-body]
    """Return the objects to publish beside an artifact.

    When: ``upload``, before the artifact is published, and for artifacts that are
    already in the container; worker thread.  May be called again if an upload is
    retried.  The content is requested when the object is sent or, if the companion is
    reproducible, compared with the published object.  The plugin's own
    ``wheelhouse_companion_of`` must recognize every returned name.

    :param artifact: the artifact, with its digests.
    :param run: the command in progress.
    :returns: companions; may be empty.
    """


@hookspec(firstresult=True)
def wheelhouse_companion_of(object_name: str) -> str | None:
    """Return the name of the artifact that an object belongs to.

    When: once for every object of any listing; any thread.  It must be fast and depend
    only on the name.  A companion is never listed as a package, is deleted with its
    artifact, and announces its artifact: a missing artifact is then detected.

    :param object_name: the name of an object.
    :returns: the artifact's name, or None if the object is not one of this plugin's
        companions.
    """


@hookspec
def wheelhouse_artifact_published(
    artifact: LocalArtifact,
    sent: bool,  # noqa: FBT001 (hooks are called by keyword)
    run: Run[UploadOptions],
) -> None:
    """Handle an artifact that is published.

    When: ``upload``, once per artifact, after a read-back confirmed the artifact and its
    companions; worker thread.  Also called for artifacts that were already in the
    container, so that a rerun completes what an interrupted run missed.  The artifact
    stays published even if the hook raises; the exception is reported and the command
    exits with 1.

    :param artifact: the artifact.
    :param sent: True if this run sent the artifact or one of its companions; False if all
        of them were already in the container.
    :param run: the command in progress.
    """


@hookspec(firstresult=True)
def wheelhouse_locate(url: str, run: Run[CheckOptions]) -> Listing | None:
    """Return the listing of a URL.

    When: ``fetch --verify`` and ``verify``, once, before anything is fetched; main
    thread.  Called again on transient errors.  The first result other than None is used.
    Without one, the URL is requested and ``wheelhouse_read_listing`` reads the page, so
    implement this hook only for a URL that is not one page.

    :param url: the URL that the user gave, with its fragment.  An ``http`` or ``https`` URL
        is without user name and password (``run.client`` sends them to its origin); any
        other one is unchanged and may be malformed.
    :param run: the command in progress.
    :returns: the listing, or None if the plugin does not handle this URL.
    """


@hookspec(firstresult=True)
def wheelhouse_read_listing(page: Page, run: Run[CheckOptions]) -> Listing | None:
    """Return the listing that a page contains.

    When: ``fetch --verify`` and ``verify``, after a page was read, and again for each
    further page that the listing names as ``next``; a worker thread, while the main thread
    waits.  The first result other than None is used.  Plugins are called before the
    built-in readers: that of store listings and releases, then that of index pages and
    directory listings, which reads any page.  It must depend only on the page.

    :param page: the page.
    :param run: the command in progress.
    :returns: the listing, or None if the plugin does not read pages of this kind.
    """


@hookspec
def wheelhouse_claims(  # type: ignore[empty-body]
    artifact: ListedArtifact, run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Return the digests that an artifact is claimed to have.

    When: ``fetch --verify`` and ``verify``, before the artifact is requested; worker
    thread.  Called again on every retry; ``run.client`` and ``run.companion`` then
    bypass caches automatically.  All plugins are called, and every claim must match.

    :param artifact: the artifact; its own ``claims`` came with the listing.
    :param run: the command in progress.
    :returns: claims; empty if the plugin has none.  A finding refuses the artifact.
    """


@hookspec
def wheelhouse_response_claims(  # type: ignore[empty-body]
    artifact: ListedArtifact, headers: Mapping[str, str], run: Run[CheckOptions]
) -> Sequence[Claim | Finding]:
    """Return the digests claimed by the headers of the response.

    When: ``fetch --verify``, after the headers of the response with the artifact and
    before its body, but not for artifacts that are already on disk; ``verify``, with the
    headers of the response to ``HEAD``, for artifacts in the folder without any other
    claim; worker thread.  Called again on every retry.

    :param artifact: the artifact.
    :param headers: the headers, with names in lower case.  If a download was resumed,
        headers of the last response take precedence over those of the first
        (:rfc:`9110`, section 15.3.7.3), except digests of the part that it contains.
    :param run: the command in progress.
    :returns: as for ``wheelhouse_claims``; set ``travels`` on each claim.
    """


@hookspec(firstresult=True)
def wheelhouse_open(url: str, request: OpenRequest, run: Run[Options]) -> Opened | None:
    """Open an object at a URL that is neither ``http`` nor ``https``.

    When: each time that a page, an artifact or a companion at such a URL is requested,
    and when a plugin requests one with ``run.client``; a worker thread, which then reads the
    pieces, too.  The first result other than None is used.  An error raised here or by the
    iterator has the same effect as over HTTP if it is a
    :exc:`~wheelhouse_hashes.errors.TransferError`; one with status 404 means that the object
    does not exist.

    :param url: the URL, without a fragment unless the user gave it.
    :param request: which part of the object is requested.
    :param run: the command in progress.
    :returns: the object, or None if the plugin does not handle this URL.
    """


@hookspec(firstresult=True)
def wheelhouse_authorize(url: str, method: str, run: Run[Options]) -> Mapping[str, str] | None:
    """Return headers that authorize one request, such as a token.

    When: before each ``http`` and ``https`` request, on every try, to an origin that the
    user or a listing named; a worker thread.  Called once more, with ``run.fresh`` true, if the
    response has status 401.  Not called for redirects to another origin, nor for requests
    that this hook makes.  The headers are sent to the origin of the URL only, and over plain
    HTTP only to this machine or to the endpoint of the user's own account.

    :param url: the URL of the request.
    :param method: its method: ``GET`` or ``HEAD``.
    :param run: the command in progress.
    :returns: the headers, or None if the plugin has none for this URL.  They replace headers
        of the same name of the listing's entry.
    """


@hookspec
def wheelhouse_inspect(  # type: ignore[empty-body]
    artifact: Artifact,
    path: pathlib.Path | None,
    claims: Sequence[Claim],
    digests: Mapping[str, str],
    run: Run[Options],
) -> Sequence[Finding]:
    """Inspect an artifact's bytes and return objections.

    When: ``fetch --verify`` and ``verify``, after all claims matched; ``upload``, before
    anything is sent for the artifact; worker thread.  Called again if the artifact is read
    again.  The file is complete and has the artifact's own name.  In ``upload`` and
    ``verify`` it is the user's own file; in ``fetch`` it is in a private folder or, if it
    was already there, in the target folder.  It must not be modified: a file that changed
    while plugins inspected it is refused with cause ``plugin``.

    :param artifact: a :class:`~wheelhouse_hashes.artifacts.LocalArtifact` in ``upload``,
        otherwise a :class:`~wheelhouse_hashes.artifacts.ListedArtifact`.
    :param path: the file; None if only digests are compared and no bytes are there.
    :param claims: the claims about it, all of which matched; empty in ``upload``.
    :param digests: the digests of the bytes: algorithm to lower-case hex.
    :param run: the command in progress.
    :returns: findings; empty if there are no objections.  Set ``may_heal`` on a finding
        that an eventually consistent store can cause; ``upload`` does not retry.
    """


@hookspec
def wheelhouse_artifact_judged(
    artifact: ListedArtifact, verdict: Verdict, run: Run[CheckOptions]
) -> None:
    """Handle a final verdict.

    When: ``fetch --verify`` and ``verify``, once per artifact; worker thread.  The file
    has its final name if ``verdict.good``.  The verdict stands even if the hook raises;
    the exception is reported and the command exits with 1.

    :param artifact: the artifact.
    :param verdict: the verdict.
    :param run: the command in progress.
    """
