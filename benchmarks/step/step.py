#!/usr/bin/env python3
"""A training step of ours and of PyTorch's: same model, batch, optimizer and threads, window by window in turn.

  python3 benchmarks/step/step.py                                        # three models, one thread, fp32
  python3 benchmarks/step/step.py --models mlp --precision fp32,bf16 --threads 1,2 --report step.json

Prints samples per second of both, the median of the ratios of neighbouring windows with their lowest and highest,
the share of this machine's fastest matrix products that our step reaches, and the peak memory of both processes.
With more threads PyTorch runs with idle threads spinning and with idle threads asleep, and the better counts. The
models, batches and optimizers: torch_peer.py and `murm bench step --help`. Use a machine with nothing else to do.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import peers  # noqa: E402
from peers import bench  # noqa: E402


def compare(murm, given, model, precision, threads):
    """One row of facts; bench.RunFailed where we have no such model."""
    first = peers.our_window(murm, model, precision, threads, min(given.seconds, 0.5))  # is there such a model?
    policies = ["PASSIVE"] if threads == 1 else ["ACTIVE", "PASSIVE"]
    torches = []
    if given.torch_missing is None:
        torches = [peers.TorchPeer(given.python, model, precision, threads, given.seconds, policy)
                   for policy in policies]
    ours, theirs = [], [[] for _ in torches]
    for _ in range(given.windows):
        ours.append(peers.our_window(murm, model, precision, threads, given.seconds))
        for rates, torch in zip(theirs, torches):
            rates.append(torch.window())
    rates = [report["samples_per_second"] for report in ours]
    facts = {"model": model, "precision": precision, "threads": threads, "ours": rates,
             "share": [report["share"] for report in ours], "peak_bytes": max(r["peak_bytes"] for r in ours),
             "first_losses": first["first_losses"]}
    if torches:
        best = max(range(len(torches)), key=lambda i: bench.median(theirs[i]))
        told = [torch.end() for torch in torches][best]
        facts.update(torch=theirs[best], wait_policy=policies[best], torch_peak_bytes=told["peak_bytes"],
                     torch_first_losses=told["first_losses"], torch_version=told["torch"], blas=told["blas"],
                     ratios=[a / b for a, b in zip(rates, theirs[best])])
    return facts


def row_of(facts):
    mib = 1 << 20
    row = [f"{facts['model']}, {facts['precision']}, {facts['threads']}", peers.spread(facts["ours"], 1)]
    if "torch" in facts:
        row += [peers.spread(facts["torch"], 1), peers.spread(facts["ratios"], 2)]
    else:
        row += ["skipped", ""]
    torch_memory = f"{facts['torch_peak_bytes'] / mib:.0f}" if "torch" in facts else "skipped"
    return row + [peers.spread([100 * share for share in facts["share"]], 0),
                  f"{facts['peak_bytes'] / mib:.0f}", torch_memory]


def main():
    parser = bench.parser(__doc__)
    peers.add_flags(parser)
    parser.add_argument("--precision", metavar="A,B", type=bench.name_list, default=["fp32"],
                        help="of fp32, bf16 (default: fp32); PyTorch's bf16 is autocast")
    parser.add_argument("--threads", metavar="A,B", type=bench.name_list, default=["1"],
                        help="threads of a step (default: 1)")
    parser.add_argument("--report", metavar="FILE.json", help="every window, as JSON")
    given = parser.parse_args()
    peers.check(given)
    for precision in given.precision:
        if precision not in ("fp32", "bf16"):
            bench.fail(f"--precision {precision}: expected fp32 or bf16")
    threads = [bench.positive(count) if count.isdigit() else bench.fail(f"--threads {count}: expected whole numbers")
               for count in given.threads]
    murm = bench.Murm(given.murm)
    given.torch_missing = peers.why_no_torch(given.python)
    if given.torch_missing:
        print(f"PyTorch is skipped: {given.torch_missing}", file=sys.stderr)
    head = ["model, precision, threads", "samples/s", "PyTorch", "ratio", "share of products, %", "MiB", "PyTorch, MiB"]
    print(bench.table(head, []), end="", flush=True)
    everything = []
    for model in given.models:
        for precision in given.precision:
            for count in threads:
                try:
                    facts = compare(murm, given, model, precision, count)
                    everything.append(facts)
                    row = row_of(facts)
                except bench.RunFailed as error:
                    row = [f"{model}, {precision}, {count}", f"skipped: {error}", "", "", "", "", ""]
                print("| " + " | ".join(row) + " |", flush=True)
    if given.report:
        with open(given.report, "w") as file:
            json.dump(everything, file, indent=2)


if __name__ == "__main__":
    sys.exit(main())
