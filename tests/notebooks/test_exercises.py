"""Each exercise: the blank does not pass, the solution does, and plausible wrong answers do not."""

import contextlib
from importlib.util import module_from_spec, spec_from_file_location
import io
from pathlib import Path

import chapters
import pytest
import torch
from torchbook.exercises import problems

WRONG_ANSWERS = Path(__file__).parent / "wrong_answers"
EXERCISES = [(name, exercise) for name in chapters.NAMES for exercise in chapters.ids(name, "exercise")]


def wrong_answers(number: str) -> dict[str, list]:
    path = WRONG_ANSWERS / f"chapter{number}.py"
    if not path.is_file():
        return {}
    spec = spec_from_file_location(f"wrong_answers_chapter{number}", path)
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.WRONG


ANSWERS = [
    (exercise, position)
    for number in sorted({name[:2] for name in chapters.NAMES})
    for exercise, answers in wrong_answers(number).items()
    for position in range(len(answers))
]


@pytest.fixture(autouse=True)
def _state_of_torch_is_put_back():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    yield
    torch.set_rng_state(state)
    torch.set_num_threads(threads)


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
def test_each_exercise_has_two_wrong_answers_at_least(name):
    known = wrong_answers(name[:2])
    assert list(known) == chapters.ids(name, "exercise")
    assert min(map(len, known.values()), default=2) >= 2


@pytest.mark.parametrize(("exercise", "position"), ANSWERS)
def test_a_wrong_answer_is_refused(exercise, position):
    answer = wrong_answers(exercise[:2])[exercise][position]
    found = problems(exercise, answer)
    assert found
    assert all(isinstance(sentence, str) and sentence.strip() for sentence in found)
