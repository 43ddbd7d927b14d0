"""Downloads, against a server on this machine: mirrors in order, hashes, resuming, safe unpacking, one move."""

import gzip
import hashlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
import io
from pathlib import Path
import tarfile
import threading
import zipfile

import pytest
from torchbook.data import fetch as module
from torchbook.data.catalog import CATALOG, DataFile, DatasetCard
from torchbook.data.errors import DataError
from torchbook.data.fetch import fetch


class Server:
    """What the server offers, how it misbehaves, and what it was asked for."""

    def __init__(self):
        self.files: dict[str, bytes] = {}
        self.cut: dict[str, int] = {}  # path -> end the connection after so many bytes, once
        self.asked: list[tuple[str, str | None]] = []  # path, Range


@pytest.fixture
def server():
    state = Server()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            state.asked.append((self.path, self.headers.get("Range")))
            content = state.files.get(self.path)
            if content is None:
                return self.send_error(404)
            start = int(self.headers["Range"].removeprefix("bytes=").rstrip("-")) if self.headers.get("Range") else 0
            if start and start >= len(content):
                return self.send_error(416)
            self.send_response(206 if start else 200)
            self.send_header("Content-Length", str(len(content) - start))
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
    monkeypatch.delenv("TORCHBOOK_MIRROR", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


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
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


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
    assert "offers 19 bytes instead of" in capsys.readouterr().out


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


@pytest.mark.parametrize("step", ["_unpack", "_move"])
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
    with pytest.raises(DataError, match="links or devices"):
        fetch("toy", tmp_path)
    assert not (tmp_path / "toy").exists()


@pytest.mark.parametrize("content", [b"not an archive", TAR[:100]])
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
