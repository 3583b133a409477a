"""Options of plugins: secrets, environment variables, names that are taken or reserved."""

from __future__ import annotations

import argparse
import json
import pathlib
import shlex
from collections.abc import Sequence
from typing import Any

import pytest

from tests.conftest import LOCAL, Cli, Result
from tests.support.plugins import install
from wheelhouse_hashes import hookimpl
from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.plugins.option_registry import RESERVED
from wheelhouse_hashes.plugins.registry import TRACE
from wheelhouse_hashes.run import Run
from wheelhouse_hashes.verbs import OptionGroup, Verb

SECRET = "hunter2/'é"


class Adding:
    """Adds one option to each verb."""

    def __init__(self, *flags: str, **arguments: Any) -> None:
        self._flags, self._arguments = flags, arguments

    @hookimpl
    def wheelhouse_add_options(self, parser: OptionGroup) -> None:
        parser.add_argument(*self._flags, **self._arguments)


class Careless(Adding):
    """Has a secret and shows it wherever it can."""

    def __init__(self, **arguments: Any) -> None:
        super().__init__("--token", secret=True, environment="MY_TOKEN", **arguments)
        self.seen: list[object] = []

    @hookimpl
    def wheelhouse_run_started(self, run: Run) -> None:
        token = run.options.extra["token"]
        self.seen.append(token)
        run.say(f"the token is {token} {run.options!r} {dict(run.options.extra)}")

    @hookimpl
    def wheelhouse_locate(self, run: Run) -> None:
        raise ValueError(f"no {run.options.extra['token']}")


def verify(cli: Cli, *words: object) -> Result:
    pathlib.Path("empty").mkdir(exist_ok=True)
    return cli("verify", "empty", "--report", "report.json", *words)


@pytest.mark.parametrize("from_environment", [True, False])
@pytest.mark.parametrize(
    ("arguments", "value"),
    [({}, SECRET), ({"action": "append"}, [SECRET]), ({"type": str}, SECRET)],
)
def test_secret_is_masked_in_all_output(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    from_environment: bool,
    arguments: dict[str, Any],
    value: object,
) -> None:
    plugin = Careless(**arguments)
    install(monkeypatch, careless=plugin)
    monkeypatch.setenv(TRACE, "1")
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    monkeypatch.setenv("GITHUB_STEP_SUMMARY", "summary")
    if from_environment:
        quoted = shlex.quote(SECRET) if isinstance(value, list) else SECRET
        monkeypatch.setenv("MY_TOKEN", quoted)
        done = verify(cli)
    else:
        done = verify(cli, "--token", SECRET)
    assert plugin.seen == [value]
    assert (done.code, "the token is " in done.out) == (1, True)
    assert "ValueError: no " in done.err
    shown = done.out + done.err + pathlib.Path("report.json").read_text()
    report = json.loads(pathlib.Path("report.json").read_text())
    assert "no " in report["ended_by"]["text"]
    assert "hunter2" not in shown
    assert "hunter2" not in report["ended_by"]["text"]


@pytest.mark.parametrize(
    "words",
    [
        ("--token", "hunter2"),
        ("--token=hunter2",),
        ("--tok=hunter2",),
        ("-thunter2",),
        ("-t", "hunter2"),
        ("--t=hunter2",),
        ("--tokn", "hunter2"),
        ("--tokn=hunter2", "-x"),
        ("--tokn", "hunter2", "more"),
        ("-zhunter2",),
    ],
)
def test_secret_is_masked_in_usage_error(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, words: tuple[str, ...]
) -> None:
    number = Adding("--token", "-t", secret=True, type=int)
    install(monkeypatch, number=number, other=Adding("--tonic"))
    done = cli("verify", "empty", *words)
    assert done.code == 2
    assert "hunter2" not in done.err
    assert "error: " in done.err


def test_secret_with_choices_is_masked_in_usage_error(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, picky=Adding("--token", secret=True, choices=("a", "b")))
    done = cli("verify", "empty", "--token", "hunter2")
    assert (done.code, "hunter2" in done.err) == (2, False)
    assert "argument --token: invalid value (secret, not shown)" in done.err


def test_bad_secret_from_environment_is_not_shown(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    install(monkeypatch, number=Adding("--pin", secret=True, type=int, environment="MY_PIN"))
    monkeypatch.setenv("MY_PIN", "hunter2")
    done = verify(cli)
    assert (done.code, done.err.count("\n")) == (2, 1)
    assert "error: MY_PIN: --pin invalid value (secret, not shown)" in done.err


def test_help_does_not_show_secret_from_environment(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = "token (default: %(default)s)"
    plugin = Adding("--token", secret=True, environment="MY_TOKEN", help=text)
    install(monkeypatch, plugin=plugin)
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    page = " ".join(cli("verify", "--help").out.split())
    assert "token (default: ***; environment: MY_TOKEN)" in page
    monkeypatch.delenv("MY_TOKEN")
    assert "(default: None; environment: MY_TOKEN)" in " ".join(cli("verify", "--help").out.split())


def test_secret_of_host_is_masked_in_usage_error(cli: Cli) -> None:
    for words in (("--secrt", "hunter2"), ("--secret", "hunter2", "--howl=hunter2")):
        done = cli("upload", "--hashfile", *LOCAL, "wheels", *words)
        assert (done.code, "hunter2" in done.err) == (2, False)


def test_usage_error_of_plugin_does_not_show_secret(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Checking(Adding):
        @hookimpl
        def wheelhouse_run_started(self, run: Run) -> None:
            raise UsageError(f"bad {run.options.extra['token']}", "give another")

    install(monkeypatch, checking=Checking("--token", secret=True))
    done = verify(cli, "--token", "hunter2")
    assert (done.code, done.err.splitlines()) == (
        2,
        ["wheelhouse-hashes: error: bad ***", "wheelhouse-hashes: error: give another"],
    )


def test_environment_of_plugin_option_makes_no_host_command_ours(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, dist: pathlib.Path, container: pathlib.Path
) -> None:
    install(monkeypatch, careless=Careless())
    monkeypatch.setenv("MY_TOKEN", "hunter2")
    done = cli("upload", "--no-enable-cdn", *LOCAL, "wheels")
    assert (done.code, done.err, "token" in done.out) == (0, "", False)


# Names.


def refused(cli: Cli, monkeypatch: pytest.MonkeyPatch, **plugins: object) -> str:
    """Return the line that refuses some plugins."""
    install(monkeypatch, **plugins)
    done = verify(cli)
    assert (done.code, done.err.count("\n")) == (2, 1), done.err
    return done.err.removeprefix("wheelhouse-hashes: error: ").strip()


@pytest.mark.parametrize(
    ("one", "two", "name"),
    [
        (("--howl",), ("--howl",), "--howl"),
        (("--howl", "-w"), ("-w", "--growl"), "-w"),
        (("--the-howl",), ("--the_howl",), "--the-howl"),
    ],
)
def test_option_of_two_plugins_is_refused_and_names_both(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    one: tuple[str, ...],
    two: tuple[str, ...],
    name: str,
) -> None:
    line = refused(cli, monkeypatch, dog=Adding(*one), wolf=Adding(*two))
    assert line == (
        "plugins 'dog' (dog-dist 1.0) and 'wolf' (wolf-dist 1.0) both add the option "
        f"{name} of upload; disable one with WHEELHOUSE_HASHES_DISABLED_PLUGINS=dog or =wolf"
    )


@pytest.mark.parametrize("flags", [(f"--{name}",) for name in sorted(RESERVED)])
def test_reserved_option_name_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, flags: tuple[str, ...]
) -> None:
    line = refused(cli, monkeypatch, wolf=Adding(*flags))
    name = flags[0]
    assert line == (
        f"plugin 'wolf' (wolf-dist 1.0): the option name {name} is reserved for "
        f"wheelhouse-hashes; rename it, for example to --wolf-{name[2:]}"
    )


def test_reserved_names_are_those_of_the_documentation() -> None:
    assert {"log", "page", "index", "require", "store"} == RESERVED


def test_reserved_destination_is_refused(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    line = refused(cli, monkeypatch, wolf=Adding("--wolf-log", dest="log"))
    assert "the option name --log is reserved" in line


@pytest.mark.parametrize(
    ("flags", "name", "provider"),
    [
        (("--secret",), "--secret", "wheelhouse-uploader"),
        (("--local-folder",), "--local-folder", "wheelhouse-uploader"),
        (("--resend",), "--resend", "wheelhouse-hashes"),
        (("--wolf", "-q"), "-q", "wheelhouse-hashes"),
        (("--wolf-wait",), None, None),
    ],
)
def test_option_name_of_host_or_package_is_refused(
    cli: Cli,
    monkeypatch: pytest.MonkeyPatch,
    flags: tuple[str, ...],
    name: str | None,
    provider: str | None,
) -> None:
    if name is None:
        install(monkeypatch, wolf=Adding(*flags))
        assert verify(cli).code == 4
        return
    line = refused(cli, monkeypatch, wolf=Adding(*flags))
    assert line.startswith(
        f"plugin 'wolf' (wolf-dist 1.0): the option name {name} of upload is used by {provider}; "
        "rename it, for example to --wolf-"
    )


def test_option_of_the_verb_of_another_plugin_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Moon:
        @hookimpl
        def wheelhouse_verbs(self) -> Sequence[Verb]:
            def configure(options: OptionGroup) -> None:
                options.add_argument("--howl")

            return [Verb("moon", "Shine.", configure, lambda run: None)]

    class Wolf:
        @hookimpl
        def wheelhouse_add_options(self, verb: str, parser: OptionGroup) -> None:
            if verb == "moon":
                parser.add_argument("--howl")

    line = refused(cli, monkeypatch, moon=Moon(), wolf=Wolf())
    assert line.startswith("plugins 'moon' (moon-dist 1.0) and 'wolf' (wolf-dist 1.0) both add")
    assert "the option --howl of moon;" in line


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"environment": ""}, "environment='': not a valid variable name"),
        ({"environment": "A B"}, "environment='A B': not a valid variable name"),
        ({"help": "100%!"}, "write a percent sign as %%"),
        ({"help": "%(no)s"}, "write a percent sign as %%"),
    ],
)
def test_option_that_cannot_work_is_refused(
    cli: Cli, monkeypatch: pytest.MonkeyPatch, arguments: dict[str, Any], text: str
) -> None:
    line = refused(cli, monkeypatch, wolf=Adding("--howl", **arguments))
    assert line.startswith("plugin 'wolf' (wolf-dist 1.0) failed in wheelhouse_add_options: Value")
    assert text in line


def test_groups_of_options(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[object] = []

    class Wolf:
        @hookimpl
        def wheelhouse_verbs(self) -> Sequence[Verb]:
            return [Verb("howl", "Howl.", self.configure, self.howl)]

        def configure(self, options: OptionGroup) -> None:
            either = options.add_mutually_exclusive_group(required=True)
            either.add_argument("--loud", action="store_true")
            either.add_argument("--quietly", action="store_true", environment="WOLF_QUIETLY")
            group = options.add_argument_group("moon", "when to do it")
            group.add_argument("--full", nargs="+", default=["always"])
            with pytest.raises(TypeError):
                group.add_argument_group("nested")
            group.add_argument("--hidden", help=argparse.SUPPRESS, environment="WOLF_HIDDEN")

        def howl(self, run: Run) -> None:
            seen.append(dict(run.options.extra))

    install(monkeypatch, wolf=Wolf())
    page = cli("howl", "--help").out
    assert "moon:\n  when to do it\n" in page
    assert "WOLF_HIDDEN" not in page
    assert cli("howl").code == 2
    assert cli("howl", "--loud", "--quietly").code == 2
    assert cli("howl", "--loud").code == 0
    assert cli("howl", "--loud", "--full", "may", "june").code == 0
    both = {"loud": True, "quietly": False, "hidden": None}
    assert seen == [{**both, "full": ["always"]}, {**both, "full": ["may", "june"]}]
