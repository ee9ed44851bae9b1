"""Cutover: one approved bundle, one deployment queue, one change window. Then it stops."""

__version__ = "0.1.0"
