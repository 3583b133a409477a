"""The steps of an upload: scan the folder, publish each artifact, prune, index.

``artifact`` publishes one artifact with its companions and looks at both
afterwards.  ``container_snapshot`` is what the container held at one moment.
This room never imports ``fetch``, ``verify`` or ``builtin``.
"""
