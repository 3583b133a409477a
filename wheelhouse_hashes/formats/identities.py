"""Who signed an attestation, and who may: ``--attested-by``.

The facts about a signer are extensions of the certificate that Sigstore issued for one run of
a workflow: https://github.com/sigstore/fulcio/blob/main/docs/oid-info.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

#: The part of the object identifiers that all extensions share.
OID = "1.3.6.1.4.1.57264.1."

#: The last part of each extension's identifier, by the name of the fact.
_EXTENSIONS = {
    "issuer": "8",
    "signer": "9",
    "repository": "12",
    "commit": "13",
    "ref": "14",
    "config": "18",
    "trigger": "20",
    "run": "21",
}

#: The issuer of each service's tokens, and the URL before the names of repositories.
_SERVICES = {
    "github": ("https://token.actions.githubusercontent.com", "https://github.com/"),
    "gitlab": ("https://gitlab.com", "https://gitlab.com/"),
}

#: What stands between a repository and the path of its workflow in a certificate.
_BETWEEN = {"github": "/", "gitlab": "//"}

_GITHUB_FOLDER = ".github/workflows/"
_NAME = r"[A-Za-z0-9_.-]+"
_GITHUB = re.compile(
    rf"(?P<repository>{_NAME}/{_NAME})(/(\.github/workflows/)?(?P<workflow>{_NAME}\.ya?ml))?",
    re.ASCII,
)
_GITLAB = re.compile(
    rf"(?P<repository>{_NAME}(/{_NAME})+)(//(?P<workflow>[^@\s]+\.ya?ml))?", re.ASCII
)

#: The refs that the short name of a ref stands for.
_SHORT = ("refs/heads/", "refs/tags/")

#: The refs of pull requests and merge requests, and the events that they start a run with.  A
#: run of ``pull_request_target`` has the ref of the branch that the request is for.
_PULL = ("refs/pull/", "refs/merge-requests/")
_PULL_TRIGGERS = ("pull_request", "merge_request_event")

#: UTF8String (X.690).
_UTF8_TAG, _LONG = 0x0C, 0x80


@dataclass(frozen=True)
class Signer:
    """The run that signed an attestation; facts that a certificate lacks are empty."""

    #: The service that identified it: the URL of an OpenID issuer.
    issuer: str = ""
    #: The URL of its repository.
    repository: str = ""
    #: The URL of the workflow file that was started, with its ref.
    config: str = ""
    #: The URL of the workflow file with the job: another one if the workflow is reusable.
    signer: str = ""
    #: The ref that it ran for: ``refs/tags/v1``.
    ref: str = ""
    #: The commit.
    commit: str = ""
    #: The URL of the run.
    run: str = ""
    #: The event that started it.
    trigger: str = ""
    #: The subject of the certificate, which names signers that are no workflows.
    subject: str = ""

    @property
    def service(self) -> str | None:
        """``github``, ``gitlab``, or None for others."""
        # Names at both services are ASCII; others could equal them once their case is folded.
        if not self.repository.isascii():
            return None
        for service, (issuer, prefix) in _SERVICES.items():
            if self.issuer == issuer and self.repository.startswith(prefix):
                return service
        return None

    @property
    def project(self) -> str:
        """The repository without the URL of its service."""
        service = self.service
        return self.repository.removeprefix(_SERVICES[service][1]) if service else ""

    @property
    def workflow(self) -> str:
        """The path of the workflow file that was started; empty if it is of another repository."""
        service = self.service
        start = f"{self.repository}{_BETWEEN[service]}" if service else ""
        if not service or self.config[: len(start)].casefold() != start.casefold():
            return ""
        path = self.config[len(start) :]
        # A ref may contain an @.
        own = f"@{self.ref}"
        return path.removesuffix(own) if path.endswith(own) else path.rpartition("@")[0]

    @property
    def is_pull_request(self) -> bool:
        """Whether it ran for a pull request: anyone can propose such changes."""
        return self.ref.startswith(_PULL) or self.trigger.startswith(_PULL_TRIGGERS)

    @property
    def called(self) -> str:
        """The URL of the reusable workflow that signed, empty if the started one did."""
        return self.signer if self.signer.casefold() != self.config.casefold() else ""

    def __str__(self) -> str:
        service = self.service
        if service is None:
            return f"{self.subject or 'an unknown identity'} (issuer {self.issuer or 'unknown'})"
        file = self.workflow
        short = file.removeprefix(_GITHUB_FOLDER) if service == "github" else file
        name = f"{self.project}{_BETWEEN[service] if short else ''}{short}"
        return f"{service}:{name}@{self.ref}"

    def evidence(self) -> dict[str, str]:
        """Return the facts to print, by name."""
        facts = {
            "signed by": str(self),
            "repository": self.repository,
            "workflow": self.workflow or self.config,
            "called workflow": self.called,
            "ref": self.ref,
            "commit": self.commit,
            "trigger": self.trigger,
            "run": self.run,
        }
        return {name: value for name, value in facts.items() if value}


@dataclass(frozen=True)
class Identity:
    """A signer that the user named."""

    #: The value of the option.
    text: str
    #: ``github`` or ``gitlab``.
    service: str
    #: The repository without the URL of its service.
    repository: str
    #: The path of the workflow file; None for any.
    workflow: str | None = None
    #: A pattern of refs; None for any.
    ref: str | None = None

    def why_not(self, signer: Signer) -> str | None:
        """Return in which fact a signer differs; None if it is the named one.

        Names of repositories are compared without regard to case, as the services do.
        """
        if signer.service != self.service:
            return "service"
        if signer.project.casefold() != self.repository.casefold():
            return "repository"
        if self.workflow is not None and signer.workflow != self.workflow:
            return "workflow"
        if self.ref is not None and not self._has_ref(signer.ref):
            return "ref"
        return None

    def _has_ref(self, ref: str) -> bool:
        pattern = self.ref or ""
        if pattern.startswith("refs/"):
            return fnmatchcase(ref, pattern)
        shorts = [ref.removeprefix(start) for start in _SHORT if ref.startswith(start)]
        return any(fnmatchcase(short, pattern) for short in shorts)


def parse_identity(text: str) -> Identity:
    """Parse ``github:OWNER/REPO[/WORKFLOW.yml][@REF]`` or ``gitlab:GROUP/PROJECT[//PATH][@REF]``.

    :param text: the value of the option.
    :raises ValueError: if it is anything else.
    """
    service, colon, rest = text.partition(":")
    if not colon or service not in _SERVICES:
        raise ValueError("must begin with github: or gitlab:")
    name, at, ref = rest.partition("@")
    if at and not ref:
        raise ValueError("no ref after @; give a branch, a tag or a pattern such as v*")
    form = _GITHUB if service == "github" else _GITLAB
    match = form.fullmatch(name)
    if match is None or not {".", ".."}.isdisjoint(name.split("/")):
        raise ValueError(
            "must be github:OWNER/REPO[/WORKFLOW.yml][@REF]"
            if service == "github"
            else "must be gitlab:GROUP/PROJECT[//PATH.yml][@REF]"
        )
    workflow = match["workflow"]
    if workflow is not None and service == "github":
        workflow = _GITHUB_FOLDER + workflow
    return Identity(text, service, match["repository"], workflow, ref or None)


def read_signer(extensions: Mapping[str, bytes], subject: str = "") -> Signer:
    """Return the signer that a certificate names.

    :param extensions: the values of its extensions by object identifier.
    :param subject: the subject alternative name of the certificate.
    :raises ValueError: if an extension is not a valid UTF8String.
    """
    facts = {
        name: utf8_string(extensions[OID + number])
        for name, number in _EXTENSIONS.items()
        if OID + number in extensions
    }
    return Signer(**facts, subject=subject)


def utf8_string(der: bytes) -> str:
    """Decode a UTF8String (X.690, DER).

    :raises ValueError: if it is anything else.
    """
    if len(der) > 1 and der[0] == _UTF8_TAG:
        length, start = der[1], 2
        if length > _LONG:
            start += length - _LONG
            length = int.from_bytes(der[2:start])
        if length != _LONG and start + length == len(der):
            return der[start:].decode()
    raise ValueError("an extension of the certificate is not a UTF8String")
