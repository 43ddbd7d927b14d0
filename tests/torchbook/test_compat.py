"""torchvision can be imported beside a CPU torch, text is UTF-8 in an ASCII locale; nothing of torch stays changed."""

import os
import subprocess
import sys

import pytest
import torch
from torchbook import compat


def run(code: str) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=120)


def test_torchvision_imports_after_torchbook():
    code = (
        "import torch, torchbook; before = torch.library.register_fake\n"
        "from torchvision import models; from torchvision.transforms import v2\n"
        "assert torch.library.register_fake is before\n"
        "print(v2.ToImage.__name__, len(models.list_models()) > 50)"
    )
    result = run(code)
    assert result.returncode == 0, result.stderr
    assert result.stdout.split() == ["ToImage", "True"]


def test_importing_torchbook_does_not_import_torchvision():
    result = run("import sys, torchbook; print('torchvision' in sys.modules)")
    assert result.stdout.strip() == "False", result.stderr


def test_only_missing_torchvision_operators_are_forgiven():
    forgiving = compat._forgiving(torch.library.register_fake)

    def rule(x):
        return x

    assert forgiving("torchvision::no_such_operator")(rule) is rule
    with pytest.raises(RuntimeError, match="does not exist"):
        forgiving("torchbook_tests::no_such_operator")(rule)


def test_a_compiled_operator_that_is_missing_says_so():
    from torchvision import extension, ops

    if extension._has_ops():
        pytest.skip("this torchvision has its compiled operators")
    with pytest.raises(RuntimeError, match=r"custom C\+\+ ops"):
        ops.nms(torch.rand(3, 4), torch.rand(3), 0.5)


def test_install_twice_adds_one_finder():
    compat.install()
    compat.install()
    assert sum(isinstance(finder, compat._Finder) for finder in sys.meta_path) <= 1


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have no ASCII locale")
def test_in_an_ascii_locale_text_is_read_as_utf8(tmp_path):
    (tmp_path / "text").write_text("≤ 中文", encoding="utf-8")
    ascii_alone = {"LC_ALL": "C", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0"}
    for first, encoding in (("", "ascii"), ("import torchbook; ", "utf-8")):
        code = f"{first}import locale; print(locale.getencoding()); print(len(open('text').read()))"
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=tmp_path, env=os.environ | ascii_alone, capture_output=True, text=True
        )
        assert ("UnicodeDecodeError" in done.stderr) == (encoding == "ascii"), done.stderr
        assert (done.stdout.splitlines()[-1] == "4") == (encoding == "utf-8")
