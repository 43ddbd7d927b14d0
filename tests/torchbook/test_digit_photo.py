"""A photograph of a handwritten digit: each step does what it says, whatever the file, the light and the place."""

import time

import numpy as np
from PIL import Image
import pytest
import torch
from torchbook.data.errors import DataError
from torchbook.data.images import load_images
from torchbook.digit_photo import SIDE, _largest, digit_steps, read_photo
from torchbook.paper_drawing import HEIGHT, WIDTH, draw_digit_photo

FIVE = draw_digit_photo(5)
SHEET = Image.fromarray(FIVE.permute(1, 2, 0).numpy())


def scan(photo: torch.Tensor) -> torch.Tensor:
    return digit_steps(photo)["scaled"].float()


def difference(one: torch.Tensor, other: torch.Tensor) -> float:
    """Mean difference of two scans in shares of full ink."""
    return ((one - other).abs().mean() / 255).item()


def nearest_label(photo: torch.Tensor) -> int:
    digits = load_images("digits", "train", source="embedded")
    distances = (digits.images.float() - scan(photo)).square().sum(dim=(1, 2, 3))
    return digits.labels[distances.topk(5, largest=False).indices].mode().values.item()


@pytest.mark.parametrize("digit", [0, 2, 3, 5, 6, 7])
def test_a_drawn_digit_arrives_as_what_it_is(digit):
    assert nearest_label(draw_digit_photo(digit)) == digit


def test_steps_come_in_order_with_the_shapes_that_they_promise():
    steps = digit_steps(FIVE)
    assert list(steps) == ["grey", "inverted", "centred", "scaled"]
    assert steps["grey"].shape == steps["inverted"].shape == (HEIGHT, WIDTH)
    assert steps["centred"].shape[0] == steps["centred"].shape[1]
    assert (steps["scaled"].shape, steps["scaled"].dtype) == ((1, 32, 32), torch.uint8)


def test_ink_is_dark_before_and_bright_after_the_inversion():
    steps = digit_steps(FIVE)
    ink = steps["inverted"] > 0.5
    assert steps["grey"][ink].max() < steps["grey"][~ink].mean()
    assert steps["inverted"].max() == 1
    assert steps["inverted"].min() >= 0


def test_the_ink_touches_two_opposite_sides_and_is_in_the_middle():
    rows, columns = ((digit_steps(FIVE)["centred"].amax(dim) > 0).nonzero().squeeze(1) for dim in (1, 0))
    side = digit_steps(FIVE)["centred"].shape[0]
    assert (rows[0], rows[-1]) == (0, side - 1)
    assert abs(columns[0] - (side - 1 - columns[-1])) <= 1


KINDS = [("a.png", "RGB"), ("a.PNG", "L"), ("a.jpg", "RGB"), ("a.JPEG", "CMYK"), ("a.webp", "RGB"), ("a.gif", "P")]
KINDS += [("a.bmp", "RGB"), ("a.tif", "RGBA"), ("a.ppm", "RGB"), ("字 5.jpg", "L")]


@pytest.mark.parametrize(("name", "mode"), KINDS)
def test_the_kind_of_file_changes_little(tmp_path, name, mode):
    SHEET.convert(mode).save(tmp_path / name)
    assert difference(scan(read_photo(tmp_path / name)), scan(FIVE)) < 0.05


def test_ink_on_transparent_ground_lies_on_white(tmp_path):
    grey = np.asarray(SHEET.convert("L"))
    drawn = np.dstack([np.zeros((*grey.shape, 3), dtype=np.uint8), np.where(grey < 100, 255, 0).astype(np.uint8)])
    Image.fromarray(drawn, "RGBA").save(tmp_path / "a.png")
    assert difference(scan(read_photo(tmp_path / "a.png")), scan(FIVE)) < 0.05


def test_sixteen_bits_are_read(tmp_path):
    Image.fromarray(np.asarray(SHEET.convert("L")).astype(np.uint16) * 257).save(tmp_path / "a.png")
    assert difference(scan(read_photo(tmp_path / "a.png")), scan(FIVE)) < 0.05


def test_a_phone_s_turned_photograph_stands_upright(tmp_path):
    turned, exif = SHEET.transpose(Image.Transpose.ROTATE_90), Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to the right to see it
    turned.save(tmp_path / "a.jpg", exif=exif, quality=95)
    assert read_photo(tmp_path / "a.jpg").shape == (3, HEIGHT, WIDTH)
    assert difference(scan(read_photo(tmp_path / "a.jpg")), scan(FIVE)) < 0.05


def test_a_large_photograph_is_made_smaller_and_read_alike(tmp_path):
    SHEET.resize((5 * WIDTH, 5 * HEIGHT)).save(tmp_path / "a.jpg")
    photo = read_photo(tmp_path / "a.jpg")
    assert max(photo.shape) == SIDE
    assert difference(scan(photo), scan(FIVE)) < 0.05


@pytest.mark.parametrize("change", [
    lambda photo: (photo * 0.6).to(torch.uint8),  # less light
    lambda photo: photo[:, 30:, 25:],  # elsewhere on the sheet
    lambda photo: photo[:, 40:280],  # cut differently
])  # fmt: skip
def test_light_and_place_change_little(change):
    assert difference(scan(change(FIVE)), scan(FIVE)) < 0.08


def test_a_speck_of_dirt_is_left_out():
    dirty = FIVE.clone()
    dirty[:, 300:304, 10:14] = 30
    assert difference(scan(dirty), scan(FIVE)) < 0.02


def test_two_strokes_that_do_not_touch_both_stay():
    photo = torch.full((3, 120, 120), 220, dtype=torch.uint8)
    photo[:, 30:90, 40:48] = photo[:, 30:90, 70:78] = 20
    columns = digit_steps(photo)["centred"].amax(0)
    assert columns.diff().abs().sum() >= 2  # ink, gap, ink


@pytest.mark.parametrize("photo", [
    torch.full((3, 100, 100), 200, dtype=torch.uint8),
    torch.full((3, 100, 100), 0, dtype=torch.uint8),
    torch.linspace(120, 230, 100).to(torch.uint8).expand(3, 100, 100),  # a shadow alone
])  # fmt: skip
def test_empty_paper_is_told(photo):
    with pytest.raises(DataError, match="no dark ink on brighter paper"):
        digit_steps(photo)


@pytest.mark.parametrize(
    ("shape", "said"), [((4, 200), "200 x 4"), ((8, 4000), "320 x 1"), ((0, 4000), "4000 x 0"), ((0, 0), "0 x 0")]
)
def test_a_strip_is_told(shape, said):
    with pytest.raises(DataError, match=f"has {said} pixels: take one of 8 x 8 or more"):
        digit_steps(torch.zeros(3, *shape, dtype=torch.uint8))


@pytest.mark.parametrize("times", [2, 12])
def test_a_large_photograph_handed_in_directly_is_made_smaller(times):
    large = FIVE.repeat_interleave(times, dim=1).repeat_interleave(times, dim=2)
    steps = digit_steps(large)
    assert all(torch.equal(steps[name], picture) for name, picture in digit_steps(FIVE).items())


def serpentine(side: int) -> torch.Tensor:
    """One line that goes to and fro and fills half of the sheet."""
    ink = torch.zeros(side, side)
    ink[::2] = 1
    ink[1::4, -1] = ink[3::4, 0] = 1
    return ink


def flooded(ink: torch.Tensor) -> torch.Tensor:
    """The parts of ``ink`` with a tenth as many pixels as the largest, found pixel by pixel."""
    left, parts = {tuple(place) for place in ink.nonzero().tolist()}, []
    while left:
        part, new = set(), [left.pop()]
        while new:
            row, column = new.pop()
            part.add((row, column))
            around = {(row + down, column + right) for down in (-1, 0, 1) for right in (-1, 0, 1)} & left
            left -= around
            new += around
        parts.append(part)
    largest, kept = max(map(len, parts)), torch.zeros_like(ink)
    for row, column in {place for part in parts if len(part) >= 0.1 * largest for place in part}:
        kept[row, column] = 1
    return kept


@pytest.mark.parametrize(
    "ink",
    [serpentine(30), serpentine(30).T]
    + [
        (torch.rand(31, 23, generator=torch.Generator().manual_seed(seed)) < 0.08 * seed).float()
        for seed in range(1, 13)
    ],
)
def test_the_parts_are_those_that_hang_together(ink):
    assert torch.equal(_largest(ink), flooded(ink))


def test_a_line_without_end_and_noise_take_no_time():
    start = time.process_time()
    assert _largest(serpentine(SIDE)).sum() == serpentine(SIDE).sum()
    digit_steps(torch.randint(256, (3, SIDE, SIDE), dtype=torch.uint8, generator=torch.Generator().manual_seed(0)))
    assert time.process_time() - start < 3


@pytest.mark.parametrize("photo", [torch.zeros(3, 40, 40), torch.zeros(1, 40, 40, dtype=torch.uint8)])
def test_another_form_is_refused(photo):
    with pytest.raises(ValueError, match="A photograph is uint8"):
        digit_steps(photo)


def test_a_file_that_is_no_picture_is_told(tmp_path):
    (tmp_path / "a.jpg").write_text("five")
    with pytest.raises(DataError, match="no picture"):
        read_photo(tmp_path / "a.jpg")


def test_the_drawing_is_the_same_for_the_same_seed_and_another_for_another():
    assert torch.equal(draw_digit_photo(5), FIVE)
    assert not torch.equal(draw_digit_photo(5, seed=1), FIVE)
    with pytest.raises(ValueError, match="one of 0"):
        draw_digit_photo(10)
