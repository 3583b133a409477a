"""Additions to the ``--help`` of a verb: option groups, examples, environment, exit codes.

The texts and positions of the host's own options do not change, except that two wrong texts
are corrected.
"""

from __future__ import annotations

import argparse
import os
import sys
import textwrap
from collections.abc import Mapping
from itertools import chain
from typing import TYPE_CHECKING, Any

from wheelhouse_hashes.cli.built_in_verbs import COMMON_CODES, STORE_CODES
from wheelhouse_hashes.options import AccountOptions

if TYPE_CHECKING:
    from wheelhouse_hashes.cli.commands import Command

#: Title of the argument group that plugins add their options to.
GROUP_TITLE = "wheelhouse-hashes"

#: Maximum width of the help, in columns.
_WIDTH = 80

#: Sections for the options of the built-in plugins.  Options of other plugins stay in
#: the group that they were added to.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "digests": (
        *("hashfile", "verify", "against", "hash_algorithm", "missing_hash", "require"),
        "unpinned",
    ),
    "transparency log": ("log", "log_key", "log_checkpoint"),
    "contents": ("check_contents",),
    "attestations": ("attested_by", "trusted_root", "save"),
    "publishing": ("no_replace", "resend", "allow_empty", "keep_dev_builds", "carry"),
    "completeness": (
        *("expect", "expect_file", "expect_like", "without", "expect_cibuildwheel"),
        *("exclude", "fail_on_yanked"),
    ),
    "package index": ("index", "allow_extra", "download"),
    "other files": ("allow", "strict_folder"),
    "network and store": (
        *("wait", "timeout", "max_workers", "no_ssl_check"),
        *("provider_name", "username", "secret", "region", "driver_options"),
    ),
    "output": ("quiet", "dry_run", "grid", "explain", "sums", "sidecars", "report", "html"),
}

#: The names of the packages that can be run with ``python -m``.
_MODULES = ("wheelhouse_uploader", "wheelhouse_hashes")

#: The command that does not depend on the start-up file.
_SCRIPT = "wheelhouse-hashes"

#: The help texts of the host that are wrong.
_CORRECTED = {
    "Attach a local folder to a Nuxeo server.": "Upload the artifacts of a folder to a container.",
    "build an index.html file": "write no index.html file",
}

_ACCOUNT = """\
  WHEELHOUSE_UPLOADER_USERNAME, WHEELHOUSE_UPLOADER_SECRET
                  defaults for --username and --secret
"""

_HTTP = """\
  SSL_CERT_FILE   CA certificate bundle
  https_proxy, no_proxy, NETRC
                  proxy settings and netrc file, as for curl
"""

#: What the title of the exit codes adds.
_CODES_APPLY: Mapping[str, str] = {
    "upload": " (if a wheelhouse-hashes option is used)",
    "fetch": " (with --verify), by cause of the refusal",
    "verify": ", by cause of the refusal",
}

#: Exit codes of the verbs of plugins, unless they say something else.
_PLUGIN_CODES: Mapping[int, str] = {0: "success", 1: "plugin error"}


def program() -> str:
    """Return the name under which the command was started, for usage and examples."""
    main = getattr(sys.modules.get("__main__"), "__spec__", None)
    module = main.name.removesuffix(".__main__") if main is not None else ""
    if module not in _MODULES:
        if os.path.basename(sys.argv[0]).startswith(_SCRIPT):  # noqa: PTH119 (slow to import)
            return _SCRIPT
        module = _MODULES[0]
    return f"python -m {module}"


def correct(subparsers: argparse._SubParsersAction[Any]) -> None:
    """Replace the wrong help texts of the host; all others stay.

    :param subparsers: the return value of ``add_subparsers`` of the host's parser.
    """
    listed = subparsers._choices_actions  # noqa: SLF001 (argparse has no public list)
    hosts = [parser._actions for parser in subparsers.choices.values()]  # noqa: SLF001 (as above)
    for action in chain(listed, *hosts):
        action.help = _CORRECTED.get(action.help, action.help)


def describe(command: Command, parser: argparse.ArgumentParser) -> None:
    """Group the wheelhouse-hashes options of a verb and set the epilog of its help.

    :param command: the verb.
    :param parser: its parser, with all options added.
    """
    # The other groups belong to the host or to a plugin.
    everywhere = not command.hosted and command.plugin is None
    for title, names in SECTIONS.items():
        section = parser.add_argument_group(f"{title} ({GROUP_TITLE})")
        for group in parser._action_groups:  # noqa: SLF001 (argparse has no public list)
            if group.title == GROUP_TITLE or everywhere:
                for action in [a for a in _actions_of(group) if a.dest in names]:
                    _actions_of(group).remove(action)
                    _actions_of(section).append(action)
        _actions_of(section).sort(key=lambda action: names.index(action.dest))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = epilog(command)


def _actions_of(group: argparse._ArgumentGroup) -> list[argparse.Action]:
    return group._group_actions  # noqa: SLF001 (argparse has no public list)


def epilog(command: Command) -> str:
    """Return the epilog of a verb's help: examples, environment, exit codes.

    :param command: the verb.
    """
    verb = command.verb
    lines = ["examples:"] if verb.examples else []
    for purpose, example in verb.examples:
        lines += [f"  # {purpose}", f"  {program()} {example}"]
    return "\n".join([*lines, ""]) + _environment(command) + _exit_codes(command)


def _environment(command: Command) -> str:
    account = _ACCOUNT if issubclass(command.options, AccountOptions) else ""
    is_local = command.verb.name == "hash"
    http = "" if is_local or (command.plugin is None and command.verb.store) else _HTTP
    return f"\nenvironment:\n{account}{http}" if account or http else ""


def exit_codes(command: Command) -> dict[int, str]:
    """Return the meaning of each exit code of a verb, in order.

    :param command: the verb.
    """
    codes = {**COMMON_CODES, **(_PLUGIN_CODES if command.plugin is not None else {})}
    if command.verb.store:
        codes |= STORE_CODES
    codes |= command.verb.exit_codes
    return dict(sorted(codes.items()))


def _exit_codes(command: Command) -> str:
    lines = [
        textwrap.fill(
            text,
            width=_WIDTH,
            initial_indent=f"{code:>5}  ",
            subsequent_indent=" " * 7,
            break_on_hyphens=False,
        )
        for code, text in exit_codes(command).items()
    ]
    title = f"exit codes{_CODES_APPLY.get(command.verb.name, '')}"
    return f"\n{title}:\n" + "\n".join(lines) + "\n"
