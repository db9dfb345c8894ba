#!/usr/bin/env python3
"""DiLoCo with H = 10, 50, 100, 500 against synchronous steps: perplexity and bytes.

  python3 benchmarks/local/diloco.py --data FILE      # a text, as tiny Shakespeare; or set MURM_TEXT
  python3 benchmarks/local/diloco.py                  # without: made-up words

Measures, with `murm simulate`, the language model of examples/char.toml with 8 workers: test perplexity after equal
steps and samples, over that of bsp, whose step is on the batches of all 8 workers (8x the batch of one), and the
bytes of bsp over those of diloco. Both take adamw steps with a cosine schedule; the rate of each is the best of
three. Also one worker alone with the same number of steps (1x the batch). Published, for a 150M transformer on C4
with H = 500: perplexity 15.02 against 15.30 for 8x the batch, ratio .982, at 500 times fewer bytes (Douillard et
al. 2023, DiLoCo, arXiv:2311.08105, Table 2).
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bench  # noqa: E402

WORKERS, RATES = 8, (0.001, 0.002, 0.004)


def main():
    parser = bench.parser(__doc__)
    parser.add_argument("--data", metavar="FILE", default=os.environ.get("MURM_TEXT", ""),
                        help="a text file (default: MURM_TEXT; neither: made-up words)")
    parser.add_argument("--samples", metavar="N", type=bench.positive, default=4096000,
                        help="training samples of each run (default: 4096000, 8000 steps of each worker)")
    given = parser.parse_args()
    if given.data and not os.path.exists(given.data):
        bench.fail(f"'{given.data}' does not exist, expected a text file")
    murm = bench.Murm(given.murm, timeout=3600)
    text = {"data.path": os.path.abspath(given.data)} if given.data else {}
    entries = [("bsp, 8 workers", "bsp", {}, WORKERS)]
    entries += [(f"diloco, H = {steps}", "diloco", {"algorithm.local_steps": steps}, WORKERS)
                for steps in (10, 50, 100, 500)]
    entries += [("one worker, as many steps", "bsp", {"job.samples": given.samples // WORKERS}, 1)]
    tasks = [(entry, rate) for entry in entries for rate in RATES]
    reports = bench.in_parallel(given.jobs, tasks, lambda task: murm.simulate("examples/char.toml", {
        **text, "job.epochs": 0, "job.samples": given.samples, "evaluation.every": given.samples,
        "training.optimizer": "adamw", "training.lr": task[1], "algorithm.name": task[0][1], **task[0][2]},
        workers=task[0][3]))
    best = {}
    for (entry, rate), report in zip(tasks, reports):
        if isinstance(report, bench.RunFailed):
            print(f"* {entry[0]}, lr {rate:g}: {report}")
        elif entry[0] not in best or report["final"]["eval_loss"] < best[entry[0]][1]["final"]["eval_loss"]:
            best[entry[0]] = (rate, report)
    base = best.get(entries[0][0])
    rows = []
    for label, *_ in entries:
        if label in best and base:
            rate, report = best[label]
            perplexity, of_base = report["final"]["eval_perplexity"], base[1]["final"]["eval_perplexity"]
            fewer = bench.total_bytes(base[1]) / max(1, bench.total_bytes(report))
            rows.append([label, f"{rate:g}", f"{perplexity:.3f}", f"{perplexity / of_base:.3f}",
                         f"{fewer:.0f}x" if "one worker" not in label else "-"])
    rows.append(["published: diloco, H = 500, against 8x batch", "", "15.02 / 15.30", ".982", "500x"])
    print(bench.table(["run", "lr", "perplexity", "of bsp's", "fewer bytes than bsp"], rows))


if __name__ == "__main__":
    sys.exit(main())
