"""Which hash files are requested although no listing names them, and which are waited for.

Index pages of wheelhouse-uploader link artifacts only, so a hash file may be there without
being listed.  Most other pages have none, and a request for each artifact would be in vain:

- Nothing is requested from a package index: a listing with a digest on every link whose
  artifacts are at another origin.
- In each folder the first two artifacts are asked for.  If neither has a hash file, those of
  other artifacts that have a digest already are not requested.
- The hash file of an artifact without another digest is always requested.  It is waited for
  only if some artifact of the folder has one.
- If an artifact looks replaced, its hash file is requested after all: its age counts.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import TYPE_CHECKING, TypeVar

from wheelhouse_hashes.errors import Interrupted, Refusal
from wheelhouse_hashes.formats.hash_file import split_hash_file_name
from wheelhouse_hashes.formats.urls import folder_of, scheme_of

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import ListedArtifact

T = TypeVar("T")

#: Returns whether an artifact has a hash file that no listing names.
Look = Callable[["ListedArtifact"], bool]

#: How many artifacts of a folder are asked for in any case.
FIRST = 2

#: How often a waiting thread checks whether the run must end, in seconds.
_TICK = 0.2


class _Folder:
    """The artifacts of one folder, in the order of names."""

    def __init__(self) -> None:
        self.artifacts: dict[str, ListedArtifact] = {}
        #: The names of the first :data:`FIRST` artifacts.
        self.first: list[str] = []
        #: Names of artifacts that have a request in progress.
        self.asking: set[str] = set()
        #: Whether an artifact has a hash file; None if the request failed.
        self.known: dict[str, bool | None] = {}


class UnlistedHashFiles:
    """Decides for all worker threads of a run which unlisted hash files are requested.

    :param stop: set when the run must end.
    :param artifacts: the artifacts of the run.
    :param listed: the folders in which the listing names hash files, as
        :func:`~wheelhouse_hashes.formats.urls.folder_of` returns them.
    :param package_index: whether the listing is a package index.
    """

    def __init__(
        self,
        stop: threading.Event,
        artifacts: Iterable[ListedArtifact] = (),
        *,
        listed: Collection[str] = (),
        package_index: bool = False,
    ) -> None:
        self._stop = stop
        self._listed = listed
        #: Whether the listing is a package index.
        self.package_index = package_index
        self._changed = threading.Condition()
        self._look: Look | None = None
        self._folders: dict[str, _Folder] = {}
        self._names: set[str] = set()
        #: Names of artifacts whose hash files were not requested, and of those that must be.
        self._skipped: set[str] = set()
        self._insisted: set[str] = set()
        for artifact in sorted(artifacts, key=lambda each: each.name):
            self._names.add(artifact.name)
            # A local file costs no request, and the address of a signed URL's hash file
            # cannot be told.
            if scheme_of(artifact.url) not in ("", "file") and "?" not in artifact.url:
                self._add(artifact)

    def _add(self, artifact: ListedArtifact) -> None:
        folder = self._folders.setdefault(folder_of(artifact.url), _Folder())
        folder.artifacts[artifact.name] = artifact
        if len(folder.first) < FIRST:
            folder.first.append(artifact.name)
        if any(split_hash_file_name(name) for name in artifact.companions):
            folder.known[artifact.name] = True
        elif artifact.companions_listed:
            folder.known[artifact.name] = False

    def ask(
        self,
        artifact: ListedArtifact,
        request: Callable[[], Sequence[T]],
        look: Look,
        *,
        fresh: bool,
    ) -> Sequence[T]:
        """Request an artifact's hash file, unless that is needless.

        :param artifact: the artifact; its hash file is not listed.
        :param request: requests it, and returns what was found.
        :param look: does the same for another artifact of the folder.
        :param fresh: whether this is a further try, so that an earlier answer is not used.
        :returns: what the request returned; nothing if it was needless.
        :raises Interrupted: if the run was interrupted.
        """
        folder = self._folders.get(folder_of(artifact.url))
        if folder is None or artifact.name not in folder.artifacts:
            return request()
        self._look = look
        with self._changed:
            if not fresh and self._result(folder, artifact.name) is False:
                return ()
            wanted = not artifact.has_strong_claim or artifact.name in self._insisted
            needless = self.package_index and not wanted
            if wanted or (artifact.name in folder.first and not needless):
                folder.asking.add(artifact.name)
        # Without a lock: an answer of the first artifact is final.
        has_some = folder.known.get(folder.first[0])
        if needless or (
            not has_some
            and artifact.name not in folder.asking
            and all(self._is_there(folder, name) is False for name in folder.first)
        ):
            with self._changed:
                self._skipped.add(artifact.name)
            return ()
        return self._noted(folder, artifact.name, request)

    def insist(self, artifact: ListedArtifact) -> bool:
        """Request an artifact's hash file from now on.

        :param artifact: the artifact.
        :returns: whether it was not requested before.
        """
        with self._changed:
            if artifact.name not in self._skipped - self._insisted:
                return False
            self._insisted.add(artifact.name)
            return True

    def may_appear(self, artifact: ListedArtifact) -> bool:
        """Return whether an artifact without a digest may get a hash file later.

        Asks for the hash files of the folder's other artifacts, until one is found.

        :param artifact: the artifact.
        :raises Interrupted: if the run was interrupted.
        """
        where = folder_of(artifact.url)
        if where in self._listed or artifact.name not in self._names:
            return True
        folder = self._folders.get(where)
        if folder is None or artifact.companions_listed:
            return False
        asked = [
            name
            for name, each in folder.artifacts.items()
            if name in folder.first or not each.has_strong_claim
        ]
        known = [name for name in asked if name in folder.known]
        return any(self._is_there(folder, name) is not False for name in [*known, *asked])

    def _result(self, folder: _Folder, name: str) -> bool | None:
        """Wait for a request in progress; return its result, None if there is none."""
        while name in folder.asking:
            self._changed.wait(_TICK)
            if self._stop.is_set():
                raise Interrupted("interrupted")
        return folder.known.get(name)

    def _is_there(self, folder: _Folder, name: str) -> bool | None:
        """Return whether an artifact has a hash file; request it if that is not known."""
        with self._changed:
            there = self._result(folder, name)
            if name in folder.known or self._look is None:
                return there
            folder.asking.add(name)
            look = self._look
        artifact = folder.artifacts[name]
        try:
            self._noted(folder, name, lambda: [True] if look(artifact) else [])
        except Refusal:
            return None
        return folder.known[name]

    def _noted(self, folder: _Folder, name: str, request: Callable[[], Sequence[T]]) -> Sequence[T]:
        """Make a request, and record whether it found anything."""
        there: bool | None = None
        try:
            found = request()
            there = bool(found)
            return found
        finally:
            with self._changed:
                folder.known[name] = there
                folder.asking.discard(name)
                self._changed.notify_all()
