"""How plugins are found, blocked, called and traced, and how results are reported.

``manager`` wraps pluggy and has one typed method for each hook.  ``session`` has
the run that the verbs work with, which knows its plugins.  ``reporter`` keeps and
prints what becomes of each file, and tells the plugins.  This room imports the
public modules and ``runtime``; plugins themselves never import it.
"""
