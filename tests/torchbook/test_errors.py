"""Errors shown in a line."""

import pytest
from torchbook.errors import first_sentence, show_error


def fail(text):
    raise RuntimeError(text)


@pytest.mark.parametrize(
    ("text", "contains", "shown"),
    [
        ("shapes differ. Look again.", "", "RuntimeError: shapes differ"),
        ("size 1.5 is no size.", "", "RuntimeError: size 1.5 is no size"),
        ("first line\nsecond: [1, 2]", "second", "RuntimeError: second"),
        ("\x1b[31mred\x1b[0m", "", "RuntimeError: red"),
        ("", "", "RuntimeError"),
    ],
)
def test_kind_and_first_sentence(capsys, text, contains, shown):
    show_error(lambda: fail(text), contains)
    assert capsys.readouterr().out == f"{shown}\n"


def test_a_long_sentence_is_wrapped(capsys):
    show_error(lambda: fail("word " * 40))
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) > 1
    assert max(map(len, lines)) <= 88


def test_no_error_is_said(capsys):
    show_error(lambda: None)
    assert capsys.readouterr().out == "no error\n"


def test_a_line_that_is_not_there_is_told():
    with pytest.raises(ValueError, match="No line of the message has 'other'"):
        first_sentence(RuntimeError("this"), "other")
