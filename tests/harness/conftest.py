"""The tiny Qwen2 of the backends' tests serves here too."""

from tests.backends.conftest import ours, qwen, stock

__all__ = ["ours", "qwen", "stock"]
