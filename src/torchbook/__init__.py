"""Helpers of the book: small, readable, taught. Import names from their modules, for example ``torchbook.device``."""

import os

from torchbook import compat

__version__ = "0.1.0"

os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")  # read when onnxruntime is imported, which would report its use
compat.install()
compat.read_as_utf8()
