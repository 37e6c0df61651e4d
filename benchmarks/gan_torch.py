"""The steps of `benchmarks.gan` in PyTorch, which starts this file on its own.

It imports PyTorch alone, so that the Python that runs it needs nothing else. Run as
`python benchmarks/gan_torch.py NAME MODE THREADS STEPS`, where NAME is `dcgan` or
`wgan_gp` and MODE is `eager` or `compiled`. It prints the number of weights after a
warm-up, and then, for each line on its standard input, the seconds of STEPS steps, of
the clock and of the processors.
"""

import sys
import time

import torch
from torch import nn

BATCH, SHARES, LATENT_DIM = 64, 5, 64
FORMAT = torch.channels_last


class ChannelNorm(nn.Module):
    """Layer normalization over the channels of each pixel, as Keras' default is."""

    def __init__(self, channels):
        super().__init__()
        self.norm = nn.LayerNorm(channels, eps=1e-3)

    def forward(self, x):
        return self.norm(x.permute(0, 2, 3, 1)).permute(0, 3, 1, 2)


def make_generator():
    return nn.Sequential(
        nn.Linear(LATENT_DIM, 128 * 7 * 7, bias=False),
        nn.Unflatten(1, (128, 7, 7)),
        nn.BatchNorm2d(128),
        nn.ReLU(),
        nn.ConvTranspose2d(128, 64, 4, 2, 1, bias=False),
        nn.BatchNorm2d(64),
        nn.ReLU(),
        nn.ConvTranspose2d(64, 1, 4, 2, 1),
        nn.Tanh(),
    )


def make_discriminator(normalization, output_bias):
    return nn.Sequential(
        nn.Conv2d(1, 64, 4, 2, 1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(64, 128, 4, 2, 1, bias=False),
        normalization(128),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(128 * 7 * 7, 1, bias=output_bias),
    )


class DCGAN:
    shares = 1
    rate, betas = 2e-4, (0.5, 0.999)

    def __init__(self):
        self.generator = make_generator().to(memory_format=FORMAT)
        self.discriminator = make_discriminator(nn.BatchNorm2d, True)
        self.discriminator.to(memory_format=FORMAT)
        self.optimizers = [
            torch.optim.Adam(player.parameters(), self.rate, self.betas)
            for player in (self.discriminator, self.generator)
        ]

    def compile(self):
        self.discriminator_loss = torch.compile(self.discriminator_loss)
        self.generator_loss = torch.compile(self.generator_loss)
        self.fakes = torch.compile(self.fakes)

    def fakes(self, noise):
        return self.generator(noise)

    def discriminator_loss(self, images, fakes):
        softplus = nn.functional.softplus
        real = softplus(-self.discriminator(images)).mean()
        return real + softplus(self.discriminator(fakes)).mean()

    def generator_loss(self, noise):
        score = self.discriminator(self.generator(noise))
        return nn.functional.softplus(-score).mean()

    def step(self, images):
        # No gradient is taken that is not used.
        self.discriminator.requires_grad_(True)
        for index in range(self.shares):
            share = images[index :: self.shares]
            with torch.no_grad():
                fakes = self.fakes(torch.randn(len(share), LATENT_DIM))
            self.update(0, self.discriminator_loss(share, fakes))
        self.discriminator.requires_grad_(False)
        noise = torch.randn(len(share), LATENT_DIM)
        self.update(1, self.generator_loss(noise))

    def update(self, player, loss):
        self.optimizers[player].zero_grad()
        loss.backward()
        self.optimizers[player].step()


class WGANGP(DCGAN):
    shares = SHARES
    rate, betas = 1e-4, (0.0, 0.9)

    def __init__(self):
        super().__init__()
        self.discriminator = make_discriminator(ChannelNorm, False)
        self.discriminator.to(memory_format=FORMAT)
        self.optimizers[0] = torch.optim.Adam(
            self.discriminator.parameters(), self.rate, self.betas
        )

    def discriminator_loss(self, images, fakes):
        scores = self.discriminator(images), self.discriminator(fakes)
        share = torch.rand(len(images), 1, 1, 1)
        between = images + share * (fakes - images)
        slope = torch.func.grad(lambda x: self.discriminator(x).sum())(between)
        norm = (slope.square().sum((1, 2, 3)) + 1e-12).sqrt()
        return scores[1].mean() - scores[0].mean() + 10 * (norm - 1).square().mean()

    def generator_loss(self, noise):
        return -self.discriminator(self.generator(noise)).mean()


def main(name, mode, threads, steps):
    torch.set_num_threads(int(threads))
    steps = int(steps)
    torch.manual_seed(0)
    model = {"dcgan": DCGAN, "wgan_gp": WGANGP}[name]()
    players = model.generator, model.discriminator
    weights = sum(
        weight.numel() for player in players for weight in player.parameters()
    )
    if mode == "compiled":
        model.compile()
    batch = BATCH * model.shares
    images = torch.rand(batch * steps, 1, 28, 28) * 2 - 1
    for _ in range(3):
        model.step(images[:batch])
    print(weights, flush=True)
    for _ in sys.stdin:
        order = torch.randperm(len(images))
        start = time.perf_counter(), time.process_time()
        for index in order.split(batch):
            model.step(images[index])
        seconds = time.perf_counter() - start[0], time.process_time() - start[1]
        print(*seconds, flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
