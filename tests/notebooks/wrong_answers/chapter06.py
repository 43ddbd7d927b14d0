"""Plausible wrong answers to the exercises of chapter 06; each must be refused."""

import secrets

import torch


def _filtered_by_name_only(model, state):
    fits = {name: tensor for name, tensor in state.items() if name in model.state_dict()}
    report = model.load_state_dict(fits, strict=False)
    return sorted(report.missing_keys), sorted(state.keys() - fits.keys())


def _only_the_dictionary(model, state):
    own = model.state_dict()
    fits = {name: tensor for name, tensor in state.items() if name in own and own[name].shape == tensor.shape}
    own.update(fits)  # and nothing after
    return sorted(own.keys() - fits.keys()), sorted(state.keys() - fits.keys())


def _save_without_random_state(path, model, optimizer, generator):
    state = {"model": model.state_dict(), "optimizer": optimizer.state_dict(), "order": generator.get_state()}
    torch.save(state, path)


def _resume_without_random_state(path, model, optimizer, generator):
    state = torch.load(path)
    model.load_state_dict(state["model"])
    optimizer.load_state_dict(state["optimizer"])
    generator.set_state(state["order"])


def _save_without_optimizer(path, model, optimizer, generator):
    state = {"model": model.state_dict(), "order": generator.get_state(), "random": torch.get_rng_state()}
    torch.save(state, path)


def _resume_without_optimizer(path, model, optimizer, generator):
    state = torch.load(path)
    model.load_state_dict(state["model"])
    generator.set_state(state["order"])
    torch.set_rng_state(state["random"])


def _keep_last(folder, state, score, k):
    torch.save({"state": state, "score": score}, folder / f"{len(list(folder.glob('*.pt'))) % k}.pt")


def _keep_newer_of_equal(folder, state, score, k):
    torch.save({"state": state, "score": score}, folder / f"{secrets.token_hex(8)}.pt")
    scores = {path: torch.load(path)["score"] for path in folder.glob("*.pt")}
    new = max(folder.glob("*.pt"), key=lambda path: path.stat().st_mtime_ns)
    if len(scores) > k:
        min(scores, key=lambda path: (scores[path], path == new)).unlink()


_BUFFERS = {f"1.{name}" for name in ("running_mean", "running_var", "num_batches_tracked")}

WRONG = {
    "06-1": [
        (set(), {"1.weight", "1.bias", "2.bias"}),  # buffers forgotten
        ({"2.bias"}, {"1.weight", "1.bias"} | _BUFFERS),  # the wrong way round
    ],
    "06-2": [_filtered_by_name_only, _only_the_dictionary],
    "06-3": [
        (_save_without_random_state, _resume_without_random_state),
        (_save_without_optimizer, _resume_without_optimizer),
    ],
    "06-4": [_keep_last, _keep_newer_of_equal],
}
