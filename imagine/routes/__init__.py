"""The HTTP rooms: one module a family of routes."""
