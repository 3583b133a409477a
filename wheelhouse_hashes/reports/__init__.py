"""What a run leaves behind for others to read: one plugin a module."""
