"""The steps of an upload: scan the folder, publish each artifact, prune, index.

``artifact`` publishes one artifact with its companions and then confirms both.
``container_snapshot`` holds one listing of the container.  This package never
imports ``fetch``, ``verify`` or ``builtin``.
"""
