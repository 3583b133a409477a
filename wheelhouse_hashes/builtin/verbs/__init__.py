"""Built-in verbs that use the public hook for verbs."""
