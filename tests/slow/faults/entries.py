"""The entries of the failure-mode catalogue, and where each one is covered.

The numbers are those of the catalogue's sections, E.2 to E.5; within a section
entries are counted in order.  E.6 is about listings of stores and
releases, E.7 about links that are easily lost, E.8 about digests in
headers, E.9 about private containers, E.10 about local artifacts, E.11 about
releases that are not complete, E.12 about pinned pages and package indexes,
E.13 about transparency logs, E.14 about attestations.
"""

from __future__ import annotations

from collections.abc import Mapping


def _numbered(section: str, *entries: str) -> dict[str, str]:
    return {f"{section}.{number}": entry for number, entry in enumerate(entries, 1)}


ENTRIES: Mapping[str, str] = {
    "E.1": "dialects of hash files",
    **_numbered(
        "E.2.1",
        "../x",
        "..\\x",
        "C:x",
        "\\\\srv\\share\\x",
        "x:ads",
        "CON",
        "nul.whl",
        "trailing dot or space",
        "NUL",
        "newline",
        "U+202E",
        "mixed NFC and NFD",
        "names differing in case only",
        "more than 255 bytes",
        "leading dash",
        "%2e%2e%2f",
        ";params and ?query in links",
        "names ending in .part",
        "symbolic link in place of the target",
    ),
    **_numbered(
        "E.2.2",
        "100 MB page",
        "10^6 links",
        "base href to another host",
        "links to file:, ftp:, javascript:, data:",
        "http on an https page",
        "redirect from https to http",
        "redirect to a private address",
        "redirect loop",
        "two links, same name, different hash",
        "#md5=",
        "#sha256= in upper case",
        "#sha256=..&egg=",
        "two fragments",
        "&amp; in href",
        "single quotes",
        "nested -downloads.html",
    ),
    **_numbered(
        "E.2.3",
        "zip bomb",
        "wheel whose name is not METADATA's",
        "wrong bytes, trailing garbage",
        "polyglot",
    ),
    "E.2.4": "transparency log: truncated, rewritten, forked",
    "E.2.5": "hash agility: the weaker never overrides the stronger",
    **_numbered(
        "E.3",
        "truncated with Content-Length",
        "truncated without Content-Length",
        "chunked body cut",
        "Content-Length too small",
        "Content-Length negative",
        "Content-Length twice",
        "Content-Length no number",
        "200 with HTML",
        "200 and empty",
        "204",
        "206 without asking",
        "206 with a wrong Content-Range",
        "416 on resume",
        "Range ignored",
        "ETag changed between ranges",
        "gzip on a wheel",
        "gzip on a hash file",
        "301 to http",
        "302 to a login page",
        "403 that later becomes 200",
        "404, then 200",
        "404 cached unless the query changes",
        "429 and 503 with Retry-After in seconds",
        "503 with a date in Retry-After",
        "500 once",
        "reset in the middle of the body",
        "stall after the headers",
        "stall in the middle of the body",
        "one byte per second",
        "TLS certificate expired",
        "TLS certificate of another host",
        "IPv6 dead, IPv4 alive",
        "proxy that answers with its own page",
        "DNS failure",
    ),
    **_numbered(
        "E.4",
        "hash visible before the wheel",
        "wheel before the hash",
        "never the hash",
        "stale hash, new wheel",
        "new hash, stale wheel",
        "flapping replicas",
        "listing lags behind objects",
        "listing shows deleted objects",
        "object overwritten during the download",
        "rerun uploads different bytes under one name",
        "upload retried after half was done",
        "dev wheel renamed between two attempts",
        "orphan hash file after old dev builds went",
        "two uploaders, same wheel, equal bytes",
        "two uploaders, same name, unequal bytes",
    ),
    **_numbered(
        "E.5",
        "ENOSPC at write",
        "ENOSPC at fsync",
        "ENOSPC at rename",
        "read-only folder",
        "EMFILE",
        "quota",
        "target is a directory",
        "private folder of a dead run",
        "private folder of a live run",
        "SIGINT during the body",
        "SIGINT during the rename",
        "SIGINT in the thread pool",
        "SIGTERM",
        "SIGKILL at each step, then a rerun",
        "order of what a power cut finds",
        "rename on NFS and SMB",
        "Windows: an open file cannot be replaced",
        "long paths",
        "clock put back",
        "file changed on disk after verification",
        "folder that other users can write to",
        "named pipe in place of a file",
        "file with other names",
        "files that are not artifacts, before an upload",
    ),
    "E.6": "listings of stores and releases",
    **_numbered(
        "E.7",
        "quotes and brackets in HTML",
        "one bad entry of a JSON page",
        "names that are not valid",
        "yanked files",
        "cut listings",
        "other versions of the simple API",
        "wrong Content-Encoding",
        "addresses without a slash at the end",
    ),
    "E.8": "digests in headers",
    "E.9": "private containers",
    "E.10": "local artifacts without a store",
    "E.11": "releases that are not complete",
    "E.12": "pinned pages and package indexes",
    "E.13": "transparency logs",
    "E.14": "attestations",
}

_DISKS = "tests/command/test_disks.py::"
_SIGNALS = "tests/command/test_signals.py::"
_KILLED = "tests/slow/kill/test_points.py::"
_FETCH = "tests/command/test_fetch.py::"
_UPLOAD = "tests/unit/upload/test_artifact.py::"

#: Other tests that cover an entry.
ELSEWHERE: Mapping[str, tuple[str, ...]] = {
    "E.4.1": ("tests/swift/test_fetch_consistency.py",),
    "E.4.14": (f"{_UPLOAD}test_two_jobs_with_same_bytes_both_succeed",),
    "E.4.15": (f"{_UPLOAD}test_two_jobs_with_different_bytes_one_is_refused",),
    "E.5.1": (f"{_DISKS}test_fetch_to_full_disk", f"{_DISKS}test_upload_to_full_disk"),
    "E.5.4": (
        f"{_DISKS}test_fetch_into_read_only_folder",
        f"{_DISKS}test_upload_into_read_only_container",
        f"{_DISKS}test_dev_wheel_of_a_read_only_folder_is_uploaded",
    ),
    "E.5.5": (
        f"{_DISKS}test_fetch_with_too_many_open_files",
        f"{_DISKS}test_upload_with_too_many_open_files",
    ),
    "E.5.6": (f"{_DISKS}test_file_size_limit_is_disk_error",),
    "E.5.7": (f"{_DISKS}test_fetch_refuses_occupied_artifact_name",),
    "E.5.9": (f"{_FETCH}test_concurrent_fetches_into_one_folder_succeed",),
    "E.5.10": (
        f"{_SIGNALS}test_signal_while_body_trickles",
        f"{_SIGNALS}test_signal_while_body_stalls",
    ),
    "E.5.12": ("tests/unit/runtime/test_parallel.py::test_unfinished_work_is_abandoned",),
    "E.5.13": (f"{_SIGNALS}test_signal_while_body_trickles",),
    "E.5.14": (
        f"{_KILLED}test_rerun_completes_killed_run",
        "tests/slow/stress/test_kill_points.py::test_rerun_after_a_thousand_kill_points",
    ),
}

#: Why an entry is not covered.
NOT_COVERED: Mapping[str, str] = {
    "E.5.2": "no file system that accepts a write and then loses it is available here; "
    "errors of fsync are handled in the same place as errors of write",
    "E.5.3": "a rename within one folder needs no space on the file systems available here; "
    "its errors are handled in the same place as errors of write",
    "E.5.11": "a rename cannot be paused here; it is one system call, which a signal cannot "
    "split, and SIGKILL at random points hits it too",
    "E.5.15": "power cannot be cut here; data are written to disk before the name is (fsync)",
    "E.5.16": "no network file system here; only os.replace and os.link are relied on",
    "E.5.17": "Windows is not tested",
}
