"""Let ``import torchvision`` work when torch is a CPU build and torchvision a CUDA build.

pip takes torchvision's CUDA wheel on Linux even beside a CPU torch. Its compiled operators then cannot load, and the
import stops with ``RuntimeError: operator torchvision::nms does not exist`` (pytorch/vision#9077, #9085, #8985): one
of its modules registers a shape rule (``torch.library.register_fake``) for an operator that is not there. Data sets,
transforms and models need none of those operators. While torchvision is imported we let that registration pass;
afterwards ``register_fake`` is what it was. The compiled operators (``nms``, ``roi_align``) stay missing and say so
when called.

And let PyTorch's compiler read its own files where the locale knows ASCII alone (a container without a locale): it
opens them without saying that they are UTF-8, and stops with a UnicodeDecodeError.
"""

from __future__ import annotations

from contextlib import suppress
import importlib.abc
import importlib.machinery
import locale
import sys

import torch

_PACKAGE = "torchvision"


def _forgiving(register_fake):
    """Wrap ``torch.library.register_fake`` so that rules for missing ``torchvision::`` operators are skipped."""

    def register(op, func=None, /, **options):
        decorator = register_fake(op, **options)

        def apply(function):
            try:
                return decorator(function)
            except RuntimeError as error:
                if str(op).startswith(f"{_PACKAGE}::") and "does not exist" in str(error):
                    return function  # an operator that was never loaded needs no shape rule
                raise

        return apply if func is None else apply(func)

    return register


class _Loader(importlib.abc.Loader):
    """Runs another loader with a forgiving ``register_fake``."""

    def __init__(self, loader):
        self.loader = loader

    def create_module(self, spec):
        return self.loader.create_module(spec)

    def exec_module(self, module):
        original = torch.library.register_fake
        torch.library.register_fake = _forgiving(original)
        try:
            self.loader.exec_module(module)
        finally:
            torch.library.register_fake = original

    def __getattr__(self, name):  # get_source, get_data ...: as the wrapped loader
        return getattr(self.loader, name)


class _Finder(importlib.abc.MetaPathFinder):
    """Hands ``torchvision`` (the package only) to ``_Loader``; every other import goes its usual way."""

    def find_spec(self, fullname, path=None, target=None):
        if fullname != _PACKAGE:
            return None
        spec = importlib.machinery.PathFinder.find_spec(fullname, path, target)
        if spec is not None and spec.loader is not None:
            spec.loader = _Loader(spec.loader)
        return spec


def install() -> None:
    """Prepare the import of torchvision. Costs nothing until torchvision is imported; a second call does nothing."""
    if _PACKAGE not in sys.modules and not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.insert(0, _Finder())


def read_as_utf8() -> None:
    """Where the locale is ASCII, take C.UTF-8, if the system has it, for what ``open`` reads without an encoding."""
    if locale.getencoding() in ("US-ASCII", "ANSI_X3.4-1968", "ascii"):
        with suppress(locale.Error):
            locale.setlocale(locale.LC_CTYPE, "C.UTF-8")
