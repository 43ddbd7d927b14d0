"""The pictures that move, in Chromium: against torch, by keyboard, with less motion, without scripts, in a folder."""

from __future__ import annotations

from collections.abc import Iterator
from importlib.resources import files
import itertools
import json
from pathlib import Path
import random
import re

import pytest
import torch
from torch import nn
import torch.nn.functional as F
from torchbook.models import CharRNN
from torchbook.sequences import Vocabulary
from visits import AXE, GRAVE

SITE = Path(__file__).parents[2] / "_build" / "html"
PAGE = "book/moving_pictures.html"
NAMES = ("broadcasting", "convolution", "descent", "attention", "gates")


def number(text: str) -> float:
    return float(text.replace("−", "-"))


@pytest.fixture(scope="module")
def page(browser, address) -> Iterator:
    """The page, in a window of a reader who has not asked for less motion."""
    context = browser.new_context(viewport={"width": 1440, "height": 1000}, reduced_motion="no-preference")
    page = context.new_page()
    page.set_default_timeout(10_000)
    said = []
    page.on("console", lambda message: said.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(address + PAGE)
    yield page
    context.close()
    assert said == []  # whatever was tried


@pytest.fixture(scope="module")
def calm_page(browser, address) -> Iterator:
    """The same in the window of one who has."""
    context = browser.new_context(reduced_motion="reduce")
    page = context.new_page()
    page.goto(address + PAGE)
    yield page
    context.close()


class Picture:
    """One picture on a page, by the words that a reader sees."""

    def __init__(self, page, name: str):
        self.page, self.box = page, page.locator(f"#picture-{name} .stage")

    def says(self) -> str:
        return self.box.locator(".says").inner_text()

    def press(self, button: str) -> None:
        self.box.get_by_role("button", name=button, exact=True).click()

    def walk(self, steps: int) -> list[str]:
        """What it says at its start and after each of so many steps."""
        self.press("Restart")
        return self.box.evaluate(
            """(stage, steps) => {
              const button = [...stage.querySelectorAll("button")].find((one) => one.textContent === "Step");
              const says = () => stage.querySelector(".says").textContent;
              return [says(), ...Array.from({ length: steps }, () => (button.click(), says()))];
            }""",
            steps,
        )

    def choose(self, label: str, option: str) -> None:
        self.box.get_by_role("combobox", name=label, exact=True).select_option(option)

    def slide(self, label: str, value: float) -> None:
        self.box.get_by_role("slider", name=label, exact=True).fill(str(value))


# Broadcasting


def shapes() -> list[tuple[tuple[int, ...], tuple[int, ...]]]:
    """Every pair of up to two dimensions of 0 to 3, and many of up to six."""
    small = [shape for length in range(3) for shape in itertools.product(range(4), repeat=length)]
    draw = random.Random(0)
    large = [tuple(draw.choice((1, 1, 2, 5)) for _ in range(draw.randint(0, 6))) for _ in range(800)]
    return [*itertools.product(small, repeat=2), *zip(large[::2], large[1::2], strict=True)]


def expected(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    """How the sentence begins: the common shape, or all of it: what torch says where there is none."""
    try:
        return f"{a} and {b} give {tuple(torch.broadcast_shapes(a, b))}:"
    except RuntimeError:
        with pytest.raises(RuntimeError) as refusal:
            torch.empty(a) + torch.empty(b)
        return f"PyTorch refuses: RuntimeError: {refusal.value}"


def test_broadcasting_answers_as_torch_does(page):
    pairs = shapes()
    said = page.evaluate(
        """(pairs) => pairs.map((pair) => {
          const fields = document.querySelectorAll("#picture-broadcasting input");
          fields.forEach((field, k) => (field.value = pair[k].join(", ")));
          fields[0].dispatchEvent(new Event("input"));
          return document.querySelector("#picture-broadcasting .says").textContent;
        })""",
        pairs,
    )
    wanted = [expected(*pair) for pair in pairs]
    found = [text.split(":")[0] + ":" if " give " in text else text for text in said]
    assert found == wanted
    assert sum("refuses" in text for text in wanted) > 200 < sum("give" in text for text in wanted)


@pytest.mark.parametrize(("a", "b"), [("3, 1", "4"), ("2", "3, 1"), ("2, 1, 3", "4, 1"), ("", "2, 2")])
def test_broadcasting_draws_what_torch_computes(page, a, b):
    picture = Picture(page, "broadcasting")
    for label, shape in (("Shape of a", a), ("Shape of b", b)):
        picture.box.get_by_label(label).fill(shape)
    left, right = (torch.Size(int(size) for size in shape.split(", ") if size) for shape in (a, b))
    operands = (
        torch.arange(left.numel()).reshape(left),
        10 * torch.arange(right.numel()).reshape(right),
    )
    wanted = [*torch.broadcast_tensors(*operands), operands[0] + operands[1]]
    drawn = picture.box.locator("svg")
    found = [[int(text) for text in drawn.nth(k).locator("g text").all_text_contents()] for k in range(3)]
    assert found == [values.flatten().tolist() for values in wanted]
    own = [drawn.nth(k).locator("g.own").count() for k in range(2)]
    assert own == [left.numel(), right.numel()]


@pytest.mark.parametrize(
    ("typed", "shape"),
    [("(3, 1)", "(3, 1)"), ("[5]", "(5,)"), ("torch.Size([2, 2])", "(2, 2)"), ("7,", "(7,)"), ("(3, 1", "(3, 1)")],
)
def test_broadcasting_reads_the_forms_that_people_type(page, typed, shape):
    picture = Picture(page, "broadcasting")
    picture.box.get_by_label("Shape of a").fill(typed)
    picture.box.get_by_label("Shape of b").fill("1")
    assert picture.says().startswith(f"{shape} and (1,) give")


@pytest.mark.parametrize("typed", ["three", "-1, 2", "1.5", "2, x", "1,,2", "1 " * 7])
def test_broadcasting_says_what_is_no_shape(page, typed):
    picture = Picture(page, "broadcasting")
    field = picture.box.get_by_label("Shape of a")
    field.fill(typed)
    assert re.match("A shape is whole numbers|This picture takes up to 6", picture.says())
    assert field.get_attribute("aria-invalid") == "true"
    field.fill("3, 1")
    assert field.get_attribute("aria-invalid") == "false"


# Convolution

OWN = [0.5, -2, 0, 1.25, 0, 3, 0, -1, 7]


@pytest.mark.parametrize(
    ("kernel", "stride", "padding"),
    [("edge", 1, 0), ("edge", 2, 1), ("blur", 1, 1), ("blur", 3, 2), ("identity", 1, 1), ("own", 2, 0), ("own", 1, 2)],
)
def test_convolution_is_torchs(page, kernel, stride, padding):
    picture = Picture(page, "convolution")
    picture.choose("Padding", "0")
    seen = picture.box.locator("svg").first.locator("g text").all_text_contents()
    image = torch.tensor([float(text) for text in seen], dtype=torch.float64).reshape(1, 1, 7, 7)
    picture.choose("Filter", kernel)
    picture.choose("Stride", str(stride))
    picture.choose("Padding", str(padding))
    fields = picture.box.locator(".kernel input")
    if kernel == "own":
        for k, weight in enumerate(OWN):
            fields.nth(k).fill(str(weight))
    weights = torch.tensor([float(fields.nth(k).input_value()) for k in range(9)], dtype=torch.float64)
    wanted = F.conv2d(image, weights.reshape(1, 1, 3, 3), stride=stride, padding=padding).flatten()

    sums = picture.walk(len(wanted) - 1)
    found = [number(text.split(" = ")[1].rstrip(".")) for text in sums]
    torch.testing.assert_close(torch.tensor(found, dtype=torch.float64), wanted, atol=6e-5, rtol=0)
    terms = [re.search(r": (.*) =", text)[1].replace("−", "-").replace("·", "*") for text in sums]
    torch.testing.assert_close([float(eval(term)) for term in terms], found, atol=6e-5, rtol=0)
    drawn = [number(text) for text in picture.box.locator("svg").last.locator("g text").all_text_contents()]
    torch.testing.assert_close(torch.tensor(drawn, dtype=torch.float64), wanted, atol=0.051, rtol=0)
    side = int(len(wanted) ** 0.5)
    assert f"= {side}." in picture.box.locator("p").last.inner_text()


def test_a_weight_that_is_no_number_is_told(page):
    picture = Picture(page, "convolution")
    field = picture.box.locator(".kernel input").first
    field.fill("")
    assert "A weight is a number" in picture.says()
    field.fill("2")
    assert "A weight" not in picture.says()


# Gradient descent

CURVATURES = {"bowl": (1.0, 2.0), "valley": (0.05, 2.0)}


def sgd(place: str, rate: float, momentum: float, steps: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Points (steps + 1, 2) and losses (steps + 1,) of torch.optim.SGD."""
    curvatures = torch.tensor(CURVATURES[place], dtype=torch.float64)
    point = torch.tensor([-4.0, 1.6], dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([point], lr=rate, momentum=momentum)
    points, losses = [], []
    for _ in range(steps + 1):
        optimizer.zero_grad()
        loss = (curvatures * point.square()).sum() / 2
        loss.backward()
        points.append(point.detach().clone())
        losses.append(loss.detach())
        optimizer.step()
    return torch.stack(points), torch.stack(losses)


SETTINGS = [
    (place, rate, momentum)
    for place in CURVATURES
    for rate, momentum in ((0.1, 0.0), (0.99, 0.0), (1.01, 0.0), (0.3, 0.9), (1.49, 0.5), (1.51, 0.5), (2.0, 0.95))
]


@pytest.mark.parametrize(("place", "rate", "momentum"), SETTINGS)
def test_descent_walks_as_torchs_sgd(page, place, rate, momentum):
    picture = Picture(page, "descent")
    picture.choose("Landscape", place)
    picture.slide("Rate", rate)
    picture.slide("Momentum", momentum)
    said = picture.walk(12)
    points, losses = sgd(place, rate, momentum, 12)
    told = [re.search(r"x = (\S+), y = (\S+), loss (\S+)\. ", text).groups() for text in said]
    found = torch.tensor([[number(word) for word in words] for words in told], dtype=torch.float64)
    torch.testing.assert_close(found, torch.cat([points, losses[:, None]], dim=1), atol=6e-5, rtol=6e-4)
    drawn = picture.box.locator("svg").first.locator("polyline").get_attribute("points")
    pixels = torch.tensor([[float(word) for word in pair.split(",")] for pair in drawn.split()], dtype=torch.float64)
    torch.testing.assert_close((pixels - torch.tensor([170.0, 115.0])) / torch.tensor([34.0, -34.0]), points)
    later = sgd(place, rate, momentum, 2000)[1]
    assert ("it diverges" in said[-1]) == (not later[-1] < losses[0])
    assert ("comes to rest" in said[-1]) == (later[-1] < losses[0]).item()


def test_descent_at_the_limit_swings_for_ever(page):
    picture = Picture(page, "descent")
    picture.choose("Landscape", "bowl")
    picture.slide("Rate", 1)
    picture.slide("Momentum", 0)
    assert "for ever" in picture.says()
    points, _ = sgd("bowl", 1.0, 0.0, 100)
    assert points[-1, 1].abs() == points[0, 1].abs()


def test_a_path_that_diverges_stops(page):
    picture = Picture(page, "descent")
    picture.slide("Rate", 2)
    picture.slide("Momentum", 0)
    picture.press("Restart")
    picture.press("Play")
    picture.box.locator(".says", has_text="Here it stops").wait_for()
    assert picture.box.get_by_role("button", name="Play", exact=True).count() == 1  # it is not playing any more


# Motion, keyboard, no script, a folder


@pytest.mark.parametrize("name", NAMES[1:])
def test_a_picture_plays_and_pauses_when_asked_and_not_before(page, name):
    page.reload()
    picture = Picture(page, name)
    picture.press("Restart")
    first = picture.says()
    page.wait_for_timeout(800)
    assert picture.says() == first
    picture.press("Play")
    assert picture.box.locator(".says").get_attribute("aria-live") == "off"
    page.wait_for_function(
        "([name, text]) => document.querySelector(`#picture-${name} .says`).textContent !== text", arg=[name, first]
    )
    picture.press("Pause")
    assert picture.box.locator(".says").get_attribute("aria-live") == "polite"
    paused = picture.says()
    page.wait_for_timeout(800)
    assert picture.says() == paused


@pytest.mark.parametrize("name", NAMES[1:])
def test_with_less_motion_ten_steps_take_the_place_of_playing(calm_page, name):
    picture = Picture(calm_page, name)
    assert picture.box.get_by_role("button", name="Play").count() == 0
    picture.press("Restart")
    picture.press("Ten steps")
    at_once = picture.says()
    assert picture.walk(10)[-1] == at_once


@pytest.mark.parametrize("name", NAMES)
def test_every_control_is_reached_by_keyboard_and_seen(page, name):
    page.reload()
    controls = page.locator(f"#picture-{name} .stage").locator("input, select, button")
    count = controls.count()
    assert count > 3
    controls.first.focus()
    for k in range(count):
        assert controls.nth(k).evaluate("(e) => e === document.activeElement"), k
        assert controls.nth(k).evaluate("(e) => parseFloat(getComputedStyle(e).outlineWidth)") >= 2
        page.keyboard.press("Tab")


def test_shapes_are_typed_by_keyboard_alone(page):
    page.reload()
    picture = Picture(page, "broadcasting")
    picture.box.get_by_label("Shape of a").focus()
    page.keyboard.press("Control+A")
    page.keyboard.type("2, 3")
    page.keyboard.press("Tab")
    page.keyboard.type("2")
    assert picture.says() == f"PyTorch refuses: RuntimeError: {refusal((2, 3), (2,))}"


def refusal(a: tuple[int, ...], b: tuple[int, ...]) -> str:
    with pytest.raises(RuntimeError) as found:
        torch.empty(a) + torch.empty(b)
    return str(found.value)


def spread(page) -> None:
    """Bring each picture to a state that is wide or coloured: a refusal, padding, a path that left, a late letter."""
    Picture(page, "broadcasting").box.get_by_label("Shape of a").fill("100000, 100000, 100000, 100000, 1, 5")
    Picture(page, "broadcasting").box.get_by_label("Shape of b").fill("100000, 1, 3")
    convolution = Picture(page, "convolution")
    convolution.choose("Padding", "2")
    convolution.walk(80)
    Picture(page, "descent").slide("Rate", 2)
    Picture(page, "descent").walk(30)
    Picture(page, "attention").slide("Character that looks", 10)
    Picture(page, "gates").choose("Unit", "mean")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_axe_finds_nothing_serious_in_what_was_changed(page, theme):
    page.emulate_media(color_scheme=theme)
    page.reload()
    spread(page)
    page.evaluate((files("axe_playwright_python") / "axe.min.js").read_text(encoding="utf-8"))
    assert page.locator("html").get_attribute("data-theme") == theme
    assert [one for one in page.evaluate(AXE) if one["impact"] in GRAVE] == []


def test_what_was_changed_lies_within_a_phone(page):
    page.set_viewport_size({"width": 360, "height": 800})
    page.reload()
    spread(page)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    outside = page.evaluate(
        """() => [...document.querySelectorAll(".moving")].flatMap((box) => {
          const right = (one) => one.getBoundingClientRect().right;
          const parts = [...box.querySelectorAll(".stage > *, svg, .letter, input, select, button")];
          return parts.filter((one) => one.checkVisibility() && right(one) > right(box)).map((one) => one.outerHTML);
        })"""
    )
    assert outside == []
    page.set_viewport_size({"width": 1440, "height": 1000})


@pytest.mark.parametrize("name", ["attention", "gates"])
def test_a_character_is_chosen_by_arrow_keys_and_by_pointing(page, name):
    page.reload()
    picture = Picture(page, name)
    picture.press("Restart")
    slider = picture.box.locator("input[type=range]")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    assert "place 3" in slider.get_attribute("aria-valuetext")
    by_keys = picture.says()
    assert "lace 3," in by_keys
    picture.box.locator(".letter").nth(7).hover()
    assert "lace 8," in picture.says()


@pytest.fixture(scope="module")
def quiet_page(browser, address) -> Iterator:
    """The page in a browser that runs no scripts."""
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto(address + PAGE)
    yield page
    context.close()


@pytest.mark.parametrize("name", NAMES)
def test_without_scripts_a_still_picture_stands_there(quiet_page, name):
    image = quiet_page.locator(f"#picture-{name} .still img")
    assert image.is_visible()
    assert image.bounding_box()["height"] > 100  # it was loaded: the alternative text alone is flatter
    assert len(image.get_attribute("alt")) > 60
    assert quiet_page.locator(f"#picture-{name} figcaption").inner_text()


@pytest.mark.parametrize("name", NAMES)
def test_print_has_the_still_picture(page, name):
    page.emulate_media(media="print")
    box = page.locator(f"#picture-{name}")
    assert box.locator(".still img").is_visible()
    assert not box.locator(".stage").is_visible()
    page.emulate_media(media="screen")
    assert not box.locator(".still img").is_visible()
    assert box.locator(".stage").is_visible()


def test_the_pictures_move_in_a_folder_too(browser):
    page = browser.new_page()
    said = []
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto((SITE / PAGE).as_uri())
    assert page.locator(".moving.live").count() == len(NAMES)
    assert said == []
    page.close()


def test_no_other_page_loads_the_scripts():
    pages = [path for path in SITE.glob("*/*.html") if path != SITE / PAGE]
    assert len(pages) > 10
    assert [path.name for path in pages if "_static/moving/" in path.read_text(encoding="utf-8")] == []


# What the two networks computed: read again by PyTorch's own layers, from the weights that the build kept


@pytest.fixture(scope="module")
def networks() -> tuple[dict, dict]:
    """What the pictures show, and the weights it was computed with."""
    shown = (SITE / "_static" / "moving" / "networks.js").read_text(encoding="utf-8")
    [weights] = (SITE.parent / "moving").glob("*/networks.pt")
    return json.loads(re.fullmatch(r"Moving\.networks = (.*);\n", shown)[1]), torch.load(weights, weights_only=True)


def lstm_states(networks, text: str) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
    """nn.LSTM by character: outputs, cells (T, H), and d cell / d cell before, which is the forget gate."""
    state, chars = networks[1]["lstm"], networks[1]["lstm_chars"]
    model = CharRNN(len(chars), state["recurrent.weight_hh_l0"].shape[1], kind="lstm")
    model.load_state_dict(state)
    h = c = torch.zeros(1, 1, model.recurrent.hidden_size)
    outputs, cells, slopes = [], [], []
    for vector in model.embedding(Vocabulary(chars).encode(text)):
        before = c.detach().requires_grad_()
        _, (h, c) = model.recurrent(vector[None, None], (h.detach(), before))
        slopes.append(torch.autograd.grad(c.sum(), before, retain_graph=True)[0].flatten())
        outputs.append(h.detach().flatten())
        cells.append(c.detach().flatten())
    return torch.stack(outputs), torch.stack(cells), torch.stack(slopes)


@pytest.mark.parametrize("sentence", [0, 1])
def test_gates_are_those_of_nn_lstm(networks, sentence):
    shown = networks[0]["lstm"][sentence]
    outputs, cells, forget = lstm_states(networks, shown["text"])
    assert len(shown["units"]) == 8
    for unit, rows in shown["units"].items():
        found = {row: torch.tensor(values) for row, values in rows.items()}
        close = {"atol": 6e-4, "rtol": 0}
        torch.testing.assert_close(found["h"], outputs[:, int(unit)], **close)
        torch.testing.assert_close(found["c"], cells[:, int(unit)], **close)
        torch.testing.assert_close(found["f"], forget[:, int(unit)], **close)
        torch.testing.assert_close(found["o"] * found["c"].tanh(), found["h"], atol=3e-3, rtol=0)
        before = torch.cat([torch.zeros(1), found["c"][:-1]])
        torch.testing.assert_close(found["f"] * before + found["i"] * found["g"], found["c"], atol=5e-3, rtol=0)
        assert found["i"].min() >= 0
    torch.testing.assert_close(torch.tensor(shown["mean"]["f"]), forget.mean(dim=1), atol=6e-4, rtol=0)


@pytest.mark.parametrize("sentence", [0, 1])
def test_attention_is_that_of_pytorchs_layers(networks, sentence):
    shown, state = networks[0]["attention"][sentence], networks[1]["transformer"]
    width, places = state["position.weight"].shape[1], len(shown["text"])
    tokens = Vocabulary(networks[1]["transformer_chars"]).encode(shown["text"])
    x = (state["embedding.weight"][tokens] + state["position.weight"][:places])[None]
    hide = ~torch.ones(places, places, dtype=torch.bool).tril()
    for block, heads in enumerate(shown["weights"]):
        layer = nn.TransformerEncoderLayer(
            width, len(heads), 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        ours = {
            "attention.project.": "self_attn.in_proj_", "attention.mix.": "self_attn.out_proj.",
            "mlp.0.": "linear1.", "mlp.2.": "linear2.", "norm1.": "norm1.", "norm2.": "norm2.",
        }  # fmt: skip
        layer.load_state_dict(
            {theirs + kind: state[f"blocks.{block}.{name}{kind}"]
             for name, theirs in ours.items() for kind in ("weight", "bias")}
        )  # fmt: skip
        y = layer.norm1(x)
        _, weights = layer.self_attn(y, y, y, attn_mask=hide, average_attn_weights=False)
        torch.testing.assert_close(torch.tensor(heads), weights[0], atol=6e-4, rtol=0)
        x = layer(x, src_mask=hide)


@pytest.mark.parametrize("unit", [0, 5])
def test_the_gates_told_are_those_kept(page, networks, unit):
    page.reload()
    picture, shown = Picture(page, "gates"), networks[0]["lstm"][1]
    picture.choose("Sentence", "1")
    name = list(shown["units"])[unit]
    picture.choose("Unit", name)
    rows = shown["units"][name]
    for place, said in enumerate(picture.walk(5)):
        numbers = [number(found) for found in re.findall(r"[−\d.]*\d", said.split(": ", 1)[1])]
        before = rows["c"][place - 1] if place else 0.0
        wanted = [*(rows[row][place] for row in "ifgo"), rows["f"][place], before, rows["i"][place], rows["g"][place]]
        wanted += [rows["c"][place], rows["h"][place]]
        assert numbers == pytest.approx(wanted, abs=0.0051)
    assert page.locator("#picture-gates .swatch").count() == 6 * len(shown["text"])


@pytest.mark.parametrize(("block", "head", "place"), [(0, 1, 20), (1, 3, 31), (0, 0, 0)])
def test_the_weights_drawn_are_those_kept(page, networks, block, head, place):
    page.reload()
    picture, shown = Picture(page, "attention"), networks[0]["attention"][0]
    picture.choose("Head", f"{block},{head}")
    picture.slide("Character that looks", place)
    row = shown["weights"][block][head][place]
    bars = page.locator("#picture-attention .bar").evaluate_all("(bars) => bars.map((e) => parseFloat(e.style.height))")
    assert [height / 56 for height in bars] == pytest.approx(row, abs=1e-3)
    assert sum(row) == pytest.approx(1, abs=0.02)
    assert page.locator("#picture-attention .hidden-from").count() == len(row) - place - 1
    told = [number(found) for found in re.findall(r"\((.*?)\)", picture.says())]
    assert told == pytest.approx(sorted(row[: place + 1], reverse=True)[:3], abs=0.0051)
    assert page.locator("#picture-attention .weight").count() == len(row) * (len(row) + 1) / 2
