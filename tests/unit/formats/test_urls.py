from __future__ import annotations

import pytest

from wheelhouse_hashes.formats.urls import origin, shown, split_user


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
