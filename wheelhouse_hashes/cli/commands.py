"""The verbs of one command line: those of the host, of this package, and of plugins."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.cli.built_in_verbs import FETCH, HASH, INDEX, UPLOAD, VERIFY
from wheelhouse_hashes.options import (
    AccountOptions,
    CheckOptions,
    FetchOptions,
    HashOptions,
    IndexOptions,
    Options,
    UploadOptions,
    VerifyOptions,
)
from wheelhouse_hashes.plugins.option_registry import HOST_NAME, OWN_NAME
from wheelhouse_hashes.plugins.registry import DISABLED_PLUGINS

if TYPE_CHECKING:
    from wheelhouse_hashes.plugins.hooks import Plugins
    from wheelhouse_hashes.plugins.session import Session
    from wheelhouse_hashes.verbs import Verb


class Command:
    """A verb of the command line, with what the parser and the help need to know about it.

    Not a dataclass, because generating one adds to the time of every start.

    :param verb: the verb.
    :param options: the class of its options.
    :param plugin: the name of the plugin that it comes from, None if it is built in.
    :param provider: what messages call that plugin.
    :param switches: for a verb of the host, the options that make wheelhouse-hashes run
        it, also if they are set by environment variables; empty for all other verbs.
    """

    def __init__(
        self,
        verb: Verb,
        options: type[Options],
        *,
        plugin: str | None = None,
        provider: str = OWN_NAME,
        switches: tuple[str, ...] = (),
    ) -> None:
        self.verb = verb
        self.options = options
        self.plugin = plugin
        self.provider = provider
        self.switches = switches
        #: Whether it is a verb of the host.
        self.hosted = bool(switches)

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
    Command(UPLOAD, UploadOptions, switches=("hashfile", "driver_options")),
    Command(FETCH, FetchOptions, switches=("verify",)),
    Command(INDEX, IndexOptions),
    Command(VERIFY, VerifyOptions),
    Command(HASH, HashOptions),
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
            verb,
            _options_of(verb),
            plugin=name,
            provider=plugins.describe(name),
        )
    return commands


def _options_of(verb: Verb) -> type[Options]:
    """Return the options class of a plugin's verb."""
    if verb.listings:
        return CheckOptions
    return AccountOptions if verb.store else Options


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
