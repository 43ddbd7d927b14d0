"""Run chapters as a reader elsewhere does: download them from the built site, open them without the book.

The environment has torch, torchvision, numpy, matplotlib and a kernel, and no torchbook; the site is built for a
loopback address and served there. Each chapter is found by its page's download button, and run with its quick values in
a folder of its own; torchbook is taken away again before each. It is slow: `make test-elsewhere`, not `make test`.

    python tests/elsewhere/run_downloads.py [01 03 05 08 11] [--python PYTHON_OF_A_CLEAN_ENVIRONMENT]
"""

from __future__ import annotations

import argparse
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
import os
from pathlib import Path
import re
import shutil
import subprocess
import sys
import tempfile
from threading import Thread
import time
from urllib.parse import urljoin
from urllib.request import urlopen

from bs4 import BeautifulSoup

from bookkit.notebooks import find_chapters, find_root
from bookkit.site import build_site

CHAPTERS = ["01", "03", "05", "08", "11"]
GIVEN = ("torch", "torchvision", "numpy", "matplotlib", "ipykernel", "nbclient")  # what the clean environment has
NOT_OURS = ("PYTHONPATH", "TORCHBOOK_DATA", "TORCHBOOK_DEVICE", "BOOKKIT_ROOT", "MPLBACKEND", "VIRTUAL_ENV")
EXECUTE = """
import sys, nbformat
from nbclient import NotebookClient
notebook = nbformat.read(sys.argv[1], as_version=4)
NotebookClient(notebook, kernel_name="python3", timeout=600, startup_timeout=120, iopub_timeout=60).execute()
nbformat.write(notebook, sys.argv[1])
"""
FIND = "from importlib.util import find_spec; found = find_spec('torchbook'); print(found.origin if found else '')"


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, *words: object) -> None:
        """Say nothing of each request."""


def clean_environment(root: Path, folder: Path) -> Path:
    """A new environment with the versions of requirements.txt of what GIVEN names; its Python."""
    pins = re.findall(r"^[\w-]+==\S+", (root / "requirements.txt").read_text(encoding="utf-8"), re.M)
    wanted = [pin for pin in pins if pin.split("==")[0] in GIVEN]
    assert len(wanted) == len(GIVEN), f"requirements.txt does not pin all of {', '.join(GIVEN)}"
    subprocess.run([sys.executable, "-m", "venv", folder], check=True)
    python = folder / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check", *wanted], check=True)
    return python


def own_copy(root: Path, folder: Path) -> Path:
    """A copy of the book, as its own `_build/html` must not get a loopback address."""
    ignored = shutil.ignore_patterns(".git", ".venv*", "_build", ".*_cache", "__pycache__", "*.egg-info")
    return Path(shutil.copytree(root, folder, ignore=ignored))


def download(page: str, folder: Path) -> Path:
    """The notebook that the download button of a page leads to."""
    with urlopen(page) as answer:
        button = BeautifulSoup(answer.read(), "html.parser").select_one("a.btn-download-source-button")
    address = urljoin(page, button["href"])
    assert address.endswith(".ipynb"), f"{page} offers {address}, which is no notebook"
    folder.mkdir(parents=True)
    path = folder / address.rsplit("/", 1)[1]
    with urlopen(address) as answer:
        path.write_bytes(answer.read())
    return path


def run_elsewhere(python: Path, notebook: Path, environment: dict[str, str]) -> str:
    """Execute a notebook where torchbook is missing; what went wrong, empty when it ran and installed its helper."""
    subprocess.run([python, "-m", "pip", "uninstall", "--quiet", "--yes", "torchbook"], check=True, env=environment)
    command = partial(subprocess.run, cwd=notebook.parent, env=environment, capture_output=True, text=True)
    if before := command([python, "-c", FIND]).stdout.strip():
        return f"torchbook is there before the chapter ran: {before}"
    ran = command([python, "-c", EXECUTE, notebook.name])
    if ran.returncode:
        return ran.stderr.strip()[-3000:]
    found = command([python, "-c", FIND]).stdout.strip()
    return "" if Path(found).is_relative_to(python.parents[1]) else f"torchbook is in {found!r}, not in the environment"


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("chapters", nargs="*", default=CHAPTERS)
    reader.add_argument("--python", type=Path, help="of an environment without torchbook, which is then changed")
    asked = reader.parse_args()
    root, failed = find_root(), 0
    chapters = find_chapters(root, asked.chapters)
    with tempfile.TemporaryDirectory(prefix="elsewhere-") as scratch:
        place = Path(scratch)
        python = asked.python.absolute() if asked.python else clean_environment(root, place / "environment")
        book = own_copy(root, place / "book")
        html = book / "_build" / "html"
        html.mkdir(parents=True)
        with ThreadingHTTPServer(("127.0.0.1", 0), partial(Quiet, directory=html)) as server:
            address = f"http://127.0.0.1:{server.server_port}"
            build_site(book, baseurl=address)
            Thread(target=server.serve_forever, daemon=True).start()
            environment = {name: value for name, value in os.environ.items() if name not in NOT_OURS}
            environment["XDG_CACHE_HOME"] = str(place / "cache")  # no data of an earlier visit
            for chapter in chapters:
                notebook = download(f"{address}/notebooks/{chapter.name}.html", place / "reader" / chapter.number)
                begin = time.perf_counter()
                problem = run_elsewhere(python, notebook, environment)
                failed += bool(problem)
                print(f"{chapter.name}: {problem or 'ran'} ({time.perf_counter() - begin:.0f} s)", flush=True)
            server.shutdown()
    print(f"{len(chapters) - failed} of {len(chapters)} chapters ran elsewhere.")
    sys.exit(failed > 0)


if __name__ == "__main__":
    main()
