"""A training step of flows of zuko in PyTorch, for `benchmarks.flows`, which starts it.

It imports PyTorch and zuko alone. Run as `python benchmarks/flows_torch.py NAME MODE
THREADS VALUES LAYERS UNITS BATCH STEPS`, where NAME is `maf` or `real_nvp`, and MODE is
`eager` or `compiled`. It prints the seconds of a step, three times.
"""

import sys
import time

import torch
import zuko

ROUNDS = 3
FLOWS = {
    "maf": lambda values, layers, units: zuko.flows.MAF(
        values, transforms=layers, hidden_features=(units, units)
    ),
    # Affine couplings, in spite of the name.
    "real_nvp": lambda values, layers, units: zuko.flows.NICE(
        values, transforms=layers, hidden_features=(units,)
    ),
}


def main(name, mode, *numbers):
    threads, values, layers, units, batch, steps = map(int, numbers)
    torch.set_num_threads(threads)
    flow = FLOWS[name](values, layers, units)
    optimizer = torch.optim.Adam(flow.parameters(), lr=1e-3)
    examples = torch.randn(steps, batch, values)

    def loss_of(x):
        return -flow().log_prob(x).mean()

    if mode == "compiled":
        loss_of = torch.compile(loss_of)

    def epoch():
        for x in examples:
            optimizer.zero_grad()
            loss_of(x).backward()
            optimizer.step()

    epoch()
    for _ in range(ROUNDS):
        start = time.perf_counter()
        epoch()
        print((time.perf_counter() - start) / steps)


if __name__ == "__main__":
    main(*sys.argv[1:])
