"""The version, in a file of its own: saved models carry it."""

__version__ = "0.1.0.dev0"
