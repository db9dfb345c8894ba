#!/usr/bin/env python3
"""A TorchScript module trained by murm-torch and by PyTorch alone: the same samples in the same order, the same curve.

  python3 benchmarks/torchscript/compare.py            # half a minute; needs PyTorch for Python (python3-torch)
  python3 benchmarks/torchscript/compare.py --quick    # a few seconds: what the tests run

Writes a data set of its own (IDX, made-up pictures) and two modules, a perceptron and a small convolutional net, to a
temporary folder, and trains each twice from the parameters in the file: `murm-torch train` with bsp and one worker, and
a loop in PyTorch that follows the order of models/sampler. Prints the loss on the test set at each evaluation and the
largest relative difference. Exit code 0: below 1 %; 1: not; 2: bad input; 77: PyTorch or murm-torch is not there.
"""
import os
import struct
import sys
import tempfile

for pool in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # before PyTorch is loaded; as a worker computes
    os.environ.setdefault(pool, "1")
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bench  # noqa: E402

SKIPPED = 77  # what ctest counts as skipped
BAR = 0.01
SEED, BATCH, RATE, MOMENTUM, TEST = 5, 32, 0.02, 0.9, 500
JOB = """
[job]
name = "torchscript"
seed = {seed}
samples = {samples}
[evaluation]
every = {every}
[model]
kind = "torchscript"
path = "{model}"
[data]
kind = "mnist"
path = "{data}"
train = {train}
test = {test}
[training]
batch = {batch}
optimizer = "momentum"
lr = {rate}
momentum = {momentum}
[algorithm]
name = "bsp"
[cluster]
workers = 1
"""


def skip(reason):
    print(f"SKIPPED: {reason}")
    sys.exit(SKIPPED)


def spread_bits(x):
    """SplitMix64's finaliser, as algorithms/random."""
    mask = (1 << 64) - 1
    x = (x ^ (x >> 30)) * 0xBF58476D1CE4E5B9 & mask
    x = (x ^ (x >> 27)) * 0x94D049BB133111EB & mask
    return x ^ (x >> 31)


def sample_at(position, seed, size):
    """The sample at a position of the run's stream, as models/sampler."""
    golden, mask = 0x9E3779B97F4A7C15, (1 << 64) - 1
    half = 1
    while 1 << (2 * half) < size:
        half += 1
    low = (1 << half) - 1
    key = spread_bits((spread_bits(seed + golden & mask) + position // size) & mask)
    x = position % size
    while True:
        left, right = x >> half, x & low
        for turn in range(1, 9):
            left, right = right, left ^ (spread_bits((key + turn * golden + right) & mask) & low)
        x = left << half | right
        if x < size:
            return x


def write_idx(folder, name, pictures, labels):
    count = len(labels)
    with open(os.path.join(folder, f"{name}-images-idx3-ubyte"), "wb") as file:
        file.write(struct.pack(">4I", 0x803, count, 28, 28) + pictures.numpy().tobytes())
    with open(os.path.join(folder, f"{name}-labels-idx1-ubyte"), "wb") as file:
        file.write(struct.pack(">2I", 0x801, count) + bytes(labels.tolist()))


def make_data(torch, count):
    """Ten blurred patterns, each sample one of them under noise that leaves the classes hard to tell."""
    generator = torch.Generator().manual_seed(SEED)
    patterns = torch.rand(10, 1, 7, 7, generator=generator)
    patterns = torch.nn.functional.interpolate(patterns, scale_factor=4, mode="bilinear", align_corners=False)
    labels = torch.randint(0, 10, (count,), generator=generator)
    noise = torch.randn(count, 28, 28, generator=generator)
    pictures = (patterns[labels, 0] * 130 + 60 + noise * 90).clamp(0, 255).to(torch.uint8)
    return pictures, labels


def make_modules(torch):
    nn = torch.nn
    torch.manual_seed(SEED)
    perceptron = nn.Sequential(nn.Linear(784, 64), nn.ReLU(), nn.Linear(64, 10))
    net = nn.Sequential(nn.Unflatten(1, (1, 28, 28)), nn.Conv2d(1, 8, 5, padding=2), nn.ReLU(), nn.MaxPool2d(4),
                        nn.GroupNorm(2, 8), nn.Flatten(), nn.Linear(8 * 7 * 7, 10))
    return {"perceptron": perceptron, "convolutions": net}


def train_alone(torch, path, train, test, samples, every):
    """Losses on the test set after 0, `every`, ... samples, by PyTorch's own module, loop and optimizer."""
    loss_of = torch.nn.functional.cross_entropy
    module = torch.jit.load(path)
    optimizer = torch.optim.SGD(module.parameters(), lr=RATE, momentum=MOMENTUM)
    curve = {}
    for position in range(0, samples + 1, BATCH):
        if position % every == 0:
            with torch.no_grad():
                curve[position] = loss_of(module(test[0]), test[1]).item()
        if position == samples:
            break
        order = [sample_at(position + i, SEED, len(train[1])) for i in range(BATCH)]
        optimizer.zero_grad()
        loss_of(module(train[0][order]), train[1][order]).backward()
        optimizer.step()
    return curve


def train_with_murm(murm, folder, path, count, samples, every):
    job = os.path.join(folder, "job.toml")
    with open(job, "w") as file:
        file.write(JOB.format(seed=SEED, samples=samples, every=every, model=path, data=folder, train=count, test=TEST,
                              batch=BATCH, rate=RATE, momentum=MOMENTUM))
    return {e["samples"]: e["loss"] for e in murm.run("train", job)["evaluations"]}


def main():
    parser = bench.Parser(description=__doc__, formatter_class=bench.argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--murm-torch", metavar="PATH", default=os.path.join(bench.ROOT, "build/release/murm-torch"),
                        help="the built program (default: build/release/murm-torch)")
    parser.add_argument("--quick", action="store_true", help="a tenth of the samples")
    given = parser.parse_args()
    try:
        import torch
    except ImportError:
        skip("PyTorch for Python is not installed (python3-torch)")
    if not os.access(given.murm_torch, os.X_OK):
        skip(f"'{given.murm_torch}' is not there: murm-torch is built where libtorch is found")
    torch.set_num_threads(1)
    murm = bench.Murm(given.murm_torch)
    count, samples, every = (1000, 3200, 320) if given.quick else (10000, 32000, 1600)
    worst = 0
    with tempfile.TemporaryDirectory() as folder:
        pictures, labels = make_data(torch, count + TEST)
        write_idx(folder, "train", pictures[:count], labels[:count])
        write_idx(folder, "t10k", pictures[count:], labels[count:])
        numbers = pictures.flatten(1).to(torch.float32) / 255
        for name, module in make_modules(torch).items():
            path = os.path.join(folder, f"{name}.pt")
            torch.jit.script(module).save(path)
            alone = train_alone(torch, path, (numbers[:count], labels[:count]), (numbers[count:], labels[count:]),
                                samples, every)
            try:
                ours = train_with_murm(murm, folder, path, count, samples, every)
            except bench.RunFailed as error:
                print(f"murm-torch failed: {error}")
                return 1
            if not set(alone) - {0} <= set(ours):
                print(f"{name}: evaluations at {sorted(ours)}, expected {sorted(alone)}")
                return 1
            rows = [(at, f"{ours[at]:.6f}", f"{alone[at]:.6f}", f"{abs(ours[at] / alone[at] - 1):.1e}")
                    for at in sorted(alone) if at in ours]
            print(f"{name}:\n" + bench.table(["samples", "murm-torch", "PyTorch", "difference"], rows))
            worst = max(worst, *(abs(ours[at] / alone[at] - 1) for at in alone if at in ours))
            if not alone[samples] < 0.8 * alone[0]:
                print(f"{name}: nothing was learned")
                return 1
    print(f"Largest relative difference of the losses: {worst:.1e} ({'below' if worst < BAR else 'NOT below'} {BAR:.0%})")
    return 0 if worst < BAR else 1


if __name__ == "__main__":
    sys.exit(main())
