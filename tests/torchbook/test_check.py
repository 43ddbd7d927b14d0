"""check() prints and never raises; problems() says what is wrong; both leave the session as it was."""

import asyncio
import io
import os
import random
import signal
import sys
import tempfile
import threading
from types import ModuleType
import warnings

import numpy as np
import pytest
import torch
from torchbook import exercises
from torchbook.exercises import check, problems


@pytest.fixture(autouse=True)
def _chapter_99(monkeypatch):
    """A chapter with one exercise: the answer must be a function that returns 4."""
    chapter = ModuleType("torchbook.exercises.chapter99")

    def check_1(answer):
        found = answer()
        if found != 4:
            yield f"it returns {found}, not 4."
        if not isinstance(found, int):
            yield "it must be a whole number."

    chapter.check_1 = check_1
    monkeypatch.setitem(sys.modules, chapter.__name__, chapter)


UNKNOWN = [
    ("1-2", "looks like '01-2'"),
    ("99", "looks like '01-2'"),
    ("", "looks like '01-2'"),
    ("99-1 ", "looks like '01-2'"),
    (99.1, "looks like '01-2'"),
    (None, "looks like '01-2'"),
    ("98-1", "There is no exercise of chapter '98'"),
    ("99-2", "Chapter 99 has no exercise 2"),
    ("99-01", "Chapter 99 has no exercise 01"),
]


@pytest.mark.parametrize(("exercise", "words"), UNKNOWN)
def test_an_unknown_exercise_is_an_error(exercise, words):
    with pytest.raises(ValueError, match=words):
        problems(exercise, 4)


@pytest.mark.parametrize(("exercise", "words"), UNKNOWN)
def test_check_prints_that_error(exercise, words, capsys):
    assert check(exercise, 4) is None
    assert words in capsys.readouterr().out


@pytest.mark.parametrize("answer", [None, ...])
def test_no_answer_yet(answer, capsys):
    assert problems("99-1", answer) == ["there is no answer yet."]
    check("99-1", answer)
    assert capsys.readouterr().out == "Exercise 99-1, not yet: there is no answer yet.\n"


def test_the_right_answer_passes(capsys):
    assert problems("99-1", lambda: 4) == []
    check("99-1", lambda: 4)
    assert capsys.readouterr().out == "Exercise 99-1 passes.\n"


def test_each_problem_has_a_line_of_its_own(capsys):
    check("99-1", lambda: 4.5)
    assert capsys.readouterr().out == (
        "Exercise 99-1, not yet: it returns 4.5, not 4.\nExercise 99-1, not yet: it must be a whole number.\n"
    )


def forgets():
    raise NotImplementedError("write me")


def digs_forever():
    return digs_forever()


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (forgets, "NotImplementedError: write me"),
        (digs_forever, "RecursionError"),
        (lambda: 1 / 0, "ZeroDivisionError"),
        (lambda one: one, "TypeError"),
        (4, "TypeError: 'int' object is not callable"),
    ],
)
def test_an_answer_that_stops_is_a_problem_told_with_its_error(answer, words, capsys):
    assert words in problems("99-1", answer)[0]
    check("99-1", answer)
    assert "not yet: your answer stopped with" in capsys.readouterr().out


def press_ctrl_c():
    signal.raise_signal(signal.SIGINT)


def press_ctrl_c_and_go_on():
    try:
        press_ctrl_c()
    except BaseException:
        return 4


@pytest.mark.parametrize("answer", [press_ctrl_c, press_ctrl_c_and_go_on])
def test_ctrl_c_still_stops_a_check(answer):
    earlier = signal.signal(signal.SIGINT, signal.default_int_handler)  # a job in the background is deaf to it
    try:
        with pytest.raises(KeyboardInterrupt):
            check("99-1", answer)
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, earlier)


def test_a_handler_that_lets_the_program_go_on_is_obeyed():
    noted = []
    earlier = signal.signal(signal.SIGINT, lambda number, frame: noted.append(number))
    try:
        assert problems("99-1", lambda: press_ctrl_c() or 4) == []
    finally:
        signal.signal(signal.SIGINT, earlier)
    assert noted == [signal.SIGINT]


def test_a_check_runs_outside_the_main_thread_too():
    found = []
    thread = threading.Thread(target=lambda: found.extend(problems("99-1", lambda: 5)))
    thread.start()
    thread.join()
    assert found == ["it returns 5, not 4."]


class Mute(BaseException):
    """An error that cannot even be shown."""

    def __str__(self):
        raise ValueError("no text")


class Odd:
    """Nothing of it can be asked without an error."""

    def _fail(self, *arguments):
        raise Mute

    __eq__ = __repr__ = __str__ = __len__ = __iter__ = __bool__ = __hash__ = __getattribute__ = _fail


def raises(error):
    def answer():
        raise error

    return answer


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (raises(SystemExit(3)), "SystemExit: 3"),
        (sys.exit, "SystemExit."),
        (raises(KeyboardInterrupt()), "KeyboardInterrupt."),
        (raises(GeneratorExit()), "GeneratorExit."),
        (raises(StopIteration("over")), "StopIteration: over"),
        (raises(asyncio.CancelledError()), "CancelledError."),
        (raises(Mute()), "Mute, and the error's text cannot be shown."),
    ],
)
def test_nothing_that_an_answer_raises_passes_through(answer, words):
    assert problems("99-1", answer) == [f"your answer stopped with {words}"]


def test_an_answer_of_which_nothing_can_be_asked_is_a_problem():
    assert problems("99-1", Odd()) == ["your answer stopped with TypeError: 'Odd' object is not callable"]
    assert problems("99-1", Odd) == ["your answer stopped with Mute, and the error's text cannot be shown."]


def meddle():
    """Change all that an answer can change without meaning harm."""
    random.seed(5)
    np.random.rand(3)  # noqa: NPY002  the global generator is the point
    torch.manual_seed(5)
    torch.set_grad_enabled(False)
    torch.autograd.set_detect_anomaly(True)
    torch.set_default_dtype(torch.float64)
    torch.set_default_device("meta")
    torch.use_deterministic_algorithms(True, warn_only=True)
    torch.set_float32_matmul_precision("medium")
    torch.set_num_threads(torch.get_num_threads() + 1)
    np.seterr(all="raise")
    os.chdir(tempfile.gettempdir())
    os.environ["TORCHBOOK_MEDDLED"] = "yes"
    os.environ.pop("HOME", None)
    sys.path.insert(0, "nowhere")
    sys.setrecursionlimit(5000)
    sys.stdout = sys.stderr = io.StringIO()
    warnings.simplefilter("ignore")
    return 4


def meddle_and_stop():
    meddle()
    sys.exit()


def session() -> dict:
    """All that a check has to leave alone, read by other means than the check reads it where there are any."""
    return {
        "python": random.getstate(),
        "numpy": str(np.random.get_state()),  # noqa: NPY002
        "torch": torch.get_rng_state().tolist(),
        "gradients": (torch.ones(1, requires_grad=True) * 2).requires_grad,
        "anomaly": torch.is_anomaly_enabled(),
        "new": (torch.ones(1).dtype, torch.ones(1).device),
        "flags": (torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()),
        "numerics": (torch.get_float32_matmul_precision(), torch.get_num_threads(), np.geterr()),
        "system": (os.getcwd(), dict(os.environ), list(sys.path), sys.getrecursionlimit()),
        "streams": (sys.stdout, sys.stderr),
        "warnings": list(warnings.filters),
    }


@pytest.mark.parametrize("answer", [meddle, meddle_and_stop])
@pytest.mark.parametrize("reader", ["as Python starts", "with settings of their own"])
def test_a_check_leaves_the_session_as_it_was(answer, reader):
    torch.set_default_dtype(torch.float64 if "own" in reader else torch.float32)
    torch.set_grad_enabled("own" not in reader)
    random.seed(123)
    try:
        before = session()
        problems("99-1", answer)
        assert session() == before
    finally:
        torch.set_default_dtype(torch.float32)
        torch.set_grad_enabled(True)


@pytest.mark.parametrize("exercise", ["03-3", "06-2", "06-3", "11-3", "13-2"])
def test_the_readers_next_random_number_follows_from_the_readers_seed(exercise):
    def draws(seed, answer=None):
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002  the global generator is the point
        torch.manual_seed(seed)
        if answer is not None:
            problems(exercise, answer)
        return random.random(), np.random.rand(), torch.rand(1).item()  # noqa: NPY002

    def seeds_and_fails(*arguments):
        torch.manual_seed(0)
        return torch.rand(1)

    for seed in (123, 999):
        assert draws(seed, seeds_and_fails) == draws(seed)


def test_a_check_says_the_same_whatever_the_readers_seed_and_settings():
    def doubled_numbers():
        return 4 if torch.rand(1).dtype == torch.float32 and torch.is_grad_enabled() else torch.rand(1).item()

    torch.set_default_dtype(torch.float64)
    try:
        with torch.no_grad():
            assert problems("99-1", doubled_numbers) == []
    finally:
        torch.set_default_dtype(torch.float32)


def test_a_fault_in_a_checker_s_imports_is_not_taken_for_a_missing_chapter(monkeypatch):
    def breaks(name):
        raise ModuleNotFoundError("No module named 'absent'", name="absent")

    monkeypatch.setattr(exercises, "import_module", breaks)
    with pytest.raises(ModuleNotFoundError, match="absent"):
        problems("99-1", 4)


@pytest.mark.parametrize(
    ("backend", "available", "read", "put_back"),
    [
        (torch.cuda, torch.cuda, "get_rng_state_all", "set_rng_state_all"),
        (torch.mps, torch.backends.mps, "get_rng_state", "set_rng_state"),
    ],
)
def test_the_random_state_of_an_accelerator_is_put_back(backend, available, read, put_back, monkeypatch):
    states = ["as the reader left it"]
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    monkeypatch.setattr(available, "is_available", lambda: True)
    monkeypatch.setattr(backend, read, lambda: states[-1])
    monkeypatch.setattr(backend, put_back, states.append)
    assert problems("99-1", lambda: states.append("drawn from") or 4) == []
    assert states[-1] == "as the reader left it"
