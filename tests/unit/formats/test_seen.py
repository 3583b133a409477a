"""The result of a ``Digester`` does not depend on how its input is split."""

from __future__ import annotations

import hashlib
import itertools

from hypothesis import given
from hypothesis import strategies as st

from wheelhouse_hashes.formats.seen import HEAD_BYTES, TAIL_BYTES, Digester, Seen


@given(st.binary(max_size=3000), st.lists(st.integers(0, 3000)))
def test_digester_result_is_independent_of_chunks(content: bytes, cuts: list[int]) -> None:
    digester = Digester(["sha256", "md5"])
    edges = [0, *sorted(cuts), len(content)]
    for begin, end in itertools.pairwise(edges):
        digester.update(memoryview(content)[begin:end])
    digests = {name: hashlib.new(name, content).hexdigest() for name in ("sha256", "md5")}
    head, tail = content[:HEAD_BYTES], content[-TAIL_BYTES:]
    assert digester.seen() == Seen(len(content), digests, head, tail)
    assert digester.seen(on_disk=True).on_disk
