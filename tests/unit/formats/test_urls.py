from __future__ import annotations

import pytest

from wheelhouse_hashes.formats.urls import (
    is_http,
    is_loopback,
    join,
    origin,
    scheme_of,
    shown,
    split_user,
)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("http://host/a", "http://host/b?c#d"),
        ("http://host/", "HTTP://HOST:80/"),
        ("https://host", "https://host:443/"),
        ("https://user:word@host/", "https://host/"),
        ("http://[::1]/", "http://[::1]:80/"),
    ],
)
def test_same_scheme_host_and_port_is_same_origin(one: str, other: str) -> None:
    assert origin(one) == origin(other)


@pytest.mark.parametrize(
    "other",
    [
        "http://host/",
        "https://host:8443/",
        "https://host.example/",
        "https://sub.host/",
        "https://host@evil/",
        "https://host:443@evil/",
    ],
)
def test_other_scheme_host_or_port_is_other_origin(other: str) -> None:
    assert origin(other) != origin("https://host/")


@pytest.mark.parametrize("url", ["http://host:port/", "http://host:99999/", "http://[bad/"])
def test_url_without_valid_host_and_port_has_no_origin(url: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        origin(url)


@pytest.mark.parametrize(
    ("url", "bare", "user"),
    [
        ("https://host/a?b#c", "https://host/a?b#c", None),
        ("https://ann:word@host:8443/a?b", "https://host:8443/a?b", ("ann", "word")),
        ("https://ann@host/", "https://host/", ("ann", "")),
        ("https://ann:w%40rd%2F@host/", "https://host/", ("ann", "w@rd/")),
        ("https://ann:w@rd@host/", "https://host/", ("ann", "w@rd")),
        ("https://host/a@b", "https://host/a@b", None),
        ("http://ann:word@[::1]:80/", "http://[::1]:80/", ("ann", "word")),
    ],
)
def test_credentials_are_removed_from_url(
    url: str, bare: str, user: tuple[str, str] | None
) -> None:
    assert split_user(url) == (bare, user)


def test_shown_url_has_no_user_query_or_fragment() -> None:
    url = "https://ann:word@host:8443/wheels/a%2Bb.whl?sig=secret#sha256=00"
    assert shown(url) == "https://host:8443/wheels/a%2Bb.whl"


def test_shown_url_has_no_control_characters() -> None:
    assert shown("https://host/a\x1b[2J\u202eb") == "https://host/a\\x1b[2J\\u202eb"


@pytest.mark.parametrize(
    ("url", "scheme"),
    [
        ("http://host/", "http"),
        ("HTTPS:x", "https"),
        ("container://[bad", "container"),
        ("a+b-c.1://x", "a+b-c.1"),
        ("C:\\folder", ""),
        ("/a:b", ""),
        ("1a://x", ""),
        ("", ""),
    ],
)
def test_scheme_of_url_even_if_malformed(url: str, scheme: str) -> None:
    assert scheme_of(url) == scheme
    assert is_http(url) is (scheme in ("http", "https"))


@pytest.mark.parametrize(
    ("base", "url", "joined"),
    [
        ("http://host/a/b", "c", "http://host/a/c"),
        ("mem://Shelf/a/b", "c", "mem://Shelf/a/c"),
        ("mem://Shelf/a/b", "/c?d", "mem://Shelf/c?d"),
        ("mem://Shelf/a/b", "../c", "mem://Shelf/c"),
        ("mem://Shelf/a/b", "//Other/c", "mem://Other/c"),
        ("mem:///a/b", "c", "mem:///a/c"),
        ("mem://Shelf/a", "http://host/c", "http://host/c"),
        ("mem://Shelf/a", "mem://Other/c", "mem://Other/c"),
        ("mem://Shelf/a/", "", "mem://Shelf/a/"),
    ],
)
def test_relative_url_is_joined_whatever_the_scheme(base: str, url: str, joined: str) -> None:
    assert join(base, url) == joined


@pytest.mark.parametrize(
    ("host", "local"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("::1", True),
        ("localhost", True),
        ("a.localhost", True),
        ("localhost.example", False),
        ("127.0.0.1.example", False),
        ("10.0.0.1", False),
        ("", False),
    ],
)
def test_loopback_hosts(host: str, local: bool) -> None:
    assert is_loopback(host) is local
