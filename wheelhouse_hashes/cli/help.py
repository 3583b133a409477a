"""Additions to the ``--help`` of a verb: option groups, examples, environment, exit codes.

The texts and positions of the host's own options do not change.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from wheelhouse_hashes.causes import Cause

#: Title of the argument group that plugins add their options to.
GROUP_TITLE = "wheelhouse-hashes"

#: Sections for the options of the built-in plugins.  Options of other plugins stay in
#: the group that they were added to.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "digests": ("hashfile", "verify", "against", "hash_algorithm", "missing_hash"),
    "publishing": ("no_replace", "resend", "keep_dev_builds"),
    "completeness": ("expect", "expect_file"),
    "network and store": ("wait", "timeout", "max_workers", "no_ssl_check", "driver_options"),
    "output": ("quiet", "explain", "sums", "report"),
}

_PROGRAM = "python -m wheelhouse_uploader"

_EXAMPLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "upload": (
        ("from a CI job, with username and secret in the environment",
         "upload --hashfile --no-update-index wheels"),
        ("trial run: LOCAL uses the folder USERNAME/CONTAINER and ignores the secret",
         ("upload --hashfile --provider-name LOCAL \\\n"
          "      --username store --secret none --local-folder dist wheels")),
        ("to a private Swift cluster",
         ("upload --hashfile \\\n"
          "      --provider-name OPENSTACK_SWIFT \\\n"
          "      --driver-option ex_force_auth_url=https://auth.example.org:5000 wheels")),
    ),
    "fetch": (
        ("download a complete release and write a digest list",
         ("fetch --verify --version 1.0 --expect 39 \\\n"
          "      --sums SHA256SUMS demo https://example.org/wheels/")),
        ("show why an artifact is refused",
         ("fetch --verify --explain demo-1.0.tar.gz \\\n"
          "      demo https://example.org/wheels/")),
    ),
    "index": (
        ("after all upload jobs have finished", "index wheels"),
        ("local store: LOCAL uses the folder USERNAME/CONTAINER and ignores the secret",
         ("index --provider-name LOCAL \\\n"
          "      --username store --secret none wheels")),
    ),
    "verify": (
        ("last check before twine upload", "verify dist --against SHA256SUMS --expect 39"),
        ("check against the hash files in the folder", "verify dist"),
        ("check against the current contents of the container",
         ("verify dist \\\n"
          "      --against https://example.org/wheels/")),
    ),
}  # fmt: skip

_ACCOUNT = """
environment:
  WHEELHOUSE_UPLOADER_USERNAME, WHEELHOUSE_UPLOADER_SECRET
                  defaults for --username and --secret
"""

_HTTP = """
environment:
  SSL_CERT_FILE   CA certificate bundle
  https_proxy, no_proxy, NETRC
                  proxy settings and netrc file, as for curl
"""

_USAGE = "usage or installation error (for example, a plugin that cannot be loaded)"

_STORE_CODES = f"""\
    2  {_USAGE}
    5  store, network or authentication error
    6  local file or disk error
  130  interrupted
"""

_UPLOAD_CODES: Mapping[str, str] = {
    "upload": f"""
exit codes (if a wheelhouse-hashes option is used):
    0  all artifacts are in the container
    1  artifact refused (for example, by --no-replace), or plugin error
{_STORE_CODES}""",
    "index": f"""
exit codes:
    0  index page written
    1  plugin error
{_STORE_CODES}""",
}

_WITHOUT_CAUSE = {
    0: "no artifact was refused",
    2: _USAGE,
    130: "interrupted",
}


def describe(verb: str, parser: argparse.ArgumentParser) -> None:
    """Group the wheelhouse-hashes options of a verb and set the epilog of its help.

    :param verb: the verb.
    :param parser: its parser, with all options added.
    """
    for title, names in SECTIONS.items():
        section = parser.add_argument_group(f"{title} ({GROUP_TITLE})")
        for group in parser._action_groups:  # noqa: SLF001 (argparse has no public list)
            # All other groups of upload and fetch belong to the host.
            if group.title == GROUP_TITLE or verb == "verify":
                for action in [a for a in _actions_of(group) if a.dest in names]:
                    _actions_of(group).remove(action)
                    _actions_of(section).append(action)
        _actions_of(section).sort(key=lambda action: names.index(action.dest))
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.epilog = epilog(verb)


def _actions_of(group: argparse._ArgumentGroup) -> list[argparse.Action]:
    return group._group_actions  # noqa: SLF001 (argparse has no public list)


def epilog(verb: str) -> str:
    """Return the epilog of a verb's help: examples, environment, exit codes.

    :param verb: the verb.
    """
    lines = ["examples:"]
    for purpose, command in _EXAMPLES[verb]:
        lines += [f"  # {purpose}", f"  {_PROGRAM} {command}"]
    fetching = verb in ("fetch", "verify")
    rest = _HTTP + _fetch_codes(verb) if fetching else _ACCOUNT + _UPLOAD_CODES[verb]
    return "\n".join(lines) + "\n" + rest


def _fetch_codes(verb: str) -> str:
    words = {code: [text] for code, text in _WITHOUT_CAUSE.items()}
    for cause in Cause:
        words.setdefault(cause.exit_code, []).append(cause.value)
    incomplete = "--expect or --expect-file not met"
    words[Cause.MISSING_ARTIFACT.exit_code] += [incomplete, "nothing matched"]
    words[Cause.UNTRUSTED.exit_code][0] += " (reported only by plugins)"
    title = f"exit codes{' (with --verify)' if verb == 'fetch' else ''}, by cause of the refusal"
    lines = [f"{code:>5}  {', '.join(words[code])}" for code in sorted(words)]
    return f"\n{title}:\n" + "\n".join(lines) + "\n"
