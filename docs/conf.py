"""How Sphinx builds these pages: ``tox run -e docs``.  Nothing is asked of the network."""

import wheelhouse_hashes

project = "wheelhouse-hashes"
author = "The wheelhouse-hashes developers"
version = release = wheelhouse_hashes.__version__

extensions = ["sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
html_theme = "alabaster"
html_theme_options = {"description": "Verified releases for wheelhouse-uploader"}
html_static_path: list[str] = []

autodoc_member_order = "bysource"

# The standard library is not looked up: that would take the network.
nitpick_ignore_regex = [
    ("py:.*", r"(argparse|collections|contextlib|http|os|pathlib|ssl|subprocess|typing)\..*"),
    # A type that the reader of field lists takes apart at its commas.
    ("py:class", r"list\[tuple\[str"),
]
