"""Built-in plugins that add verbs."""
