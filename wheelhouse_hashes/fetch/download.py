"""Download one artifact into its private file: read, hash and write in one pass."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Sequence
from dataclasses import replace
from io import FileIO
from typing import TYPE_CHECKING

from wheelhouse_hashes.artifacts import DEFAULT_ALGORITHM, Claim, Finding, ListedArtifact
from wheelhouse_hashes.causes import Cause
from wheelhouse_hashes.errors import Refusal, TooLong, disk_errors
from wheelhouse_hashes.formats.seen import Digester, Seen
from wheelhouse_hashes.formats.urls import origins_of
from wheelhouse_hashes.http.client import MAX_ARTIFACT
from wheelhouse_hashes.http.encodings import encoding_of
from wheelhouse_hashes.http.resume import NotContinued, Part
from wheelhouse_hashes.http.settings import BUFFER
from wheelhouse_hashes.options import ACCEPT, FetchOptions
from wheelhouse_hashes.runtime.bodies import BIG, Body, TooManyBig
from wheelhouse_hashes.verdict.rules import NO_CLAIM, algorithms_of, claims_of, objection

if TYPE_CHECKING:
    from wheelhouse_hashes.artifacts import Verdict
    from wheelhouse_hashes.disk.folder import Folder
    from wheelhouse_hashes.http.response import Response
    from wheelhouse_hashes.plugins.session import Session

Items = Sequence[Claim | Finding]

#: The most digits of a ``Content-Length`` that is believed: as many as 2**63 has.
_MAX_DIGITS = 19

_buffers = threading.local()

#: Causes that a server or proxy can bring about by compressing an artifact.
_ENCODED_CAUSES = frozenset(
    {Cause.MISMATCH, Cause.CORRUPT, Cause.TRUNCATED, Cause.NOT_A_DISTRIBUTION, Cause.UNSOUND}
)

_UNENCODED = (
    "do not publish it; turn off compression of wheels and sdists at the server or proxy, then "
    "fetch it again"
)


class Download:
    """One read of an artifact's body, in one piece or, if it was interrupted, in several.

    Received bytes are kept: after a failure, :meth:`receive` can be called again and
    then requests only the rest, if the server supports that.

    :param artifact: the artifact.
    :param run: the command in progress.
    :param folder: the private folder; the file in it has the artifact's name.
    """

    def __init__(
        self, artifact: ListedArtifact, run: Session[FetchOptions], folder: Folder
    ) -> None:
        #: The claims and findings passed to :meth:`receive`, and those of the headers.
        self.heard: list[Claim | Finding] = []
        #: The origins that answered, after redirects.
        self.origins: set[str] = set()
        self._artifact = artifact
        self._run = run
        self._folder = folder
        self._response: Response | None = None
        self._pieces: _Pieces | None = None
        self._digester = Digester([DEFAULT_ALGORITHM])

    @property
    def size(self) -> int:
        """The number of bytes in the file."""
        return self._digester.size

    def receive(self, heard: Items) -> None:
        """Read the body, or the rest of it.

        :param heard: the claims and findings of the sources.
        :raises Refusal: if the body cannot be read, or no source claims a digest for it.
        """
        size = self._artifact.size
        while True:
            body = self._run.bodies.next(size)
            try:
                self._receive(heard, body)
            except TooManyBig:
                size = BIG  # ask for it again as soon as another one has ended
            else:
                return
            finally:
                body.end()

    def _receive(self, heard: Items, body: Body) -> None:
        artifact = self._artifact
        with (
            disk_errors(f"write {artifact.name}"),
            FileIO(self._open(), "r+b") as file,
        ):
            if self.size:
                file.seek(self.size)
            self._pieces = _Pieces(lambda data: self._take(data, file))
            try:
                self._run.client.download(
                    artifact.url,
                    self._pieces.add,
                    begin=lambda response: self._begin(response, heard, file, body),
                    headers=artifact.headers,
                    part=self._part,
                    size=artifact.size,
                )
            except TooLong as error:
                raise self._too_long(error) from None
            finally:
                self._pieces.flush()

    def _open(self) -> int:
        """Open the file for the rest of the body, or create it."""
        if self.size:
            return self._folder.open(self._artifact.name, os.O_RDWR)
        return self._folder.create(self._artifact.name)

    def _too_long(self, error: TooLong) -> Refusal:
        """Return the refusal of a body that is longer than the listing says.

        Its rest is not read, because it could be endless.
        """
        size = self._artifact.size
        if size is None or size > MAX_ARTIFACT:
            return error
        text = f"longer than the {size} bytes that the listing declares, and not read to the end"
        if error.encoding:
            text += f" (sent with Content-Encoding: {error.encoding})"
        return Refusal(Cause.MISMATCH, text)

    def _take(self, data: memoryview, file: FileIO) -> None:
        """Hash and write received bytes."""
        self._digester.update(data)
        while data:
            data = data[file.write(data) :]

    @property
    def received(self) -> int:
        """The number of bytes received, including those not yet written to the file."""
        return self.size + (self._pieces.filled if self._pieces is not None else 0)

    @property
    def _part(self) -> Part | None:
        if self._response is None or not self.size:
            return None
        return Part(self.size, self._response.headers)

    def _begin(self, response: Response, heard: Items, file: FileIO, body: Body) -> None:
        """Add the claims of the headers; refuse the body if no digest is claimed at all."""
        length = response.headers.get("content-length", "")
        size = int(length) if len(length) <= _MAX_DIGITS and length.isdecimal() else None
        body.sized(size)
        run = self._run
        self.heard = [*heard, *run.plugins.response_claims(self._artifact, response.headers, run)]
        refuse_findings(self.heard)
        if not claims_of(self.heard) and run.options.missing_hash != ACCEPT:
            raise Refusal(Cause.MISSING_HASH, NO_CLAIM)
        wanted = algorithms_of(self.heard)
        computed = self._digester.algorithms >= set(wanted)
        if response.offset and not computed:
            raise NotContinued("the received part was not hashed with every claimed algorithm")
        if not response.offset and (self.size or not computed):
            file.seek(0)
            file.truncate()
            self._digester = Digester(wanted)
        self._response = response
        self.origins.update(origins_of(response.url))
        if run.activity.size is None and not response.offset:
            run.activity.size = size

    @property
    def encoding(self) -> str:
        """The ``Content-Encoding`` of the bytes, which is not decoded; empty without one."""
        return encoding_of(self._response.headers) if self._response is not None else ""

    @property
    def seen(self) -> Seen:
        """The facts about the bytes that were read."""
        assert self._response is not None  # noqa: S101 (for the type checker)
        return self._digester.seen(length_known=self._response.length_known)

    def comparable(self, heard: Items) -> Items:
        """Return the claims that are new, of algorithms that were computed."""
        return [
            each
            for each in heard
            if isinstance(each, Claim)
            and each not in self.heard
            and {each.digest.algorithm, *(d.algorithm for d in each.alternatives)}.issubset(
                self.seen.digests
            )
        ]

    def with_encoding(self, verdict: Verdict) -> Verdict:
        """Return a verdict on the received bytes; if they are refused, name their encoding."""
        if not self.encoding or verdict.cause not in _ENCODED_CAUSES:
            return verdict
        text = f"sent with Content-Encoding: {self.encoding}, so it may have been compressed"
        text = join_sentences(verdict.text, f"{text} on its way")
        return replace(verdict, text=text, next=_UNENCODED)


def join_sentences(*sentences: str) -> str:
    """Return one text of the sentences that are not empty."""
    return "; ".join(sentence for sentence in sentences if sentence)


class _Pieces:
    """Joins the pieces of a body: libcurl delivers at most 16 KiB at a time.

    Other threads can run while a large piece is hashed or written, and large
    pieces mean fewer switches between threads.

    :param take: called with the body in order, in few large pieces.
    """

    def __init__(self, take: Callable[[memoryview], object]) -> None:
        self._take = take
        #: The number of collected bytes.
        self.filled = 0
        # One buffer per worker: allocating it costs as much as hashing a small artifact.
        buffer: memoryview | None = getattr(_buffers, "buffer", None)
        if buffer is None:
            buffer = _buffers.buffer = memoryview(bytearray(BUFFER))
        self._buffer = buffer

    def add(self, data: bytes) -> None:
        """Add a piece."""
        end = self.filled + len(data)
        if end > BUFFER:
            self.flush()
            end = len(data)
        if end > BUFFER:
            self._take(memoryview(data))
        else:
            self._buffer[self.filled : end] = data
            self.filled = end

    def flush(self) -> None:
        """Pass on the collected bytes."""
        filled, self.filled = self.filled, 0
        if filled:
            self._take(self._buffer[:filled])


def refuse_findings(heard: Items) -> None:
    """Refuse at once if a source objects: the bytes cannot change that.

    :raises Refusal: with the gravest cause.
    """
    if objected := objection(heard):
        raise objected
