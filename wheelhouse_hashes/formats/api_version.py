"""The version of the simple API that a page has (:pep:`629`, :pep:`691`)."""

from __future__ import annotations

from wheelhouse_hashes.formats.lazy_patterns import lazily

#: A media type of the simple API, with its major version.
_MEDIA_TYPE = lazily(r"application/vnd\.pypi\.simple\.v(?P<major>[0-9]+)\+")

#: The major version that is supported.  A page with another one must not be read.
MAJOR = 1


class UnsupportedVersion(ValueError):
    """A page has another major version of the simple API than :data:`MAJOR`."""

    def __init__(self, version: str) -> None:
        super().__init__(
            f"the page has version {version[:20]} of the simple API; supported: {MAJOR}.x"
        )


def check_media_type(media_type: str) -> None:
    """Check the version in a media type; other media types are ignored.

    :raises UnsupportedVersion: if its major version is not supported.
    """
    if match := _MEDIA_TYPE.match(media_type):
        check_version(match["major"])


def check_version(version: str) -> None:
    """Check a version, such as ``1.4``; text that is not one is ignored.

    :raises UnsupportedVersion: if its major version is not supported.
    """
    version = version.strip()
    major = version.partition(".")[0]
    if major.isascii() and major.isdigit() and major.lstrip("0") != str(MAJOR):
        raise UnsupportedVersion(version)
