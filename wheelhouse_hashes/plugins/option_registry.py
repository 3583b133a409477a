"""Which options a verb has and where they come from; refuses names that are taken."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import argparse

    from wheelhouse_hashes.verbs import AddedOption

#: Names of options that only wheelhouse-hashes may add, without hyphens.
RESERVED = frozenset({"log", "page", "index", "require", "store"})

#: What messages call the host and this package.
HOST_NAME, OWN_NAME = "wheelhouse-uploader", "wheelhouse-hashes"


class OptionClash(ValueError):
    """Two plugins, or a plugin and this package, use one name.

    The text is complete: it names both, unlike that of an ordinary plugin error.
    """


class OptionRegistry:
    """The options of one verb.

    :param verb: the verb.
    :param own_names: destinations that plugins must not use, because the verb's typed
        options have fields of this name.
    """

    def __init__(self, verb: str, own_names: Collection[str] = ()) -> None:
        self.verb = verb
        #: The options added so far.
        self.options: list[AddedOption] = []
        self._own_names = own_names
        self._owners: dict[str, Owner] = {}

    def note_existing(self, parser: argparse.ArgumentParser, provider: str = HOST_NAME) -> None:
        """Record the options that a parser already has.

        :param parser: the parser of the verb.
        :param provider: what adds them, for messages.
        """
        owner = Owner(self, None, provider)
        for action in parser._actions:  # noqa: SLF001 (argparse has no public list)
            self._take([*action.option_strings, action.dest], owner)

    def owner(self, name: str | None, description: str) -> Owner:
        """Return the register for the options of one plugin.

        :param name: the plugin's entry-point name; None for this package, which may use
            reserved names.
        :param description: what messages call it.
        """
        return Owner(self, name, description)

    def check(self, names: Sequence[str], owner: Owner) -> None:
        """Check that option strings or destinations are free for an owner.

        :raises OptionClash: if another owner has one, or if it is reserved.
        """
        if owner.name is None:
            return
        for name in names:
            bare = name.lstrip("-").replace("-", "_")
            other = self._owners.get(name)
            if bare in RESERVED:
                raise OptionClash(_rename(owner, name, f"is reserved for {OWN_NAME}"))
            if other is None and bare in self._own_names:
                other = Owner(self, None, OWN_NAME)
            if other is None or other.name == owner.name:
                continue
            if other.name is not None:
                raise OptionClash(_both(other, owner, f"the option {_flag(name)} of {self.verb}"))
            used = f"of {self.verb} is used by {other.description}"
            raise OptionClash(_rename(owner, name, used))

    def add(self, option: AddedOption, owner: Owner) -> None:
        """Record an option.

        :raises OptionClash: as :meth:`check` does for its destination.
        """
        self.check([option.action.dest], owner)
        self.options.append(option)
        self._take([*option.action.option_strings, option.action.dest], owner)

    def _take(self, names: Sequence[str], owner: Owner) -> None:
        for name in names:
            self._owners.setdefault(name, owner)


class Owner:
    """A plugin that adds options to a verb; implements :class:`~..verbs.Register`.

    :param registry: the options of the verb.
    :param name: the plugin's entry-point name, None for this package and the host.
    :param description: what messages call it.
    """

    def __init__(self, registry: OptionRegistry, name: str | None, description: str) -> None:
        self._registry = registry
        self.name = name
        self.description = description

    def check_flags(self, flags: Sequence[str]) -> None:
        """Check the option strings before argparse sees them.

        :raises OptionClash: if one is taken or reserved.
        """
        self._registry.check(flags, self)

    def record(self, option: AddedOption) -> None:
        """Record an option.

        :raises OptionClash: if its destination is taken or reserved.
        """
        self._registry.add(option, self)


def _flag(name: str) -> str:
    return name if name.startswith("-") else "--" + name.replace("_", "-")


def _rename(owner: Owner, name: str, why: str) -> str:
    suggestion = f"--{owner.name}-{name.lstrip('-').replace('_', '-')}"
    return (
        f"plugin {owner.description}: the option name {_flag(name)} {why}; rename it, for "
        f"example to {suggestion}"
    )


def _both(first: Owner, second: Owner, what: str) -> str:
    return (
        f"plugins {first.description} and {second.description} both add {what}; disable one "
        f"with WHEELHOUSE_HASHES_DISABLED_PLUGINS={first.name} or ={second.name}"
    )
