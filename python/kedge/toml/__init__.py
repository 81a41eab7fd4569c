"""TOML documents whose errors say where: the line of every key and value, and what is allowed."""

from kedge.toml.document import Document, Path, nearest

__all__ = ["Document", "Path", "nearest"]
