"""How plugins are found, blocked, called and traced.

``manager`` wraps pluggy and has one typed method for each hook.  ``session`` has
the run that the verbs work with, which knows its plugins.  This room imports the
public modules and ``runtime``; plugins themselves never import it.
"""
