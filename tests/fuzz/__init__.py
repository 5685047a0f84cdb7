"""Schemathesis against a started gateway, by its own description of itself."""
