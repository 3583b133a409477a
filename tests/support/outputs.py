"""What terminals and CI services do with the output of a command."""

from __future__ import annotations

import re

#: The older form of GitHub Actions' commands, and those of Azure Pipelines and TeamCity, found
#: anywhere in a line (``ActionCommand.TryParse`` of actions/runner).
_ANYWHERE = re.compile(r"##(?:vso|teamcity)?\[")

#: The only command that wheelhouse-hashes prints.
_OURS = "::error title="


def commands_in(text: str) -> list[str]:
    """Return the commands of CI services in a text, except annotations of this package."""
    found = []
    for line in re.split("[\r\n]", text):
        begun = line.lstrip()
        if begun.startswith("::") and not line.startswith(_OURS):
            found.append(line)
        found += [line] * bool(_ANYWHERE.search(line))
    return found


def controls_in(text: str) -> list[str]:
    """Return the characters that a terminal does not show as they are."""
    return [c for c in text if c not in "\n\t" and not c.isprintable()]
