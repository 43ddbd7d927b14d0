"""Whether the parts of a checkpoint fit the objects of a run; where they do not, one sentence that names the cure."""

from __future__ import annotations

from collections.abc import Iterator
import copy
import io
import math
from typing import Any

import torch
from torch.nn.parameter import is_lazy
from torchbook.random_state import check_random_state

PREFIXES = {"module.": "DataParallel or DistributedDataParallel", "_orig_mod.": "torch.compile"}
# What moves while a scheduler steps; everything else of its state was set when it was made.
_MOVING = {
    "last_epoch", "_step_count", "_last_lr", "_is_initial", "_get_lr_called_within_step", "verbose",
    "T_cur", "T_i", "best", "num_bad_epochs", "cooldown_counter",
}  # fmt: skip
_LATER = {"_is_initial", "_get_lr_called_within_step", "verbose", "_last_lr"}  # of these, what some versions lack
_EDITED = (LookupError, TypeError, AttributeError, RuntimeError, ValueError, ArithmeticError)  # from a part of a file


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
    """A sentence for each part of a checkpoint that is missing or does not fit; nothing is changed.

    Raises TypeError for a model that is none.
    """
    if not isinstance(model, torch.nn.Module):
        raise TypeError(f"model must be the network to load into, an nn.Module, got {type(model).__name__}.")
    parts = {"model": model, "optimizer": optimizer, "scheduler": scheduler, "batches": batches}
    missing = [name for name, part in parts.items() if part is not None and name not in state]
    if missing:
        yield f"it holds {', '.join(sorted(map(str, state)))}, but no {', '.join(missing)}."
        return
    try:
        found = [_misfit_of_model(model, state["model"])]
        if optimizer is not None:
            found.append(_misfit_of_optimizer(model, optimizer, state["kinds"]["optimizer"], state["layout"]))
            found.append(_damage_of_optimizer(optimizer, state["layout"], state["optimizer"]))
        if scheduler is not None:
            found.append(_misfit_of_scheduler(scheduler, state["kinds"]["scheduler"], state["scheduler"]))
        if batches is not None:
            found.append(_misfit_of_batches(order_of(batches), state["batches"]))
        check_random_state(state["random"])
    except _EDITED as error:
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
    """A sentence, or None where names and shapes are equal, and the kinds of what is under them."""
    if not isinstance(saved, dict):
        return f"it holds a {type(saved).__name__} as the model, not a state dict."
    unready = [key for key, value in model.state_dict().items() if torch.is_tensor(value) and _unready(value)]
    if unready:
        return (
            f"{len(unready)} tensor(s) of this model have no numbers yet, first {unready[0]}: run a lazy module once, "
            "or move a model off the meta device with to_empty, before you load."
        )
    own = {key: tuple(getattr(value, "shape", ())) for key, value in model.state_dict().items()}
    there = {key: tuple(getattr(value, "shape", ())) for key, value in saved.items()}
    if own == there:
        kinds = {key: (_kind(saved[key]), _kind(value)) for key, value in model.state_dict().items()}
        for key, (in_file, in_model) in kinds.items():
            if in_file != in_model and not key.endswith("_extra_state"):  # which is the model's own business
                return f"its {key} is {in_file}, that of the model {in_model}."
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


def _unready(tensor: torch.Tensor) -> bool:
    return is_lazy(tensor) or tensor.is_meta


def _kind(value: Any) -> str:
    """What a value of a state dict must have in common with the one it is copied to."""
    if not torch.is_tensor(value):
        return f"no tensor but of type {type(value).__name__}"
    number = "complex" if value.is_complex() else "floating-point" if value.is_floating_point() else "integer"
    number = "truth values" if value.dtype == torch.bool else f"{number} numbers"
    if value.is_quantized:
        number = f"quantized numbers ({value.dtype})"
    form = "" if value.layout == torch.strided else f" ({str(value.layout).removeprefix('torch.')})"
    return f"a tensor of {number}{form}{' on the meta device' if value.is_meta else ''}"


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


def _damage_of_optimizer(optimizer, names: list[list[str]], saved: dict) -> str | None:
    """A sentence where the optimizer's state could not be used by one with the same parameters; else None."""
    groups = optimizer.state_dict()["param_groups"]
    edited = "the state of its optimizer was edited:"
    if [group["params"] for group in saved["param_groups"]] != [group["params"] for group in groups]:
        return f"{edited} its parameters are not numbered as they were saved."
    trial = copy.copy(optimizer)  # which has the same parameters, and gets settings of its own
    trial.load_state_dict({"state": {}, "param_groups": saved["param_groups"]})
    for number, (own, there) in enumerate(zip(groups, trial.state_dict()["param_groups"], strict=True)):
        for name in optimizer.defaults:
            if name in own and not (name in there and _alike(own[name], there[name]) and _finite(there[name])):
                return f"{edited} in group {number} {name} is {there.get(name, 'absent')}, here it is {own[name]}."
    parameters = dict(enumerate(parameter for group in optimizer.param_groups for parameter in group["params"]))
    kept: dict[tuple, set] = {}  # names of what is kept for the parameters of a group with as many dimensions
    flat_names = [(group, name) for group, inner in enumerate(names) for name in inner]
    for number, state in saved["state"].items():
        parameter, (group, name) = parameters[number], flat_names[number]
        whole = type(optimizer).__module__.startswith("torch.optim") and not isinstance(optimizer, torch.optim.LBFGS)
        for key, value in {**state}.items() if whole else ():
            if not _keepable(key, value, parameter):
                what = f"of shape {tuple(value.shape)}" if torch.is_tensor(value) else f"a {type(value).__name__}"
                return f"{edited} {key} of {name} is {what}, the parameter has shape {tuple(parameter.shape)}."
        kept.setdefault((group, parameter.ndim), set()).add(frozenset({**state}) if whole else None)
    uneven = next((found for found in kept.values() if len(found) > 1), None)
    if uneven is not None:
        missing = sorted(map(str, frozenset.union(*uneven) - frozenset.intersection(*uneven)))
        return f"{edited} {', '.join(missing)} is there for some parameters and absent for others."
    return None


def _keepable(key: Any, value: Any, parameter: torch.Tensor) -> bool:
    """Whether an optimizer of PyTorch can keep this for the parameter."""
    if not torch.is_tensor(value):
        return value is None or (key == "step" and _is_number(value))
    factored = key in ("row_var", "col_var", "variance")  # of Adafactor
    single = key in ("step", "mu_product", "eta", "mu")
    plain = _kind(value) in (_kind(torch.ones(1)), _kind(parameter))
    return plain and (factored or (value.numel() == 1 if single else value.shape == parameter.shape))


def _is_number(value: Any) -> bool:
    if torch.is_tensor(value):
        return value.numel() == 1 and not value.is_complex() and not value.is_meta
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _alike(own: Any, there: Any) -> bool:
    """Whether a setting is of the same form: a number, or a sequence of as many."""
    if isinstance(own, (list, tuple)):
        same = isinstance(there, (list, tuple)) and len(own) == len(there)
        return same and all(map(_alike, own, there))
    if _is_number(own):
        return _is_number(there) and not math.isnan(there)
    return isinstance(there, type(own)) or there is None or (own is None and isinstance(there, (bool, int, float, str)))


def _finite(value: Any) -> bool:
    if isinstance(value, (list, tuple)):
        return all(map(_finite, value))
    return not _is_number(value) or math.isfinite(value)


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
    name = _damage_of_schedule(scheduler.state_dict(), saved)
    return None if name is None else f"its {kind} was edited: {name} is missing, or of another kind than here."


def _damage_of_schedule(own: dict, there: dict) -> str | None:
    """The name of what moves and could not go on from the saved state; else None."""
    for name, value in own.items():
        if (
            name in _MOVING
            and not (name in there and _alike(value, there[name]))
            and (name in there or name not in _LATER)
        ):
            return name
    pairs = zip(own.get("_schedulers") or (), there.get("_schedulers") or (), strict=True)
    return next(filter(None, (_damage_of_schedule(*pair) for pair in pairs)), None)


def _settings(state: dict) -> dict:
    """The state without what moves; those of schedulers within a scheduler likewise."""
    nested = state.get("_schedulers")
    settings = {name: value for name, value in state.items() if name not in _MOVING}
    if isinstance(nested, (list, tuple)):
        settings["_schedulers"] = [_settings(part) for part in nested]
    return settings
