"""Integration with the host, wheelhouse-uploader, which has no hooks.

These modules wait for the host to be imported, check that its version is supported, and
run commands through it.  This is the top subpackage: it may import every other one, and
only ``__main__`` and ``testing`` import it.
"""
