from __future__ import annotations

import unicodedata

import pytest
from packaging.version import Version

from wheelhouse_hashes.filenames import (
    MAX_NAME_BYTES,
    MAX_TAGS,
    ArtifactName,
    case_conflicts,
    parse_artifact_name,
    printable,
    read_artifact_name,
    resembled,
    why_unsafe,
)


def _name(
    project: str,
    version: str,
    kind: str,
    *variant: str,
    build: tuple[int, str] | tuple[()] = (),
) -> ArtifactName:
    return ArtifactName(project, Version(version), kind, frozenset(variant), build)


VALID = {
    "numpy-2.3.5-cp311-cp311-win_amd64.whl": _name(
        "numpy", "2.3.5", "wheel", "cp311-cp311-win_amd64"
    ),
    "Zope_Interface-5.0-1_x-py2.py3-none-any.whl": _name(
        "zope-interface", "5", "wheel", "py2-none-any", "py3-none-any", build=(1, "_x")
    ),
    "foo-1!2.0.dev1+local.7-pp311-pypy311_pp73-linux_x86_64.whl": _name(
        "foo", "1!2.0.dev1+local.7", "wheel", "pp311-pypy311_pp73-linux_x86_64"
    ),
    "numpy-2.3.5.tar.gz": _name("numpy", "2.3.5", "sdist", "tar.gz"),
    "numpy-2.3.5.zip": _name("numpy", "2.3.5", "sdist", "zip"),
    "scikit-learn-0.15.1rc1.tar.gz": _name("scikit-learn", "0.15.1rc1", "sdist", "tar.gz"),
    "scikit-learn-0.15.1.win-amd64-py2.7.exe": _name(
        "scikit-learn", "0.15.1", "exe", "win-amd64", "-py2.7"
    ),
    "foo-1.0.win32.exe": _name("foo", "1.0", "exe", "win32", ""),
}


@pytest.mark.parametrize(("name", "parts"), VALID.items(), ids=VALID.keys())
def test_valid_name_is_parsed_into_parts(name: str, parts: ArtifactName) -> None:
    assert read_artifact_name(name) == parts
    assert parse_artifact_name(name) == parts
    assert why_unsafe(name) is None


INVALID = {
    "a space in a name": "nump y-1.0-py3-none-any.whl",
    "a letter that is not ASCII": "nümpy-1.0-py3-none-any.whl",
    "a digit that is not ASCII": "numpy-\N{ARABIC-INDIC DIGIT ONE}.0.tar.gz",
    "a folder": "dist/numpy-1.0-py3-none-any.whl",
    "a percent sign": "numpy-1.0%2B1-py3-none-any.whl",
    "a line feed at the end": "numpy-1.0-py3-none-any.whl\n",
    "a wheel with too few parts": "numpy-1.0-py3-none.whl",
    "a wheel with too many parts": "numpy-1.0-1-2-py3-none-any.whl",
    "a build tag without a digit": "numpy-1.0-x1-py3-none-any.whl",
    "a wheel whose version is none": "numpy-one-py3-none-any.whl",
    "an sdist without a version": "numpy.tar.gz",
    "an sdist whose version is none": "numpy-latest.zip",
    "an exe whose version is none": "numpy-latest.win32.exe",
    "an exe without a platform": "numpy-1.0.exe",
    "a wheel that is still being written": "numpy-1.0-py3-none-any.whl.part",
    "a hash file": "numpy-1.0-py3-none-any.whl.sha256",
    "an extension in upper case": "numpy-1.0-py3-none-any.WHL",
    "an egg": "numpy-1.0-py3.11.egg",
    "an index page": "index.html",
    "more bytes than a file's name can have": f"numpy-1.0{'0' * MAX_NAME_BYTES}.tar.gz",
    "more tags than there are": f"numpy-1.0-{'.'.join(['py3'] * (MAX_TAGS + 1))}-none-any.whl",
    "a product of tags": f"numpy-1.0-{'-'.join(['.'.join('abcdefgh')] * 3)}.whl",
    "nothing": "",
}


@pytest.mark.parametrize("name", INVALID.values(), ids=INVALID.keys())
def test_invalid_name_is_refused_with_reason(name: str) -> None:
    assert parse_artifact_name(name) is None
    with pytest.raises(ValueError, match=r"\w+ \w+"):
        read_artifact_name(name)


def test_case_and_punctuation_do_not_change_project() -> None:
    names = ("zope.interface", "Zope_Interface", "ZOPE.interface")
    assert {read_artifact_name(f"{n}-1.0-py3-none-any.whl").project for n in names} == {
        "zope-interface"
    }


UNSAFE = {
    "empty": ("", "folder"),
    "dot": (".", "folder"),
    "dot dot": ("..", "folder"),
    "NUL": ("a\0.whl", "control"),
    "line feed": ("a\n.whl", "control"),
    "escape": ("a\x1b.whl", "control"),
    "DEL": ("a\x7f.whl", "control"),
    "C1 control": ("a\x9b.whl", "control"),
    "U+202E": ("a\u202elhw.exe", "control"),
    "zero width space": ("a\u200b.whl", "control"),
    "line separator": ("a\u2028.whl", "control"),
    "paragraph separator": ("a\u2029.whl", "control"),
    "lone surrogate": ("a\ud800.whl", "control"),
    "slash": ("../a.whl", "separator"),
    "absolute": ("/a.whl", "separator"),
    "backslash": ("..\\a.whl", "separator"),
    "drive": ("C:a.whl", "separator"),
    "UNC path": ("\\\\host\\share\\a.whl", "separator"),
    "alternate stream": ("a.whl:ads", "separator"),
    "asterisk": ("a*.whl", "separator"),
    "question mark": ("a?.whl", "separator"),
    "quotation mark": ('a".whl', "separator"),
    "less than": ("a<.whl", "separator"),
    "greater than": ("a>.whl", "separator"),
    "pipe": ("a|.whl", "separator"),
    "form D": (unicodedata.normalize("NFD", "é.whl"), "normalization form C"),
    "dash first": ("-a.whl", "dash"),
    "dot first": (".a.whl", "dot"),
    "dot last": ("a.whl.", "ends with"),
    "space last": ("a.whl ", "ends with"),
    "part": ("a.whl.part", "ends with"),
    "too long": ("a" * (MAX_NAME_BYTES + 1), "longer"),
    "too long in bytes only": ("é" * (MAX_NAME_BYTES // 2 + 1), "longer"),
    "CON": ("CON", "Windows"),
    "nul with an extension": ("nul.whl", "Windows"),
    "aux with two extensions": ("Aux.tar.gz", "Windows"),
    "PRN": ("prn.zip", "Windows"),
    "COM1": ("COM1.whl", "Windows"),
    "LPT9": ("lpt9.whl", "Windows"),
    "COM superscript two": ("com²", "Windows"),
}


@pytest.mark.parametrize(("name", "word"), UNSAFE.values(), ids=UNSAFE.keys())
def test_unsafe_name_is_refused_with_reason(name: str, word: str) -> None:
    reason = why_unsafe(name)
    assert reason is not None
    assert word in reason


@pytest.mark.parametrize(
    "name",
    [
        "console-1.0-py3-none-any.whl",
        "nul_-1.0-py3-none-any.whl",
        "com10-1.0.tar.gz",
        "a" * MAX_NAME_BYTES,
        "é.whl",
        "a+b!c.whl",
    ],
)
def test_name_resembling_unsafe_name_is_safe(name: str) -> None:
    assert why_unsafe(name) is None


def test_printable_is_one_line_without_control_characters() -> None:
    assert printable("a\x1b[2J\n\u202eb\ud800é") == "a\\x1b[2J\\n\\u202eb\\ud800é"
    assert printable("plain text") == "plain text"


def test_maximum_number_of_tags_is_parsed() -> None:
    tags = ".".join(f"py{n}" for n in range(32))
    assert len(read_artifact_name(f"n-1-{tags}-none-any.whl").variant) == 32


NAME = "numpy-1.0-py3-none-any.whl"


@pytest.mark.parametrize(
    "name",
    [
        f"../{NAME}",
        f"..\\{NAME}",
        f"C:{NAME}",
        f"\\\\host\\share\\{NAME}",
        f"{NAME}:ads",
        f"{NAME}.",
        f"{NAME} ",
        f"{NAME}\n",
        f"{NAME[:8]}\u202e{NAME[8:]}",
        f"{NAME[:8]}\0{NAME[8:]}",
        f"{NAME}\0.txt",
        f"{NAME}\nnote: x",
        f"-{NAME}",
        f".{NAME}",
        f"numpy-1.0-1{'x' * MAX_NAME_BYTES}-py3-none-any.whl",
    ],
)
def test_unsafe_name_resembles_artifact_name(name: str) -> None:
    assert why_unsafe(name) is not None
    parsed = resembled(name)
    assert parsed is not None
    assert (parsed.project, str(parsed.version)) == ("numpy", "1.0")


@pytest.mark.parametrize("name", ["", "..", "CON", "\n", f"{NAME}.part", f"{NAME}.sha256\n", "a/b"])
def test_unsafe_name_may_resemble_no_artifact(name: str) -> None:
    assert resembled(name) is None


def test_names_differing_in_case_only_are_found() -> None:
    names = ["A-1.0.zip", "a-1.0.zip", "b-1.0.zip", "C-1.0.zip"]
    same = ["A-1.0.zip", "a-1.0.zip"]
    assert case_conflicts(names) == dict.fromkeys(same, same)
    assert case_conflicts([]) == {}
