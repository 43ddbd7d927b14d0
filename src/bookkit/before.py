"""What an installation will download, and whether it can work here: asked before it, so nothing but Python is needed.

`python src/bookkit/before.py [uv|pip] [cpu|auto|cu126]` prints it, and stops with one sentence where the book cannot be
installed. The sizes are sums over the wheels of requirements.txt for Python 3.11 (x86-64; arm64 on macOS).
"""

from __future__ import annotations

import platform
import sys

LEAST, MOST = (3, 11), (3, 14)  # the Pythons that requirements.lock holds for
OLDEST_MACOS = 14  # PyTorch's wheels
OTHERS = 0.2  # GB, every package but PyTorch and what PyTorch brings


def obstacle(system: str, machine: str, python: tuple[int, ...], macos: str = "") -> str:
    """Why the book cannot be installed and what to do, in one sentence; empty where it can.

    system, machine: as `platform` names them. python: its version. macos: the version of macOS, "14.5".
    """
    machine = machine.lower()
    if not LEAST <= python[:2] <= MOST:
        found, least, most = (".".join(map(str, version[:2])) for version in (python, LEAST, MOST))
        return f"Python {least} to {most} is needed and this is {found}: name another one, as in PYTHON=python3.13."
    if system == "Darwin" and machine != "arm64":
        return (
            "PyTorch has no builds for Macs with an Intel processor: use a Linux machine, a Linux container or a "
            "hosted notebook; on Apple silicon this Python was built for Intel, so install one built for arm64."
        )
    if system == "Darwin" and macos and int(macos.split(".")[0]) < OLDEST_MACOS:
        return f"PyTorch's builds need macOS {OLDEST_MACOS}, this is {macos}: update it, or use a Linux container."
    if system == "Windows" and machine in ("arm64", "aarch64"):
        return (
            "The packages have no builds for Python on Windows for ARM: install Python for x86-64 (the 64-bit "
            "installer; Windows 11 runs it), or use Linux under WSL."
        )
    if system in ("Linux", "Windows") and machine not in ("x86_64", "amd64", "aarch64", "arm64"):
        return f"PyTorch has no builds for {machine}: use a 64-bit Python on a 64-bit system."
    return ""


def download(system: str, torch: str = "") -> str:
    """How much an installation downloads into an empty environment. torch: the build, as in `make book TORCH=cpu`."""
    if system != "Linux":
        return f"The packages are a download of about {OTHERS + 0.1:.1f} GB."
    without = f"{OTHERS + 0.2:.1f} GB with PyTorch's build for the CPU"
    with_cuda = f"{OTHERS + 2.7:.1f} GB with PyTorch's build for CUDA (2.7 GB)"
    if torch == "cpu":
        return f"The packages are a download of about {without}."
    if torch == "auto":
        return f"The packages are a download of about {with_cuda} where there is an NVIDIA driver, else {without}."
    return f"The packages are a download of about {with_cuda}; TORCH=cpu makes that {without}."


def main(installer: str = "pip", torch: str = "") -> None:
    stop = obstacle(platform.system(), platform.machine(), sys.version_info[:2], platform.mac_ver()[0])
    if torch == "auto" and installer == "pip":
        stop = stop or "TORCH=auto needs uv: install uv, or say TORCH=cpu, or leave TORCH out."
    if stop:
        sys.exit(stop)
    here = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}, {installer}."
    print(f"{here} {download(platform.system(), torch)} What is here already is kept.", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
