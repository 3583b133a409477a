"""Verbs of plugins: their help, their run, their results, and names that are taken."""

from __future__ import annotations

import json
import pathlib
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from tests.conftest import LOCAL, Cli
from tests.support.params import quick
from tests.support.plugins import Recorder, install, make_distribution
from tests.support.servers import Handler, Server, serving
from tests.support.signaled import SOON, begin, signal_and_wait
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.artifacts import Claim, Digest, Finding, Outcome, Verdict
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, StoreError, UsageError
from wheelhouse_hashes.options import AccountOptions, Options
from wheelhouse_hashes.report import FetchReport, Report
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.verbs import OptionGroup, Verb

#: The verdict on an artifact that a verb has checked.
OK = Verdict("x.whl", Outcome.OK, claims=(Claim(Digest("md5", "00" * 16), "pin", "here"),))


def no_options(options: OptionGroup) -> None:
    """Add nothing."""


def do_nothing(run: Run) -> None:
    """Succeed."""


class Adding:
    """Adds verbs."""

    def __init__(self, *verbs: Verb) -> None:
        self._verbs = verbs

    @hookimpl
    def wheelhouse_verbs(self) -> Sequence[Verb]:
        return self._verbs


def named(*names: str) -> Adding:
    return Adding(*(Verb(name, f"Do {name}.", no_options, do_nothing) for name in names))


def mirror(run: Callable[[Run[Any]], Any] = do_nothing, **arguments: Any) -> Adding:
    """Return a plugin with the verb ``mirror URL [--depth N]``."""

    def configure(options: OptionGroup) -> None:
        options.add_argument("url", help="address of the page")
        options.add_argument(
            "--depth", type=int, default=1, environment="MIRROR_DEPTH", help="levels to follow"
        )

    verb = Verb(
        "mirror",
        "Copy 100% of a page.",
        configure,
        run,
        examples=[("copy everything", "mirror --depth 2 https://example.org/wheels/")],
        exit_codes={3: "nothing to copy"},
        **arguments,
    )
    return Adding(verb)


def test_verb_is_in_the_help(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    install(monkeypatch, mirror=mirror())
    assert "mirror              Copy 100% of a page." in cli("--help").out.replace("\n", " ")
    page = cli("mirror", "--help").out
    assert max(map(len, page.splitlines())) <= 80
    for shown in (
        "Copy 100% of a page.",
        "  url ",
        "MIRROR_DEPTH",
        "network and store (wheelhouse-hashes):",
        "--report FILE",
        "--quiet",
        "  # copy everything\n  python -m wheelhouse_uploader mirror --depth 2 https://example.org",
        "\n    0  success\n    1  plugin error\n    2  usage",
        "\n    3  nothing to copy\n  130  interrupted\n",
    ):
        assert shown in page
    assert "--username" not in page


def test_verb_is_run_with_everything_that_hooks_get(
    cli: Cli, served: Server, container: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (container / "index.html").write_text("hello")
    seen: list[Run] = []

    def copy(run: Run) -> FetchReport:
        seen.append(run)
        body = run.client.get(run.options.extra["url"], max_bytes=100).body
        run.say(body.decode())
        run.note("not with --quiet")
        return FetchReport(verdicts=[OK])

    recorder = Recorder()
    install(monkeypatch, mirror=mirror(copy), recorder=recorder)
    done = cli("mirror", served.url, "--depth", 2, "--wait", 7, "-q", "--report", "report.json")
    assert (done.code, done.out, done.err) == (0, "hello\n", "")
    (run,) = seen
    assert (run.verb, run.options.extra) == ("mirror", {"url": served.url, "depth": 2})
    assert type(run.options) is Options
    assert (run.options.wait, run.budget.seconds, run.stop.is_set()) == (7, 7, False)
    assert "wheelhouse_add_options mirror" in recorder.calls
    started = recorder.calls.index("wheelhouse_run_started mirror")
    assert recorder.calls[started:] == [
        "wheelhouse_run_started mirror",
        "wheelhouse_prepare mirror",
        "wheelhouse_conclude mirror",
        "wheelhouse_run_finished mirror",
    ]
    report = json.loads(pathlib.Path("report.json").read_text())
    assert (report["verb"], report["exit_code"]) == ("mirror", 0)
    assert [artifact["name"] for artifact in report["artifacts"]] == ["x.whl"]


def test_options_of_verb_come_from_environment_and_default(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    install(monkeypatch, mirror=mirror(lambda run: seen.append(run.options.extra["depth"])))
    assert cli("mirror", "x").code == 0
    monkeypatch.setenv("MIRROR_DEPTH", "0")
    assert cli("mirror", "x").code == 0
    assert cli("mirror", "x", "--depth", 5).code == 0
    assert seen == [1, 0, 5]
    assert "(environment: MIRROR_DEPTH)" in " ".join(cli("mirror", "--help").out.split())


MIRROR = "plugin 'mirror' (mirror-dist 1.0)"


@pytest.mark.parametrize(
    ("returned", "code"),
    [
        (None, 0),
        (0, 0),
        (7, 7),
        (Report(), 0),
        (Report(problems=[StoreError("boom")]), 5),
        (FetchReport(nothing_matched=True), 4),
    ],
)
def test_result_of_verb_is_the_exit_code(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, returned: object, code: int
) -> None:
    recorder = Recorder()
    install(monkeypatch, mirror=mirror(lambda run: returned), recorder=recorder)
    done = cli("mirror", "x", "--report", "report.json")
    assert (done.code, done.err) == (code, "")
    assert json.loads(pathlib.Path("report.json").read_text())["exit_code"] == code
    kind = type(returned) if isinstance(returned, Report) else Report
    assert recorder.types["wheelhouse_run_finished"]["report"] == {kind}
    assert ("problem: boom" in done.out) is (code == 5)


def test_findings_of_a_verb_are_printed_with_their_advice(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    report = Report(findings=[Finding(Cause.MISSING_ARTIFACT, "no sdist", next="build it")])
    install(monkeypatch, mirror=mirror(lambda run: report))
    done = cli("mirror", "x")
    assert (done.code, done.err) == (4, "")
    assert "missing-artifact: no sdist\n           next      build it\n" in done.out


@pytest.mark.parametrize("returned", [True, 8, -1, 130, "0", [], 1.0], ids=repr)
def test_verb_that_returns_something_else_is_named(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, returned: object
) -> None:
    install(monkeypatch, mirror=mirror(lambda run: returned))
    done = cli("mirror", "x")
    assert (done.code, done.err.count("\n")) == (1, 1)
    assert f"error: {MIRROR} failed in the verb mirror: " in done.err


@pytest.mark.parametrize(
    ("error", "code", "text"),
    [
        (ValueError("boom"), 1, f"{MIRROR} failed in the verb mirror: ValueError: boom"),
        (SystemExit(0), 1, f"{MIRROR} failed in the verb mirror: SystemExit: 0"),
        (KeyboardInterrupt(), 1, f"{MIRROR} failed in the verb mirror: KeyboardInterrupt"),
        (GeneratorExit(), 1, f"{MIRROR} failed in the verb mirror: GeneratorExit"),
        (UsageError("give --depth"), 2, "give --depth"),
        (StoreError("no such container"), 5, "no such container"),
        (Refusal(Cause.UNTRUSTED, "bad key"), 7, "untrusted: bad key"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else "",
)
def test_error_of_verb_is_one_line(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, error: BaseException, code: int, text: str
) -> None:
    def fail(run: Run) -> None:
        raise error

    recorder = Recorder()
    install(monkeypatch, mirror=mirror(fail), recorder=recorder)
    done = cli("mirror", "x", "--report", "report.json")
    assert (done.code, done.err) == (code, f"wheelhouse-hashes: error: {text}\n")
    assert recorder.calls[-1] == "wheelhouse_run_finished mirror"
    assert json.loads(pathlib.Path("report.json").read_text())["exit_code"] == code


class Strict:
    """Ends every command before it starts."""

    @hookimpl
    def wheelhouse_run_started(self) -> None:
        raise UsageError("not today")


def test_verb_is_not_run_after_usage_error(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(run: Run) -> None:
        raise AssertionError("nobody calls this")

    install(monkeypatch, mirror=mirror(fail), strict=Strict())
    done = cli("mirror", "x")
    assert (done.code, done.err) == (2, "wheelhouse-hashes: error: not today\n")


def test_verb_that_ends_early_when_interrupted_keeps_its_report(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(run: Run) -> FetchReport:
        run.stop.set()
        return FetchReport(verdicts=[OK])

    install(monkeypatch, mirror=mirror(interrupted))
    done = cli("mirror", "x", "--report", "report.json")
    assert (done.code, done.out) == (130, "interrupted: run the command again\n")
    report = json.loads(pathlib.Path("report.json").read_text())
    assert (report["interrupted"], len(report["artifacts"])) == (True, 1)


WAITING = """\
import pathlib
import time

from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.verbs import Verb


def configure(options):
    options.add_argument("how")
    options.add_argument("url", nargs="?")


def wait(run):
    pathlib.Path("began").touch()
    if run.options.extra["how"] == "network":
        run.client.get(run.options.extra["url"], max_bytes=10)
    time.sleep(600)


@hookimpl
def wheelhouse_verbs():
    return [Verb("linger", "Wait.", configure, wait)]


@hookimpl
def wheelhouse_run_finished(run, report):
    run.say(f"finished {report.exit_code}")
"""


@pytest.fixture
def hanging() -> Iterator[str]:
    """The URL of a server that accepts connections and never answers."""
    end = threading.Event()

    def silent(_handler: Handler) -> None:
        end.wait(600)

    try:
        with serving({"/": silent}) as server:
            yield server.url
            end.set()
    finally:
        end.set()


@pytest.mark.parametrize("how", ["sleep", "network"])
@pytest.mark.parametrize("number", quick([signal.SIGINT, signal.SIGTERM], signal.SIGTERM))
def test_signal_ends_verb_that_waits(
    tmp_path: pathlib.Path, how: str, number: int, hanging: str
) -> None:
    make_distribution(tmp_path / "site", "wheelhouse_linger", WAITING)
    command = begin(
        pathlib.Path("began").exists, "linger", how, hanging, PYTHONPATH=str(tmp_path / "site")
    )
    out, err, seconds = signal_and_wait(command, number)
    assert (command.returncode, err) == (130, "")
    assert out == "interrupted: run the command again\nfinished 130\n"
    assert seconds < SOON


@pytest.mark.parametrize("module", ["wheelhouse_uploader", "wheelhouse_hashes"])
def test_installed_verb_works_in_both_commands(
    python: Cli, tmp_path: pathlib.Path, module: str
) -> None:
    source = WAITING.replace("time.sleep(600)", "return 3")
    make_distribution(tmp_path / "site", "wheelhouse_linger", source)
    done = python("-m", module, "linger", "x", PYTHONPATH=str(tmp_path / "site"))
    assert (done.code, done.out, done.err) == (3, "finished 3\n", "")


# Subcommands.


def test_verbs_of_two_words_are_subcommands(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[str, object]] = []

    def note(run: Run) -> None:
        seen.append((run.verb, dict(run.options.extra)))

    def configure(options: OptionGroup) -> None:
        options.add_argument("where")

    recorder = Recorder()
    verbs = (
        Verb("journal append", "Append entries.", configure, note, examples=[("now", "journal")]),
        Verb("journal audit", "Check it.", no_options, note),
    )
    install(monkeypatch, journal=Adding(*verbs), recorder=recorder)
    assert "Subcommands: append, audit." in " ".join(cli("--help").out.split())
    assert "Append entries." in cli("journal", "--help").out
    assert "  # now\n" in cli("journal", "append", "--help").out
    assert cli("journal", "append", "here", "--wait", 1).code == 0
    assert cli("journal", "audit").code == 0
    assert seen == [("journal append", {"where": "here"}), ("journal audit", {})]
    assert "wheelhouse_add_options journal append" in recorder.calls
    for words in (("journal",), ("journal", "burn")):
        wrong = cli(*words)
        assert (wrong.code, "COMMAND" in wrong.err) == (2, True)


# Store options.


def test_verb_with_a_store_has_its_options(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[AccountOptions] = []

    def note(run: Run[AccountOptions]) -> None:
        seen.append(run.options)

    install(monkeypatch, mirror=mirror(note, store=True))
    monkeypatch.setenv("WHEELHOUSE_UPLOADER_DRIVER_OPTIONS", "host=127.0.0.1 port=80")
    assert cli("mirror", "x").code == 0
    assert cli("mirror", *LOCAL, "--driver-option", "key=hunter2", "--region", "r", "x").code == 0
    first, second = seen
    assert type(first) is AccountOptions
    assert (first.username, first.secret, first.provider_name) == (None, None, "CLOUDFILES")
    assert first.driver_options == ("host=127.0.0.1", "port=80")
    assert (second.username, second.secret, second.region) == ("store", "none", "r")
    assert second.driver_options == ("key=hunter2",)
    assert first.extra == second.extra == {"url": "x", "depth": 1}
    assert "hunter2" not in repr(second)
    page = cli("mirror", "--help").out
    for shown in ("--username", "--driver-option", "WHEELHOUSE_UPLOADER_SECRET", "    5  store"):
        assert shown in page


# Names that are taken, and plugins that fail.


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("upload", "adds the verb 'upload', but 'upload' is a verb of wheelhouse-uploader"),
        ("index", "adds the verb 'index', but 'index' is a verb of wheelhouse-hashes"),
        ("verify all", "adds the verb 'verify all', but 'verify' is a verb of wheelhouse-hashes"),
    ],
)
def test_verb_with_name_of_built_in_verb_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, name: str, text: str
) -> None:
    install(monkeypatch, greedy=named(name))
    pathlib.Path("empty").mkdir()
    done = cli("verify", "empty")
    assert (done.code, done.err) == (
        2,
        f"wheelhouse-hashes: error: plugin 'greedy' (greedy-dist 1.0) {text}; rename it\n",
    )


@pytest.mark.parametrize(
    ("first", "second", "text"),
    [
        ("mirror", "mirror", "the verb 'mirror'"),
        ("mirror", "mirror all", "the verbs 'mirror' and 'mirror all'"),
        ("mirror all", "mirror", "the verbs 'mirror all' and 'mirror'"),
    ],
)
def test_verb_of_two_plugins_is_refused_and_names_both(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, first: str, second: str, text: str
) -> None:
    install(monkeypatch, one=named(first), two=named(second))
    pathlib.Path("empty").mkdir()
    done = cli("verify", "empty")
    assert (done.code, done.err) == (
        2,
        (
            "wheelhouse-hashes: error: plugins 'one' (one-dist 1.0) and 'two' (two-dist 1.0) both "
            f"add {text}; disable one with WHEELHOUSE_HASHES_DISABLED_PLUGINS=one or =two\n"
        ),
    )
    monkeypatch.setenv("WHEELHOUSE_HASHES_DISABLED_PLUGINS", "one")
    assert cli(*second.split()).code == 0


@pytest.mark.parametrize("name", ["", "Mirror", "mirror it all", "-m", "mirror ", "mir_ror"])
def test_verb_needs_a_name_that_can_be_typed(name: str) -> None:
    with pytest.raises(ValueError, match="one or two words"):
        named(name)


def test_verb_whose_options_fail_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(options: OptionGroup) -> None:
        raise ValueError("boom")

    install(monkeypatch, broken=Adding(Verb("mend", "Mend.", fail, do_nothing)))
    done = cli("mend")
    assert (done.code, done.err) == (
        2,
        (
            "wheelhouse-hashes: error: plugin 'broken' (broken-dist 1.0) failed in the verb mend: "
            "ValueError: boom\n"
        ),
    )


@pytest.mark.parametrize("value", [7, [None], ["mirror"]], ids=repr)
def test_plugin_that_returns_no_verbs_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, value: Any
) -> None:
    plugin = Adding()
    plugin._verbs = value
    install(monkeypatch, broken=plugin)
    pathlib.Path("empty").mkdir()
    done = cli("verify", "empty")
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "plugin 'broken' (broken-dist 1.0) failed in wheelhouse_verbs: TypeError" in done.err


def test_verb_of_unloaded_plugin_is_explained(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch, mirror=ImportError("no module named wolf"))
    done = cli("mirror", "x")
    assert done.code == 2
    assert "unknown command 'mirror'" in done.err
    assert f"warning: {MIRROR} cannot be loaded" in done.err


def test_verb_whose_result_is_standard_output(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    def work(run: Run[Options]) -> None:
        run.say("a message")
        run.print_result("a result: \u4e2d\n")

    class Prints:
        @hookimpl
        def wheelhouse_verbs(self) -> list[Verb]:
            return [Verb("print", "Print.", lambda _options: None, work, prints_result=True)]

    install(monkeypatch, prints=Prints())
    result = cli("print")
    assert (result.code, result.out, result.err) == (0, "a result: \u4e2d\n", "a message\n")
