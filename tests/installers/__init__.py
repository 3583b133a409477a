"""The downloads page with pip and uv; they need an environment of their own."""
