"""Downloads, against a server on this machine: mirrors in order, hashes, resuming, safe unpacking, one move."""

from collections.abc import Callable
from contextlib import suppress
import gzip
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import io
import multiprocessing
import os
from pathlib import Path
from random import Random
import signal
import ssl
import sys
import tarfile
import threading
import time
import zipfile

import pytest
import requests
from torchbook.data import fetch as module
from torchbook.data.catalog import CATALOG, DataFile, DatasetCard
from torchbook.data.download import why
from torchbook.data.errors import DataError
from torchbook.data.fetch import fetch
from torchbook.data.place import LOCK, move_in
from urllib3.exceptions import MaxRetryError, ReadTimeoutError

pytestmark = pytest.mark.faults("fetching")


class Server:
    """What the server offers, how it misbehaves, and what it was asked for."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.cut: dict[str, int] = {}  # path -> end the connection after so many bytes, once
        self.asked: list[tuple[str, str | None]] = []  # path, Range
        self.afresh = False  # whether it takes no notice of Range
        self.headers: dict[str, str] = {}
        self.raw: dict[str, bytes | Callable] = {}  # path -> all that is answered, or what writes it to a stream


@pytest.fixture
def server():
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.asked.append((self.path, self.headers.get("Range")))
            if self.path in state.raw:
                answer = state.raw[self.path]
                self.close_connection = True
                return answer(self.wfile) if callable(answer) else self.wfile.write(answer)
            content = state.files.get(self.path)
            if content is None:
                return self.send_error(404)
            wanted = None if state.afresh else self.headers.get("Range")
            start = int(wanted.removeprefix("bytes=").rstrip("-")) if wanted else 0
            if start and start >= len(content):
                return self.send_error(416)
            self.send_response(206 if start else 200)
            if start:
                self.send_header("Content-Range", f"bytes {start}-{len(content) - 1}/{len(content)}")
            for name, value in {"Content-Length": str(len(content) - start), **state.headers}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(content[start : state.cut.pop(self.path, len(content))])
            return None

        def log_message(self, *args):
            pass

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    state.url = f"http://127.0.0.1:{http.server_port}"
    yield state
    http.shutdown()
    http.server_close()
    thread.join()


@pytest.fixture(autouse=True)
def _plain_settings(monkeypatch):
    for name in ("TORCHBOOK_MIRROR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    for name in ("http_proxy", "https_proxy", "all_proxy", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def offer(server, monkeypatch):
    """Put a data set `toy` in the catalogue; returns a function (forms, folder) -> None."""

    def put(*forms, folder=("toy",)):
        toy = DatasetCard("toy", "Toy", forms, folder, "none", "nobody", "nowhere", "a drawing")
        monkeypatch.setitem(CATALOG, "toy", toy)

    return put


def tar_of(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return packed.getvalue()


def zip_of(members: dict[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


def data_file(content, urls, name="toy.tgz", target="toy", inside="toy", size=True):
    size_bytes = len(content) if size else None
    return DataFile(name, tuple(urls), hashlib.sha256(content).hexdigest(), size_bytes, target, inside)


def paths_below(folder: Path) -> list[str]:
    return sorted(
        path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file() and path.name != LOCK
    )


TAR = tar_of({"toy/a.txt": b"one", "toy/sub/b.txt": b"two", "else/c.txt": b"not wanted"})


def test_first_mirror_fails_second_is_good(server, offer, tmp_path, capsys):
    server.files["/good/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/gone/toy.tgz", f"{server.url}/good/toy.tgz"]),))
    assert fetch("toy", tmp_path) == tmp_path / "toy"
    assert paths_below(tmp_path) == ["toy/a.txt", "toy/sub/b.txt"]
    assert [path for path, _ in server.asked] == ["/gone/toy.tgz", "/good/toy.tgz"]
    printed = capsys.readouterr().out.splitlines()
    assert "404" in printed[0]
    assert printed[0].endswith(f"next: {server.url}/good/toy.tgz")


def test_own_mirror_is_asked_first(server, offer, tmp_path, monkeypatch):
    server.files["/class/toy.tgz"] = TAR
    monkeypatch.setenv("TORCHBOOK_MIRROR", f"{server.url}/class/")
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    fetch("toy", tmp_path)
    assert [path for path, _ in server.asked] == ["/class/toy.tgz"]


def test_a_good_first_mirror_is_the_only_one_asked(server, offer, tmp_path):
    server.files.update({"/1": TAR, "/2": TAR})
    offer((data_file(TAR, [f"{server.url}/1", f"{server.url}/2"]),))
    fetch("toy", tmp_path)
    assert [path for path, _ in server.asked] == ["/1"]


def test_wrong_content_is_refused_and_nothing_is_left(server, offer, tmp_path):
    server.files["/toy.tgz"] = tar_of({"toy/a.txt": b"evil"})
    offer((data_file(TAR, [f"{server.url}/toy.tgz"], size=False),))
    with pytest.raises(DataError, match="SHA-256 is not the known one"):
        fetch("toy", tmp_path)
    assert paths_below(tmp_path) == []


def test_wrong_content_does_not_spoil_the_next_mirror(server, offer, tmp_path):
    server.files.update({"/bad": b"x" * len(TAR), "/good": TAR})
    offer((data_file(TAR, [f"{server.url}/bad", f"{server.url}/good"]),))
    fetch("toy", tmp_path)
    assert (tmp_path / "toy" / "a.txt").read_text() == "one"


def test_wrong_size_is_refused_before_the_download(server, offer, tmp_path, capsys):
    server.files.update({"/page": b"<html>log in</html>", "/good": TAR})
    offer((data_file(TAR, [f"{server.url}/page", f"{server.url}/good"]),))
    fetch("toy", tmp_path)
    assert "sends a web page in place of the file" in capsys.readouterr().out


def test_a_cut_connection_is_resumed(server, offer, tmp_path):
    content = bytes(range(256)) * 800  # 204,800 bytes; the downloader keeps pieces of 65,536
    server.files["/toy"] = content
    server.cut["/toy"] = 150_000
    offer((data_file(content, [f"{server.url}/toy"], name="toy", inside=None),), folder=("toy/toy",))
    with pytest.raises(DataError, match="the connection broke"):
        fetch("toy", tmp_path)
    assert not (tmp_path / "toy").exists()
    assert (fetch("toy", tmp_path)).read_bytes() == content
    assert server.asked == [("/toy", None), ("/toy", "bytes=131072-")]


def test_a_spoilt_part_is_started_afresh(server, offer, tmp_path):
    server.files["/toy.tgz"] = TAR
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "toy.tgz.part").write_bytes(b"rubbish")
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    fetch("toy", tmp_path)
    assert server.asked == [("/toy.tgz", "bytes=7-"), ("/toy.tgz", None)]


def test_a_part_that_is_whole_needs_no_more(server, offer, tmp_path):
    server.files["/toy.tgz"] = TAR
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "toy.tgz.part").write_bytes(TAR)
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    fetch("toy", tmp_path)
    assert len(server.asked) == 1
    assert not (tmp_path / ".partial").exists()


@pytest.mark.parametrize("step", ["unpack", "move_in"])
def test_interruption_leaves_no_half_written_folder(server, offer, tmp_path, monkeypatch, step):
    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))

    def interrupt(*args):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(module, step, interrupt)
        with pytest.raises(KeyboardInterrupt):
            fetch("toy", tmp_path)
    assert paths_below(tmp_path) == [".partial/toy.tgz"]  # the finished download is kept
    fetch("toy", tmp_path)
    assert len(server.asked) == 1
    assert paths_below(tmp_path) == ["toy/a.txt", "toy/sub/b.txt"]


@pytest.mark.parametrize("pack", [tar_of, zip_of])
@pytest.mark.parametrize("name", ["../evil.txt", "toy/../../evil.txt", "/evil.txt", "toy\\..\\..\\evil.txt"])
def test_an_archive_that_leads_outside_is_refused(server, offer, tmp_path, pack, name):
    archive = pack({"toy/a.txt": b"one", name: b"evil"})
    server.files["/toy"] = archive
    offer((data_file(archive, [f"{server.url}/toy"]),))
    root = tmp_path / "root"
    with pytest.raises(DataError, match="leads out of its folder"):
        fetch("toy", root)
    assert not (root / "toy").exists()
    assert not list(tmp_path.rglob("evil*"))


def test_an_archive_with_a_link_is_refused(server, offer, tmp_path):
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        link = tarfile.TarInfo("toy/link")
        link.type, link.linkname = tarfile.SYMTYPE, "/etc"
        archive.addfile(link)
    server.files["/toy"] = packed.getvalue()
    offer((data_file(packed.getvalue(), [f"{server.url}/toy"]),))
    with pytest.raises(DataError, match="is a link or a device"):
        fetch("toy", tmp_path)
    assert not (tmp_path / "toy").exists()


@pytest.mark.parametrize("content", [b"not an archive", TAR[:100]], ids=["text", "cut off"])
def test_a_broken_archive_is_a_sentence(server, offer, tmp_path, content):
    server.files["/toy"] = content
    offer((data_file(content, [f"{server.url}/toy"]),))
    with pytest.raises(DataError, match="is not an archive that can be unpacked"):
        fetch("toy", tmp_path)
    assert not (tmp_path / "toy").exists()


def test_a_folder_inside_a_zip_is_taken_out(server, offer, tmp_path):
    archive = zip_of({"data/toy/Irish.txt": "Ó Briain".encode(), "data/eng-fra.txt": b"no"})
    server.files["/data.zip"] = archive
    offer((data_file(archive, [f"{server.url}/data.zip"], name="data.zip", inside="data/toy"),))
    fetch("toy", tmp_path)
    assert paths_below(tmp_path) == ["toy/Irish.txt"]


def test_packed_plain_files_stay_packed_and_come_together(server, offer, tmp_path):
    contents = {f"{name}.gz": gzip.compress(name.encode()) for name in ("images", "labels")}
    server.files.update({f"/{name}": content for name, content in contents.items()})
    files = [
        data_file(content, [f"{server.url}/{name}"], name=name, target="Toy/raw", inside=None)
        for name, content in contents.items()
    ]
    offer(tuple(files), folder=("Toy/raw",))
    (tmp_path / "Toy" / "raw").mkdir(parents=True)
    (tmp_path / "Toy" / "raw" / "labels").write_bytes(b"unpacked by hand")  # one of two: not complete
    assert fetch("toy", tmp_path) == tmp_path / "Toy" / "raw"
    assert paths_below(tmp_path) == ["Toy/raw/images.gz", "Toy/raw/labels", "Toy/raw/labels.gz"]
    assert gzip.decompress((tmp_path / "Toy" / "raw" / "images.gz").read_bytes()) == b"images"


def test_what_is_there_is_not_fetched_again(server, offer, tmp_path, capsys):
    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    fetch("toy", tmp_path)
    assert fetch("toy", tmp_path) == tmp_path / "toy"
    assert len(server.asked) == 1
    assert "there already" in capsys.readouterr().out


def test_another_form_suffices(server, offer, tmp_path):
    pictures = tar_of({"pictures/a.png": b"png"})
    server.files["/pictures.tgz"] = pictures
    other = data_file(
        pictures, [f"{server.url}/pictures.tgz"], name="pictures.tgz", target="pictures", inside="pictures"
    )
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),), (other,), folder=("toy", "pictures"))
    assert fetch("toy", tmp_path) == tmp_path / "pictures"
    assert fetch("toy", tmp_path) == tmp_path / "pictures"
    assert len(server.asked) == 2


def test_all_mirrors_failed_names_each_and_the_way_by_hand(server, offer, tmp_path):
    urls = [f"{server.url}/1", f"{server.url}/2", "http://127.0.0.1:9/closed"]
    offer((data_file(TAR, urls),))
    with pytest.raises(DataError) as caught:
        fetch("toy", tmp_path)
    message = str(caught.value)
    assert all(url in message for url in urls)
    assert "chapters run on the stand-in meanwhile (a drawing)" in message
    assert str(tmp_path / "toy") in message


def test_without_a_folder_it_goes_to_the_first_root(server, offer, tmp_path, monkeypatch):
    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    assert fetch("toy") == tmp_path / "cache" / "data" / "toy"
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "mine"))
    assert fetch("toy") == tmp_path / "cache" / "data" / "toy"  # found in the cache: not fetched again
    assert len(server.asked) == 1


def test_a_file_in_place_of_the_folder_is_a_sentence(offer, tmp_path):
    offer((data_file(TAR, ["http://127.0.0.1:9/closed"]),))
    (tmp_path / "taken").write_text("a file")
    with pytest.raises(DataError, match="cannot be made"):
        fetch("toy", tmp_path / "taken")


def test_digits_need_no_download(capsys):
    fetch("digits")
    assert "Nothing to download" in capsys.readouterr().out


def test_unknown_name():
    with pytest.raises(ValueError, match="not a data set of the book"):
        fetch("mnist")


CONTENT = bytes(range(256)) * 800  # 204,800 bytes; the downloader keeps pieces of 65,536


@pytest.fixture
def plain(server, offer, tmp_path):
    """A set of one plain file of 204,800 bytes; returns its place when it has been fetched."""
    server.files["/toy"] = CONTENT
    offer((data_file(CONTENT, [f"{server.url}/toy"], name="toy", inside=None),), folder=("toy/toy",))
    return tmp_path / "toy" / "toy"


def half(tmp_path, count=100_000):
    (tmp_path / ".partial").mkdir()
    (tmp_path / ".partial" / "toy.part").write_bytes(CONTENT[:count])
    return tmp_path / ".partial" / "toy.part"


PAGE = b"<!DOCTYPE html><html><title>Log in</title>" + b" " * 1000
PAGES = (PAGE, b"<?xml version='1.0'?>\n<!-- portal -->\n" + PAGE, b"\n<TITLE>Log in</TITLE>" + b" " * 1000)


@pytest.mark.parametrize("page", PAGES, ids=("plain", "remarks before it", "title alone"))
def test_a_web_page_does_not_spoil_a_part(server, plain, tmp_path, page):
    part = half(tmp_path)
    server.files["/toy"], server.afresh = page, True
    with pytest.raises(DataError, match="a web page in place of the file: a network that wants a log-in"):
        fetch("toy", tmp_path)
    assert part.read_bytes() == CONTENT[:100_000]
    server.files["/toy"], server.afresh = CONTENT, False
    assert fetch("toy", tmp_path) == plain
    assert server.asked[-1] == ("/toy", "bytes=100000-")


def test_a_server_without_ranges_does_not_spoil_a_part(server, plain, tmp_path):
    part = half(tmp_path)
    server.afresh, server.cut["/toy"] = True, 40_000
    with pytest.raises(DataError, match="the connection broke"):
        fetch("toy", tmp_path)
    assert part.read_bytes() == CONTENT[:100_000]
    assert fetch("toy", tmp_path).read_bytes() == CONTENT


def test_a_file_without_end_is_given_up(server, plain, tmp_path):
    server.files["/toy"] = CONTENT + bytes(10)
    server.headers = {"Content-Length": "", "Connection": "close"}  # a stream that does not say its length
    with pytest.raises(DataError, match="it sends more than 204,800 bytes"):
        fetch("toy", tmp_path)
    assert not plain.exists()


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("http://127.0.0.1:9/toy", "it refuses the connection"),
        ("http://no-such-machine.invalid/toy", "its name is not known here"),
        ("http://[::1/toy", "it is no web address"),
        ("ftp://127.0.0.1/toy", "it is no web address"),
    ],
)
def test_what_keeps_a_download_off_is_told_apart(offer, tmp_path, url, says):
    offer((data_file(TAR, [url]),))
    with pytest.raises(DataError, match=says):
        fetch("toy", tmp_path)


def test_a_proxy_that_is_not_there_is_told_without_its_password(offer, tmp_path, monkeypatch):
    monkeypatch.setenv("http_proxy", "http://me:secret@127.0.0.1:9")
    offer((data_file(TAR, ["http://example.invalid/toy"]),))
    with pytest.raises(DataError, match=r"the proxy does not let it through \(127\.0\.0\.1\)") as caught:
        fetch("toy", tmp_path)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    ("proxy", "says"),
    [
        ("socks5://me:secret@127.0.0.1:9", r"the proxy socks5://\.\.\.@127\.0\.0\.1:9 needs the package PySocks"),
        ("socks5h://h:1", "the proxy socks5h://h:1 needs the package PySocks"),
        ("http://", "the proxy 'http://' cannot be used: write HTTPS_PROXY and HTTP_PROXY like http://"),
        ("http://127.0.0.1:port", "the proxy 'http://127.0.0.1:port' cannot be used"),
        ("http://me:se/cret@127.0.0.1:port", r"the proxy 'http://\.\.\.@127\.0\.0\.1:port' cannot be used"),
        ("127.0.0.1:99999", "the proxy '127.0.0.1:99999' cannot be used"),
        ("ftp://127.0.0.1:9", "the proxy 'ftp://127.0.0.1:9' cannot be used"),
        ("http://..:80", r"the proxy 'http://\.\.:80' cannot be used"),
        ("  ", "the proxy '  ' cannot be used"),
        ("me:secret@127.0.0.1:9", r"the proxy '\.\.\.@127\.0\.0\.1:9' cannot be used"),
        ("127.0.0.1:9", r"the proxy does not let it through \(127\.0\.0\.1\)"),
    ],
)
def test_a_proxy_at_fault_is_named_in_place_of_the_mirror(offer, tmp_path, monkeypatch, proxy, says):
    monkeypatch.setenv("http_proxy", proxy)
    offer((data_file(TAR, ["http://example.invalid/toy"]),))
    monkeypatch.setitem(sys.modules, "socks", None)  # PySocks
    with pytest.raises(DataError, match=says) as caught:
        fetch("toy", tmp_path)
    assert "web address" not in str(caught.value)
    assert "cret" not in str(caught.value)


@pytest.mark.parametrize("variable", ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"])
def test_certificates_that_are_not_there_are_told_and_the_next_mirror_is_asked(
    server, offer, tmp_path, monkeypatch, variable, capsys
):
    server.files["/toy"] = TAR
    monkeypatch.setenv(variable, str(tmp_path / "none.pem"))
    offer((data_file(TAR, ["https://127.0.0.1:9/toy", f"{server.url}/toy"]),))
    fetch("toy", tmp_path)
    assert f"{variable} names {tmp_path / 'none.pem'}, which is no file of certificates" in capsys.readouterr().out


def test_a_file_without_certificates_is_told(tmp_path, monkeypatch):
    (tmp_path / "empty.pem").write_text("")
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "empty.pem"))
    assert "empty.pem, which is no file of certificates" in why(requests.exceptions.SSLError(ssl.SSLError("none")))


def test_a_wrong_certificate_is_told(offer, tmp_path):
    error = requests.exceptions.SSLError("certificate verify failed")
    assert why(error).startswith("its certificate cannot be trusted")
    wrapped = requests.ConnectionError(MaxRetryError(None, "/", ssl.SSLCertVerificationError("self-signed")))
    assert "REQUESTS_CA_BUNDLE" in why(wrapped)


@pytest.mark.parametrize(
    ("error", "says"),
    [
        (requests.ConnectTimeout(), "no answer in time"),
        (requests.ConnectionError(ReadTimeoutError(None, "/", "Read timed out.")), "no answer in time"),
        (requests.TooManyRedirects(), "without end"),
        (requests.ConnectionError(ConnectionResetError(104, "reset")), "the connection broke"),
        (requests.ConnectionError("odd"), "no connection"),
    ],
)
def test_other_faults_have_words(error, says):
    assert says in why(error)


@pytest.mark.parametrize("mirror", ["mirror.example.org", "//mirror", "mirror.example.org:80/data", "http://"])
def test_a_mirror_without_a_scheme_is_told(plain, tmp_path, monkeypatch, mirror):
    monkeypatch.setenv("TORCHBOOK_MIRROR", mirror)
    with pytest.raises(DataError, match=r"TORCHBOOK_MIRROR is .*: write the whole address, such as https://"):
        fetch("toy", tmp_path)


@pytest.mark.parametrize("mirror", ["http://me:secret@127.0.0.1:9", "http://me:se/cr@et@127.0.0.1:9", "me:secret@host"])
def test_the_password_of_a_mirror_is_not_shown(server, offer, tmp_path, monkeypatch, mirror, capsys):
    offer((data_file(TAR, [f"{server.url}/none"]),))
    monkeypatch.setenv("TORCHBOOK_MIRROR", mirror)
    with pytest.raises(DataError, match=r"\.\.\.@(127\.0\.0\.1:9|host)") as caught:
        fetch("toy", tmp_path)
    said = str(caught.value) + capsys.readouterr().out
    assert not any(word in said for word in ("me:", "secret", "cr@et"))


def test_a_mirror_in_capitals_is_asked(server, plain, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_MIRROR", server.url.replace("http", "HTTP"))
    fetch("toy", tmp_path)
    assert server.asked == [("/toy", None)]


NOT_HTTP = "it answers in bad HTTP, or not in HTTP at all"


def head(*lines: str, status: str = "200 OK") -> bytes:
    return "\r\n".join([f"HTTP/1.1 {status}", *lines, "", ""]).encode("latin-1")


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        (head(status="204 No Content"), "HTTP status 204"),
        (head(status="304 Not Modified"), "HTTP status 304"),
        (head("Content-Length: 0", status="302 Found"), "HTTP status 302"),
        (head("Content-Length: 0", status="999 Odd"), "HTTP status 999"),
        (head("Content-Length: 0", status="416 Range Not Satisfiable"), "HTTP status 416"),
        (head("Content-Length: 0"), "it offers 0 bytes instead of 204,800"),
        (head("Content-Length: 5", "Content-Length: 7"), NOT_HTTP),
        (head("Transfer-Encoding: chunked") + b"-5\r\nabc", NOT_HTTP),
        (b"SSH-2.0-OpenSSH\r\n", NOT_HTTP),
        (CONTENT, NOT_HTTP),  # as HTTP/0.9 was
        (head("X: " + "a" * 100_000), NOT_HTTP),
        (head(*["X: 1"] * 200), NOT_HTTP),
        (head(status="1000 Odd"), NOT_HTTP),
        (head("Location: \xff", "Content-Length: 0", status="302 Found"), "it sends on to what is no web address"),
        (head("Location: http://[::1", status="302 Found"), "it sends on to what is no web address"),
        (head("Location: http://a..b/", status="302 Found"), "it sends on to what is no web address"),
        (head("Location: ftp://host/", status="302 Found"), "it sends on to what is no web address"),
        (head("Location: /toy", status="302 Found"), "it sends from one address to the next without end"),
    ],
)
def test_an_odd_answer_is_told_as_what_it_is(server, plain, tmp_path, answer, says):
    server.raw["/toy"] = answer
    with pytest.raises(DataError) as caught:
        fetch("toy", tmp_path)
    assert str(caught.value).endswith(f"/toy: {says}")


@pytest.mark.parametrize("length", ["\xb2", "9" * 5000, "-5", "abc"])
def test_a_length_that_is_no_number_does_not_matter(server, plain, tmp_path, length):
    server.raw["/toy"] = head(f"Content-Length: {length}") + CONTENT
    assert fetch("toy", tmp_path).read_bytes() == CONTENT


def test_an_empty_file_of_unknown_size_is_told(server, offer, tmp_path):
    server.files["/toy"] = b""
    offer((data_file(TAR, [f"{server.url}/toy"], size=False),))
    with pytest.raises(DataError, match="it sends an empty file"):
        fetch("toy", tmp_path)


def test_what_comes_with_a_redirect_is_not_read(server, plain, tmp_path):
    sent = []

    def redirect(stream):
        with suppress(OSError):  # the other side has gone on
            stream.write(head("Location: /file", status="302 Found"))
            for _ in range(64):
                stream.write(bytes(1 << 20))
                sent.append(1)

    server.raw["/toy"] = redirect
    server.files["/file"] = CONTENT
    assert fetch("toy", tmp_path).read_bytes() == CONTENT
    assert len(sent) < 64


def test_what_is_there_is_looked_into(server, plain, tmp_path):
    fetch("toy", tmp_path)
    plain.write_bytes(CONTENT[:-1])
    with pytest.raises(DataError, match=r"toy is there, but .*is incomplete.* bookkit data fetch toy --force"):
        fetch("toy", tmp_path)
    assert plain.read_bytes() == CONTENT[:-1]
    assert fetch("toy", tmp_path, force=True) == plain
    assert plain.read_bytes() == CONTENT


def test_force_replaces_what_is_whole_and_leaves_nothing_behind(server, offer, tmp_path):
    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    fetch("toy", tmp_path)
    (tmp_path / "toy" / "mine.txt").write_text("more")
    fetch("toy", tmp_path, force=True)
    assert len(server.asked) == 2
    assert paths_below(tmp_path) == ["toy/a.txt", "toy/sub/b.txt"]
    assert not list(tmp_path.glob(".fetch-*"))


def test_force_replaces_a_link_and_not_what_it_leads_to(server, offer, tmp_path):
    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "cat.txt").write_text("mine")
    (tmp_path / "root").mkdir()
    (tmp_path / "root" / "toy").symlink_to(tmp_path / "photos")
    fetch("toy", tmp_path / "root", force=True)
    assert (tmp_path / "photos" / "cat.txt").read_text() == "mine"
    assert (tmp_path / "root" / "toy" / "a.txt").read_text() == "one"


def test_force_that_fails_keeps_what_is_there(server, offer, tmp_path):
    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    fetch("toy", tmp_path)
    server.files.clear()
    with pytest.raises(DataError, match=r"could not be downloaded\. To install"):  # no stand-in: data are there
        fetch("toy", tmp_path, force=True)
    assert paths_below(tmp_path) == ["toy/a.txt", "toy/sub/b.txt"]


def test_a_move_that_fails_puts_back_what_was_there(tmp_path, monkeypatch):
    (tmp_path / "scratch" / "new").mkdir(parents=True)
    (tmp_path / "scratch" / "new" / "toy").write_text("new")
    (tmp_path / "toy").write_text("old")
    real = os.replace

    def fails(source, target):
        if Path(source).parent.name == "new":
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(os, "replace", fails)
    with pytest.raises(OSError, match="Input/output error"):
        move_in(tmp_path / "scratch", tmp_path, "toy", force=True)
    assert (tmp_path / "toy").read_text() == "old"


@pytest.mark.parametrize(
    "part", [b"", CONTENT[:-1], CONTENT + b"more", b"\0" * 1000, PAGE, CONTENT[1:], b"x" * 300_000]
)
def test_a_part_of_any_kind_ends_in_the_right_file(plain, tmp_path, part):
    half(tmp_path).write_bytes(part)
    assert fetch("toy", tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize("part", [CONTENT[:1000], b"\0" * 1000, CONTENT + b"more", CONTENT])
@pytest.mark.parametrize(
    "answer",
    [
        head(),
        head(status="206 Partial Content"),  # of all, and it does not say which bytes they are
        head(f"Content-Length: {len(CONTENT)}", "Content-Range: bytes 0-204799/204800", status="206 Partial Content"),
    ],
    ids=["200", "206", "206 of all"],
)
def test_a_server_that_sends_all_whatever_is_asked_is_no_dead_end(server, plain, tmp_path, answer, part):
    server.raw["/toy"] = answer + CONTENT
    half(tmp_path).write_bytes(part)
    assert fetch("toy", tmp_path).read_bytes() == CONTENT


@pytest.mark.parametrize(
    "answer",
    [
        head("Content-Range: bytes 1000-204799/204800", status="206 Partial Content") + CONTENT + CONTENT,
        head("Content-Range: bytes 1000-1000/204800", "Content-Length: 1", status="206 Partial Content") + b"x",
        head("Content-Range: bytes 1000-204809/204810", status="206 Partial Content") + CONTENT[1000:] + bytes(10),
        head("Content-Range: bytes \xb2-3/4", status="206 Partial Content"),
        head("Content-Length: 0", status="416 Range Not Satisfiable"),
    ],
    ids=["too much", "too little", "of another file", "no numbers", "416"],
)
def test_a_server_whose_ranges_are_wrong_is_asked_for_all(server, plain, tmp_path, answer):
    def once(stream):
        del server.raw["/toy"]
        stream.write(answer)

    server.raw["/toy"] = once
    half(tmp_path, 1000)
    assert fetch("toy", tmp_path).read_bytes() == CONTENT
    assert server.asked == [("/toy", "bytes=1000-"), ("/toy", None)]


def test_a_server_that_sends_too_much_does_not_spoil_a_part(server, plain, tmp_path):
    part = half(tmp_path)
    server.raw["/toy"] = head(status="206 Partial Content") + CONTENT + CONTENT
    with pytest.raises(DataError, match="it sends more than 204,800 bytes"):
        fetch("toy", tmp_path)
    assert part.read_bytes() == CONTENT[:100_000]


@pytest.mark.parametrize("part", [b"", b"x" * 1000, b"x" * len(CONTENT)])
def test_a_server_that_has_nothing_more_is_left_for_the_next(server, offer, tmp_path, part, capsys):
    server.raw["/none"] = head("Content-Length: 0", status="416 Range Not Satisfiable")
    server.files["/toy"] = CONTENT
    urls = [f"{server.url}/none", f"{server.url}/toy"]
    offer((data_file(CONTENT, urls, name="toy", inside=None),), folder=("toy/toy",))
    half(tmp_path).write_bytes(part)
    assert fetch("toy", tmp_path).read_bytes() == CONTENT
    assert "/none failed (HTTP status 416)" in capsys.readouterr().out


@pytest.fixture
def packed(server, offer, tmp_path):
    """A set of two packed plain files, as Fashion-MNIST is; returns their folder."""
    contents = {f"{name}.gz": gzip.compress(name.encode()) for name in ("images", "labels")}
    server.files.update({f"/{name}": content for name, content in contents.items()})
    files = [data_file(c, [f"{server.url}/{n}"], name=n, target="Toy/raw", inside=None) for n, c in contents.items()]
    offer(tuple(files), folder=("Toy/raw",))
    return tmp_path / "Toy" / "raw"


def test_a_damaged_packed_file_alone_is_fetched_again(server, packed, tmp_path):
    fetch("toy", tmp_path)
    whole = (packed / "images.gz").read_bytes()
    (packed / "images.gz").write_bytes(whole[:-3])
    assert fetch("toy", tmp_path) == packed
    assert (packed / "images.gz").read_bytes() == whole
    assert [path for path, _ in server.asked] == ["/images.gz", "/labels.gz", "/images.gz"]


def test_force_removes_the_unpacked_file_that_would_be_read_first(packed, tmp_path):
    packed.mkdir(parents=True)
    (packed / "images").write_bytes(b"broken")
    fetch("toy", tmp_path, force=True)
    assert paths_below(tmp_path) == ["Toy/raw/images.gz", "Toy/raw/labels.gz"]


def test_left_overs_of_killed_fetches_are_cleaned(plain, tmp_path):
    (tmp_path / ".fetch-abc" / "deep").mkdir(parents=True)
    half(tmp_path)
    old = tmp_path / ".partial" / "other.part"
    old.write_bytes(b"old")
    os.utime(old, (0, 0))
    fetch("toy", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == [LOCK, "toy"]


def test_what_is_whole_elsewhere_on_this_machine_is_copied(server, plain, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    fetch("toy")
    assert fetch("toy", tmp_path / "usb") == tmp_path / "usb" / "toy" / "toy"
    assert (tmp_path / "usb" / "toy" / "toy").read_bytes() == CONTENT
    assert len(server.asked) == 1


@pytest.mark.skipif(os.name != "posix", reason="links and pipes of POSIX")
@pytest.mark.parametrize("odd", ["link", "pipe"])
def test_what_cannot_be_copied_is_downloaded(server, offer, tmp_path, monkeypatch, odd, capsys):
    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("TORCHBOOK_DATA", str(tmp_path / "more"))
    for place in (tmp_path / "cache" / "data" / "toy", tmp_path / "more" / "toy"):
        place.mkdir(parents=True)
        (place / "a.txt").write_text("one")
        (place / "odd").symlink_to("nowhere") if odd == "link" else os.mkfifo(place / "odd")
    assert fetch("toy", tmp_path / "usb") == tmp_path / "usb" / "toy"
    assert paths_below(tmp_path / "usb") == ["toy/a.txt", "toy/sub/b.txt"]
    assert capsys.readouterr().out.count("Toy could not be copied from ") == 2


def test_damaged_data_elsewhere_are_not_copied(server, plain, tmp_path, monkeypatch):
    monkeypatch.setenv("TORCHBOOK_CACHE", str(tmp_path / "cache"))
    fetch("toy").write_bytes(b"damaged")
    assert fetch("toy", tmp_path / "usb").read_bytes() == CONTENT
    assert len(server.asked) == 2


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root writes everywhere")
def test_data_on_a_stick_that_is_write_protected_are_found(plain, tmp_path):
    fetch("toy", tmp_path)
    tmp_path.chmod(0o500)
    assert fetch("toy", tmp_path) == plain


def test_a_folder_that_takes_nothing_is_a_sentence(plain, tmp_path, monkeypatch):
    def full(*args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.shutil, "move", full)
    with pytest.raises(DataError, match=f"{tmp_path} cannot take the data: No space left on device"):
        fetch("toy", tmp_path)
    assert not list(tmp_path.glob(".fetch-*"))


@pytest.mark.skipif(os.name != "posix", reason="links of POSIX")
@pytest.mark.parametrize("kind", ["file", "link"])
def test_what_is_in_the_way_is_named(plain, tmp_path, kind):
    (tmp_path / "toy").write_text("mine") if kind == "file" else (tmp_path / "toy").symlink_to("nowhere")
    with pytest.raises(DataError, match=rf"cannot take the data: {tmp_path}/toy is in the way \(File exists\); move"):
        fetch("toy", tmp_path)
    assert os.path.lexists(tmp_path / "toy")


def test_a_folder_without_a_name_is_refused(plain, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(DataError, match="The folder to fetch to has no name: give one, or leave it out"):
        fetch("toy", "")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("error", [BrokenPipeError(32, "Broken pipe"), OSError(28, "No space left on device")])
def test_output_that_nobody_takes_is_no_fault_of_the_folder(server, offer, tmp_path, monkeypatch, error):
    class Closed(io.StringIO):
        def write(self, text):
            raise error

    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/none", f"{server.url}/toy.tgz"]),))
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", Closed())
        assert fetch("toy", tmp_path) == tmp_path / "toy"


@pytest.mark.skipif(sys.platform != "linux", reason="starts 24 processes, which is quick by fork alone")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork")
@pytest.mark.faults("two fetchers at once")
def test_many_processes_at_once_all_end_well(server, offer, tmp_path, record_property):
    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    context = multiprocessing.get_context("fork")
    root = tmp_path / "root"
    processes = [context.Process(target=fetch, args=("toy", root, False)) for _ in range(24)]
    for process in processes:
        process.start()
    for process in processes:
        process.join(60)
    record_property("tries", (24, sum(process.exitcode != 0 for process in processes)))
    assert [process.exitcode for process in processes] == [0] * 24
    assert [path for path, _ in server.asked] == ["/toy.tgz"]
    assert paths_below(root) == ["toy/a.txt", "toy/sub/b.txt"]


@pytest.mark.skipif(sys.platform != "linux", reason="kills a process, which is quick by fork alone")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork")
@pytest.mark.parametrize("moment", ["download", "unpack", "move_in"])
def test_a_fetch_that_is_killed_stops_no_other(server, offer, tmp_path, monkeypatch, moment):
    server.files["/toy.tgz"] = TAR
    offer((data_file(TAR, [f"{server.url}/toy.tgz"]),))
    with monkeypatch.context() as patch:
        patch.setattr(module, moment, lambda *args: os.kill(os.getpid(), signal.SIGKILL))
        process = multiprocessing.get_context("fork").Process(target=fetch, args=("toy", tmp_path, False))
        process.start()
        process.join(60)
    assert process.exitcode == -signal.SIGKILL
    assert list(tmp_path.glob(".fetch-*"))  # nobody could remove it
    fetch("toy", tmp_path)
    assert paths_below(tmp_path) == ["toy/a.txt", "toy/sub/b.txt"]
    assert not list(tmp_path.glob(".fetch-*"))


@pytest.mark.skipif(sys.platform != "linux", reason="kills a process, which is quick by fork alone")
@pytest.mark.filterwarnings("ignore:.*multi-threaded.*fork")
@pytest.mark.long
@pytest.mark.faults("fetching killed")
def test_a_fetch_that_is_killed_at_any_moment_is_fetched_again(server, offer, tmp_path, record_property):
    rng = Random(0)
    members = {f"toy/{number}": rng.randbytes(10_000) for number in range(500)}
    archive = server.files["/toy.tgz"] = tar_of(members)
    offer((data_file(archive, [f"{server.url}/toy.tgz"]),))

    def in_process(root: Path, seconds: float = 60) -> float:
        """Seconds that a fetch in a process of its own took; killed after so many."""
        begin = time.monotonic()
        process = multiprocessing.get_context("fork").Process(target=fetch, args=("toy", root, False))
        process.start()
        process.join(seconds)
        process.kill()
        process.join()
        stopped.append(process.exitcode != 0)
        return time.monotonic() - begin

    def one(number: int) -> str:
        root = tmp_path / str(number)
        in_process(root, rng.random() * whole)
        before = paths_below(root)
        fetch("toy", root, progress=False)
        left = [path.name for path in root.iterdir() if path.name not in ("toy", LOCK)]
        found = {f"toy/{path.name}": path.read_bytes() for path in (root / "toy").iterdir()}
        return "" if found == members and not left else f"{len(found)} files, left {left}; before: {before[:5]}"

    stopped: list[bool] = []
    whole = in_process(tmp_path / "whole")
    assert stopped.pop() is False
    outcomes: list[str] = []
    while sum(stopped) < 20 and len(outcomes) < 60:  # the later ones may be done before they are killed
        outcomes.append(one(len(outcomes)))
    record_property("tries", (len(outcomes), sum(map(bool, outcomes))))
    assert [outcome for outcome in outcomes if outcome] == []
    assert sum(stopped) >= 20


def test_own_data_in_the_place_of_the_books_are_never_replaced_unasked(tmp_path, monkeypatch):
    (tmp_path / "tinyshakespeare").mkdir()
    (tmp_path / "tinyshakespeare" / "input.txt").write_text("My own text.", encoding="utf-8")
    with pytest.raises(DataError, match=r"input\.txt is there, but it is your text .* --force"):
        fetch("shakespeare", tmp_path)
    (tmp_path / "names").mkdir()
    (tmp_path / "names" / "Irish.txt").write_text("Ó Briain", encoding="utf-8")
    with pytest.raises(DataError, match=r"names is there, but .* has only Irish\.txt.* --force"):
        fetch("names", tmp_path)
    assert (tmp_path / "names" / "Irish.txt").exists()


@pytest.mark.real_data
@pytest.mark.parametrize("name", ["ants-bees", "shakespeare", "names"])
def test_the_real_data_are_there(real_data, name, capsys):
    assert fetch(name, real_data).exists()
    assert "is there already" in capsys.readouterr().out
