"""How to reach a store: libcloud's provider and its arguments."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import libcloud.security
from libcloud.storage.base import StorageDriver
from libcloud.storage.providers import get_driver
from libcloud.storage.types import Provider

from wheelhouse_hashes.errors import UsageError

#: The region that the host gives when the user gives none, and the providers
#: that know it.
HOST_REGION = "ord"
_KNOW_HOST_REGION = frozenset({"CLOUDFILES", "OPENSTACK_SWIFT"})


@dataclass(frozen=True)
class Account:
    """How to reach a store: the host's own options.

    :param provider_name: the name of a libcloud storage provider.
    :param username: the account; for LOCAL, the folder that holds containers.
    :param secret: the secret key.
    :param region: the region.
    """

    provider_name: str
    username: str
    secret: str
    region: str

    def __repr__(self) -> str:
        return f"Account({self.provider_name}, {self.username})"

    def make_driver(self) -> StorageDriver:
        """Return a new driver; drivers are not safe to share between threads.

        :raises UsageError: if there is no such provider, or it takes no such
            arguments.
        """
        provider = getattr(Provider, self.provider_name, None)
        if provider is None or self.provider_name.startswith("_"):
            names = ", ".join(sorted(name for name in vars(Provider) if name.isupper()))
            raise UsageError(f"--provider-name {self.provider_name!r} is not one of {names}")
        arguments: dict[str, Any] = {}
        if self.region != HOST_REGION or self.provider_name in _KNOW_HOST_REGION:
            arguments["region"] = self.region
        if self.provider_name == "LOCAL":
            # Its locks do not exclude threads and are left behind for ever;
            # LocalStore needs none.
            arguments = {"ex_use_locking": False}
        try:
            driver: StorageDriver = get_driver(provider)(self.username, self.secret, **arguments)
        except Exception as error:  # noqa: BLE001 (each driver raises something else)
            raise UsageError(f"provider {self.provider_name}: {one_line(error)}") from None
        return driver


def one_line(error: Exception) -> str:
    """Return what an error of libcloud says, on one line."""
    return " ".join(str(error).split()) or type(error).__name__


def allow_unverified_tls() -> None:
    """Do what ``--no-ssl-check`` of the host does, for libcloud as a whole."""
    libcloud.security.VERIFY_SSL_CERT = False
