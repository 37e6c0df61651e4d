"""The whole-network loop of `benchmarks.autoregressive` in PyTorch, which it starts.

It imports PyTorch alone, so that the Python that runs it needs nothing else. Run as
`python benchmarks/autoregressive_torch.py MODE THREADS SIZE SITES BATCH FILTERS LAYERS
KERNEL FIRST_KERNEL`, where MODE is `eager` or `compiled`. It prints the number of
weights, and the seconds of drawing SITES sites of BATCH images, three times.
"""

import sys
import time

import torch
from torch import nn
from torch.nn import functional

ROUNDS = 3


class Block(nn.Module):
    """A layer of `keras_gen.models.GatedPixelCNN` for one channel, without labels."""

    def __init__(self, features, filters, kernel_size, is_first, is_last):
        super().__init__()
        reach = kernel_size // 2
        self.is_first, self.is_last = is_first, is_last
        self.above = reach - 1 if is_first else reach
        self.reach = reach
        shape = (self.above + 1, kernel_size)
        self.vertical = nn.Conv2d(features, 2 * filters, shape)
        self.crossing = nn.Conv2d(2 * filters, 2 * filters, 1, bias=False)
        self.horizontal = nn.Conv2d(features, 2 * filters, (1, reach + 1))
        self.skip = nn.Conv2d(filters, filters, 1)
        if not is_last:
            self.residual = nn.Conv2d(filters, filters, 1)
        mask = torch.ones(1, 1, 1, reach + 1)
        mask[..., -1] = 0 if is_first else 1
        self.register_buffer("mask", mask)

    def forward(self, vertical, horizontal):
        side = self.reach
        above = self.vertical(functional.pad(vertical, (side, side, self.above, 0)))
        left = functional.pad(horizontal, (side, 0))
        kernel, bias = self.horizontal.weight * self.mask, self.horizontal.bias
        gated = gate(functional.conv2d(left, kernel, bias) + self.crossing(above))
        skip = self.skip(gated)
        if self.is_last:
            return gate(above), horizontal, skip
        outputs = self.residual(gated)
        return gate(above), outputs if self.is_first else horizontal + outputs, skip


def gate(features):
    signal, opening = features.chunk(2, dim=1)
    return torch.tanh(signal) * torch.sigmoid(opening)


class GatedPixelCNN(nn.Module):
    def __init__(self, filters, num_layers, kernel_size, first_kernel_size):
        super().__init__()
        self.blocks = nn.ModuleList(
            Block(
                filters if index else 1,
                filters,
                kernel_size if index else first_kernel_size,
                is_first=index == 0,
                is_last=index == num_layers - 1,
            )
            for index in range(num_layers)
        )
        self.hidden = nn.Conv2d(filters, filters, 1)
        self.outputs = nn.Conv2d(filters, 1, 1)

    def forward(self, images):
        horizontal = 2 * images - 1
        vertical = functional.pad(horizontal, (0, 0, 1, 0))[:, :, :-1]
        skips = 0
        for block in self.blocks:
            vertical, horizontal, skip = block(vertical, horizontal)
            skips = skips + skip
        return self.outputs(torch.relu(self.hidden(torch.relu(skips))))


def draw(network, images, uniform, sites):
    """Draws the first sites of images, the whole network for each."""
    size = images.shape[-1]
    for site in range(sites):
        row, column = divmod(site, size)
        black = torch.sigmoid(-network(images)[:, :, row, column])
        images[:, :, row, column] = (uniform[:, :, row, column] >= black).float()


@torch.inference_mode()
def main(mode, *numbers):
    threads, size, sites, batch, *sizes = map(int, numbers)
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    model = GatedPixelCNN(*sizes).eval().to(memory_format=torch.channels_last)
    print(sum(weight.numel() for weight in model.parameters()))
    network = torch.compile(model) if mode == "compiled" else model
    images = torch.zeros(batch, 1, size, size)
    images = images.to(memory_format=torch.channels_last)
    uniform = torch.rand(images.shape)
    draw(network, images, uniform, 2)
    for _ in range(ROUNDS):
        start = time.perf_counter()
        draw(network, images, uniform, sites)
        print(time.perf_counter() - start)


if __name__ == "__main__":
    main(*sys.argv[1:])
