"""One file from the first mirror that has it: resumed where a connection broke, its hash checked."""

from __future__ import annotations

from functools import partial
import os
from pathlib import Path
import re
import socket
import ssl
from typing import Any
from urllib.parse import urlsplit

import pooch
import requests
from torchbook.data.catalog import DataFile
from torchbook.data.errors import DataError
from tqdm import tqdm
from urllib3.exceptions import LocationParseError, NameResolutionError
from urllib3.exceptions import TimeoutError as UrllibTimeoutError

TIMEOUT_S = (10, 60)  # to connect, and between two pieces
MOST_BYTES = 300_000_000  # of a file whose size is not known
WEB_PAGE = re.compile(rb"(\xef\xbb\xbf)?\s*<(!doctype html|html|head|script)\b", re.IGNORECASE)


class NoMirrorError(Exception):
    """Every mirror of one file failed."""


def download(file: DataFile, parts: Path, progress: bool, failures: list[str]) -> Path:
    """Return the file in the folder `parts`, complete and with the right hash.

    Says of each mirror that fails why, and which is next; the reasons are added to `failures`. What has come of the
    file stays in `parts` and is gone on with. Raises NoMirrorError where none is left.
    """
    part = parts / (file.name + ".part")
    urls = [*own_mirror(file.name), *file.urls]
    pooch.get_logger().setLevel("WARNING")
    for url, following in zip(urls, [*urls[1:], None], strict=True):
        for resumed in [True, False] if part.exists() else [False]:  # a part that is spoilt: once more from the start
            downloader = partial(_resume, file=file, part=part, progress=progress)
            try:
                known = f"sha256:{file.sha256}"
                return Path(pooch.retrieve(url, known, fname=file.name, path=parts, downloader=downloader))
            except requests.RequestException as error:
                reason = why(error)
                break
            except ValueError as error:  # a wrong hash (pooch), a wrong size, a web page
                reason = "its SHA-256 is not the known one" if "hash" in str(error) else str(error)
                if not resumed or part.exists():
                    break
        failures.append(f"{url}: {reason}")
        print(f"{url} failed ({reason}); " + (f"next: {following}" if following else "no mirror is left."))
    raise NoMirrorError


def own_mirror(name: str) -> list[str]:
    """The address of a file below $TORCHBOOK_MIRROR, if that is set; DataError where it is no web address."""
    base = os.environ.get("TORCHBOOK_MIRROR", "").strip()
    if not base:
        return []
    if not re.match(r"https?://[^/\s]", base):
        raise DataError(f"TORCHBOOK_MIRROR is {base!r}: write the whole address, such as https://example.org/data.")
    return [f"{base.rstrip('/')}/{name}"]


def why(error: requests.RequestException) -> str:
    """Say in a few words why a mirror failed."""
    causes = _causes(error)
    if isinstance(error, requests.HTTPError):
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy does not let it through{_proxy(error)}: check HTTPS_PROXY and HTTP_PROXY"
    if any(isinstance(cause, (requests.exceptions.SSLError, ssl.SSLError)) for cause in causes):
        return "its certificate cannot be trusted: a network that reads along needs its own named in REQUESTS_CA_BUNDLE"
    if any(isinstance(cause, (NameResolutionError, socket.gaierror)) for cause in causes):
        return "its name is not known here: no network, or one without names"
    if any(isinstance(cause, ConnectionRefusedError) for cause in causes):
        return "it refuses the connection"
    if isinstance(error, requests.Timeout) or any(
        isinstance(cause, (TimeoutError, UrllibTimeoutError)) for cause in causes
    ):
        return "no answer in time"
    if isinstance(error, requests.TooManyRedirects):
        return "it sends from one address to the next without end"
    if isinstance(error, ValueError) or any(isinstance(cause, LocationParseError) for cause in causes):
        return "it is no web address"
    broke = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)
    if isinstance(error, broke) or any(isinstance(cause, ConnectionError) for cause in causes):
        return "the connection broke"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__


def _causes(error: BaseException) -> list[BaseException]:
    """The error, and all that it was made from, however requests and urllib3 have wrapped it."""
    seen: list[BaseException] = []
    waiting: list[Any] = [error]
    while waiting:
        current = waiting.pop()
        if isinstance(current, BaseException) and not any(current is known for known in seen):
            seen.append(current)
            waiting += [*current.args, getattr(current, "reason", None), current.__cause__, current.__context__]
    return seen


def _proxy(error: requests.RequestException) -> str:
    """The proxy's machine, without a password that may stand in the address."""
    url = str(error.request.url) if error.request is not None else ""
    proxy = requests.utils.select_proxy(url, requests.utils.get_environ_proxies(url)) if url else None
    host = urlsplit(proxy).hostname if proxy else None
    return f" ({host})" if host else ""


def _resume(url: str, output_file: str, _pooch: object, *, file: DataFile, part: Path, progress: bool) -> None:
    """Download `url` to `output_file` through `part`, which outlives a broken connection (pooch's downloader form)."""
    start = part.stat().st_size if part.exists() else 0
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    with requests.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as answer:
        if answer.status_code == 416:  # nothing after `start`: the part is whole, or not of this file; the hash tells
            os.replace(part, output_file)
            return
        answer.raise_for_status()
        length = answer.headers.get("Content-Length", "")
        packed = answer.headers.get("Content-Encoding", "identity") != "identity"
        total = int(length) + (start if answer.status_code == 206 else 0) if length.isdigit() and not packed else None
        pieces = answer.iter_content(1 << 16)
        first = next(pieces, b"")
        if WEB_PAGE.match(first) and not (start and answer.status_code == 206):
            raise ValueError(
                "it sends a web page in place of the file: a network that wants a log-in, or an old address"
            )
        if file.size_bytes and total and total != file.size_bytes:
            raise ValueError(f"it offers {total:,} bytes instead of {file.size_bytes:,}")
        skip = start if answer.status_code != 206 else 0  # a server that always starts afresh: what is here stays
        most, come = file.size_bytes or MOST_BYTES, start
        bar = tqdm(
            total=total, initial=start, unit="B", unit_scale=True, desc=file.name, disable=None if progress else True
        )
        with bar, part.open("ab") as stream:
            while first:
                piece = first[skip:]
                skip -= min(skip, len(first))
                come += len(piece)
                if come > most:
                    raise ValueError(f"it sends more than {most:,} bytes")
                stream.write(piece)
                bar.update(len(piece))
                first = next(pieces, b"")
        if total and come < total:
            raise requests.exceptions.ChunkedEncodingError("the connection ended early")
        if not come:
            raise requests.exceptions.ChunkedEncodingError("nothing came")
    os.replace(part, output_file)  # pooch checks the hash and drops a wrong file: it can't spoil the next mirror
