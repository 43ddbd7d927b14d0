"""Answers to the exercises of chapter 06: right ones of another form, and plausible wrong ones."""

import io
import random
import secrets
import zlib

import torch

MISSING = set()
NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
UNEXPECTED = {f"1.{name}" for name in NORM} | {"2.bias"}


def fitting(model, state):
    own = model.state_dict()
    return {name: value for name, value in state.items() if name in own and own[name].shape == value.shape}


def left(model, state, fits):
    return sorted(model.state_dict().keys() - fits.keys()), sorted(state.keys() - fits.keys())


def load_matching(model, state):
    fits = fitting(model, state)
    model.load_state_dict({**model.state_dict(), **fits})
    return left(model, state, fits)


@torch.no_grad()
def copy_one_by_one(model, state):
    own, fits = model.state_dict(), fitting(model, state)
    for name, value in fits.items():
        own[name].copy_(value)
    return tuple(map(tuple, left(model, state, fits)))


def filtered_by_name_only(model, state):
    fits = {name: value for name, value in state.items() if name in model.state_dict()}
    model.load_state_dict(fits, strict=False)
    return left(model, state, fits)


@torch.no_grad()
def by_number_of_entries(model, state):
    for name, value in model.state_dict().items():
        if name in state and value.numel() == state[name].numel():
            value.copy_(state[name].reshape(value.shape))
    return left(model, state, fitting(model, state))


def only_the_dictionary(model, state):
    fits = fitting(model, state)
    model.state_dict().update(fits)  # and nothing after
    return left(model, state, fits)


def aliased(model, state):
    fits = fitting(model, state)
    model.load_state_dict(fits, strict=False, assign=True)
    return left(model, state, fits)


def pops(model, state):
    fits = fitting(model, state)
    model.load_state_dict(fits, strict=False)
    return left(model, state, {name: state.pop(name) for name in fits})


def overwrites(model, state):
    lists = load_matching(model, state)
    state.update({name: value.clone() for name, value in model.state_dict().items() if name in state})
    return lists


def then(change):
    return lambda model, state: change(load_matching(model, state))


MEMORY = {}


def run(*kept, write=True, memory=None):
    """The pair (save, resume) that keeps these parts; ``memory`` keeps the last, or by path, beside the file."""

    def parts(model, optimizer, generator):
        return {"model": model, "optimizer": optimizer, "order": generator, "random": torch}

    def save(path, *objects):
        state = {}
        for name in kept:
            part = parts(*objects)[name]
            state[name] = part.state_dict() if hasattr(part, "state_dict") else (
                part.get_state() if name == "order" else torch.get_rng_state()
            )  # fmt: skip
        if memory:
            MEMORY[path if memory == "path" else "last"] = {
                name: {key: value.clone() if torch.is_tensor(value) else value for key, value in part.items()}
                if isinstance(part, dict) else part.clone() for name, part in state.items()
            }  # fmt: skip
        if write:
            torch.save({} if memory else state, path)

    def resume(path, *objects):
        state = MEMORY[path if memory == "path" else "last"] if memory else torch.load(path)
        for name in kept:
            part = parts(*objects)[name]
            if hasattr(part, "load_state_dict"):
                part.load_state_dict(state[name])
            elif name == "order":
                part.set_state(state[name])
            else:
                torch.set_rng_state(state[name])

    return save, resume


ALL = ("model", "optimizer", "order", "random")


def save_as_list(path, model, optimizer, generator):
    parts = [model.state_dict(), optimizer.state_dict(), generator.get_state(), torch.get_rng_state()]
    with open(path, "wb") as file:
        torch.save(parts, file)


def resume_from_list(path, model, optimizer, generator):
    weights, moments, order, drawn = torch.load(path)
    generator.set_state(order)
    torch.random.set_rng_state(drawn)
    optimizer.load_state_dict(moments)
    model.load_state_dict(weights)


def keeps(drop, held=lambda state, score: {"state": state, "score": score}, write=torch.save):
    """Save, and then ask ``drop(scores, new path)`` for a path to remove as long as there are more than k."""

    def keep_best(folder, state, score, k):
        path = folder / f"{secrets.token_hex(8)}.pt"
        write(held(state, score), path)
        scores = {one: torch.load(one)["score"] for one in folder.glob("*.pt")}
        while len(scores) > k:
            worst = drop(scores, path)
            worst.unlink()
            del scores[worst]

    return keep_best


def the_lowest(scores, new):
    return min(scores, key=lambda path: (scores[path], path != new))


def keep_sorted(folder, state, score, k):
    old = [(path, torch.load(path)) for path in folder.glob("*.pt")]
    ranking = sorted([(-item["score"], 0, str(path)) for path, item in old] + [(-score, 1, "")])
    if (-score, 1, "") in ranking[:k]:
        item = {"state": state, "score": torch.tensor(score, dtype=torch.float64)}
        torch.save(item, folder / f"{random.random()}.pt")
    for _, _, path in ranking[k:]:
        if path:
            next(one for one, _ in old if str(one) == path).unlink()


def scores_in_memory():
    scores = {}

    def keep_best(folder, state, score, k):
        path = folder / f"{secrets.token_hex(8)}.pt"
        torch.save({"state": state, "score": score}, path)
        scores.setdefault(folder, {})[path] = score
        while len(scores[folder]) > k:
            worst = the_lowest(scores[folder], path)
            worst.unlink()
            del scores[folder][worst]

    return keep_best


def not_by_torch(item, path):
    path.write_text(str(item), encoding="utf-8")


def only_written(write, held=lambda state, score: {"state": state, "score": score}):
    return lambda folder, state, score, k: write(held(state, score), folder / "best.pt")


def packs(change, restore=lambda tensor: tensor.float(), write=torch.save, give=lambda state: state):
    """The pair (pack, unpack) that changes each tensor before it is written and restores it afterwards."""

    def pack(model, path):
        write({name: change(tensor) for name, tensor in model.state_dict().items()}, path)

    def unpack(path):
        return give({name: restore(tensor) for name, tensor in torch.load(path).items()})

    return pack, unpack


def squeezed(state, path):
    buffer = io.BytesIO()
    torch.save(state, buffer)
    path.write_bytes(zlib.compress(buffer.getvalue()))


def unpack_squeezed(path):
    state = torch.load(io.BytesIO(zlib.decompress(path.read_bytes())))
    return {name: tensor.float() / 64 for name, tensor in state.items()}


def in_bits_of_eight(tensor):
    return (tensor * 64).round().clamp(-128, 127).to(torch.int8)


def names_beside(state, path):
    path.with_suffix(".names").write_text(" ".join(state), encoding="utf-8")
    torch.save(list(state.values()), path)


def unpack_by_names_beside(path):
    names = path.with_name("packed.names").read_text(encoding="utf-8").split()
    return {name: tensor.float() for name, tensor in zip(names, torch.load(path), strict=True)}


LAST = {}


def kept_in_memory(state, path):
    LAST.update(state)
    path.write_bytes(b"")


RIGHT = {
    "06-1": [[[], sorted(UNEXPECTED)], (MISSING, frozenset(UNEXPECTED)), ((), dict.fromkeys(UNEXPECTED))],
    "06-2": [load_matching, copy_one_by_one, then(list)],
    "06-3": [(save_as_list, resume_from_list), list(run(*ALL))],
    "06-4": [keeps(the_lowest), keep_sorted],
    "06-5": [
        packs(in_bits_of_eight, restore=lambda tensor: tensor.float() / 64),
        [packs(in_bits_of_eight, write=squeezed)[0], unpack_squeezed],
    ],
}
WRONG = {
    "06-1": [
        (MISSING, {"1.weight", "1.bias", "2.bias"}),  # buffers forgotten
        ({"2.bias"}, UNEXPECTED - {"2.bias"}),  # the wrong way round
        (MISSING, UNEXPECTED | {"1.scale"}),
        (MISSING, UNEXPECTED - {"2.bias"}),
        UNEXPECTED,
        ("", "2.bias"),
    ],
    "06-2": [
        filtered_by_name_only,
        by_number_of_entries,
        only_the_dictionary,
        aliased,
        pops,
        overwrites,
        then(lambda lists: lists[::-1]),
        then(lambda lists: [one[::-1] for one in lists]),
        then(lambda lists: lists[0]),
        then(lambda lists: None),
    ],
    "06-3": [
        run("model", "optimizer", "order"),
        run("model", "order", "random"),
        run("model", "optimizer", "random"),
        run("model"),
        run("optimizer", "order", "random"),
        run(*ALL, write=False, memory="last"),
        run(*ALL, memory="last"),
        run(*ALL, memory="path"),
        (save_as_list, "resume"),
    ],
    "06-4": [
        keeps(lambda scores, new: max(scores, key=scores.get)),
        keeps(lambda scores, new: next(path for path in scores if path != new)),
        keeps(lambda scores, new: min(scores, key=lambda path: (scores[path], path == new))),  # of equals the newer one
        scores_in_memory(),
        only_written(torch.save),
        only_written(not_by_torch),
        only_written(torch.save, held=lambda state, score: state),
        keeps(the_lowest, held=lambda state, score: {"state": {"model": state}, "score": score}),
        keeps(the_lowest, held=lambda state, score: {"state": None, "score": score}),
        keeps(the_lowest, held=lambda state, score: {"state": {"epoch": "last"}, "score": score}),
        only_written(torch.save, held=lambda state, score: {"state": state, "score": str(score)}),
    ],
    "06-5": [
        packs(lambda tensor: tensor),
        packs(lambda tensor: tensor.sign().to(torch.int8)),
        packs(lambda tensor: tensor, write=lambda state, path: None),
        (packs(lambda tensor: tensor, write=kept_in_memory)[0], lambda path: LAST),
        packs(torch.Tensor.half, give=lambda state: list(state.values())),
        packs(torch.Tensor.half, give=lambda state: {f"module.{name}": tensor for name, tensor in state.items()}),
        packs(torch.Tensor.half, give=lambda state: {name: tensor.numpy() for name, tensor in state.items()}),
        (packs(torch.Tensor.half, write=names_beside)[0], unpack_by_names_beside),
        packs(torch.Tensor.half)[:1],
        (packs(torch.Tensor.half)[0], "unpack"),
    ],
}
