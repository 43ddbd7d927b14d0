"""Checks that chapters and pages obey the book's rules, and counts how they read. A rule's reason is its docstring."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
import re
from statistics import median

from bookkit import code_rules, form_rules, prose_rules, record_rules, run_rules
from bookkit.elsewhere import setup_cell
from bookkit.notebooks import SETUP, Notebook, Page, tags
from bookkit.verify import share_of

Rule = Callable[[Notebook], Iterator[code_rules.Finding]]

CHAPTER_RULES: tuple[Rule, ...] = (
    code_rules.parameters_cell,
    code_rules.profile_parameters,
    code_rules.exercises,
)
RULES: tuple[Rule, ...] = (
    prose_rules.heading,
    setup_cell,
    code_rules.cell_length,
    code_rules.code_cells_in_a_row,
    code_rules.unexpected_error,
    code_rules.executed_in_order,
    code_rules.alt_text,
    code_rules.no_installing,
    code_rules.no_cuda_call,
    code_rules.no_download,
    code_rules.weak_assert,
    code_rules.no_absolute_path,
    code_rules.file_size,
    form_rules.code_width,
    form_rules.output_width,
    form_rules.folded_solutions,
    form_rules.one_import_cell,
    form_rules.summary_links,
    form_rules.no_glue,
    form_rules.plain_markdown,
    record_rules.record_kinds,
    record_rules.recorded_names,
    record_rules.test_data,
    prose_rules.typed_result,
    prose_rules.typed_number,
    prose_rules.asserted_bound,
    prose_rules.belittling_word,
    run_rules.kernel,
    run_rules.digests,
    run_rules.passing_solutions,
    run_rules.stale_number,
    run_rules.stale_full_run,
)


@dataclass(frozen=True)
class Problem:
    """One breach of one rule in a file; `cell` counts from 1, None for the whole notebook."""

    file: str
    cell: int | None
    sentence: str
    rule: str

    def __str__(self) -> str:
        where = f"cell {self.cell}: " if self.cell else ""
        return f"{self.file}: {where}{self.sentence} ({self.rule})"


def rule_name(rule: Callable) -> str:
    return rule.__name__.replace("_", "-")


def rules_for(notebook: Notebook) -> tuple[Rule, ...]:
    return RULES if isinstance(notebook, Page) else CHAPTER_RULES + RULES


def check(notebook: Notebook) -> list[Problem]:
    """Every breach in a chapter or page, in the order of its cells."""
    file = notebook.path.relative_to(notebook.root).as_posix()
    rules = rules_for(notebook)
    problems = [Problem(file, cell, sentence, rule_name(rule)) for rule in rules for cell, sentence in rule(notebook)]
    return sorted(problems, key=lambda problem: problem.cell or 0)


@dataclass(frozen=True)
class Stats:
    """How a chapter reads. `words`: median of the texts between code cells; `lines`: median of a code cell."""

    name: str
    words: float
    lines: float
    longest_row: int
    strict: float


def stats(chapter: Notebook) -> Stats:
    gaps, words, row, longest, seen_code = [], 0, 0, 0, False
    for cell in chapter.cells:
        if cell.cell_type == "markdown":
            words += sum(count_words(part) for part in prose_rules.paragraphs(cell.source))
            row = 0
        elif cell.cell_type == "code" and SETUP not in tags(cell):
            if seen_code and words:
                gaps.append(words)
            words, row, seen_code = 0, row + 1, True
            longest = max(longest, row)
    lines = [len(cell.source.splitlines()) for _, cell in chapter.code_cells]
    return Stats(chapter.name, median(gaps or [0]), median(lines or [0]), longest, share_of(chapter).part)


def count_words(paragraph: str) -> int:
    return len(re.findall(r"\w+(?:['’-]\w+)*", prose_rules.plain(paragraph)))
