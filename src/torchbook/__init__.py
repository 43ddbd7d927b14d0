"""Helpers of the book: small, readable, taught. Import names from their modules, for example ``torchbook.device``."""

from torchbook import compat

__version__ = "0.1.0"

compat.install()
