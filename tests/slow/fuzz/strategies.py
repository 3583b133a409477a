"""Hypothesis strategies for hash files, digest lists and index pages that are almost right."""

from __future__ import annotations

import json

from hypothesis import strategies as st

from tests.slow.fuzz.targets import NAME
from wheelhouse_hashes.artifacts import ALGORITHMS

_encodings = st.sampled_from(("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "latin-1"))

_hex = st.one_of(
    *(st.just("a1" * (length // 2)) for length in sorted({*ALGORITHMS.values()})),
    st.text("0123456789abcdefABCDEFg", max_size=130),
)
_names = st.one_of(
    st.sampled_from(
        (NAME, f"./{NAME}", f"../{NAME}", f"dist\\{NAME}", f"/etc/{NAME}", "/etc/passwd", "C:x")
    ),
    st.text(max_size=20),
)
_signs = st.sampled_from(
    (
        "  ",
        " *",
        " ",
        "\t",
        "\n",
        "\r\n",
        "\r",
        "#",
        "\\",
        "\0",
        "\u202e",
        "\x1b[2J",
        "<",
        "(",
        "a" * 5000,
    )
)
_tags = st.sampled_from(("SHA256 (", "SHA2-256(", "sha256:", ") = ", ")= ", "MD5", "CertUtil: "))
_well_formed = st.builds(
    lambda digits, between, name, end: f"{digits}{between}{name}{end}",
    _hex,
    st.sampled_from(("  ", " *", " ", "\t")),
    _names,
    st.sampled_from(("\n", "\r\n", "", " \n")),
)


def _encoded(pieces: st.SearchStrategy[str], most: int) -> st.SearchStrategy[bytes]:
    return st.builds(
        lambda pieces, encoding: "".join(pieces).encode(encoding, "replace"),
        st.lists(pieces, max_size=most),
        _encodings,
    )


hash_files = st.one_of(
    st.binary(max_size=300),
    _encoded(st.one_of(_hex, _names, _signs, _tags), 12),
    _encoded(_well_formed, 3),
)

_groups = st.builds(
    lambda group, count, between: between.join([group] * count),
    st.sampled_from(("AB", "ABCD", "ABCDEF01", "XY")),
    st.sampled_from((1, 8, 16, 20, 32)),
    st.sampled_from((" ", "  ", "\n    ", ":")),
)
_others = st.sampled_from(
    ("README", "other-1.0.tar.gz", "numpy-2.3.5.tar.gz", "a/b", "-", "", "x:")
)
_rows = st.builds(
    lambda form, digits, groups, name, tag: form.format(
        hex=digits, groups=groups, name=name, tag=tag
    ),
    st.sampled_from(
        (
            *(
                "{hex}  {name}",
                "{hex} *{name}",
                "{hex} {name}",
                "\\{hex}  {name}",
                " {hex}  {name}",
            ),
            *("{tag} ({name}) = {hex}", "{tag}({name})= {hex}", "\\{tag} ({name}) = {hex}"),
            *("{name}:\n--hash={tag}:{hex}", "{name}: {groups}", "{name}:\n{groups}", "{groups}"),
            *("{name}: {tag} = {groups}", "{name}  {hex}", "{name}: {hex}", "{tag}:{hex}", "{hex}"),
            *("# {name}", "; {hex}", "{name}", "{hex}  {name}\0", "{name} {hex} {name}"),
        )
    ),
    st.one_of(st.sampled_from(("a1" * 32, "b2" * 64, "c3" * 16, "d4" * 20)), _hex),
    _groups,
    st.one_of(_others, _names),
    st.sampled_from(
        ("SHA256", "sha256", "SHA2-512", "MD5", "SHA1", "SM3", "BLAKE2b-384", "HMAC-X")
    ),
)
_signed = st.builds(
    lambda before, rows, after: "".join(
        (
            *(before, "-----BEGIN PGP SIGNED MESSAGE-----\nHash: SHA512\n\n", *rows),
            *("-----BEGIN PGP SIGNATURE-----\n\nabc=\n-----END PGP SIGNATURE-----\n", after),
        )
    ),
    st.sampled_from(("", "\n", "x\n")),
    st.lists(_rows.map("{}\n".format), max_size=4),
    st.sampled_from(("", "\n", "x\n", "-----BEGIN PGP SIGNED MESSAGE-----\n")),
)

digest_lists = st.one_of(
    st.binary(max_size=300),
    _encoded(st.one_of(_rows.map("{}\n".format), _rows.map("{}\r\n".format)), 8),
    _encoded(st.one_of(_rows, _hex, _names, _signs, _tags), 9),
    _encoded(_signed, 2),
)

_words = st.sampled_from(
    (
        *("SHA256SUMS", "sha512", "SHASUMS", "256", "checksums", "md5", "b2", "blake2b", "sum"),
        *("-", "_", ".", ".txt", ".asc", "demo", "1.0", "3-", "\n", "\u0130"),
    )
)
list_names = st.one_of(st.text(max_size=30), st.lists(_words, max_size=9).map("".join)).map(
    lambda name: name.encode("utf-8", "replace")
)

_fragments = st.builds(
    lambda algorithm, value, more: f"#{algorithm}={value}{more}",
    st.sampled_from((*ALGORITHMS, "SHA256", "sha1", "egg", "")),
    _hex,
    st.sampled_from(("", "&egg=x", "&md5=" + "b" * 32, "#sha256=" + "c" * 64, "=")),
)
_addresses = st.one_of(
    _names,
    st.sampled_from(
        (
            *("http://[bad/", "http://host:99999/x", "file:///etc/passwd", "javascript:alert(1)"),
            *("data:text/html,x", "//other/x", "ftp://h/x", "", "?q", "%2e%2e%2fx", "http://a\0b/"),
            *(
                "http://user:password@127.0.0.1/x",
                "http://\u202e/",
                "http://xn--/",
                "x;y",
                "http://",
            ),
        )
    ),
)
_links = st.builds(
    lambda before, address, fragment, after: f"<a {before}{address}{fragment}{after}",
    st.sampled_from(('href="', "href='", "HREF=", "href = ", 'data-yanked="" href="', "")),
    _addresses,
    st.one_of(st.just(""), _fragments),
    st.sampled_from(
        ('">x</a>', "'>x</a>", ">x</a>", "", '" data-requires-python="&gt;3">x</a>', '"')
    ),
)
_markup = st.sampled_from(
    (
        *('<base href="http://other/">', '<base href="http://[bad">', "<!--", "-->", "<script>"),
        *("</script>", "<![CDATA[", "<?x", "&#x110000;", "&#0;", "<!DOCTYPE html>", "<a", "</a"),
        '<meta name="pypi:repository-version" content="9.0">',
    )
)

_xml = st.one_of(
    st.sampled_from(
        (
            *('<?xml version="1.0"?>', "<ListBucketResult>", "</ListBucketResult>", "<Contents>"),
            *("</Contents>", "<Key>", "</Key>", "<ETag>&quot;", "&quot;</ETag>", "<list>"),
            *("</list>", '<file size="', '">', "</file>", "<Prefix>a/</Prefix>", "&a;", "&#0;"),
            *("<IsTruncated>true</IsTruncated>", "<NextMarker>", "</NextMarker>", "<![CDATA["),
            *('<!DOCTYPE x [<!ENTITY a "b">]>', "<EncodingType>url</EncodingType>", "]]>", "%ff"),
        )
    ),
    _hex,
    _names,
)
xml_listings = st.one_of(st.binary(max_size=100), _encoded(_xml, 14))

index_pages = st.one_of(
    st.binary(max_size=300), _encoded(st.one_of(_links, _markup, st.text(max_size=9)), 9)
)

_values: st.SearchStrategy[object] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), _addresses, _hex),
    lambda inner: st.one_of(
        st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=6,
)
_files = st.fixed_dictionaries(
    {},
    optional={
        "filename": st.one_of(_names, _values),
        "url": st.one_of(_addresses, _values),
        "size": st.one_of(st.integers(), _values),
        "hashes": st.one_of(st.dictionaries(st.sampled_from(tuple(ALGORITHMS)), _hex), _values),
    },
)
_rows = st.fixed_dictionaries(
    {},
    optional={
        "name": st.one_of(_names, _values),
        "bytes": st.one_of(st.integers(), _values),
        "hash": st.one_of(_hex, _values),
        "type": st.sampled_from(("file", "directory", 7)),
        "subdir": st.one_of(_names, _values),
        "browser_download_url": st.one_of(_addresses, _values),
        "digest": st.one_of(_hex.map("sha256:{}".format), _values),
        "basename": st.one_of(_names, _values),
        "download_url": st.one_of(_addresses, _values),
        "sha256": st.one_of(_hex, _values),
        "slo_etag": _values,
    },
)
json_listings = st.one_of(
    st.binary(max_size=100),
    _values.map(lambda value: json.dumps(value).encode()),
    st.lists(st.one_of(_rows, _values), max_size=4).map(lambda rows: json.dumps(rows).encode()),
    st.builds(
        lambda key, rows: json.dumps({key: rows, "tag_name": "v1"}).encode(),
        st.sampled_from(("assets", "files", "distributions", "projects", "items")),
        st.one_of(st.lists(st.one_of(_rows, _values), max_size=4), _values),
    ),
)
json_pages = st.one_of(
    st.binary(max_size=100),
    _values.map(lambda value: json.dumps(value).encode()),
    st.lists(_files, max_size=4).map(lambda files: json.dumps({"files": files}).encode()),
)
