"""Hostile listings in XML and JSON: time grows with the size, and memory is bounded."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from collections.abc import Callable, Mapping

import pytest

from tests.support import ROOT

#: Address space of the process, in bytes: the interpreter takes about a fifth.
MEMORY = 500 * 1024**2

#: The sizes of a document, in bytes.
SMALL, LARGE = 1_000_000, 8_000_000

#: Eight times the size may take eight times as long, with room for a busy machine.
MOST = 20.0

Made = Callable[[int], bytes]


def filled(start: str, unit: str, end: str = "") -> Made:
    """Return a function that makes a document of many equal units."""
    return lambda size: (start + unit * (size // len(unit)) + end).encode()


def numbered(start: str, unit: str, end: str = "") -> Made:
    """The same with the number of each unit in it."""
    return lambda size: (
        start + "".join(unit.format(n) for n in range(size // (len(unit) + 5))) + end
    ).encode()


S3 = ("<ListBucketResult>", "</ListBucketResult>")
XML: Mapping[str, Made] = {
    "nested": filled("", "<a>"),
    "elements": filled(S3[0], "<a/>", S3[1]),
    "names": numbered(S3[0], "<a{}/>", S3[1]),
    "attributes": numbered("<list ", 'a{}="" ', "/>"),
    "attribute": filled('<list a="', "x", '"/>'),
    "name": filled("<list", "x", "/>"),
    "text": filled(f"{S3[0]}<Contents><Key>", "x", f"</Key></Contents>{S3[1]}"),
    "references": filled(f"{S3[0]}<Name>", "&#65;", f"</Name>{S3[1]}"),
    "comments": filled(S3[0], "<!---->", S3[1]),
    "comment": filled(f"{S3[0]}<!--", "x", f"-->{S3[1]}"),
    "instructions": filled("", "<?a?>", "<list/>"),
    "blanks": filled("", " ", "<list/>"),
    "objects": filled(S3[0], "<Contents/>", S3[1]),
    "keys": numbered(S3[0], "<Contents><Key>{}</Key></Contents>", S3[1]),
    "prefixes": filled(S3[0], "<CommonPrefixes><Prefix>a/</Prefix></CommonPrefixes>", S3[1]),
    "files": filled("<list>", "<file>a</file>", "</list>"),
    "slashes": filled(f"{S3[0]}<Prefix>", "/", f"</Prefix>{S3[1]}"),
    "sections": filled("<list><file>", "<![CDATA[x]]>", "</file></list>"),
    "entities": filled("<!DOCTYPE list [", '<!ENTITY a "b">', "]><list/>"),
}
JSON: Mapping[str, Made] = {
    "nested": filled("", "["),
    "closed": lambda size: b"[" * (size // 2) + b"]" * (size // 2),
    "objects": filled("[", "{},", "{}]"),
    "arrays": filled("[", "[],", "[]]"),
    "keys": numbered("{{".format(), '"{}":0,', '"x":0}'),
    "texts": numbered("[", '"{}",', "0]"),
    "numbers": filled("[", "1e9,", "0]"),
    "digits": lambda size: b'[{"name": "a", "size": ' + b"9" * size + b"}]",
    "rows": filled("[", '{"name":"a"},', '{"name":"a"}]'),
    "assets": filled('{"assets":[', '{"name":"a"},', '{"name":"a"}]}'),
    "digest": lambda size: json.dumps(
        {"assets": [{"name": "a", "browser_download_url": "a", "digest": ":" * size}]}
    ).encode(),
    "escapes": filled('[{"name":"', "\\ud800", '"}]'),
    "slashes": filled('[{"name":"', "/", '"}]'),
    "name": filled('[{"name":"', "x", '"}]'),
    "url": filled('{"assets":[{"name":"a","browser_download_url":"http://', "a.", '"}]}'),
}
CASES = {**{f"xml {k}": v for k, v in XML.items()}, **{f"json {k}": v for k, v in JSON.items()}}


def seconds(case: str) -> tuple[float, float]:
    """Return the processor time for the small and the large document, in seconds."""
    code = f"from tests.slow.fuzz.test_listing_growth import child; child({case!r})"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=False,
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=600,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    small, large = map(float, done.stdout.split())
    return small, large


def child(case: str) -> None:
    """Read both documents with limited memory, and print the times."""
    import time  # noqa: PLC0415 (this runs in the other process)

    from tests.slow.fuzz.targets import json_listing, xml_listing  # noqa: PLC0415

    read = xml_listing if case.startswith("xml") else json_listing
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    times: list[float] = []
    for size in (SMALL, LARGE):
        body = CASES[case](size)
        started = time.process_time()
        read(body)
        times.append(time.process_time() - started)
    print(*times)


@pytest.mark.thorough
@pytest.mark.parametrize("case", CASES)
def test_time_of_hostile_listing_grows_with_its_size(case: str) -> None:
    for _ in range(4):  # another process may use the caches during one of them
        small, large = seconds(case)
        print(f"{case}: {small:.2f} s, {large:.2f} s")
        if large < MOST * max(small, 0.05):
            break
    assert large < MOST * max(small, 0.05), (small, large)
