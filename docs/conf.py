"""How Sphinx builds these pages: ``tox run -e docs``.  Nothing is asked of the network."""

import wheelhouse_hashes

project = "wheelhouse-hashes"
author = "The wheelhouse-hashes developers"
version = release = wheelhouse_hashes.__version__

extensions = ["sphinx.ext.autodoc"]
exclude_patterns = ["_build"]
# Its pages load nothing from other servers; tests/browser/test_docs.py checks that.
html_theme = "furo"
html_show_copyright = False
html_title = f"wheelhouse-hashes {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css"]

autodoc_member_order = "bysource"

# The standard library is not looked up: that would take the network.
nitpick_ignore_regex = [
    ("py:.*", r"(argparse|collections|contextlib|http|os|pathlib|ssl|subprocess|typing)\..*"),
    # A type that the reader of field lists takes apart at its commas.
    ("py:class", r"list\[tuple\[str"),
]

# "tox run -e links" requests the other links.  These addresses are examples, or local.
linkcheck_ignore = [
    r"https?://([\w-]+\.)*example\.org(/|$)",
    r"http://(127\.0\.0\.1|localhost)\b",
]
linkcheck_timeout = 30
