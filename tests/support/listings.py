"""Containers and releases that list their objects as stores do, canned."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qs, quote, unquote, urlsplit
from xml.sax.saxutils import escape

from tests.support.artifacts import hash_file, sha256, wheel_bytes
from tests.support.servers import Handler, Respond, respond

#: Seven artifacts of a release; three have a local version, for which a plus sign is encoded.
SEVEN = (
    *("demo-1.0-py3-none-any.whl", "demo-1.0-1-py3-none-any.whl", "demo-1.0-2-py3-none-any.whl"),
    "demo-1.0-cp311-cp311-manylinux_2_17_x86_64.manylinux2014_x86_64.whl",
    *(f"demo-1.0+cu118-{tag}-none-any.whl" for tag in ("py3", "cp311", "cp312")),
)

#: Objects that are no artifacts of the project.
FOREIGN = {
    "README.txt": b"read me",
    "index.html": b"<a href='x'>x</a>",
    "other-2.0-py3-none-any.whl": b"other",
    "a folder marker/": b"",
    "\u00e4 & <b>.txt": b"umlaut",
}


def seven(*, hash_files: bool = True) -> dict[str, bytes]:
    """Return the content of the artifacts, by name, with their hash files."""
    made: dict[str, bytes] = {}
    for name in SEVEN:
        made[name] = wheel_bytes(name, name)
        if hash_files:
            made[f"{name}.sha256"] = hash_file(made[name], name)
    return made


def md5(content: bytes) -> str:
    """Return the MD5 of some bytes in hex."""
    return hashlib.md5(content, usedforsecurity=False).hexdigest()


def _parameters(handler: Handler) -> dict[str, str]:
    query = parse_qs(urlsplit(handler.path).query, keep_blank_values=True)
    return {name: values[-1] for name, values in query.items()}


class Bucket:
    """A bucket with the S3 API, at ``/bucket``.

    :param objects: its objects.
    :param page: the number of rows of a page.
    :param etags: the etags that are not the MD5 of the object.
    """

    namespace = "http://s3.amazonaws.com/doc/2006-03-01/"

    def __init__(
        self, objects: Mapping[str, bytes], page: int = 1000, etags: Mapping[str, str] = {}
    ) -> None:
        self.objects = dict(sorted(objects.items(), key=lambda item: item[0].encode()))
        self.page = page
        self.etags = etags
        #: The parameters of each request for a page of the listing.
        self.asked: list[dict[str, str]] = []
        self.headers: dict[str, str] = {"Content_Type": "application/xml"}

    @property
    def routes(self) -> dict[str, Respond | bytes]:
        """The answers of the server."""
        objects = {f"/bucket/{quote(k, safe='/')}": v for k, v in self.objects.items()}
        listing: dict[str, Respond | bytes] = {"/bucket": self.answer, "/bucket/": self.answer}
        return {**objects, **listing}

    def answer(self, handler: Handler) -> None:
        """Answer with a page of the listing."""
        asked = _parameters(handler)
        self.asked.append(asked)
        respond(handler, 200, self.listing(asked).encode(), **self.headers)

    def listing(self, asked: Mapping[str, str]) -> str:
        """Return a page of the listing (``ListObjects`` and ``ListObjectsV2``)."""
        second = asked.get("list-type") == "2"
        token = asked.get("continuation-token", "")
        after = unquote(token.partition(".")[2]) if second else asked.get("marker", "")
        encoded = asked.get("encoding-type") == "url"
        prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
        rows: dict[str, str] = {}
        for key, content in self.objects.items():
            common = prefix + key[len(prefix) :].partition(delimiter or "\0")[0] + delimiter
            if not key.startswith(prefix) or key <= after:
                continue
            if delimiter and key.startswith(common):
                if common > after:
                    shown = escape(quote(common) if encoded else common)
                    rows[common] = f"<CommonPrefixes><Prefix>{shown}</Prefix></CommonPrefixes>"
                continue
            etag = self.etags.get(key, md5(content))
            shown = escape(quote(key) if encoded else key)
            rows[key] = (
                f"<Contents><Key>{shown}</Key><LastModified>2026-01-01T00:00:00.000Z"
                f"</LastModified><ETag>&quot;{etag}&quot;</ETag><Size>{len(content)}</Size>"
                "<Owner><ID>x</ID></Owner><StorageClass>STANDARD</StorageClass></Contents>"
            )
        names = list(rows)[: self.page]
        more = len(rows) > len(names)
        last = names[-1] if names else ""
        ends = f"<IsTruncated>{str(more).lower()}</IsTruncated>"
        if more and second:
            ends += f"<NextContinuationToken>t+/=.{quote(last)}</NextContinuationToken>"
        elif more and delimiter:
            marker = escape(quote(last) if encoded else last)
            ends += f"<NextMarker>{marker}</NextMarker>"
        if encoded:
            ends += "<EncodingType>url</EncodingType>"
        body = "".join(rows[name] for name in names)
        return (
            f'<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="{self.namespace}">'
            f"<Name>bucket</Name><Prefix>{escape(prefix)}</Prefix>{body}{ends}</ListBucketResult>"
        )


class Container:
    """A Swift container with ``?format=json``, at ``/v1/AUTH_x/wheels-1.0``.

    :param objects: its objects.
    :param page: the number of rows of a page.
    :param rows: further fields of the row of an object, by its name.
    """

    path = "/v1/AUTH_x/wheels-1.0"

    def __init__(
        self,
        objects: Mapping[str, bytes],
        page: int = 10_000,
        rows: Mapping[str, Mapping[str, object]] = {},
    ) -> None:
        self.objects = dict(sorted(objects.items(), key=lambda item: item[0].encode()))
        self.page = page
        self.rows = rows
        self.asked: list[dict[str, str]] = []

    @property
    def routes(self) -> dict[str, Respond | bytes]:
        """The answers of the server."""
        objects = {f"{self.path}/{quote(k, safe='/')}": v for k, v in self.objects.items()}
        return {**objects, self.path: self.answer}

    def answer(self, handler: Handler) -> None:
        """Answer with a page of the listing."""
        asked = _parameters(handler)
        self.asked.append(asked)
        prefix, delimiter = asked.get("prefix", ""), asked.get("delimiter", "")
        rows: dict[str, dict[str, object]] = {}
        for name, content in self.objects.items():
            if not name.startswith(prefix) or name <= asked.get("marker", ""):
                continue
            below = name[len(prefix) :].partition(delimiter or "\0")
            if delimiter and below[1]:
                if (folder := f"{prefix}{below[0]}/") != asked.get("marker"):
                    rows.setdefault(folder, {"subdir": folder})
                continue
            rows[name] = {
                "bytes": len(content),
                "hash": md5(content),
                "name": name,
                "content_type": "application/octet-stream",
                "last_modified": "2026-01-01T00:00:00.000000",
                **self.rows.get(name, {}),
            }
        body = json.dumps(list(rows.values())[: self.page]).encode()
        respond(
            handler,
            200,
            body,
            Content_Type="application/json; charset=utf-8",
            X_Container_Object_Count=str(len(self.objects)),
        )


def nginx_json(objects: Mapping[str, bytes]) -> bytes:
    """Return a folder as nginx lists it (``autoindex_format json``)."""
    date = "Thu, 01 Jan 2026 00:00:00 GMT"
    rows: list[Mapping[str, object]] = [{"name": "old", "type": "directory", "mtime": date}]
    rows += [
        {"name": name, "type": "file", "mtime": date, "size": len(content)}
        for name, content in objects.items()
    ]
    return json.dumps(rows).encode()


def nginx_xml(objects: Mapping[str, bytes]) -> bytes:
    """Return a folder as nginx lists it (``autoindex_format xml``)."""
    files = "".join(
        f'<file mtime="2026-01-01T00:00:00Z" size="{len(content)}">{escape(name)}</file>\r\n'
        for name, content in objects.items()
    )
    folder = '<directory mtime="2026-01-01T00:00:00Z">old</directory>\r\n'
    return f'<?xml version="1.0"?>\r\n<list>\r\n{folder}{files}</list>\r\n'.encode()


def github_release(
    objects: Mapping[str, bytes], url: str, **changes: Mapping[str, object]
) -> dict[str, object]:
    """Return a release as GitHub's API describes it, with links to a server.

    :param changes: changed fields of the assets, by name.
    """
    assets: Sequence[Mapping[str, object]] = [
        {
            "url": f"{url}repos/o/r/releases/assets/{number}",
            "id": number,
            "name": name,
            "label": "",
            "state": "uploaded",
            "size": len(content),
            "digest": f"sha256:{sha256(content)}",
            "browser_download_url": f"{url}{quote(name)}",
            "uploader": {"login": "ann"},
            **changes.get(name, {}),
        }
        for number, (name, content) in enumerate(objects.items())
    ]
    return {
        "url": f"{url}repos/o/r/releases/1",
        "assets_url": f"{url}repos/o/r/releases/1/assets",
        "tag_name": "v1.0",
        "assets": assets,
        "body": "notes",
    }


def anaconda_files(
    objects: Mapping[str, bytes], url: str, **changes: Mapping[str, object]
) -> list[Mapping[str, object]]:
    """Return the files of a package as the API of anaconda.org describes them.

    :param changes: changed fields of the files, by name.
    """
    conda = {
        "basename": "linux-64/demo-1.0-py311_0.tar.bz2",
        "distribution_type": "conda",
        "download_url": "//other/demo-1.0-py311_0.tar.bz2",
        "md5": "0" * 32,
        "size": 1,
    }
    return [
        conda,
        *(
            {
                "basename": name,
                "distribution_type": "pypi",
                "full_name": f"ann/demo/1.0/{name}",
                "version": "1.0",
                "labels": ["main"],
                "md5": md5(content),
                "sha256": sha256(content),
                "size": len(content),
                "download_url": f"{url.partition(':')[2]}{quote(name)}",
                **changes.get(name, {}),
            }
            for name, content in objects.items()
        ),
    ]
