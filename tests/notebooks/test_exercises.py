"""Each exercise: the blank does not pass, the solution and others like it do, plausible wrong answers do not."""

import ast
import contextlib
from functools import cache
from importlib.util import module_from_spec, spec_from_file_location
import io
import math
from pathlib import Path
import sys
from types import ModuleType

import chapters
import numpy as np
import pytest
import torch
from torchbook.exercises import compare, problems

ANSWERS = Path(__file__).parent / "wrong_answers"  # and right ones of another form than the solution's
CHECKS = Path(compare.__file__).parent
EXERCISES = [(name, exercise) for name in chapters.NAMES for exercise in chapters.ids(name, "exercise")]
IDS = [exercise for _, exercise in EXERCISES]


@cache
def answers(number: str) -> ModuleType:
    """The answers of a chapter: ``RIGHT`` and ``WRONG``, a list for each exercise."""
    path = ANSWERS / f"chapter{number}.py"
    spec = spec_from_file_location(f"answers_of_chapter{number}", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def each(kind: str) -> list[tuple[str, int]]:
    return [(one, place) for one in IDS for place in range(len(getattr(answers(one[:2]), kind).get(one, [])))]


VALUES = [None, 5, 2.5, True, "text", b"text", (5, 6), (5, 6, 7), [], [[1], [2], [3]], [[], [], [], [], []], {}, {1, 2}]
VALUES += [{"a": 5}, object(), torch.zeros(()), torch.zeros(2, 3), torch.tensor(math.nan), np.zeros(3), np.float64(0.5)]
JUNK = [*VALUES[1:], *[lambda *_, value=value, **__: value for value in VALUES]]  # whatever the exercise is
JUNK.append((JUNK[-1], JUNK[-2]))


def run_cells(name: str, *cells) -> str:
    """Execute the chapter's imports and then these cells, as a reader would; return what they print."""
    namespace, out = {"__name__": "__main__"}, io.StringIO()
    with contextlib.redirect_stdout(out):
        for cell in (chapters.code_cells(name)[0], *cells):
            exec(compile(cell.source, f"{name}: {cell.id}", "exec"), namespace)
    return out.getvalue()


def only(name: str, tag: str):
    (cell,) = chapters.tagged(name, tag)
    return cell


@pytest.mark.parametrize("name", chapters.NAMES)
def test_each_chapter_has_exercises_of_its_number_with_their_solutions_below(name):
    asked, solved = chapters.ids(name, "exercise"), chapters.ids(name, "solution")
    assert asked == [f"{name[:2]}-{k}" for k in range(1, len(asked) + 1)]
    assert 3 <= len(asked) <= 5
    assert solved == asked
    order = [tag for cell in chapters.code_cells(name) for tag in chapters.tags(cell)]
    assert all(order.index(f"exercise-{one}") < order.index(f"solution-{one}") for one in asked)


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_solution_is_folded(name, exercise):
    assert "hide-cell" in chapters.tags(only(name, f"solution-{exercise}"))


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_stored_outputs_say_so(name, exercise):
    assert f"Exercise {exercise}, not yet: " in chapters.printed(only(name, f"exercise-{exercise}"))
    assert chapters.printed(only(name, f"solution-{exercise}")) == f"Exercise {exercise} passes.\n"


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_blank_does_not_pass(name, exercise):
    said = run_cells(name, only(name, f"exercise-{exercise}"))
    assert f"Exercise {exercise}, not yet: " in said
    assert "passes" not in said


@pytest.mark.parametrize(("name", "exercise"), EXERCISES)
def test_the_solution_passes(name, exercise):
    assert run_cells(name, only(name, f"solution-{exercise}")) == f"Exercise {exercise} passes.\n"


@pytest.mark.parametrize("name", chapters.NAMES)
def test_each_exercise_has_two_right_and_four_wrong_answers_at_least(name):
    known = answers(name[:2])
    assert list(known.RIGHT) == list(known.WRONG) == chapters.ids(name, "exercise")
    assert min(map(len, known.RIGHT.values())) >= 2
    assert min(map(len, known.WRONG.values())) >= 4


@pytest.mark.parametrize(("exercise", "place"), each("RIGHT"))
def test_a_right_answer_of_another_form_passes(exercise, place):
    assert problems(exercise, answers(exercise[:2]).RIGHT[exercise][place]) == []


@pytest.mark.parametrize(("exercise", "place"), each("WRONG"))
def test_a_wrong_answer_is_refused(exercise, place):
    found = problems(exercise, answers(exercise[:2]).WRONG[exercise][place])
    assert found
    assert all(isinstance(sentence, str) and sentence.strip() for sentence in found)


@pytest.mark.parametrize("exercise", IDS)
def test_an_answer_of_a_wrong_kind_gets_a_sentence_and_no_python_error(exercise):
    found = [problems(exercise, answer) for answer in JUNK]
    assert all(found), JUNK[found.index([])]
    assert [one for one in found if "stopped with" in one[0]] == []


def sentences(module: str) -> dict[int, range]:
    """Line -> lines of each statement of a module of checks that says what is wrong: a yield, or a ``raise Wrong``."""
    nodes = ast.walk(ast.parse((CHECKS / f"{module}.py").read_text(encoding="utf-8")))
    said = [
        node
        for node in nodes
        if isinstance(node, ast.Yield) or (isinstance(node, ast.Raise) and "Wrong(" in ast.unparse(node))
    ]
    return {node.lineno: range(node.lineno, node.end_lineno + 1) for node in said}


@cache
def lines_run(number: str) -> set[tuple[str, int]]:
    """Modules and lines of the checks that the wrong answers of a chapter run."""
    lines = set()
    modules = {str(path): path.stem for path in CHECKS.glob("*.py")}

    def trace(frame, event, argument):
        module = modules.get(frame.f_code.co_filename)
        if module is None:
            return None
        if event == "line":
            lines.add((module, frame.f_lineno))
        return trace

    earlier = sys.gettrace()
    sys.settrace(trace)
    try:
        for exercise, known in answers(number).WRONG.items():
            for answer in [*known, *JUNK]:
                problems(exercise, answer)
    finally:
        sys.settrace(earlier)
    return lines


def never_said(module: str, lines: set[tuple[str, int]]) -> list[int]:
    return [first for first, span in sentences(module).items() if not any((module, line) in lines for line in span)]


@pytest.mark.parametrize("number", [name[:2] for name in chapters.NAMES])
def test_each_sentence_of_a_check_is_said_to_some_wrong_answer(number):
    assert never_said(f"chapter{number}", lines_run(number)) == []


def test_each_sentence_of_the_shared_comparisons_is_said_to_some_wrong_answer():
    assert never_said("compare", set.union(*(lines_run(name[:2]) for name in chapters.NAMES))) == []


def test_a_sentence_that_nobody_gets_is_found():
    assert never_said("chapter05", set()) == list(sentences("chapter05")) != []
