"""Finding, blocking, calling and tracing plugins, and reporting results to them.

``manager`` wraps pluggy; ``hooks`` has one typed method per hook.  ``session`` extends
the run with its plugins.  ``reporter`` records and prints the result for each file and passes
it to the plugins.  This package imports the public modules and ``runtime``; plugins
never import it.
"""
