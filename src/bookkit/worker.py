"""Executes one chapter in a process of its own: a job in JSON on standard input, events as JSON lines on the output.

papermill's `execute_notebook` counts an error in a cell tagged `raises-exception` as a failure, so its parts are
called here one by one, and a cell failed when papermill's engine marked it so.
"""

from __future__ import annotations

import json
import logging
import os
from pathlib import Path
import re
import sys
from typing import Any

import nbformat
from papermill.engines import NBClientEngine, papermill_engines
from papermill.execute import prepare_notebook_metadata
from papermill.iorw import load_notebook_node
from papermill.parameterize import parameterize_notebook

from bookkit.notebooks import write_text

ANSI = re.compile(r"\x1b\[[0-9;]*m")


class ReportingEngine(NBClientEngine):
    """papermill's engine; says which cell starts, and remembers it for a kernel that dies there."""

    started: int | None = None  # index of the last cell that started

    @classmethod
    def execute_managed_notebook(cls, nb_man, kernel_name, **kwargs):
        start = nb_man.cell_start

        def start_and_say(cell, cell_index=None, **more):
            cls.started = cell_index
            emit(event="cell", index=cell_index, cells=len(nb_man.nb.cells))
            return start(cell, cell_index, **more)

        nb_man.cell_start = start_and_say
        return super().execute_managed_notebook(nb_man, kernel_name, **kwargs)


def emit(**event: Any) -> None:
    print(json.dumps(event), flush=True)


def execute(job: dict[str, Any]) -> None:
    """Execute `job["source"]` with `job["parameters"]`; write `job["executed"]`, or `job["failed"]` on a failure."""
    executed, failed = Path(job["executed"]), Path(job["failed"])
    papermill_engines.register("reporting", ReportingEngine)
    notebook = load_notebook_node(job["source"])
    if job["parameters"]:
        notebook = parameterize_notebook(notebook, job["parameters"], engine_name="reporting")
    notebook = prepare_notebook_metadata(notebook, Path(job["source"]).name, executed.name)
    os.chdir(job["folder"])
    problem = None
    try:
        notebook = papermill_engines.execute_notebook_with_engine(
            "reporting",
            notebook,
            kernel_name=papermill_engines.nb_kernel_name("reporting", notebook, None),
            output_path=None,
            progress_bar=False,
            start_timeout=120,
        )
        problem = failure_of(notebook)
    except Exception as error:  # a dead kernel, no kernel named so: the chapter failed, the reason is the message
        problem = where_it_died(notebook, ReportingEngine.started, f"{type(error).__name__}: {error}")
    write_text(failed if problem else executed, nbformat.writes(notebook) + "\n")
    if problem is None:
        failed.unlink(missing_ok=True)
    emit(event="done", failure=problem)


def where_it_died(notebook: nbformat.NotebookNode, index: int | None, error: str) -> dict[str, Any]:
    """As `failure_of`, when the kernel is gone: the last cell that started, none before the first."""
    if index is None:
        return {"cell": None, "source": "", "error": [error]}
    injected = sum("injected-parameters" in cell.metadata.get("tags", []) for cell in notebook.cells[: index + 1])
    return {"cell": index + 1 - injected, "source": notebook.cells[index].source, "error": [error]}


def failure_of(notebook: nbformat.NotebookNode) -> dict[str, Any] | None:
    """The failed cell: its number in the source notebook (from 1), its source, the error's last lines."""
    injected = 0
    for number, cell in enumerate(notebook.cells, 1):
        injected += "injected-parameters" in cell.metadata.get("tags", [])
        if cell.metadata.get("papermill", {}).get("exception") is True:
            lines: list[str] = []
            for output in cell.get("outputs", []):
                if output.output_type == "error":
                    lines = ANSI.sub("", "\n".join(output.traceback)).splitlines()
                    lines = lines or [f"{output.ename}: {output.evalue}"]
            return {"cell": number - injected, "source": cell.source, "error": [line for line in lines if line][-8:]}
    return None


if __name__ == "__main__":
    logging.getLogger("papermill").setLevel(logging.ERROR)
    execute(json.loads(sys.stdin.read()))
