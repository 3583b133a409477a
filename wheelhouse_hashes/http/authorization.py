"""Which requests plugins may add headers to, such as a token.

The headers are for one origin that the user or a listing named.  They never go over plain
HTTP, because anyone on the network path could use the token; this machine and the endpoint
of the user's own account are exempt.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import TypeVar

from wheelhouse_hashes.errors import TransferError
from wheelhouse_hashes.formats.lazy_patterns import lazily
from wheelhouse_hashes.formats.urls import is_loopback, origin, origin_text

T = TypeVar("T")

Origin = tuple[str, str, int]

#: Asks the plugins: the URL, the method, and whether the last headers were not accepted.
Ask = Callable[[str, str, bool], Mapping[str, str] | None]

Perform = Callable[[str, Mapping[str, str]], T]

#: A header's name (:rfc:`9110`, section 5.1) and its value, without line breaks.
_TOKEN = lazily(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+", re.ASCII)
_VALUE = lazily(r"[ -~]*", re.ASCII)


class Authorization:
    """Decides which requests get headers from plugins.

    :param ask: returns the headers for one request, None if no plugin has any; None if no
        plugin is to be asked.
    :param note: called once for each origin that is denied its headers, with a topic and
        one sentence.
    """

    def __init__(
        self, ask: Ask | None = None, note: Callable[[str, str], object] | None = None
    ) -> None:
        #: The origins that the user or a listing named.
        self.named: set[Origin] = set()
        #: The endpoints of the user's own account, which get their headers over plain HTTP, too.
        #: Filled in when they answer requests of ``run.store``.
        self.endpoints: set[Origin] = set()
        self._ask = ask
        self._note = note
        self._asking = threading.local()

    def perform(
        self, url: str, headers: Mapping[str, str], perform: Perform[T], method: str = "GET"
    ) -> T:
        """Make a request with the headers of the plugins.

        If the server does not accept them (401), the plugins are asked once more.

        :param url: the URL.
        :param headers: the other headers of the request.
        :param perform: makes the request: the URL and all headers.
        :param method: the method of the request.
        """
        given = self._headers(url, method)
        if not given:
            return perform(url, headers)
        try:
            return perform(url, joined(headers, given))
        except TransferError as error:
            if error.status != HTTPStatus.UNAUTHORIZED:
                raise
            given = self._headers(url, method, fresh=True)
            if not given:
                raise
        return perform(url, joined(headers, given))

    def _headers(self, url: str, method: str, *, fresh: bool = False) -> Mapping[str, str]:
        """Return the headers of the plugins; empty if the request gets none."""
        # A request that the hook itself makes, for a new token, gets none.
        if self._ask is None or getattr(self._asking, "now", False):
            return {}
        here = origin(url)
        if here not in self.named:
            return {}
        self._asking.now = True
        try:
            headers = self._ask(url, method, fresh) or {}
        finally:
            self._asking.now = False
        if headers and not self._is_safe(here):
            where = origin_text(here)
            text = f"{where}: the authorization of a plugin is not sent over plain HTTP"
            if self._note is not None:
                self._note(text, text)
            return {}
        return headers

    def _is_safe(self, here: Origin) -> bool:
        return here[0] == "https" or is_loopback(here[1]) or here in self.endpoints


def check_headers(headers: Mapping[str, str]) -> None:
    """Check that headers can be sent.  The errors do not contain their values.

    :raises TypeError: if a name or a value is not a string.
    :raises ValueError: if a name or a value has a character that is not allowed.
    """
    if not isinstance(headers, Mapping):
        raise TypeError(f"expected a mapping of headers or None, got {type(headers).__name__}")
    for name, value in headers.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError("the names and values of headers must be strings")
        if not _TOKEN.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"header {name!r}: only printable ASCII characters are allowed")


def joined(headers: Mapping[str, str], given: Mapping[str, str]) -> Mapping[str, str]:
    """Return headers with those of a plugin, which replace others of the same name.

    A signature of S3 covers all headers that begin with ``x-amz-``, so the server would
    refuse a request with one that the plugin did not sign.
    """
    if not given:
        return headers
    names = {name.lower(): value for name, value in given.items()}
    signed = names.get("authorization", "").startswith("AWS")
    kept = {
        name: value
        for name, value in headers.items()
        if name.lower() not in names and not (signed and name.lower().startswith("x-amz-"))
    }
    return {**kept, **given}
