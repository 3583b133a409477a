"""Other stores on loopback: moto (S3), Azurite (Azure), and a proxy that changes etags."""

from __future__ import annotations

import contextlib
import http.client
import http.server
import json
import pathlib
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
from libcloud.storage.providers import get_driver
from libcloud.storage.types import Provider

from tests.support.programs import free_port, started
from tests.support.servers import running

AZURITE = "3.35.0"

#: Azurite's documented development account; the key is not secret.
AZURITE_ACCOUNT = "devstoreaccount1"
AZURITE_KEY = (
    "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw=="
)


@contextlib.contextmanager
def moto(folder: pathlib.Path, page: int = 1000) -> Iterator[int]:
    """Run moto's S3 server; yield its port.

    :param page: the maximum number of objects in one page of a listing.
    """
    port = free_port()
    command = ["env", f"MOTO_S3_DEFAULT_MAX_KEYS={page}"]
    command += [sys.executable, "-m", "moto.server", "-H", "127.0.0.1", "-p", str(port)]
    with started(command, port, folder / "moto.log"):
        yield port


def _client(port: int) -> Any:
    login = {"aws_access_key_id": "user", "aws_secret_access_key": "secret-key"}
    url = f"http://127.0.0.1:{port}"
    return boto3.client("s3", endpoint_url=url, region_name="us-east-1", **login)


def create_public_bucket(port: int, name: str) -> None:
    """Create a public bucket in moto."""
    allow = {"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject"}
    statement = {**allow, "Resource": f"arn:aws:s3:::{name}/*"}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    with contextlib.closing(_client(port)) as client:
        client.create_bucket(Bucket=name)
        client.put_bucket_policy(Bucket=name, Policy=json.dumps(policy))


def encrypt(port: int, bucket: str) -> None:
    """Let a bucket encrypt all objects with a key of KMS."""
    rule = {"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "aws:kms"}}
    with contextlib.closing(_client(port)) as client:
        configuration = {"Rules": [rule]}
        client.put_bucket_encryption(Bucket=bucket, ServerSideEncryptionConfiguration=configuration)


def put_object(port: int, bucket: str, name: str, content: bytes) -> None:
    """Put an object without metadata, as another job without wheelhouse-hashes does."""
    put_objects(port, bucket, {name: content})


def put_objects(port: int, bucket: str, contents: Mapping[str, bytes]) -> None:
    """Put objects without metadata."""
    with contextlib.closing(_client(port)) as client:
        for name, content in contents.items():
            client.put_object(Bucket=bucket, Key=name, Body=content)


def put_parts(port: int, bucket: str, name: str, parts: list[bytes]) -> None:
    """Put an object in parts, all but the last of at least 5 MiB."""
    with contextlib.closing(_client(port)) as client:
        where = {"Bucket": bucket, "Key": name}
        where["UploadId"] = client.create_multipart_upload(**where)["UploadId"]
        sent = [
            {
                "ETag": client.upload_part(**where, PartNumber=number, Body=part)["ETag"],
                "PartNumber": number,
            }
            for number, part in enumerate(parts, 1)
        ]
        made = client.complete_multipart_upload(**where, MultipartUpload={"Parts": sent})
    assert "-" in made["ETag"]


def put_with_checksum(port: int, bucket: str, name: str, content: bytes) -> None:
    """Put a public object whose SHA-256 the store keeps and checks."""
    with contextlib.closing(_client(port)) as client:
        kept = {"ChecksumAlgorithm": "SHA256", "ACL": "public-read"}
        client.put_object(Bucket=bucket, Key=name, Body=content, **kept)


def put_parts_with_checksums(port: int, bucket: str, name: str, parts: list[bytes]) -> None:
    """Put a public object in parts, whose SHA-256 is that of the parts' digests."""
    with contextlib.closing(_client(port)) as client:
        where = {"Bucket": bucket, "Key": name}
        kept = {"ChecksumAlgorithm": "SHA256"}
        made = client.create_multipart_upload(**where, **kept, ACL="public-read")
        where["UploadId"] = made["UploadId"]
        sent = []
        for number, part in enumerate(parts, 1):
            put = client.upload_part(**where, **kept, PartNumber=number, Body=part)
            digests = {field: put[field] for field in ("ETag", "ChecksumSHA256")}
            sent.append({"PartNumber": number, **digests})
        client.complete_multipart_upload(**where, MultipartUpload={"Parts": sent})


def keep_versions(port: int, bucket: str) -> None:
    """Let a bucket keep all versions of its objects."""
    with contextlib.closing(_client(port)) as client:
        client.put_bucket_versioning(Bucket=bucket, VersioningConfiguration={"Status": "Enabled"})


@contextlib.contextmanager
def azurite(folder: pathlib.Path) -> Iterator[int]:
    """Run Azurite's blob server, installed with npm on the first call; yield its port."""
    port = free_port()
    command = [
        *("node", str(_install_azurite()), "--blobHost", "127.0.0.1", "--blobPort", str(port)),
        *("--inMemoryPersistence", "--skipApiVersionCheck", "--disableTelemetry", "--silent"),
    ]
    with started(command, port, folder / "azurite.log"):
        yield port


def _install_azurite() -> pathlib.Path:
    root = pathlib.Path(__file__).parent.parent.parent / ".tox" / "azurite"
    program = root / "node_modules" / "azurite" / "dist" / "src" / "blob" / "main.js"
    if not program.exists():
        assert shutil.which("npm"), "install npm: apt-get install npm"
        root.mkdir(parents=True, exist_ok=True)
        install = ["npm", "install", "--no-fund", "--no-audit", f"azurite@{AZURITE}"]
        subprocess.run(install, cwd=root, check=True, stdout=subprocess.DEVNULL)
    return program


@contextlib.contextmanager
def other_etags(port: int, headers: dict[str, str], *, drop: str = "") -> Iterator[int]:
    """Run a proxy in front of an S3 server that changes each etag, like an encrypted bucket.

    :param port: the port of the S3 server.
    :param headers: additional response headers.
    :param drop: the prefix of response headers that are left out.
    """

    def changed(etag: re.Match[str]) -> str:
        return etag[0][::-1]

    class Front(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            length = int(self.headers.get("Content-Length", 0))
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
            with contextlib.closing(connection):
                connection.putrequest(self.command, self.path, True, True)
                for name, value in self.headers.items():
                    connection.putheader(name, value)
                connection.endheaders(self.rfile.read(length))
                answer = connection.getresponse()
                body = answer.read()
            if b"<ETag>" in body:
                body = re.sub("[0-9a-f]{32}", changed, body.decode()).encode()
            self.send_response(answer.status)
            for name, value in {**dict(answer.getheaders()), **headers}.items():
                is_etag = name.lower() == "etag"
                sent = re.sub("[0-9a-f]{32}", changed, value) if is_etag else value
                hidden = bool(drop) and name.lower().startswith(drop)
                own = name.lower() in ("transfer-encoding", "content-length", "connection")
                if not hidden and not own:
                    self.send_header(name, sent)
            head = self.command == "HEAD"
            size = answer.getheader("Content-Length", "0") if head else str(len(body))
            self.send_header("Content-Length", size)
            self.end_headers()
            if not head:
                self.wfile.write(body)

        do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = _pass_on  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with running(Front) as url:
        yield int(url.rpartition(":")[2])


@contextlib.contextmanager
def without_conditions(port: int, status: int, code: str) -> Iterator[int]:
    """Run a proxy in front of an S3 server that refuses ``If-None-Match``.

    :param port: the port of the S3 server.
    :param status: the status with which it refuses; 0 to ignore the header.
    :param code: the error code.
    """

    class Front(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _pass_on(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            condition = self.headers.get("If-None-Match")
            if condition and status:
                message = "A header you provided implies functionality that is not implemented."
                error = f"<Error><Code>{code}</Code><Message>{message}</Message></Error>".encode()
                self._answer(status, {"Content-Type": "application/xml"}, error)
                return
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=300)
            with contextlib.closing(connection):
                connection.putrequest(self.command, self.path, True, True)
                for name, value in self.headers.items():
                    if name.lower() != "if-none-match":
                        connection.putheader(name, value)
                connection.endheaders(body)
                answer = connection.getresponse()
                self._answer(answer.status, dict(answer.getheaders()), answer.read())

        def _answer(self, status: int, headers: dict[str, str], body: bytes) -> None:
            self.send_response(status)
            size = headers.get("Content-Length", "0") if self.command == "HEAD" else str(len(body))
            for name, value in {**headers, "Content-Length": size}.items():
                if name.lower() not in ("transfer-encoding", "connection"):
                    self.send_header(name, value)
            self.end_headers()
            self.wfile.write(b"" if self.command == "HEAD" else body)

        do_GET = do_HEAD = do_PUT = do_DELETE = do_POST = _pass_on  # noqa: N815

        def log_message(self, *args: object) -> None:
            pass

    with running(Front) as url:
        yield int(url.rpartition(":")[2])


def s3_options(port: int) -> tuple[str, ...]:
    """Return the options for an S3 server."""
    login = ("--provider-name", "S3", "--username", "user", "--secret", "secret-key")
    options = ("host=127.0.0.1", f"port={port}", "secure=false")
    return (*login, *(word for option in options for word in ("--driver-option", option)))


def azure_options(port: int) -> tuple[str, ...]:
    """Return the options for Azurite."""
    login = ("--username", AZURITE_ACCOUNT, "--secret", AZURITE_KEY)
    options = ("host=127.0.0.1", f"port={port}", "secure=false")
    given = (word for option in options for word in ("--driver-option", option))
    return ("--provider-name", "AZURE_BLOBS", *login, *given)


def _azure_driver(port: int) -> Any:
    driver = get_driver(Provider.AZURE_BLOBS)
    return driver(AZURITE_ACCOUNT, AZURITE_KEY, host="127.0.0.1", port=port, secure=False)


def put_blocks(port: int, container: str, name: str, path: pathlib.Path) -> None:
    """Create a container with a blob in blocks, without an MD5."""
    driver = _azure_driver(port)
    driver.upload_object(str(path), driver.create_container(container), name, verify_hash=False)
    (blob,) = driver.list_container_objects(driver.get_container(container))
    assert not blob.extra["md5_hash"]


def blob_types(port: int, container: str) -> dict[str, str]:
    """Return the media types of blobs, by name."""
    driver = _azure_driver(port)
    blobs = driver.list_container_objects(driver.get_container(container))
    return {blob.name: blob.extra["content_type"] for blob in blobs}


def blob_headers(port: int, container: str, name: str) -> dict[str, str]:
    """Return the headers of a blob, with names in lower case."""
    answer = _azure_driver(port).connection.request(f"/{container}/{name}", method="HEAD")
    return {key.lower(): value for key, value in answer.headers.items()}
