"""Checks of the values of options that argparse does not make."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.filenames import parse_artifact_name

if TYPE_CHECKING:
    from wheelhouse_hashes.verbs import AddedOption


#: Options whose empty values the host knows what to do with.
_ACCOUNT = frozenset({"username", "secret", "provider_name", "region"})


def check_not_empty(
    options: Sequence[AddedOption], values: Mapping[str, Any], names: AbstractSet[str]
) -> None:
    """Check that no value is empty, as that of ``--log "$LOG"`` without such a variable.

    An empty path would be the current folder, and an empty option would be left out.

    :param options: the options of the verb.
    :param values: their values, by destination.
    :param names: the destinations of this package's options; plugins judge theirs.
    :raises UsageError: if a value is empty.
    """
    empty = [
        f"{_flag(option)}: the value is empty; check the variable that it comes from"
        for option in options
        if option.action.dest in names - _ACCOUNT
        and option.action.option_strings
        and "" in _several(values.get(option.action.dest))
    ]
    if empty:
        raise UsageError(*empty)


def _several(value: object) -> Sequence[object]:
    return value if isinstance(value, (list, tuple)) else [value]


def check_output_files(options: Sequence[AddedOption], values: Mapping[str, Any]) -> None:
    """Check that the files to write are not the artifacts, the inputs, or each other.

    Reports are written at the end: an artifact that one replaces was verified before.

    :param options: the options and arguments of the verb.
    :param values: their values, by destination.
    :raises UsageError: if an output file has the name of an artifact, is read by another
        option, or is written by two options.
    """
    outputs = [each for each in options if each.writes and values.get(each.action.dest)]
    if not outputs:
        return
    used: dict[str, str] = {}
    for option in options:
        if not option.writes:
            used.update((path, f"is read by {_flag(option)}") for path in _paths(option, values))
    problems = []
    for option in outputs:
        file = values[option.action.dest]
        if parse_artifact_name(os.path.basename(file)) is not None:  # noqa: PTH119 (a text)
            why = "this is the name of an artifact, which would be replaced"
            problems.append(f"{_flag(option)} {file}: {why}; name another file")
        for path in _paths(option, values):
            if path in used:
                problems.append(f"{_flag(option)} {file}: {used[path]}, too; name another file")
            used[path] = f"is written by {_flag(option)}"
    if problems:
        raise UsageError(*problems)


def _flag(option: AddedOption) -> str:
    flags = option.action.option_strings
    return flags[-1] if flags else str(option.action.metavar or option.action.dest)


def _paths(option: AddedOption, values: Mapping[str, Any]) -> Iterator[str]:
    """Yield the files that an option names; two devices, such as /dev/null, may be one."""
    if option.action.nargs == "*":
        return  # of dist/*, a verb skips files that are not artifacts
    value = values.get(option.action.dest)
    for text in _several(value):
        if isinstance(text, str) and text:
            # The address of a pinned page has its hash behind the path.
            path = text if option.writes else text.partition("#")[0]
            if os.path.isfile(path) or (option.writes and not os.path.exists(path)):  # noqa: PTH110, PTH113 (a text)
                yield _real(path)


def _real(path: str) -> str:
    """Return a path without links; as it is, if another user changes it meanwhile."""
    try:
        return os.path.realpath(path)
    except OSError:
        return path
