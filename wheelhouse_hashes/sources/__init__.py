"""Where claims come from, and where artifacts are found: one plugin a module."""
