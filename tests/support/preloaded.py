"""Imports of commands, done once by the server that forks their processes."""

from __future__ import annotations

import multiprocessing

import libcloud.storage.drivers.cloudfiles
import libcloud.storage.drivers.local
import libcloud.storage.drivers.s3  # noqa: F401

import wheelhouse_hashes.cli.upload  # noqa: F401

#: The context of these processes.  They have the environment of the first test that forks one.
FORKING = multiprocessing.get_context("forkserver")
FORKING.set_forkserver_preload([__name__])
