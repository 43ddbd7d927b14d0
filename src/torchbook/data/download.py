"""One file from the first mirror that has it: resumed where a connection broke, its hash checked."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from http.client import HTTPException, IncompleteRead, RemoteDisconnected
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
from torchbook.data.place import say
from torchbook.data.reading import WEB_PAGE
from tqdm import tqdm
from urllib3.exceptions import LocationParseError, NameResolutionError
from urllib3.exceptions import TimeoutError as UrllibTimeoutError
from urllib3.util import parse_url

TIMEOUT_S = (10, 60)  # to connect, and between two pieces
MOST_BYTES = 300_000_000  # of a file whose size is not known
LENGTH = re.compile("[0-9]{1,18}")
PROXIES = ("http", "https", "socks4", "socks4a", "socks5", "socks5h")
BUNDLES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")  # in the order in which requests takes them
NOT_HTTP = "it answers in bad HTTP, or not in HTTP at all"


class NoMirrorError(Exception):
    """Every mirror of one file failed."""


class _WrongFileError(Exception):
    """A mirror sends something else; the message says what, in a few words."""


class _Session(requests.Session):
    """What comes with a redirect is closed unread: requests would keep all of it in memory."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        target = super().get_redirect_target(resp)
        if target is not None:
            resp.close()
        return target


def download(file: DataFile, parts: Path, progress: bool, failures: list[str]) -> Path:
    """Return the file in the folder `parts`, complete and with the right hash.

    Says of each mirror that fails why, and which is next; the reasons are added to `failures`. What has come of the
    file stays in `parts` and is gone on with. Raises NoMirrorError where none is left.
    """
    part = parts / (file.name + ".part")
    urls = [*own_mirror(file.name), *file.urls]
    pooch.get_logger().setLevel("WARNING")
    for url, following in zip(urls, [*urls[1:], None], strict=True):
        for ranged in (True, False, False):  # what follows the part; else all, its beginning skipped; no part is left
            resumed = part.exists() and part.stat().st_size > 0
            downloader = partial(_resume, file=file, part=part, ranged=ranged, progress=progress)
            try:
                known = f"sha256:{file.sha256}"
                return Path(pooch.retrieve(url, known, fname=file.name, path=parts, downloader=downloader))
            except requests.RequestException as error:
                reason = why(error, url)
                break
            except _WrongFileError as error:
                reason = str(error)
                if not (resumed and ranged):
                    break
            except ValueError:  # pooch's; what has come is gone
                reason = "its SHA-256 is not the known one"
                if not resumed:
                    break
        failures.append(f"{without_password(url)}: {reason}")
        going_on = f"next: {without_password(following)}" if following else "no mirror is left."
        say(f"{without_password(url)} failed ({reason}); {going_on}")
    raise NoMirrorError


def own_mirror(name: str) -> list[str]:
    """The address of a file below $TORCHBOOK_MIRROR, if that is set; DataError where it is no web address."""
    base = os.environ.get("TORCHBOOK_MIRROR", "").strip()
    if not base:
        return []
    if not re.match(r"https?://[^/\s]", base, re.IGNORECASE):
        raise DataError(
            f"TORCHBOOK_MIRROR is {without_password(base)!r}: write the whole address, such as"
            " https://example.org/data."
        )
    return [f"{base.rstrip('/')}/{name}"]


def without_password(address: str) -> str:
    """The address with "..." in place of a user and a password, however it is written."""
    return re.sub(r"^([a-z][a-z\d+.-]*://)?.*@", r"\1...@", address, flags=re.IGNORECASE | re.DOTALL)


def why(error: requests.RequestException, url: str = "") -> str:
    """Say in a few words why the mirror at `url` failed."""
    causes = _causes(error)
    if isinstance(error, requests.HTTPError):
        return f"HTTP status {error.response.status_code}"
    if isinstance(error, requests.exceptions.ProxyError):
        return f"the proxy does not let it through{_proxy_machine(error, url)}: check HTTPS_PROXY and HTTP_PROXY"
    if no_bundle := _no_bundle(causes):
        return no_bundle
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
    closed = (IncompleteRead, RemoteDisconnected)
    if isinstance(error, requests.exceptions.InvalidHeader) or any(
        isinstance(cause, HTTPException) and not isinstance(cause, closed) for cause in causes
    ):
        return NOT_HTTP
    if isinstance(error, ValueError) or any(isinstance(cause, LocationParseError) for cause in causes):
        return _which_address(error, url)
    broke = (requests.exceptions.ChunkedEncodingError, requests.exceptions.ContentDecodingError)
    if isinstance(error, broke) or any(isinstance(cause, ConnectionError) for cause in causes):
        return "the connection broke"
    return "no connection" if isinstance(error, requests.ConnectionError) else type(error).__name__


def _no_bundle(causes: list[BaseException]) -> str:
    """What is wrong with the certificates that the environment names, where that may be the reason; or nothing."""
    name = next((name for name in BUNDLES if os.environ.get(name)), None)
    absent = any(type(cause) is OSError and cause.errno is None for cause in causes)  # said by requests
    if name is None or not (absent or any(isinstance(cause, ssl.SSLError) for cause in causes)):
        return ""
    path = os.environ[name]
    try:
        folder = os.path.isdir(path)
        ssl.create_default_context(cafile=None if folder else path, capath=path if folder else None)
    except OSError:
        return f"{name} names {path}, which is no file of certificates: correct it, or unset it"
    return ""


def _which_address(error: requests.RequestException, url: str) -> str:
    """Which address is none: the proxy's, the mirror's, or the one that the mirror sends to."""
    proxy = _proxy(error, url)
    if proxy and "SOCKS" in str(error):
        return f"the proxy {without_password(proxy)} needs the package PySocks: pip install PySocks"
    if proxy and not _is_address(proxy, PROXIES):
        return (
            f"the proxy {without_password(proxy)!r} cannot be used: write HTTPS_PROXY and HTTP_PROXY like"
            " http://proxy.example.org:8080"
        )
    return "it sends on to what is no web address" if _is_address(url) else "it is no web address"


def _is_address(url: str, schemes: tuple[str, ...] = ("http", "https")) -> bool:
    try:
        url = requests.utils.prepend_scheme_if_needed(url, "http")  # as requests does with a proxy's
        requests.Request("GET", url).prepare()
        parts = parse_url(url)
        return parts.scheme in schemes and bool((parts.host or "").encode("idna"))
    except ValueError:
        return False


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


def _proxy(error: requests.RequestException, url: str) -> str | None:
    """The proxy of the address that was asked, as the environment names it."""
    asked = str(error.request.url) if error.request is not None else url
    try:
        return requests.utils.select_proxy(asked, requests.utils.get_environ_proxies(asked)) if asked else None
    except ValueError:  # no address
        return None


def _proxy_machine(error: requests.RequestException, url: str) -> str:
    """The proxy's machine, without a password that may stand in the address."""
    proxy = _proxy(error, url) or ""
    try:
        host = urlsplit(proxy if "://" in proxy else f"//{proxy}").hostname
    except ValueError:
        return ""
    return f" ({host})" if host else ""


def _ask(session: requests.Session, url: str, start: int) -> requests.Response:
    """The head of the answer, of a file from the byte `start` on; all that can go wrong is a RequestException."""
    headers = {"Accept-Encoding": "identity"} | ({"Range": f"bytes={start}-"} if start else {})
    try:
        return session.get(url, headers=headers, stream=True, timeout=TIMEOUT_S)
    except requests.RequestException:
        raise
    except ValueError as error:  # of addresses, the mirror's or one that it sends to
        raise requests.exceptions.InvalidURL(error) from error
    except OSError as error:  # of certificates that are not there
        raise requests.ConnectionError(error) from error


def _goes_on(answer: requests.Response, start: int, size: int | None) -> bool:
    """Whether an answer is the rest from `start` on, of a file of `size` bytes if that is known."""
    found = re.fullmatch(r"bytes ([0-9]{1,18})-[0-9]+/([0-9]{1,18}|\*)", answer.headers.get("Content-Range", ""))
    if found is None or int(found[1]) != start or _is_packed(answer):
        return False
    length = answer.headers.get("Content-Length")
    return size is None or (found[2] in ("*", str(size)) and length in (None, str(size - start)))


def _is_packed(answer: requests.Response) -> bool:
    return answer.headers.get("Content-Encoding", "identity") != "identity"


def _pieces(answer: requests.Response) -> Iterator[bytes]:
    try:
        yield from answer.iter_content(1 << 16)
    except ValueError as error:  # of a piece's size, where they come with one each
        raise _WrongFileError(NOT_HTTP) from error


def _resume(
    url: str, output_file: str, _pooch: object, *, file: DataFile, part: Path, ranged: bool, progress: bool
) -> None:
    """Download `url` to `output_file` through `part`, which outlives a broken connection (pooch's downloader form).

    Asks for what follows the part where `ranged`, else for all. Raises _WrongFileError where something else comes,
    and a RequestException where nothing does.
    """
    if part.exists() and part.stat().st_size > (file.size_bytes or MOST_BYTES):
        part.unlink()
    start = part.stat().st_size if part.exists() else 0
    asked = start if ranged else 0
    with _Session() as session, _ask(session, url, asked) as answer:
        if answer.status_code == 416 and asked >= max(file.size_bytes or 0, 1):
            os.replace(part, output_file)  # nothing after it: it is whole, or not of this file; the hash tells
            return
        if asked and answer.status_code in (206, 416) and not _goes_on(answer, asked, file.size_bytes):
            raise _WrongFileError("it does not send the rest of the file that was asked for")
        if answer.status_code not in (200, 206):
            raise requests.HTTPError(response=answer)
        _save(answer, asked if answer.status_code == 206 else 0, start, file, part, progress)
    os.replace(part, output_file)  # pooch checks the hash and drops a wrong file: it can't spoil the next mirror


def _save(answer: requests.Response, begins: int, start: int, file: DataFile, part: Path, progress: bool) -> None:
    """Add to `part`, which has `start` bytes, what an answer that begins at `begins` has after them."""
    length = answer.headers.get("Content-Length", "")
    total = int(length) + begins if LENGTH.fullmatch(length) and not _is_packed(answer) else None
    pieces = _pieces(answer)
    first = next(pieces, b"")
    if WEB_PAGE.match(first) and not begins:
        raise _WrongFileError(
            "it sends a web page in place of the file: a network that wants a log-in, or an old address"
        )
    if file.size_bytes and total is not None and total != file.size_bytes:
        raise _WrongFileError(f"it offers {total:,} bytes instead of {file.size_bytes:,}")
    skip = start - begins  # a server that always starts afresh: what is here stays
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
                stream.truncate(start)
                raise _WrongFileError(f"it sends more than {most:,} bytes")
            stream.write(piece)
            bar.update(len(piece))
            first = next(pieces, b"")
    if total and come < total:
        raise requests.exceptions.ChunkedEncodingError("the connection ended early")
    if not come:
        raise _WrongFileError("it sends an empty file")
