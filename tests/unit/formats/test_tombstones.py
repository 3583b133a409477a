"""Swift's answers for deleted objects, as observed in ``tests/swift``."""

from __future__ import annotations

import pytest

from wheelhouse_hashes.formats.tombstones import is_deleted

MD5 = "a6bb7bde3251ca2d810d32dadd9e8ae7"
OF_NOTHING = "d41d8cd98f00b204e9800998ecf8427e"
DELETED = {"content-length": "0", "etag": MD5, "x-trans-id": "tx1"}


@pytest.mark.parametrize(
    "changed", [{}, {"etag": f'"{MD5}"'}, {"content-range": "bytes 100-4999/5000"}]
)
def test_headers_without_body_mean_deleted(
    changed: dict[str, str],
) -> None:
    assert is_deleted({**DELETED, **changed})


@pytest.mark.parametrize(
    "changed",
    [
        {"content-length": "1"},
        {"content-length": "5000"},
        {"etag": OF_NOTHING},  # an empty object
        {"etag": f'"{OF_NOTHING}"'},
        {"etag": f"{MD5}-3"},
        {"etag": ""},
    ],
)
def test_other_answers_do_not_mean_deleted(changed: dict[str, str]) -> None:
    assert not is_deleted({**DELETED, **changed})


@pytest.mark.parametrize("missing", sorted(DELETED))
def test_incomplete_headers_do_not_mean_deleted(missing: str) -> None:
    assert not is_deleted({name: value for name, value in DELETED.items() if name != missing})
