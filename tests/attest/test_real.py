"""Real attestations, under the trust root that sigstore brings: offline, with any home folder."""

from __future__ import annotations

import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tarfile
from collections.abc import Sequence
from importlib.resources import files

import pytest

from tests.attest.conftest import GITHUB, World
from tests.conftest import Cli, Result
from tests.support.artifacts import A
from tests.support.environments import clean
from wheelhouse_hashes.builtin.sources import attestation_checks

#: The release of pypi-attestations whose tests have real ones (Apache-2.0).
VERSION = "0.0.30"

GITHUB_SDIST = "pypi_attestations-0.0.19.tar.gz"
GITLAB_SDIST = "gitlab_oidc_project-0.0.3.tar.gz"
GOOGLE_SDIST = "gcb_attestation_test-0.0.0.tar.gz"
CIRCLECI_WHEEL = "circleci_sign_publish_example-0.0.1.dev137-py3-none-any.whl"
STAGING_WHEEL = "rfc8785-0.1.2-py3-none-any.whl"

#: Who signed them.  The publisher named in the provenance is not asked.
SIGNERS = {
    GITHUB_SDIST: "github:trailofbits/pypi-attestations/release.yml@v0.0.19",
    GITLAB_SDIST: "gitlab:facutuesca/gitlab-oidc-project//.gitlab-ci.yml@main",
}

#: The options that verify with both signers.
BOTH = tuple(f"--attested-by={signer}" for signer in SIGNERS.values())

#: Run a command without network: in a namespace that has no interfaces, not even loopback, or
#: where those are forbidden, with no sockets at all.
WITHOUT_NETWORK = (
    ("unshare", "--net"),
    ("unshare", "--map-root-user", "--net"),
    ("strace", "-f", "-o", "/dev/null", "-e", "trace=socket", "-e", "inject=socket:error=EACCES"),
)

_CONNECT = "import socket, sys; socket.create_connection(('127.0.0.1', int(sys.argv[1])))"


@pytest.fixture(scope="session")
def assets(tmp_path_factory: pytest.TempPathFactory) -> pathlib.Path:
    """The folder with real artifacts and attestations."""
    cache = os.environ.get("WHEELHOUSE_HASHES_TEST_CACHE")
    folder = pathlib.Path(cache or ".tox/wheels").absolute() / "attestations"
    sdist = folder / f"pypi_attestations-{VERSION}.tar.gz"
    if not sdist.exists():
        command = [*(sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest")]
        command += [str(folder), "--no-binary", "pypi-attestations"]
        subprocess.run([*command, f"pypi-attestations=={VERSION}"], check=True)
    unpacked = tmp_path_factory.mktemp("assets")
    with tarfile.open(sdist) as archive:
        archive.extractall(unpacked, filter="data")
    return unpacked / sdist.name.removesuffix(".tar.gz") / "test" / "assets"


def copy(assets: pathlib.Path, *names: str) -> None:
    """Copy artifacts and everything that belongs to them to ``dist``."""
    pathlib.Path("dist").mkdir(exist_ok=True)
    for name in names:
        for path in assets.glob(f"{name}*"):
            shutil.copy(path, "dist")


def verify(*options: str, prefix: Sequence[str] = (), **environ: str) -> Result:
    """Run ``verify dist`` in a process of its own."""
    command = [*prefix, sys.executable, "-m", "wheelhouse_hashes", "verify", "dist", *options]
    done = subprocess.run(
        command, env=clean(**environ), capture_output=True, text=True, check=False, timeout=300
    )
    return Result(done.returncode, done.stdout, done.stderr)


@pytest.fixture(scope="session")
def without_network() -> Sequence[str]:
    """The command that runs another one without network; it is tried first."""
    connect = [sys.executable, "-c", _CONNECT]
    with socket.create_server(("127.0.0.1", 0)) as server:
        connect.append(str(server.getsockname()[1]))
        subprocess.run(connect, check=True)
        for prefix in WITHOUT_NETWORK:
            if shutil.which(prefix[0]) is None:
                continue
            works = subprocess.run([*prefix, "true"], check=False, capture_output=True)
            tried = subprocess.run([*prefix, *connect], check=False, capture_output=True)
            if works.returncode == 0 and tried.returncode != 0:
                return prefix
    pytest.fail("no network namespaces here; run: apt-get install util-linux strace")


@pytest.mark.parametrize("suffix", [".publish.attestation", ".slsa.attestation", ".provenance", ""])
def test_attestations_from_github(cli: Cli, assets: pathlib.Path, suffix: str) -> None:
    copy(assets, GITHUB_SDIST)
    for path in pathlib.Path("dist").glob(f"{GITHUB_SDIST}.*"):
        if suffix and not path.name.endswith(suffix):
            path.unlink()
    result = cli("verify", "dist", "--attested-by", SIGNERS[GITHUB_SDIST])
    assert (result.code, result.err) == (0, "")
    assert "commit 08802efe1f8e5fec4ad842d6b8ce97656092ee72, run https://github.com/" in result.out
    assert "(trust root: that of sigstore " in result.out


def test_attestation_from_gitlab(cli: Cli, assets: pathlib.Path) -> None:
    copy(assets, GITLAB_SDIST)
    result = cli("verify", "dist", "--attested-by", SIGNERS[GITLAB_SDIST])
    assert (result.code, result.err) == (0, "")
    assert "/-/jobs/8415754949" in result.out


def test_releases_of_both_in_one_call(cli: Cli, assets: pathlib.Path) -> None:
    copy(assets, *SIGNERS)
    result = cli("verify", "dist", *BOTH, "--expect", 2)
    assert result.code == 0
    assert "verified 2 of 2 artifacts (weakest tier: attested)" in result.out


@pytest.mark.parametrize(
    ("name", "signer"),
    [
        (GOOGLE_SDIST, "developer.gserviceaccount.com (issuer https://accounts.google.com)"),
        (CIRCLECI_WHEEL, "(issuer https://oidc.circleci.com)"),
    ],
)
def test_signer_of_another_service_is_named(
    cli: Cli, assets: pathlib.Path, name: str, signer: str
) -> None:
    copy(assets, name)
    result = cli("verify", "dist", "--attested-by", GITHUB)
    assert result.code == 7
    assert f"{signer}, not by {GITHUB}" in result.line("refused")


def test_staging_instance_is_not_trusted(cli: Cli, assets: pathlib.Path) -> None:
    copy(assets, STAGING_WHEEL)
    result = cli("verify", "dist", "--attested-by", GITHUB)
    assert result.code == 7
    assert "not signed under this trust root (that of sigstore " in result.line("refused")


def test_sigstore_without_a_trust_root_where_it_is_expected(
    cli: Cli, assets: pathlib.Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No public function of sigstore gives it, so a later version may have it elsewhere."""
    copy(assets, GITHUB_SDIST)
    monkeypatch.setattr(attestation_checks, "_ROOT", ("_store", "nothing"))
    result = cli("verify", "dist", "--attested-by", SIGNERS[GITHUB_SDIST])
    assert result.code == 2
    assert "has no usable trust root; give one with --trusted-root FILE" in result.err


def test_staging_instance_with_its_trust_root(cli: Cli, assets: pathlib.Path) -> None:
    copy(assets, STAGING_WHEEL)
    store = pathlib.Path(str(files("sigstore"))) / "_store"
    (root,) = store.glob("*sigstage*/trusted_root.json")
    result = cli("verify", "dist", "--attested-by", GITHUB, "--trusted-root", root)
    assert result.code == 7
    assert f"(issuer https://github.com/login/oauth), not by {GITHUB}" in result.line("refused")


def test_renamed_sdist_is_refused(cli: Cli, assets: pathlib.Path) -> None:
    copy(assets, GITHUB_SDIST)
    for path in pathlib.Path("dist").iterdir():
        path.rename(path.with_name(path.name.replace("pypi_att", "pypi-att")))
    result = cli("verify", "dist", "--attested-by", SIGNERS[GITHUB_SDIST])
    assert result.code == 7
    assert f"attests '{GITHUB_SDIST}', another spelling of this artifact's name" in result.out


def test_without_network_and_without_home(
    assets: pathlib.Path, without_network: Sequence[str]
) -> None:
    copy(assets, *SIGNERS)
    places = {"HOME": "/proc/nope", "XDG_CACHE_HOME": "/proc/nope", "XDG_DATA_HOME": "/proc/nope"}
    result = verify(*BOTH, prefix=without_network, **places)
    assert (result.code, result.err) == (0, "")


def test_nothing_is_written_to_the_home_folder(
    assets: pathlib.Path, tmp_path: pathlib.Path
) -> None:
    copy(assets, *SIGNERS)
    home = tmp_path / "home"
    home.mkdir()
    result = verify(*BOTH, HOME=str(home), XDG_CACHE_HOME=str(home), XDG_DATA_HOME=str(home))
    assert result.code == 0
    assert not [*home.rglob("*")]


#: Fills sigstore's cache, or verifies with it, as sigstore does offline by default.
_FILL = "from sigstore.verify import Verifier; Verifier.production(offline=True)"
_BELIEVE = """
import pathlib, sys
from pypi_attestations import Attestation
from sigstore.verify import Verifier, policy
attestation = Attestation.model_validate_json(pathlib.Path(sys.argv[1]).read_text())
Verifier.production(offline=True).verify_dsse(attestation.to_bundle(), policy.UnsafeNoOp())
"""


def test_planted_cache_is_not_read(world: World, tmp_path: pathlib.Path) -> None:
    path = world.put(world.attest())
    home = str(tmp_path / "home")
    environ = clean(HOME=home, XDG_CACHE_HOME=home, XDG_DATA_HOME=home)
    subprocess.run([sys.executable, "-c", _FILL], env=environ, check=True)
    planted = [*pathlib.Path(home).rglob("trusted_root.json")]
    for each in planted:
        each.write_text(world.instance.root)
    # Sigstore itself believes it.
    subprocess.run([sys.executable, "-c", _BELIEVE, str(path)], env=environ, check=True)
    places = {"HOME": home, "XDG_CACHE_HOME": home, "XDG_DATA_HOME": home}
    result = verify("--attested-by", GITHUB, **places)
    assert (len(planted), result.code) == (1, 7)
    assert f"{A}.publish.attestation: not signed under this trust root" in result.line("refused")
