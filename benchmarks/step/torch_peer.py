#!/usr/bin/env python3
"""The benchmark models in PyTorch, on the CPU: what `murm bench step` is compared with.

  python3 benchmarks/step/torch_peer.py --model mlp --threads 1        # then a line for each window
  python3 benchmarks/step/torch_peer.py --model mlp --ddp 2 --windows 5

Without --ddp it warms up, prints one JSON line, and then times a window of steps for each line that it reads,
printing samples per second; at the end of its input it prints a JSON line with what else there is to tell. With
--ddp N it trains N processes with DistributedDataParallel over gloo, each with the usual batch, and prints one
JSON line. Data are synthetic with a fixed seed and made before the clock starts. PyTorch 1.13 or newer.
"""
import argparse
import json
import os
import resource
import sys
import tempfile
import time


def threads_of_arguments():
    for index, word in enumerate(sys.argv):
        if word == "--threads" and index + 1 < len(sys.argv):
            return sys.argv[index + 1]
        if word.startswith("--threads="):
            return word.split("=", 1)[1]
    return "1"


# torch.set_num_threads() does not reach OpenBLAS: its limit has to be there before torch is loaded.
for variable in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"):
    os.environ[variable] = threads_of_arguments()
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")

import torch  # noqa: E402
import torch.distributed as dist  # noqa: E402
import torch.nn as nn  # noqa: E402
import torch.nn.functional as F  # noqa: E402

BATCH = {"mlp": 128, "lenet": 128, "gpt": 16}
BATCHES = 8
WARM_UP = 3
FIRST_LOSSES = 20


class Block(nn.Module):
    """Pre-norm transformer block with explicit causal attention."""

    def __init__(self, dim, heads, context):
        super().__init__()
        self.heads, self.norm1, self.norm2 = heads, nn.LayerNorm(dim), nn.LayerNorm(dim)
        self.qkv, self.proj = nn.Linear(dim, 3 * dim), nn.Linear(dim, dim)
        self.up, self.down = nn.Linear(dim, 4 * dim), nn.Linear(4 * dim, dim)
        self.register_buffer("mask", torch.full((context, context), float("-inf")).triu(1))

    def forward(self, x):
        batch, places, dim = x.shape
        wide = dim // self.heads
        q, k, v = (z.view(batch, places, self.heads, wide).transpose(1, 2)
                   for z in self.qkv(self.norm1(x)).split(dim, 2))
        scores = (q @ k.transpose(-2, -1)) * wide ** -0.5 + self.mask[:places, :places]
        x = x + self.proj((scores.softmax(-1) @ v).transpose(1, 2).reshape(batch, places, dim))
        return x + self.down(F.gelu(self.up(self.norm2(x))))


class Gpt(nn.Module):
    """6 layers, width 192, 6 heads, context 128, vocabulary 256, tied head."""

    def __init__(self, layers=6, dim=192, heads=6, context=128, vocabulary=256):
        super().__init__()
        self.tokens, self.places = nn.Embedding(vocabulary, dim), nn.Parameter(torch.zeros(context, dim))
        nn.init.normal_(self.tokens.weight, std=0.02)
        self.blocks = nn.Sequential(*[Block(dim, heads, context) for _ in range(layers)])
        self.norm = nn.LayerNorm(dim)

    def forward(self, tokens):
        x = self.norm(self.blocks(self.tokens(tokens) + self.places[: tokens.shape[1]]))
        return (x @ self.tokens.weight.t()).flatten(0, 1)


def make_model(name):
    torch.manual_seed(0)
    if name == "mlp":
        return nn.Sequential(nn.Linear(784, 1024), nn.ReLU(), nn.Linear(1024, 1024), nn.ReLU(), nn.Linear(1024, 10))
    if name == "lenet":
        return nn.Sequential(nn.Conv2d(1, 32, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Conv2d(32, 64, 5, padding=2), nn.ReLU(), nn.MaxPool2d(2),
                             nn.Flatten(), nn.Linear(7 * 7 * 64, 512), nn.ReLU(), nn.Linear(512, 10))
    return Gpt()


def make_batches(name, batch, seed):
    random = torch.Generator().manual_seed(seed)
    made = []
    for _ in range(BATCHES):
        if name == "gpt":
            text = torch.randint(0, 256, (batch, 129), generator=random)
            made.append((text[:, :-1].contiguous(), text[:, 1:].reshape(-1).contiguous()))
        else:
            shape = (batch, 784) if name == "mlp" else (batch, 1, 28, 28)
            made.append((torch.randn(shape, generator=random), torch.randint(0, 10, (batch,), generator=random)))
    return made


class Stepper:
    """One training step for each call, on the next of the batches."""

    def __init__(self, name, batch, model=None, bf16=False, seed=1):
        self.model = make_model(name) if model is None else model
        parameters = self.model.parameters()
        self.optimizer = (torch.optim.AdamW(parameters, lr=3e-4) if name == "gpt"
                          else torch.optim.SGD(parameters, lr=0.01, momentum=0.9))
        self.data, self.steps, self.bf16, self.losses, self.loss = make_batches(name, batch, seed), 0, bf16, [], None

    def __call__(self):
        x, y = self.data[self.steps % BATCHES]
        self.steps += 1
        self.optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", dtype=torch.bfloat16, enabled=self.bf16):
            loss = F.cross_entropy(self.model(x).float(), y)
        loss.backward()
        self.optimizer.step()
        self.loss = loss.detach()
        if len(self.losses) < FIRST_LOSSES:
            self.losses.append(float(self.loss))

    def parameters(self):
        return sum(p.numel() for p in self.model.parameters())


def seconds_of(step, count):
    start = time.perf_counter()
    for _ in range(count):
        step()
    return time.perf_counter() - start


def steps_in(step, seconds):
    """Warms up; how many steps fill about so many seconds."""
    seconds_of(step, WARM_UP)
    spent, count = 0.0, 0
    while spent < max(0.1, seconds / 3):
        spent += seconds_of(step, 1)
        count += 1
    return max(1, round(count * seconds / spent))


def prepare(threads):
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    torch.set_flush_denormal(True)


def blas():
    with open("/proc/self/maps") as maps:
        return ",".join(sorted({os.path.realpath(line.split()[-1]) for line in maps if "blas" in line and "/" in line}))


def tell(**facts):
    print(json.dumps(facts), flush=True)


def serve(given):
    prepare(given.threads)
    step = Stepper(given.model, given.batch, bf16=given.precision == "bf16")
    count = steps_in(step, given.seconds)
    tell(parameters=step.parameters(), batch=given.batch, steps_per_window=count, torch=torch.__version__, blas=blas())
    for _ in sys.stdin:
        print(count * given.batch / seconds_of(step, count), flush=True)
    tell(first_losses=step.losses, final_loss=float(step.loss),
         peak_bytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


def ddp_worker(rank, given, meeting):
    prepare(given.threads)
    dist.init_process_group("gloo", init_method=meeting, rank=rank, world_size=given.ddp)
    wrapped = nn.parallel.DistributedDataParallel(make_model(given.model))
    step = Stepper(given.model, given.batch, model=wrapped, bf16=given.precision == "bf16", seed=100 + rank)
    count = torch.tensor([1])
    alone = Stepper(given.model, given.batch, bf16=given.precision == "bf16")
    count[0] = steps_in(alone, given.seconds)
    dist.broadcast(count, 0)  # or the ranks would wait for each other's last steps
    del alone
    seconds_of(step, WARM_UP)
    rates = []
    for _ in range(given.windows):
        dist.barrier()
        start = time.perf_counter()
        seconds_of(step, int(count))
        dist.barrier()
        rates.append(int(count) * given.batch * given.ddp / (time.perf_counter() - start))
    if rank == 0:
        tell(samples_per_second=rates, torch=torch.__version__,
             peak_bytes=1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
    dist.barrier()
    dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model", choices=list(BATCH), required=True)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--precision", choices=["fp32", "bf16"], default="fp32")
    parser.add_argument("--batch", type=int, default=0, help="samples of a step (default: the model's own)")
    parser.add_argument("--seconds", type=float, default=2, help="length of a window, about")
    parser.add_argument("--ddp", type=int, default=0, metavar="N", help="processes of DistributedDataParallel")
    parser.add_argument("--windows", type=int, default=5, help="with --ddp")
    given = parser.parse_args()
    given.batch = given.batch or BATCH[given.model]
    if given.ddp == 0:
        return serve(given)
    with tempfile.TemporaryDirectory() as folder:
        torch.multiprocessing.spawn(ddp_worker, args=(given, f"file://{folder}/meeting"), nprocs=given.ddp)
    return None


if __name__ == "__main__":
    sys.exit(main())
