"""From options to a store: the account, and the store class for its provider."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import TYPE_CHECKING

from wheelhouse_hashes.errors import UsageError, UsageErrors
from wheelhouse_hashes.options import PREFIX
from wheelhouse_hashes.stores.base import Store
from wheelhouse_hashes.stores.driver import Account, allow_unverified_tls

if TYPE_CHECKING:
    from wheelhouse_hashes.options import AccountOptions
    from wheelhouse_hashes.stores.requests import StoreRequests


def account_of(options: AccountOptions, environ: Mapping[str, str] | None = None) -> Account:
    """Return the account that the options describe, without a request.

    With ``--no-ssl-check``, TLS verification is disabled in all of libcloud.

    :param options: the options of a verb that uses a store.
    :param environ: the environment; that of the process by default.
    :raises UsageError: if the username or secret is missing, the provider does not exist, or
        it does not accept the arguments.
    """
    environ = os.environ if environ is None else environ
    if options.no_ssl_check:
        allow_unverified_tls()
    usage = UsageErrors()
    username = secret = ""
    with usage.noted():
        username = _credential(options.username, "username", environ)
    with usage.noted():
        secret = _credential(options.secret, "secret", environ)
    account = Account(
        options.provider_name, username, secret, options.region, options.driver_options
    )
    with usage.noted():
        account.check()
    usage.raise_all()
    return account


def _credential(value: str | None, name: str, environ: Mapping[str, str]) -> str:
    variable = PREFIX + name.upper()
    value = value or environ.get(variable)
    if not value:
        raise UsageError(f"no {name}: use --{name} or set {variable}")
    return value


def open_store(account: Account, container: str, requests: StoreRequests) -> Store:
    """Return the store for a provider's container.

    :param account: the provider, credentials and driver options.
    :param container: the container's name, with its prefix if it has one.
    :param requests: limits and repeats the requests.
    """
    from wheelhouse_hashes.stores.cloud import CloudStore
    from wheelhouse_hashes.stores.families import family_of
    from wheelhouse_hashes.stores.local import LocalStore

    kind = Store
    if account.provider_name == "LOCAL":
        kind = LocalStore
    elif family_of(account.driver_class()) is not None:
        kind = CloudStore
    return kind(account, container, requests)
