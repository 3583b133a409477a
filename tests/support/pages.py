"""Index pages for tests."""

from __future__ import annotations

from tests.support.artifacts import A, sha256


def page(*links: str) -> bytes:
    """Return an index page with some links."""
    return "".join(f'<a href="{link}">x</a>\n' for link in links).encode()


def page_of(content: bytes, *links: str) -> bytes:
    """Return an index page whose links (by default one to A) carry the digest of some bytes."""
    return page(*(f"{link}#sha256={sha256(content)}" for link in links or (A,)))
