"""wheelhouse-uploader, extended from outside.

The host has no hooks of its own.  These modules wait for it to be imported,
check that it is a version they know, and run our commands through it.  This
is the top room: it may import every other one, and only ``__main__`` and
``testing`` import it.
"""
