"""flip_and_crop against torchvision's crop and mirror, and the properties that it promises."""

from itertools import product

import pytest
import torch
import torch.nn.functional as F
from torchbook.data.augment import flip_and_crop
from torchvision.transforms.v2 import functional as oracle


def pictures(count=64, height=8, width=8):
    """Images of which each pixel is another number, so that every window and mirror image is known again."""
    return torch.arange(count * 3 * height * width, dtype=torch.float32).reshape(count, 3, height, width)


def windows(image, padding):
    """Every picture that may come of `image` (C, H, W), by torchvision: (choices, C, H, W), mirrored ones last."""
    height, width = image.shape[-2:]
    padded = oracle.pad(image, [padding], padding_mode="reflect")
    shifts = product(range(2 * padding + 1), repeat=2)
    plain = [oracle.crop(padded, top, left, height, width) for top, left in shifts]
    return torch.stack(plain + [oracle.horizontal_flip(window) for window in plain])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
@pytest.mark.parametrize("shape", [(5, 3, 8, 8), (1, 1, 6, 9), (3, 4, 12, 7)])
def test_shape_and_type_stay_and_the_order_is_channels_last(shape, dtype):
    images = torch.rand(shape).to(dtype)
    before = images.clone()
    found = flip_and_crop(images, padding=2)
    assert found.shape == images.shape
    assert found.dtype == dtype
    assert found.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(images, before)


@pytest.mark.parametrize("memory_format", [torch.contiguous_format, torch.channels_last])
def test_without_padding_comes_the_image_or_its_mirror(memory_format):
    torch.manual_seed(0)
    images = pictures().contiguous(memory_format=memory_format)
    found = flip_and_crop(images, padding=0)
    same = (found == images).flatten(1).all(1)
    mirrored = (found == images.flip(-1)).flatten(1).all(1)
    assert (same ^ mirrored).all()
    assert same.any()
    assert mirrored.any()


@pytest.mark.parametrize(("height", "width", "padding"), [(8, 8, 2), (5, 9, 3), (9, 5, 1)])
def test_each_output_is_a_window_of_the_padded_image(height, width, padding):
    torch.manual_seed(0)
    images = pictures(20, height, width)
    for image, found in zip(images, flip_and_crop(images, padding), strict=True):
        hits = (windows(image, padding) == found).flatten(1).all(1)
        assert hits.sum() == 1


def test_every_window_comes_equally_often():
    torch.manual_seed(0)
    image = pictures(1)
    choices = windows(image[0], padding=1).flatten(1)  # nine windows, each as it is and mirrored
    found = flip_and_crop(image.expand(9000, -1, -1, -1), padding=1).flatten(1)
    counts = torch.bincount(torch.cdist(found, choices).argmin(1), minlength=18)
    assert len(counts) == 18
    assert counts.min() > 400  # 500 expected, standard deviation 22
    assert counts.max() < 600


def test_half_are_mirrored():
    torch.manual_seed(0)
    images = pictures(4000, 4, 4)
    mirrored = (flip_and_crop(images, padding=0) != images).flatten(1).any(1)
    assert 1850 < mirrored.sum() < 2150  # 2000 expected, standard deviation 32


def test_the_draw_is_one_an_image():
    torch.manual_seed(0)
    found = flip_and_crop(pictures(1).expand(64, -1, -1, -1))
    assert len(found.flatten(1).unique(dim=0)) > 30


def test_a_seed_repeats():
    images = pictures()
    torch.manual_seed(3)
    first, other = flip_and_crop(images), flip_and_crop(images)
    torch.manual_seed(3)
    assert torch.equal(flip_and_crop(images), first)
    assert not torch.equal(first, other)


def test_the_border_is_a_reflection():
    """A padding as large as it may be, against PyTorch's own."""
    torch.manual_seed(0)
    images = pictures(10, 4, 4)
    padded = F.pad(images, (3,) * 4, mode="reflect")
    for image, found in zip(padded, flip_and_crop(images, padding=3), strict=True):
        assert torch.isin(found, image).all()


@pytest.mark.parametrize("padding", [-1, 6, 7])
def test_bad_padding_is_refused(padding):
    with pytest.raises(ValueError, match=f"padding must be from 0 to 5, got {padding}"):
        flip_and_crop(torch.rand(2, 3, 8, 6), padding)


def test_all_is_drawn_on_the_device_of_the_images():
    """On the device "meta" a tensor from elsewhere, or a number read back, is an error."""
    found = flip_and_crop(torch.rand(4, 3, 32, 32, device="meta"))
    assert found.device.type == "meta"
    assert found.shape == (4, 3, 32, 32)
