"""The command in progress with its plugins, and context managers for its start and end."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, TypeVar

from wheelhouse_hashes.causes import gravest
from wheelhouse_hashes.errors import Interrupted, UsageErrors, WheelhouseHashesError
from wheelhouse_hashes.formats.urls import normalized
from wheelhouse_hashes.formats.urls import origin as origin_of
from wheelhouse_hashes.http.authorization import Authorization
from wheelhouse_hashes.lines import describe_findings
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.runtime.parallel import ending_on_signals
from wheelhouse_hashes.workspace import O_co

if TYPE_CHECKING:
    from contextlib import AbstractContextManager

    from wheelhouse_hashes.options import Options
    from wheelhouse_hashes.plugins.hooks import Plugins
    from wheelhouse_hashes.report import Report
    from wheelhouse_hashes.transport import Opened, OpenRequest

T = TypeVar("T")


class Session(Run[O_co]):
    """A run and its plugins.

    Phases use this class to call the plugins; plugins only see its base, :class:`Run`.

    :param verb: the name of the verb.
    :param options: the parsed command line.
    :param plugins: the plugins of the run.
    """

    def __init__(self, verb: str, options: O_co, plugins: Plugins) -> None:
        super().__init__(verb, options, tracing=plugins.tracing)
        self.plugins = plugins
        plugins.masked = self.masked
        plugins.stop = self.stop
        #: Which requests plugins may add headers to.
        self.authorization = Authorization(
            self._authorize if plugins.implement("wheelhouse_authorize") else None,
            self.note_once,
        )
        #: Whether the listing was read over a connection that others cannot change.
        self.secure_listing = True
        #: The addresses whose listings plugins have asked for.
        self.addresses: list[str] = []
        self._extensions = {"opener": self._open, "authorization": self.authorization}

    def _open(self, url: str, request: OpenRequest) -> Opened | None:
        return self.plugins.open(url, request, self)

    def _authorize(self, url: str, method: str, renewed: bool) -> Mapping[str, str] | None:  # noqa: FBT001
        # The plugin's own requests say nothing about the artifact.
        with self.trying(fresh=renewed or self.fresh), self.client.attempt(fresh=False):
            return self.plugins.authorize(url, method, self)

    def _learn_endpoint(self, origin: str) -> None:
        self.authorization.endpoints.add(origin_of(origin))

    def batched_output(self) -> AbstractContextManager[None]:
        """Print lines in batches in the ``with`` block, unless to a terminal."""
        return self._screen.batched()

    def name_origins(self, urls: Iterable[str]) -> None:
        """Record that the user or a listing named some URLs.

        :param urls: the URLs; malformed ones are ignored.
        """
        if self.plugins.implement("wheelhouse_authorize"):
            for url in urls:
                with suppress(ValueError):
                    self.authorization.named.add(origin_of(normalized(url)))

    @property
    def insecure(self) -> bool:
        """Whether an object was opened over a connection that is not secure."""
        client = self._client
        return not self.secure_listing or (client is not None and client.opened.insecure)


class Results:
    """The report of a command in progress.

    :param report: the report if the command ends before another one takes its place.
    """

    def __init__(self, report: Report) -> None:
        self.report = report


@contextmanager
def phase(
    run: Session[Options],
    report: Report,
    usage: UsageErrors,
    check: Callable[[], object] | None = None,
) -> Iterator[Results]:
    """Handle signals; call ``run_started``, ``prepare`` and ``run_finished`` around the work.

    :param run: the command in progress; signals set its ``stop`` event.
    :param report: the report; its ``ended_by`` is set if the command ends early.
    :param usage: the usage errors found so far.
    :param check: raises further usage errors; called once the plugins are ready.
    :raises UsageError: if there are any, including those raised by plugins.
    :returns: holds the report, which may be replaced before ``run_finished`` is called.
    """
    results = Results(report)
    started = False
    with ending_on_signals(run.stop, lambda: run.plugins.blocking.is_possible):
        with usage.noted():
            run.plugins.run_started(run)
            started = True
        try:
            if started and check is not None:
                with usage.noted():
                    check()
            usage.raise_all()
            run.plugins.prepare(run, lambda call, name: run.repeat(call, run.waiting(name)))
            yield results
        except Interrupted:
            results.report.interrupted = True
            raise
        except WheelhouseHashesError as error:
            results.report.ended_by = error
            raise
        finally:
            try:
                if started:
                    _finish(run, results.report)
            finally:
                run.close()
                run.end()


def conclude(run: Session[Options], report: Report) -> None:
    """Call ``wheelhouse_conclude``; record and print the findings about the whole run.

    Call it before the closing lines are printed.

    :param run: the command in progress.
    :param report: its report; everything but the findings is final.
    :raises Interrupted: if the run is interrupted.
    """
    try:
        findings = run.plugins.conclude(run, report)
    except Interrupted:
        raise
    except WheelhouseHashesError as error:
        report.problems.append(error)
        return
    if findings:
        report.findings += findings
        run.say(describe_findings(findings), color="red")


def _finish(run: Session[Options], report: Report) -> None:
    """Call ``run_finished``; its exceptions must not hide the error that ended the command."""
    try:
        run.plugins.run_finished(run, report)
    except Interrupted:
        if not report.interrupted:
            raise
    except WheelhouseHashesError as error:
        gravest_code = gravest([error.exit_code, report.exit_code])
        if report.ended_by is None and error.exit_code == gravest_code:
            raise
        report.problems.append(error)
        run.say(f"problem: {error.message_and_next}", color="red")


@contextmanager
def noting_interruption(report: Report) -> Iterator[None]:
    """Record an interruption in the report; the run then continues with its summary."""
    try:
        yield
    except Interrupted:
        report.interrupted = True
