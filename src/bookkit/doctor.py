"""Tells a reader what works on this machine, and what to do about the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
import json
import os
from pathlib import Path
import platform
import shutil
import sys
import tempfile
from urllib.parse import urlsplit
from urllib.request import getproxies

from bookkit.before import obstacle

OK, NOTE, PROBLEM = "ok", "note", "problem"
INSTALL = "pip install -r requirements.txt -c requirements.lock"
INSTALL_CLI = "pip install -e '.[cli]'"
LEAST_MEMORY = 4  # GB in the machine; the chapters stay under 2
DISAGREE = ("libiomp", "libomp")  # Intel's and LLVM's OpenMP stop where they meet a second copy; GNU's does not
LEAST_DISK = 3  # GB free; CIFAR-10 needs about 0.6 while it is unpacked, PyTorch's own packages far more


@dataclass(frozen=True)
class Row:
    """One check: its subject, `ok`, `note` or `problem`, what was found, and one line of what to do (empty when ok)."""

    check: str
    state: str
    found: str
    remedy: str = ""


def examine(root: Path | None) -> list[Row]:
    """All rows; `root` is None without a book. A check that itself breaks becomes a problem, and the others go on."""
    rows: list[Row] = []
    checks = (
        python,
        torch_import,
        devices,
        openmp,
        packages,
        kernel,
        memory,
        disk,
        fonts,
        proxy,
        cache,
        data_sets,
        notebooks,
    )
    for check in checks:
        try:
            rows += check(root)
        except Exception as error:  # whatever is broken here is what the reader came to learn
            name = check.__name__.replace("_", " ")
            rows.append(Row(name, PROBLEM, f"{type(error).__name__}: {error}", INSTALL))
    return rows


def python(root: Path | None) -> Iterator[Row]:
    found = f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    stop = obstacle(platform.system(), platform.machine(), tuple(sys.version_info[:2]), platform.mac_ver()[0])
    yield Row("Python", PROBLEM if stop else OK, found, stop)


def torch_import(root: Path | None) -> Iterator[Row]:
    try:
        import torch
        import torchbook  # noqa: F401  (first: it mends a torchvision built for another torch)
        import torchvision
    except Exception as error:  # a broken wheel raises OSError or RuntimeError as well as ImportError
        first = (str(error).splitlines() or [""])[0]
        yield Row("PyTorch", PROBLEM, f"{type(error).__name__}: {first}", INSTALL)
        return
    yield Row("PyTorch", OK, f"torch {torch.__version__}, torchvision {torchvision.__version__}")


def devices(root: Path | None) -> Iterator[Row]:
    import torch
    from torchbook.device import pick_device

    try:
        pick_device()
    except (ValueError, RuntimeError) as error:  # what every chapter would say
        yield Row(
            "device", PROBLEM, str(error), "Unset TORCHBOOK_DEVICE, or name a device that is there: cpu always is."
        )
        return
    threads = f"CPU with {torch.get_num_threads()} threads"
    if torch.cuda.is_available():
        yield Row("device", OK, f"CUDA: {torch.cuda.get_device_name(0)}; {threads}")
    elif torch.backends.mps.is_available():
        yield Row("device", OK, f"MPS (Apple); {threads}")
    else:
        yield Row("device", OK, f"{threads}; no GPU, and no chapter needs one")


def openmp(root: Path | None) -> Iterator[Row]:
    import sklearn.utils  # noqa: F401  (first: what is not loaded is not seen)
    from threadpoolctl import threadpool_info  # scikit-learn brings it
    import torch  # noqa: F401

    found = sorted({pool["filepath"] for pool in threadpool_info() if pool["internal_api"] in DISAGREE})
    if len(found) > 1:
        said = "If OMP: Error #15 appears, take all packages from pip or all from conda (Common errors)."
        yield Row("OpenMP", NOTE, f"{len(found)} copies: {', '.join(found)}", said)
    else:
        yield Row("OpenMP", OK, "no two copies that disagree")


def packages(root: Path | None) -> Iterator[Row]:
    from packaging.requirements import InvalidRequirement, Requirement

    if root is None or not (root / "requirements.txt").is_file():
        yield Row("packages", NOTE, "no requirements.txt here", "Run bookkit doctor in the book's folder.")
        return
    missing, other, count = [], [], 0
    for line in (root / "requirements.txt").read_text(encoding="utf-8").splitlines():
        try:
            wanted = Requirement(line.partition(" #")[0].strip())
        except InvalidRequirement:  # a comment, an option, a folder
            continue
        if wanted.marker and not wanted.marker.evaluate():
            continue
        count += 1
        try:
            installed = version(wanted.name)
        except PackageNotFoundError:
            missing.append(wanted.name)
        else:
            if not wanted.specifier.contains(installed, prereleases=True):
                other.append(f"{wanted.name} {installed} instead of {wanted.specifier}")
    if missing:
        yield Row("packages", PROBLEM, f"missing: {', '.join(missing)}", INSTALL)
    if other:
        yield Row("packages", NOTE, f"other versions than tested: {', '.join(other)}", INSTALL)
    if not missing and not other:
        yield Row("packages", OK, f"{count} packages as in requirements.txt")


def kernel(root: Path | None) -> Iterator[Row]:
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    try:
        program = KernelSpecManager().get_kernel_spec("python3").argv[0]
    except NoSuchKernel:
        yield Row("Jupyter kernel", PROBLEM, "none named python3", "python -m ipykernel install --sys-prefix")
        return
    if os.path.isabs(program) and os.path.normcase(program) != os.path.normcase(sys.executable):
        said = "Start JupyterLab by make lab, or with JUPYTER_PREFER_ENV_PATH=1."
        yield Row("Jupyter kernel", NOTE, f"python3 is {program}, another Python than {sys.executable}", said)
    else:
        yield Row("Jupyter kernel", OK, "python3")


def memory(root: Path | None) -> Iterator[Row]:
    import psutil  # comes with ipykernel

    numbers = psutil.virtual_memory()
    found = f"{numbers.total / 1e9:.1f} GB, {numbers.available / 1e9:.1f} GB free"
    if numbers.total / 1e9 >= LEAST_MEMORY:
        yield Row("memory", OK, found)
    else:
        yield Row("memory", NOTE, found, "Run one chapter at a time: bookkit run --jobs 1.")


def disk(root: Path | None) -> Iterator[Row]:
    free = shutil.disk_usage(root or Path.cwd()).free / 1e9
    if free >= LEAST_DISK:
        yield Row("disk", OK, f"{free:.1f} GB free")
    else:
        yield Row("disk", NOTE, f"{free:.1f} GB free", "Real data sets and full runs want 3 GB; quick runs need none.")


def fonts(root: Path | None) -> Iterator[Row]:
    from matplotlib import font_manager

    try:
        font_manager.findfont("DejaVu Sans", fallback_to_default=False)
    except ValueError:
        yield Row(
            "fonts",
            NOTE,
            "DejaVu Sans is missing",
            "It comes with Matplotlib: pip install --force-reinstall matplotlib",
        )
    else:
        yield Row("fonts", OK, "DejaVu Sans")


def proxy(root: Path | None) -> Iterator[Row]:
    named = {kind: address for kind, address in getproxies().items() if kind in ("http", "https", "all")}
    hosts = {kind: _proxy_host(address) for kind, address in named.items()}
    odd = " and ".join(f"{kind.upper()}_PROXY" for kind, host in sorted(hosts.items()) if host is None)
    if odd:
        yield Row("proxy", PROBLEM, f"no address of a proxy: {odd}", "Write it as http://host:port, or unset it.")
        return
    found = ", ".join(f"{kind} through {host}" for kind, host in sorted(hosts.items()))  # no password that it may hold
    if found:
        said = "Where fetching fails: check HTTPS_PROXY, and name the network's certificate in REQUESTS_CA_BUNDLE."
        yield Row("proxy", NOTE, found, said)
    else:
        yield Row("proxy", OK, "none")


def _proxy_host(address: str) -> str | None:
    """The host in a proxy's address, http://host:port or host:port; None where it is no such address."""
    try:
        parts = urlsplit(address if "://" in address else f"//{address}")
        return parts.hostname if parts.port is None or parts.port > 0 else None
    except ValueError:  # a port that is no number, brackets around no address
        return None


def cache(root: Path | None) -> Iterator[Row]:
    from torchbook.data.errors import DataError
    from torchbook.data.folders import cache_folder

    cure = "Name a writable folder in TORCHBOOK_CACHE."
    try:
        folder = cache_folder()
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=folder):
            pass
    except DataError as error:  # a home that nobody has
        yield Row("data folder", PROBLEM, str(error), cure)
    except OSError as error:
        yield Row("data folder", PROBLEM, f"{folder}: {error.strerror}", cure)
    else:
        yield Row("data folder", OK, str(folder))


def data_sets(root: Path | None) -> Iterator[Row]:
    from torchbook.data.catalog import CATALOG
    from torchbook.data.errors import DataError
    from torchbook.data.folders import data_roots, from_environment
    from torchbook.data.inside import lies_in, look_into

    try:
        roots = data_roots()
        chosen = from_environment("TORCHBOOK_DATA")
    except DataError as error:
        yield Row("data sets", PROBLEM, str(error), "Name whole paths in TORCHBOOK_DATA and TORCHBOOK_CACHE.")
        return
    if chosen is not None and not (os.path.isdir(chosen) and os.access(chosen, os.R_OK | os.X_OK)):
        found = f"{chosen} is not a folder that can be looked into"
        yield Row("TORCHBOOK_DATA", NOTE, found, "Name the folder that holds the data sets, or unset it.")
    for name, entry in CATALOG.items():
        place = lies_in(entry, roots)
        if place is not None:
            try:
                yield Row(f"data: {name}", OK, look_into(entry, *place))
            except DataError as error:  # what the chapters would say
                yield Row(f"data: {name}", PROBLEM, str(error), f"bookkit data fetch {name} --force")
        elif not entry.files:
            yield Row(f"data: {name}", OK, entry.stand_in)
        else:
            yield Row(f"data: {name}", NOTE, f"stand-in: {entry.stand_in}", f"bookkit data fetch {name}")


def where_is(name: str) -> Path | None:
    """The folder of a data set's real form, or None."""
    from torchbook.data.catalog import card
    from torchbook.data.folders import find_in_roots

    return find_in_roots(card(name).folder)


def notebooks(root: Path | None) -> Iterator[Row]:
    from bookkit.notebooks import BookError, all_chapters, find_root

    sentence = ""
    try:
        count = len(all_chapters(root or find_root()))
    except BookError as error:
        count, sentence = 0, str(error)
    if count:
        yield Row("notebooks", OK, f"{count} chapters")
    else:
        yield Row("notebooks", PROBLEM, sentence, "Go to the book's folder, or name it in BOOKKIT_ROOT.")


def worst(rows: list[Row]) -> str:
    return max((row.state for row in rows), key=(OK, NOTE, PROBLEM).index, default=OK)


def without_packages(missing: ImportError, as_json: bool) -> int:
    """Print what `bookkit doctor` prints, without the packages of bookkit, of which one cannot be imported.

    Returns the exit code.
    """
    here = Path(os.environ.get("BOOKKIT_ROOT") or Path.cwd())
    root = next((folder for folder in (here, *here.parents) if os.path.isfile(folder / "requirements.txt")), None)
    rows = [Row("bookkit", PROBLEM, str(missing), INSTALL_CLI), *examine(root)]
    if as_json:
        print(json.dumps([asdict(row) for row in rows], indent=2, ensure_ascii=False))
    else:
        for row in rows:
            print(f"{row.state:<8} {row.check}: {row.found}" + (f"  ->  {row.remedy}" if row.remedy else ""))
    return int(worst(rows) == PROBLEM)
