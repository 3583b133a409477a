"""The error answers of stores: HTTP status, error code and sentence.

Stores explain an error in the body of the answer: in XML (the S3 API, Azure), in JSON
(Keystone, Google, Backblaze), or in HTML or plain text (Swift).  libcloud drops most of
these bodies.  The last answer of a connection still has them.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Callable, Mapping
from http import HTTPStatus
from typing import Any, NamedTuple, TypeVar

from libcloud.common.exceptions import BaseHTTPError
from libcloud.common.types import InvalidCredsError, MalformedResponseError

from wheelhouse_hashes.filenames import printable

T = TypeVar("T")

#: Maximum number of bytes of an answer to read.
_MAX_BODY = 64 * 1024

#: Maximum number of characters of an answer to show.
_MAX_SHOWN = 300

_CODE = re.compile(r"<Code>\s*([\w.-]{1,80})\s*</Code>")
_MESSAGE = re.compile(r"<Message>(.*?)</Message>", re.DOTALL)
_PARAGRAPH = re.compile(r"<p>(.*?)</p>", re.DOTALL | re.IGNORECASE)
_TAG = re.compile(r"<[^>]{0,1000}>")
#: The text in which libcloud reports an unexpected answer of an identity service.
_MALFORMED = re.compile(r"code: (\d{3}) body:(.*?)(?: headers:.*)?", re.DOTALL)
_WORD = re.compile(r"[\w.-]{1,80}")


#: The text for an answer that libcloud cannot read.
UNREADABLE = "the answer of the store cannot be read: check --provider-name and the store's address"


class Answer(NamedTuple):
    """A store's answer to a request that failed."""

    #: The HTTP status.
    status: int
    #: The store's error code, such as ``ExpiredToken``; empty if it has none.
    code: str = ""
    #: The store's sentence, on one line; empty if it has none.
    sentence: str = ""

    def shown(self, masked: Callable[[str], str]) -> str:
        """Return the answer for display, cut if it is long.

        :param masked: masks secrets; stores may repeat what they received.
        """
        words = " ".join(filter(None, (str(self.status), self.code)))
        text = masked(f"{words}: {self.sentence}" if self.sentence else words)
        return text[:_MAX_SHOWN] + "..." if len(text) > _MAX_SHOWN else text


def read_answer(status: int, headers: Mapping[str, str], body: str) -> Answer:
    """Return the parts of an error answer.

    :param status: the HTTP status.
    :param headers: the headers of the answer, with names in lower case.
    :param body: the text of the answer; it may be cut.
    """
    code = headers.get("x-ms-error-code", "")
    if found := _CODE.search(body):
        message = _MESSAGE.search(body)
        return Answer(status, found[1], _one_line(html.unescape(message[1])) if message else "")
    if body.lstrip()[:1] == "{":
        return _from_json(status, code, body)
    if paragraph := _PARAGRAPH.search(body):
        body = paragraph[1]
    return Answer(status, code, _one_line(html.unescape(_TAG.sub(" ", body))))


def _from_json(status: int, code: str, body: str) -> Answer:
    try:
        values = json.loads(body)
    except (ValueError, RecursionError):
        return Answer(status, code)
    inner = values.get("error", values)
    if not isinstance(inner, dict):
        inner = {"code": inner, "message": values.get("error_description")}
    found, message = inner.get("code"), inner.get("message")
    if isinstance(found, str) and _WORD.fullmatch(found):
        code = found
    return Answer(status, code, _one_line(message) if isinstance(message, str) else "")


def _one_line(text: str) -> str:
    """Return a store's sentence on one line, without a final period."""
    return printable(" ".join(text[:_MAX_BODY].split())).removesuffix(".")


def with_answer(call: Callable[[], T], connection: Callable[[], object]) -> Callable[[], T]:
    """Return a call whose exceptions from libcloud carry the store's answer.

    :param call: makes one or more requests.
    :param connection: returns the libcloud connection that *call* uses.
    """

    def calling() -> T:
        try:
            return call()
        except (AttributeError, LookupError, TypeError, json.JSONDecodeError) as error:
            if not (isinstance(error, json.JSONDecodeError) or _is_from_libcloud(error)):
                raise
            raise MalformedResponseError(UNREADABLE) from error
        except Exception as error:
            error.answer = _find_answer(error, connection)  # type: ignore[attr-defined]
            raise

    return calling


def _is_from_libcloud(error: Exception) -> bool:
    frame = error.__traceback__
    while frame is not None and frame.tb_next is not None:
        frame = frame.tb_next
    return frame is not None and frame.tb_frame.f_globals.get("__name__", "").startswith("libcloud")


def answer_of(error: Exception) -> Answer | None:
    """Return the store's answer in an exception; see :func:`with_answer`."""
    answer = getattr(error, "answer", None)
    return answer if isinstance(answer, Answer) else None


def _find_answer(error: Exception, connection: Callable[[], object]) -> Answer | None:
    if isinstance(error, (OSError, ValueError)):
        return None  # no answer came
    if isinstance(error, BaseHTTPError):
        message = error.message
        body = json.dumps(message) if isinstance(message, dict) else str(message or "")
        return read_answer(int(error.code), {}, body)
    if isinstance(error, MalformedResponseError):
        malformed = _MALFORMED.fullmatch(str(error.body))
        return read_answer(int(malformed[1]), {}, malformed[2]) if malformed else None
    response: Any = getattr(getattr(connection(), "connection", None), "response", None)
    status = getattr(response, "status_code", 0)
    refused = isinstance(error, InvalidCredsError) and status in (
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.FORBIDDEN,
    )
    # An error without this status is that of another request, for example for a token.
    if status < HTTPStatus.BAD_REQUEST or not (refused or str(status) in str(error)):
        return None
    headers = {name.lower(): value for name, value in response.headers.items()}
    return read_answer(status, headers, _text_of(response))


def _text_of(response: Any) -> str:  # noqa: ANN401 (requests is untyped here)
    try:
        if response._content is False:  # noqa: SLF001 (no public way to tell)
            content = response.raw.read(_MAX_BODY, decode_content=True)
        else:
            content = response.content[:_MAX_BODY]
    except Exception:  # noqa: BLE001 (the error is reported without the store's text)
        return ""
    return bytes(content).decode("utf-8", "replace")
