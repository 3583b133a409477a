"""The files of a folder that are not artifacts: ``twine upload FOLDER/*`` meets them as well."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import Finding, Outcome, Verdict
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.filenames import listed, printable, read_artifact_name

if TYPE_CHECKING:
    import pathlib

#: What twine sends, by its name alone: the kinds of this and of older versions.
_DISTRIBUTION = r"\.(whl|zip|exe|egg|tar\.(gz|bz2))"
_SENT = re.compile(rf".*{_DISTRIBUTION}", re.IGNORECASE | re.DOTALL)

#: What twine sends together with a distribution: a signature, or an attestation (:pep:`740`).
_SENT_ALONG = re.compile(
    rf"(?P<sent>.*?{_DISTRIBUTION})(\..*)?\.(asc|attestation)", re.IGNORECASE | re.DOTALL
)

#: Maximum number of names in a note.
_MAX_NAMES = 10

_NEXT = "move them out of the folder before you upload, or name them with --allow"


@dataclass(frozen=True)
class Others:
    """The files of a folder that are neither artifacts nor allowed."""

    #: Those that twine would send: verdicts with the cause ``unexpected``.
    unexpected: list[Verdict] = field(default_factory=list)
    #: The names of those that twine would refuse, such as hash files, lists and folders.
    refused_by_twine: list[str] = field(default_factory=list)

    def note(self, folder: str) -> Finding:
        """Return the objection to the files that twine would refuse.

        :param folder: the folder, for the text.
        """
        shown = listed(self.refused_by_twine, most=_MAX_NAMES)
        text = f"not artifacts, so twine upload {folder}/* would fail: {shown}"
        return Finding(Cause.UNEXPECTED, text, next=_NEXT)


def find_others(
    folder: pathlib.Path, names: Iterable[str], judged: Collection[str], allowed: Iterable[str]
) -> Others:
    """Classify the files of a folder that no verdict is about.

    Hidden files do not count, because ``FOLDER/*`` in a shell does not match them.

    :param folder: the folder.
    :param names: all names in it.
    :param judged: the names that verdicts are about.
    :param allowed: patterns of names to ignore.
    """
    others = Others()
    allowed = tuple(allowed)
    for name in names:
        if name.startswith(".") or name in judged:
            continue
        if any(fnmatchcase(name, pattern) for pattern in allowed):
            continue
        along = _SENT_ALONG.fullmatch(name)
        if along is not None and along["sent"] in judged:
            continue
        if (along or _SENT.fullmatch(name)) and not (folder / name).is_dir():
            others.unexpected.append(_unexpected(name, along["sent"] if along else ""))
        else:
            others.refused_by_twine.append(printable(name))
    return others


def _unexpected(name: str, sent: str) -> Verdict:
    """Return the verdict about a file that twine would send.

    :param sent: the distribution that it belongs to; empty if it is one itself.
    """
    if sent:
        text = f"twine would send it with {printable(sent)}, which was not checked"
    else:
        text = f"twine would send it, but it was not checked: {_why_no_artifact(name)}"
    return Verdict(printable(name), Outcome.REFUSED, cause=Cause.UNEXPECTED, text=text)


def _why_no_artifact(name: str) -> str:
    try:
        read_artifact_name(name)
    except ValueError as error:
        return printable(str(error))
    return "no source was asked for it"
