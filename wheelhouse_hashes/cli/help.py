"""What ``--help`` of a verb has beside the options: their groups, examples, exit codes.

The host's own options stay as they are, where they are.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping

from wheelhouse_hashes.causes import Cause

#: The group that plugins add their options to.
GROUP_TITLE = "wheelhouse-hashes"

#: Where our options stand, by subject; those of other plugins stay in the group
#: that they were added to.
SECTIONS: Mapping[str, tuple[str, ...]] = {
    "digests": ("hashfile", "verify", "against", "hash_algorithm", "missing_hash"),
    "publishing": ("no_replace", "resend"),
    "completeness": ("expect", "expect_file"),
    "network and store": ("wait", "timeout", "max_workers", "no_ssl_check", "driver_options"),
    "output": ("quiet", "explain", "sums", "report"),
}

_PROGRAM = "python -m wheelhouse_uploader"

_EXAMPLES: Mapping[str, tuple[tuple[str, str], ...]] = {
    "upload": (
        ("in a CI job, the secret in the environment",
         "upload --hashfile --no-update-index wheels"),
        ("into a folder, to try it",
         ("upload --hashfile --provider-name LOCAL \\\n"
          "      --username store --secret none --local-folder dist wheels")),
        ("to a Swift cluster of your own",
         ("upload --hashfile \\\n"
          "      --provider-name OPENSTACK_SWIFT \\\n"
          "      --driver-option ex_force_auth_url=https://auth.example.org:5000 wheels")),
    ),
    "fetch": (
        ("one release, all of it, with a list of its digests",
         ("fetch --verify --version 1.0 --expect 39 \\\n"
          "      --sums SHA256SUMS demo https://example.org/wheels/")),
        ("why is this one refused?",
         ("fetch --verify --explain demo-1.0.tar.gz \\\n"
          "      demo https://example.org/wheels/")),
    ),
    "index": (
        ("after all jobs are done", "index wheels"),
        ("in a folder",
         ("index --provider-name LOCAL \\\n"
          "      --username store --secret none wheels")),
    ),
    "verify": (
        ("the last line before twine upload", "verify dist --against SHA256SUMS --expect 39"),
        ("what its own hash files say", "verify dist"),
        ("what the container says now",
         ("verify dist \\\n"
          "      --against https://example.org/wheels/")),
    ),
}  # fmt: skip

_ACCOUNT = """
environment:
  WHEELHOUSE_UPLOADER_USERNAME, WHEELHOUSE_UPLOADER_SECRET
                  what --username and --secret say
"""

_HTTP = """
environment:
  SSL_CERT_FILE   a bundle of certificate authorities of your own
  https_proxy, no_proxy, NETRC
                  as for curl: proxies; user names and passwords
"""

_STORE_CODES = """\
    2  usage
    5  the store, the network or the credentials
    6  a local file or disk
  130  interrupted
"""

_UPLOAD_CODES: Mapping[str, str] = {
    "upload": f"""
exit codes (with one of the options of wheelhouse-hashes):
    0  everything is there
    1  the container has other bytes and keeps them, or a plugin objected
{_STORE_CODES}""",
    "index": f"""
exit codes:
    0  the page is written
    1  a plugin objected
{_STORE_CODES}""",
}

_WITHOUT_CAUSE = {
    0: "nothing was refused",
    2: "usage, and anything that would have run unverified",
    130: "interrupted",
}


def describe(verb: str, parser: argparse.ArgumentParser) -> None:
    """Group our options of a verb, and add what ends its help.

    :param verb: the verb.
    :param parser: its parser, with all options.
    """
    for title, names in SECTIONS.items():
        section = parser.add_argument_group(f"{title} ({GROUP_TITLE})")
        for group in parser._action_groups:  # noqa: SLF001 (argparse has no public list)
            # The other groups of upload and fetch are the host's.
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
    """Return what ends the help of a verb: examples, environment, exit codes.

    :param verb: the verb.
    """
    lines = ["examples:"]
    for what, command in _EXAMPLES[verb]:
        lines += [f"  # {what}", f"  {_PROGRAM} {command}"]
    fetching = verb in ("fetch", "verify")
    rest = _HTTP + _fetch_codes(verb) if fetching else _ACCOUNT + _UPLOAD_CODES[verb]
    return "\n".join(lines) + "\n" + rest


def _fetch_codes(verb: str) -> str:
    words = {code: [text] for code, text in _WITHOUT_CAUSE.items()}
    for cause in Cause:
        words.setdefault(cause.exit_code, []).append(cause.value)
    words[Cause.MISSING_ARTIFACT.exit_code] += ["--expect is not met", "nothing matched"]
    words[Cause.UNTRUSTED.exit_code][0] += " (plugins)"
    title = "exit codes (with --verify)" if verb == "fetch" else "exit codes"
    lines = [f"{code:>5}  {', '.join(words[code])}" for code in sorted(words)]
    return f"\n{title}:\n" + "\n".join(lines) + "\n"
