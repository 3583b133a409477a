"""How to reach a store: libcloud's provider and the arguments of its driver."""

from __future__ import annotations

import difflib
import inspect
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import libcloud.security
from libcloud.common.types import InvalidCredsError
from libcloud.storage.providers import DRIVERS, get_driver
from libcloud.storage.types import Provider

from wheelhouse_hashes.errors import UsageError

if TYPE_CHECKING:
    from libcloud.storage.base import StorageDriver

#: Arguments that the host's own options give, or that are not for users.
_NOT_OPTIONS = frozenset(
    {"self", "args", "kwargs", "key", "secret", "region", "ex_use_locking", "ex_auth_cache"}
)

#: Arguments that drivers take without naming them.
_EVERY_DRIVER = frozenset({"timeout", "retry_delay", "backoff", "proxy_url"})
_S3_FAMILY = frozenset({"signature_version"})

#: Names that are recognized in messages, also for drivers that do not take them.
_ANY_DRIVER = _NOT_OPTIONS | _EVERY_DRIVER | _S3_FAMILY


def _switch(text: str) -> bool:
    words = {"true": True, "1": True, "yes": True, "false": False, "0": False, "no": False}
    if text.lower() not in words:
        raise ValueError(text)
    return words[text.lower()]


#: What libcloud wants as something else than text.  It goes by the key, not by
#: the looks: ``1.0`` is a number as a timeout, and text as a version.
_READERS: dict[str, Callable[[str], Any]] = {
    "secure": _switch,
    "use_internal_url": _switch,
    "port": int,
    "timeout": float,
    "retry_delay": float,
    "backoff": float,
}


_KINDS = {_switch: "true or false", int: "a whole number", float: "a number"}

_SHORTEST_SECRET = 4

#: The user and password of an address, as errors about proxies quote it.
_PASSWORD = re.compile("//.*@")


@dataclass(frozen=True)
class Account:
    """How to reach a store.

    White space at the ends of the user and the secret is dropped: a secret that
    was pasted into a CI service often ends with a line feed, and no store takes it.

    :param provider_name: the name of a libcloud storage provider.
    :param username: the account; for LOCAL, the folder that holds containers.
    :param secret: the secret key.
    :param region: the region, None if the user gave none.
    :param driver_options: further arguments of the driver, ``KEY=VALUE`` each.
    """

    provider_name: str
    username: str = field(repr=False)
    secret: str = field(repr=False)
    region: str | None = None
    driver_options: tuple[str, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        for name in ("username", "secret"):
            object.__setattr__(self, name, getattr(self, name).strip())
        options = tuple(option.strip() for option in self.driver_options)
        object.__setattr__(self, "driver_options", options)

    def masked(self, text: str) -> str:
        """Return a text without the secrets of this account, in any form."""
        values = [option.partition("=")[2].strip() for option in self.driver_options]
        # The longest first: another one may be a part of it.
        for secret in sorted((self.secret, *values), key=len, reverse=True):
            # Short values (a port, a version) are no secrets, and would mask much else.
            if len(secret) >= _SHORTEST_SECRET:
                encoded = secret.encode("utf-8", "surrogatepass")
                for form in (secret, repr(secret)[1:-1], quote(encoded), quote(encoded, safe="")):
                    text = text.replace(form, "***")
        return text

    def make_driver(self) -> StorageDriver:
        """Return a new driver; drivers are not safe to share between threads.

        :raises UsageError: if there is no such provider, or it takes no such
            arguments.
        :raises OSError: if the driver connects at once, and cannot.
        :raises libcloud.common.types.InvalidCredsError: if it does, and the
            store does not accept the secret.
        """
        driver_class = self.driver_class()
        arguments = self._driver_arguments(driver_class)
        if self.provider_name == "LOCAL":
            # Its locks do not exclude threads and are left behind for ever;
            # LocalStore needs none.
            arguments["ex_use_locking"] = False
        try:
            driver: StorageDriver = driver_class(self.username, self.secret, **arguments)
        except (OSError, InvalidCredsError):
            raise  # a driver that asks for a token at once
        except Exception as error:  # noqa: BLE001 (each driver raises something else)
            text = self.masked(one_line(error))
            raise UsageError(f"provider {self.provider_name}: {text}") from None
        return driver

    def check(self) -> None:
        """Check what can be checked without a request.

        :raises UsageError: if there is no such provider, or it takes no such
            arguments.
        """
        self._driver_arguments(self.driver_class())

    def _driver_arguments(self, driver_class: type[StorageDriver]) -> dict[str, Any]:
        arguments = self._read_options(driver_class)
        if self.region is not None:
            if "region" not in _arguments(driver_class):
                raise UsageError(f"--region: provider {self.provider_name} takes none")
            arguments["region"] = self.region
        return arguments

    def driver_class(self) -> type[StorageDriver]:
        """Return the provider's driver.

        :raises UsageError: if there is no such provider.
        """
        provider = getattr(Provider, self.provider_name, None)
        if provider is None or not self.provider_name.isupper():
            # Provider also has names of stores that are no more.
            known = (n for n, value in vars(Provider).items() if n.isupper() and value in DRIVERS)
            names = ", ".join(sorted(known))
            raise UsageError(f"--provider-name {self.provider_name!r} is not one of {names}")
        try:
            return get_driver(provider)
        except Exception as error:  # noqa: BLE001 (names of stores that are no more)
            raise UsageError(f"provider {self.provider_name}: {one_line(error)}") from None

    def _read_options(self, driver_class: type[StorageDriver]) -> dict[str, Any]:
        known = known_options(driver_class)
        arguments = {}
        for option in self.driver_options:
            key, _, text = option.partition("=")
            if key not in known:
                # libcloud itself would pass over a misspelt key in silence.
                names = ", ".join(sorted(known))
                # What does not resemble a key may be a part of a secret.
                resembles = difflib.get_close_matches(key, known | _ANY_DRIVER, n=1)
                shown = f"{key}: " if resembles else "unknown key: "
                raise UsageError(
                    f"--driver-option {shown}provider {self.provider_name} takes {names}"
                )
            try:
                arguments[key] = _READERS.get(key, str)(text.strip())
            except ValueError:
                wanted = _KINDS[_READERS[key]]
                raise UsageError(f"--driver-option {key}: its value is not {wanted}") from None
        return arguments


def known_options(driver_class: type[StorageDriver]) -> frozenset[str]:
    """Return the keys that ``--driver-option`` takes for a driver.

    :param driver_class: a libcloud storage driver.
    """
    return _arguments(driver_class) - _NOT_OPTIONS


def _arguments(driver_class: type[StorageDriver]) -> frozenset[str]:
    """Return the names of the arguments that a driver takes, its own and what it passes on."""
    names: set[str] = set()
    for base in driver_class.__mro__:
        if base.__name__ == "BaseS3StorageDriver":
            names |= _S3_FAMILY
        if "__init__" not in vars(base):
            continue
        parameters = inspect.signature(vars(base)["__init__"]).parameters
        names |= set(parameters)
        if all(each.kind is not each.VAR_KEYWORD for each in parameters.values()):
            # What it does not name never gets to the classes below.
            return frozenset(names)
    return frozenset(names | _EVERY_DRIVER)


def one_line(error: Exception) -> str:
    """Return what an error of libcloud says, on one line."""
    said = getattr(error, "value", None) or error
    text = _PASSWORD.sub("//***@", " ".join(str(said).split()))
    return text or type(error).__name__


def allow_unverified_tls() -> None:
    """Do what ``--no-ssl-check`` of the host does, for libcloud as a whole."""
    libcloud.security.VERIFY_SSL_CERT = False
