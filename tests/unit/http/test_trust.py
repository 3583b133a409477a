from __future__ import annotations

import pathlib
import ssl

import certifi
import pytest

from wheelhouse_hashes.errors import UsageError
from wheelhouse_hashes.http.trust import trusted_certificates


def system(monkeypatch: pytest.MonkeyPatch, cafile: str = "", capath: str = "") -> None:
    paths = ssl.DefaultVerifyPaths(cafile, capath, "", "", "", "")
    monkeypatch.setattr(ssl, "get_default_verify_paths", lambda: paths)


def test_variable_comes_before_the_system(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(monkeypatch, cafile="/system.pem")
    assert trusted_certificates({"CURL_CA_BUNDLE": str(tmp_path)}) == str(tmp_path)
    assert trusted_certificates({}) == "/system.pem"


@pytest.mark.parametrize("name", ["README", "java", "ssl-cert-snakeoil.pem", "5ed36f99.pem"])
def test_folder_without_hashed_names_is_not_the_system_trust(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    tmp_path.joinpath(name).touch()
    system(monkeypatch, capath=str(tmp_path))
    assert trusted_certificates({}) == certifi.where()
    tmp_path.joinpath("5ed36f99.0").touch()
    assert trusted_certificates({}) == str(tmp_path)


def test_unreadable_folder_is_not_the_system_trust(
    tmp_path: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    system(monkeypatch, capath=str(tmp_path / "gone"))
    assert trusted_certificates({}) == certifi.where()


def test_missing_file_is_a_usage_error(tmp_path: pathlib.Path) -> None:
    environ = {"REQUESTS_CA_BUNDLE": str(tmp_path / "gone.pem")}
    with pytest.raises(UsageError, match=r"REQUESTS_CA_BUNDLE=.*no such file or folder"):
        trusted_certificates(environ)
