"""Whether the parts of a checkpoint fit the objects of a run; where they do not, one sentence that names the cure."""

from __future__ import annotations

from collections.abc import Iterator
import io
from typing import Any

import torch
from torchbook.random_state import check_random_state

PREFIXES = {"module.": "DataParallel or DistributedDataParallel", "_orig_mod.": "torch.compile"}
# What moves while a scheduler steps; everything else of its state was set when it was made.
_MOVING = {
    "last_epoch", "_step_count", "_last_lr", "_is_initial", "_get_lr_called_within_step", "verbose",
    "T_cur", "T_i", "best", "num_bad_epochs", "cooldown_counter",
}  # fmt: skip


def check_loadable(name: str, value) -> None:
    """Raise ValueError for what could be saved but not loaded again, such as a NumPy number or a path."""
    buffer = io.BytesIO()
    try:
        torch.save(value, buffer)
        buffer.seek(0)
        torch.load(buffer, weights_only=True)
    except Exception as error:  # of pickle, of torch, or of the object itself
        raise ValueError(
            f"{name} cannot go into a checkpoint: a weights-only load would refuse this {type(value).__name__}; "
            "use numbers, strings, tensors, and lists and dicts of these."
        ) from error


def layout(model, optimizer) -> list[list[str]]:
    """Names of the parameters in each group of the optimizer, in order; the shape of one that is not the model's."""
    names = {parameter: name for name, parameter in model.named_parameters()}
    return [[names.get(p, str(tuple(p.shape))) for p in group["params"]] for group in optimizer.param_groups]


def generator_of(batches) -> torch.Generator | None:
    """That of ``Batches``, of a DataLoader's sampler or of the DataLoader; None where the global one is used."""
    sampler = getattr(batches, "sampler", None)
    return getattr(sampler, "generator", None) or getattr(batches, "generator", None)


def order_of(batches) -> dict:
    """Number of batches in an epoch, and the state of the generator that draws their order, if there is one."""
    generator = generator_of(batches)
    return {"count": len(batches), "order": None if generator is None else generator.get_state()}


def misfits(state: dict, *, model, optimizer=None, scheduler=None, batches=None) -> Iterator[str]:
    """A sentence for each part of a checkpoint that is missing or does not fit; nothing is changed."""
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "batches": batches}
    missing = [name for name, part in parts.items() if part is not None and name not in state]
    if missing:
        yield f"it holds {', '.join(sorted(state))}, but no {', '.join(missing)}."
        return
    try:
        found = [_misfit_of_model(model, state["model"])]
        if optimizer is not None:
            found.append(_misfit_of_optimizer(model, optimizer, state["kinds"]["optimizer"], state["layout"]))
        if scheduler is not None:
            found.append(_misfit_of_scheduler(scheduler, state["kinds"]["scheduler"], state["scheduler"]))
        if batches is not None:
            found.append(_misfit_of_batches(order_of(batches), state["batches"]))
        check_random_state(state["random"])
    except (KeyError, TypeError, AttributeError, RuntimeError, ValueError) as error:
        found = [f"it was edited, or is no file of save_checkpoint ({type(error).__name__}: {error})."]
    yield from filter(None, found)


def _misfit_of_batches(own: dict, there: dict) -> str | None:
    if own["count"] != there["count"]:
        return f"an epoch had {there['count']} batches, here it has {own['count']}: use the same data and batch size."
    if (own["order"] is None) != (there["order"] is None):
        return "one of the two loaders has a generator of its own and the other has none: make the same loader."
    if there["order"] is not None:
        torch.Generator().set_state(there["order"])  # a trial
    return None


def _misfit_of_model(model, saved: Any) -> str | None:
    """A sentence, or None where names and shapes are equal."""
    if not isinstance(saved, dict):
        return f"it holds a {type(saved).__name__} as the model, not a state dict."
    own = {key: tuple(getattr(value, "shape", ())) for key, value in model.state_dict().items()}
    there = {key: tuple(getattr(value, "shape", ())) for key, value in saved.items()}
    if own == there:
        return None
    for prefix, wrapper in PREFIXES.items() if _bare(own) == _bare(there) else ():
        in_file, in_model = (any(prefix in key for key in names) for names in (there, own))
        if in_file and not in_model:
            return (
                f"its names have the prefix {prefix!r}, from {wrapper}: wrap this model in the same way before you "
                f"load, or save the model inside (model.{prefix[:-1]})."
            )
        if in_model and not in_file:
            return (
                f"this model's names have the prefix {prefix!r}, from {wrapper}, and the file's have not: load into "
                f"the model inside (model.{prefix[:-1]})."
            )
    differing = sorted(key for key in own.keys() | there.keys() if own.get(key) != there.get(key))
    return (
        f"{len(differing)} tensor(s) of the model differ, first {differing[0]}: file "
        f"{there.get(differing[0], 'absent')}, model {own.get(differing[0], 'absent')}."
    )


def _bare(shapes: dict) -> dict:
    """The names without what wrappers put before them."""
    for prefix in PREFIXES:
        shapes = {key.replace(prefix, ""): shape for key, shape in shapes.items()}
    return shapes


def _misfit_of_optimizer(model, optimizer, saved_kind: str, saved_layout: list[list[str]]) -> str | None:
    """A sentence where the kind differs, or which parameters are in which group; else None."""
    kind = type(optimizer).__name__
    if kind != saved_kind:
        return f"it holds the state of {saved_kind}, which {kind} cannot use: make the same kind of optimizer."
    own = layout(model, optimizer)
    if own != saved_layout:
        return (
            f"its optimizer has parameter groups of {[len(group) for group in saved_layout]} parameters, this one of "
            f"{[len(group) for group in own]}, or the same in another order: make the same groups."
        )
    return None


def _misfit_of_scheduler(scheduler, saved_kind: str, saved: dict) -> str | None:
    """A sentence where the kind differs, or a setting such as the number of steps; else None."""
    kind = type(scheduler).__name__
    if kind != saved_kind:
        return f"it holds another kind of scheduler than {kind}, a {saved_kind}: make the same kind."
    own, there = _settings(scheduler.state_dict()), _settings(saved)
    for name in sorted(own.keys() | there.keys(), key=lambda name: (name.startswith("_"), name != "total_steps", name)):
        if str(own.get(name)) != str(there.get(name)):  # floats print exactly
            return (
                f"its {kind} was made with {name}={there.get(name)}, this one with {own.get(name)}: make the schedule "
                "for the same epochs, batches and rates."
            )
    return None


def _settings(state: dict) -> dict:
    """The state without what moves; those of schedulers within a scheduler likewise."""
    nested = state.get("_schedulers")
    settings = {name: value for name, value in state.items() if name not in _MOVING}
    if isinstance(nested, (list, tuple)):
        settings["_schedulers"] = [_settings(part) for part in nested]
    return settings
