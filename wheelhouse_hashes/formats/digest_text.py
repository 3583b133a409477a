"""The text of hash files and digest lists: decoding, clear signatures, lines.

Every input is bounded before it is read, and read in one pass.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator
from typing import NoReturn

from wheelhouse_hashes.errors import HashFileError, NotAHashFile
from wheelhouse_hashes.formats.lazy_patterns import lazily

#: Maximum size of a digest list, in bytes.
MAX_LIST_BYTES = 16 * 1024 * 1024

#: Maximum length of a line, in characters.
MAX_LINE = 4 * 1024

#: The nouns that messages use.
HASH_FILE, DIGEST_LIST = "hash file", "digest list"

#: The note about a clear-signed file.
SIGNED = "the {} is signed, but the signature was not checked; check it with gpg --verify"

_SIGNED_MESSAGE = "-----BEGIN PGP SIGNED MESSAGE-----"
_SIGNATURE = "-----BEGIN PGP SIGNATURE-----"
_SIGNATURE_END = "-----END PGP SIGNATURE-----"

#: One line of ``sha256sum --zero``, which ends lines with NUL and escapes nothing.
_ZERO_LINE = lazily(r"[0-9A-Fa-f]{32,128} [ *][^\n]+", re.ASCII)

_TOML_TABLE = lazily(r"\[\[?[A-Za-z][\w.-]*\]", re.ASCII)


class DigestText:
    """The decoded lines of a hash file or digest list.

    :param content: the content of the file.
    :param what: its noun, for messages.
    :param max_bytes: the maximum size of the content.
    :raises HashFileError: if it is not the text of one.
    """

    def __init__(self, content: bytes, what: str, max_bytes: int) -> None:
        self._what = what
        self._text = _decode(content, what, max_bytes)
        #: Notes about it.
        self.notes: list[str] = []

    def lines(self) -> Iterator[tuple[int, str]]:
        """Yield the lines with their numbers; a signature and its headers are left out.

        :raises HashFileError: if a line is too long, or outside of the signed text.
        """
        numbered = enumerate(self._split(), 1)
        before = 0
        for number, line in numbered:
            if line.rstrip(" \t") == _SIGNED_MESSAGE:
                if before:
                    self._refuse_unsigned(before)
                self.notes.append(SIGNED.format(self._what))
                yield from self._signed(numbered)
            else:
                if not before and line.strip(" \t"):
                    before = number
                yield number, line

    def _split(self) -> Iterator[str]:
        # Splitting the whole text at once would need memory for each of its empty lines.
        text, start = self._text, 0
        end = "\0" if "\0" in text else "\n"
        while start < len(text):
            stop = text.find(end, start)
            stop = len(text) if stop < 0 else stop
            if stop - start > MAX_LINE + 1:
                self._refuse_long_line()
            line = text[start:stop].removesuffix("\r")
            if len(line) > MAX_LINE:
                self._refuse_long_line()
            yield line
            start = stop + 1

    def _refuse_long_line(self) -> None:
        raise NotAHashFile(f"the {self._what} has a line longer than {MAX_LINE} characters")

    def _refuse_unsigned(self, number: int) -> NoReturn:
        text = f"line {number} of the {self._what} is outside of the signed text"
        raise HashFileError(text, next="remove the line")

    def _signed(self, numbered: Iterator[tuple[int, str]]) -> Iterator[tuple[int, str]]:
        """Yield the lines of a cleartext-signed message (:rfc:`9580`, section 7)."""
        for _, line in numbered:
            if not line.strip(" \t"):
                break  # the end of the armor headers
        for number, line in numbered:
            if line.rstrip(" \t") == _SIGNATURE:
                break
            yield number, line.removeprefix("- ")
        else:
            raise HashFileError(f"the {self._what} is signed, but its signature is cut off")
        for _, line in numbered:
            if line.rstrip(" \t") == _SIGNATURE_END:
                break
        for number, line in numbered:
            if line.strip(" \t"):
                self._refuse_unsigned(number)


def _decode(content: bytes, what: str, max_bytes: int) -> str:
    if len(content) > max_bytes:
        raise NotAHashFile(f"the {what} is larger than {max_bytes} bytes")
    utf16 = content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE))
    try:
        text = content.decode("utf-16" if utf16 else "utf-8-sig")
    except UnicodeDecodeError:
        raise NotAHashFile(f"the {what} is not text") from None
    if "\0" in text:
        _check_zero_lines(text, what)
    start = text[:MAX_LINE].lstrip()
    if start.startswith("<"):
        raise NotAHashFile(f"the {what} is an HTML or XML page")
    if start.startswith(("{", "[")) and not _TOML_TABLE.match(start):
        raise NotAHashFile(f"the {what} is JSON")
    return text


def _check_zero_lines(text: str, what: str) -> None:
    """Check that NUL bytes end lines, as ``sha256sum --zero`` writes them."""
    if text[1::2].count("\0") * 3 > len(text) or text[::2].count("\0") * 3 > len(text):
        why = f"the {what} has NUL bytes: UTF-16 without a byte order mark"
        raise HashFileError(why, next="write it as UTF-8")
    if not (text.endswith("\0") and _ZERO_LINE.fullmatch(text, 0, text.find("\0"))):
        raise HashFileError(f"the {what} has NUL bytes", next="write it again with sha256sum")
