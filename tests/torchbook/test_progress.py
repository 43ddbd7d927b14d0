"""The line that says how far a loop is."""

import nbclient
from nbformat.v4 import new_code_cell, new_notebook
import pytest
from torchbook.progress import bar, progress

LOOP = """from torchbook.progress import progress
print("before")
with progress(3, "epochs") as report:
    for step in (1, 2, 3):
        report(step, "val_loss 0.1")
        {}
print("after")"""


@pytest.mark.parametrize(("done", "filled"), [(0, 0), (1, 10), (3, 30)])
def test_bar(done, filled):
    assert bar(done, 3).count("#") == filled


def test_nothing_is_shown_without_a_terminal(capfd):
    with progress(2, "epochs") as report:
        report(1, "a")
        report(2, "b")
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("ending", ["pass", "raise KeyboardInterrupt"])
def test_nothing_stays_in_a_notebook(ending, monkeypatch):
    monkeypatch.delenv("TQDM_DISABLE", raising=False)
    cells = [new_code_cell(LOOP.format(ending), metadata={"tags": ["raises-exception"]})]
    client = nbclient.NotebookClient(new_notebook(cells=cells), kernel_name="python3", timeout=120)
    updates = []
    notebook = _execute(client, updates)
    texts = [data.get("text/plain") for data in updates]
    assert "epochs [##########....................] 1 of 3  val_loss 0.1" in texts
    outputs = notebook.cells[0].outputs
    assert not any(output.get("name") == "stderr" for output in outputs)
    assert [output for output in outputs if output.output_type == "display_data" and output.data] == []


def _execute(client, updates):
    """Execute, keeping the data of every update of an output."""
    process = client.process_message

    def keep(msg, cell, cell_index):
        if msg["msg_type"] == "update_display_data":
            updates.append(msg["content"]["data"])
        return process(msg, cell, cell_index)

    client.process_message = keep
    return client.execute()
