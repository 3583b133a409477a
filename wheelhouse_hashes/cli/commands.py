"""The verbs of one command line: those of the host, of this package, and of plugins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.cli.built_in_verbs import FETCH, INDEX, UPLOAD, VERIFY
from wheelhouse_hashes.options import (
    AccountOptions,
    FetchOptions,
    IndexOptions,
    Options,
    UploadOptions,
    VerifyOptions,
)
from wheelhouse_hashes.plugins.manager import DISABLED_PLUGINS
from wheelhouse_hashes.plugins.option_registry import HOST_NAME, OWN_NAME

if TYPE_CHECKING:
    from wheelhouse_hashes.plugins.hooks import Plugins
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.verbs import Verb


@dataclass(frozen=True, kw_only=True, repr=False, eq=False)
class Command:
    """A verb of the command line, with what the parser and the help need to know about it."""

    #: The verb.
    verb: Verb
    #: The class of its options.
    options: type[Options]
    #: The name of the plugin that it comes from, None if it is built in.
    plugin: str | None = None
    #: What messages call that plugin.
    provider: str = OWN_NAME
    #: Whether it is a verb of the host, which then parses and runs it.
    hosted: bool = False
    #: The options that make wheelhouse-hashes run a verb of the host, also if they are set
    #: by environment variables.  Empty if any of its options does.
    switches: tuple[str, ...] = ()
    #: The title of the exit codes in the help.
    codes_title: str = "exit codes"

    def start(self, run: Session[Any]) -> int:
        """Run a verb that is not the host's.

        :returns: the exit code.
        :raises WheelhouseHashesError: if the command cannot continue.
        """
        if self.plugin is None:
            code = self.verb.run(run)
            assert isinstance(code, int)  # noqa: S101 (all built-in verbs return it)
            return code
        from wheelhouse_hashes.cli.plugin_verb import run_plugin_verb

        return run_plugin_verb(run, self.verb, self.provider)


#: The verbs that need no plugin, in the order of the help.
BUILT_IN_COMMANDS: tuple[Command, ...] = (
    Command(
        verb=UPLOAD,
        options=UploadOptions,
        hosted=True,
        switches=("hashfile", "driver_options"),
        codes_title="exit codes (if a wheelhouse-hashes option is used)",
    ),
    Command(
        verb=FETCH,
        options=FetchOptions,
        hosted=True,
        switches=("verify",),
        codes_title="exit codes (with --verify), by cause of the refusal",
    ),
    Command(verb=INDEX, options=IndexOptions),
    Command(verb=VERIFY, options=VerifyOptions, codes_title="exit codes, by cause of the refusal"),
)


def collect_commands(plugins: Plugins, hosts: Collection[str]) -> dict[str, Command]:
    """Return the verbs by name: the built-in ones, then those of the plugins.

    A plugin with a verb whose name is taken counts as one that cannot be loaded.

    :param plugins: the active plugins.
    :param hosts: the names of the host's own verbs.
    """
    commands = {command.verb.name: command for command in BUILT_IN_COMMANDS}
    for name, verb in plugins.verbs():
        if taken := _taken(verb.name, commands, hosts):
            plugins.exclude(name, _clash(verb.name, taken, commands, plugins.describe(name), name))
            continue
        commands[verb.name] = Command(
            verb=verb,
            options=AccountOptions if verb.store else Options,
            plugin=name,
            provider=plugins.describe(name),
        )
    return commands


def _taken(name: str, commands: Mapping[str, Command], hosts: Collection[str]) -> str | None:
    """Return the verb that a name collides with: itself, its group, or one of its group."""
    for other in (*hosts, *commands):
        if (
            other == name
            or f"{other} ".startswith(f"{name} ")
            or f"{name} ".startswith(f"{other} ")
        ):
            return other
    return None


def _clash(
    name: str, taken: str, commands: Mapping[str, Command], plugin: str, entry_point: str
) -> str:
    other = commands.get(taken)
    what = f"the verb {name!r}" if taken == name else f"the verbs {taken!r} and {name!r}"
    if other is not None and other.plugin not in (None, entry_point):
        return (
            f"plugins {other.provider} and {plugin} both add {what}; disable one with "
            f"{DISABLED_PLUGINS}={other.plugin} or ={entry_point}"
        )
    owner = HOST_NAME if other is None or other.hosted else other.provider
    return f"plugin {plugin} adds the verb {name!r}, but {taken!r} is a verb of {owner}; rename it"
