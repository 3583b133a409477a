"""Start real servers on loopback, in folders of their own."""

from __future__ import annotations

import base64
import contextlib
import json
import os
import pathlib
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator

from tests.support.programs import PATIENCE, free_port, started
from wheelhouse_hashes.filenames import parse_artifact_name

#: Where Debian's package has the modules of Apache.
APACHE_MODULES = pathlib.Path("/usr/lib/apache2/modules")


@contextlib.contextmanager
def nginx(folder: pathlib.Path, served: pathlib.Path) -> Iterator[str]:
    """Run nginx, with a location for each form of a folder's listing."""
    assert shutil.which("nginx"), "install nginx: apt-get install nginx-light"
    port = free_port()
    root_folder = folder / "nginx"
    root_folder.mkdir()
    forms = ("html", "json", "jsonp", "xml")
    for form in forms:
        (root_folder / form).symlink_to(served)
    locations = f"root {root_folder};\n" + "".join(
        f"location /{form}/ {{ autoindex on; autoindex_format {form}; }}\n" for form in forms
    )
    root = "user root;\n" if os.geteuid() == 0 else ""
    paths = "".join(
        f"{name}_temp_path {folder}/{name};\n"
        for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    config = folder / "nginx.conf"
    config.write_text(
        f"{root}daemon off; pid {folder}/nginx.pid; error_log stderr; events {{}}\n"
        f"http {{ access_log off; default_type application/octet-stream;\n{paths}"
        f"server {{ listen 127.0.0.1:{port};\n{locations}}} }}\n"
    )
    command = ["nginx", "-p", str(folder), "-c", str(config), "-e", "stderr"]
    with started(command, port, folder / "nginx.log") as url:
        yield url


@contextlib.contextmanager
def apache(folder: pathlib.Path, served: pathlib.Path, options: str) -> Iterator[str]:
    """Run Apache with further directives; the folder is at ``/wheels/``."""
    assert shutil.which("apache2"), "install Apache: apt-get install apache2"
    port = free_port()
    modules = ("mpm_event", "authz_core", "autoindex", "dir", "alias", "mime")
    loaded = "".join(f"LoadModule {m}_module {APACHE_MODULES}/mod_{m}.so\n" for m in modules)
    types = folder / "mime.types"
    types.write_text("application/zip zip\napplication/gzip gz tgz\n")
    config = folder / "apache.conf"
    # Apache does not serve as root; its users are in this package of Debian.
    user = "User www-data\nGroup www-data\n" if os.geteuid() == 0 else ""
    config.write_text(
        f"{loaded}{user}ServerRoot {folder}\nServerName 127.0.0.1\nListen 127.0.0.1:{port}\n"
        f"PidFile {folder}/apache.pid\nErrorLog {folder}/apache-error.log\nTypesConfig {types}\n"
        f"DefaultRuntimeDir {folder}\nAlias /wheels {served}\n"
        f"<Directory {served}>\nRequire all granted\nOptions Indexes\n{options}\n</Directory>\n"
    )
    command = ["apache2", "-f", str(config), "-D", "FOREGROUND"]
    with started(command, port, folder / "apache.log") as url:
        yield url


@contextlib.contextmanager
def pypiserver(folder: pathlib.Path, served: pathlib.Path) -> Iterator[str]:
    """Run pypiserver for a folder."""
    port = free_port()
    command = [sys.executable, "-m", "pypiserver", "run", "-i", "127.0.0.1", "-p", str(port)]
    with started([*command, "--disable-fallback", str(served)], port, folder / "pypi.log") as url:
        yield url


@contextlib.contextmanager
def moto(folder: pathlib.Path) -> Iterator[str]:
    """Run moto's S3 server."""
    port = free_port()
    command = [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with started(command, port, folder / "moto.log") as url:
        yield url


@contextlib.contextmanager
def devpi(folder: pathlib.Path, served: pathlib.Path) -> Iterator[str]:
    """Run devpi-server with the artifacts of a folder in the index ``rel/x``."""
    port = free_port()
    scripts = pathlib.Path(sys.executable).parent
    data = ["--serverdir", str(folder / "devpi")]
    init = [str(scripts / "devpi-init"), *data, "--no-root-pypi"]
    subprocess.run(init, check=True, capture_output=True, timeout=PATIENCE)
    command = [str(scripts / "devpi-server"), *data, "--host", "127.0.0.1", "--port", str(port)]
    with started(command, port, folder / "devpi.log") as url:
        _ask(f"{url}rel", "PUT", _json({"password": "pass"}))
        token = _ask(f"{url}+login", "POST", _json({"user": "rel", "password": "pass"}))
        login = str(json.loads(token)["result"]["password"])
        _ask(f"{url}rel/x", "PUT", _json({"bases": []}), login)
        for path in served.iterdir():
            if path.suffix != ".sha256":
                _ask(f"{url}rel/x/", "POST", _form(path), login)
        yield url


Body = tuple[str, bytes]


def _json(fields: object) -> Body:
    return "application/json", json.dumps(fields).encode()


def _form(path: pathlib.Path) -> Body:
    """Return the form that uploads an artifact to a package index."""
    parsed = parse_artifact_name(path.name)
    assert parsed is not None
    fields = {":action": "file_upload", "name": parsed.project, "version": str(parsed.version)}
    head = "".join(
        f'--form\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    file = f'--form\r\nContent-Disposition: form-data; name="content"; filename="{path.name}"'
    body = f"{head}{file}\r\n\r\n".encode() + path.read_bytes() + b"\r\n--form--\r\n"
    return "multipart/form-data; boundary=form", body


def _ask(url: str, method: str, body: Body, login: str = "") -> str:
    """Send a request to devpi; return the answer."""
    headers = {"Content-Type": body[0], "Accept": "application/json"}
    if login:
        headers["X-Devpi-Auth"] = base64.b64encode(f"rel:{login}".encode()).decode()
    request = urllib.request.Request(url, body[1], headers, method=method)
    with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
        text: str = answer.read().decode()
    return text
