"""The classic CIFAR-10 recipe as tutorials print it: PIL pictures, two workers, batches of 4, two epochs of SGD."""

from __future__ import annotations

from PIL import Image
import torch
from torch import nn, optim
import torch.nn.functional as F
from torch.utils.data import DataLoader, Dataset
from torchbook.data.batches import Batches, worker_count
from torchbook.data.images import ImageSet
from torchbook.device import Stopwatch, seed_everything
from torchbook.training import evaluate
from torchvision import transforms


class Net(nn.Module):
    """The tutorial's network: (N, 3, 32, 32) -> logits (N, 10)."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 6, 5)
        self.pool = nn.MaxPool2d(2, 2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x):
        x = self.pool(F.relu(self.conv1(x)))
        x = self.pool(F.relu(self.conv2(x)))
        x = torch.flatten(x, 1)
        x = F.relu(self.fc1(x))
        x = F.relu(self.fc2(x))
        return self.fc3(x)


class Pictures(Dataset):
    """What ``torchvision.datasets.CIFAR10`` does: arrays in memory, one PIL picture at a time through a transform."""

    def __init__(self, images: ImageSet, transform):
        self.data = images.images.permute(0, 2, 3, 1).contiguous().numpy()  # (N, H, W, C)
        self.targets = images.labels.tolist()
        self.transform = transform

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int):
        return self.transform(Image.fromarray(self.data[index])), self.targets[index]


def classic_loader(images: ImageSet) -> DataLoader:
    """Batches of 4 from two worker processes, in random order."""
    transform = transforms.Compose([transforms.ToTensor(), transforms.Normalize((0.5, 0.5, 0.5), (0.5, 0.5, 0.5))])
    return DataLoader(Pictures(images, transform), batch_size=4, shuffle=True, num_workers=worker_count(2))


def train_classic(train: ImageSet, test: ImageSet, seed: int, epochs: int = 2) -> dict[str, float]:
    """Train as the tutorial does, on the CPU; return seconds of training and accuracy on the test images."""
    seed_everything(seed)
    trainloader = classic_loader(train)
    net = Net()
    criterion = nn.CrossEntropyLoss()
    optimizer = optim.SGD(net.parameters(), lr=0.001, momentum=0.9)
    with Stopwatch() as watch:
        for _ in range(epochs):
            running_loss = 0.0
            for i, (inputs, labels) in enumerate(trainloader):
                optimizer.zero_grad()
                outputs = net(inputs)
                loss = criterion(outputs, labels)
                loss.backward()
                optimizer.step()
                running_loss += loss.item()
                if i % 2000 == 1999:
                    running_loss = 0.0  # the tutorial prints it here
    _, accuracy = evaluate(net, Batches(test, 500, transform=lambda images: (images - 0.5) / 0.5))
    return {"seconds": watch.seconds, "accuracy": accuracy}
