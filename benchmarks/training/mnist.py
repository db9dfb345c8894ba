#!/usr/bin/env python3
"""Every algorithm trains MNIST for real: four processes, documented defaults, 97 % within 10 epochs.

  python3 benchmarks/training/mnist.py --data FOLDER     # MNIST: four IDX files; or set MURM_MNIST

Measures, with `murm train examples/mnist.toml --processes 4 --set job.target_accuracy=0.97`: passes over the
training set and wall-clock seconds until the test accuracy is 97 %, and the accuracy at the end. The job's rate
is one for Adam. hogwild, eamsgd and demo take no Adam steps: they have sgd at its default rate, 0.1. hogwild runs
in one process. Seconds depend on the machine and on what else it does; the accuracy is the point. Nothing
published is repeated here.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import bench  # noqa: E402

IN_ONE_PROCESS = ("hogwild",)
WITHOUT_ADAM = ("hogwild", "eamsgd", "demo")


def main():
    parser = bench.parser(__doc__)
    parser.add_argument("--data", metavar="FOLDER", default=os.environ.get("MURM_MNIST", ""),
                        help="the four IDX files of MNIST (default: MURM_MNIST)")
    parser.add_argument("--algorithms", metavar="A,B", type=bench.name_list, default=None,
                        help="only these (default: all that the program knows)")
    given = parser.parse_args()
    if not os.path.isdir(given.data):
        bench.fail(f"'{given.data}' is not a folder. HINT: --data FOLDER with the four IDX files of MNIST")
    murm = bench.Murm(given.murm, timeout=900)
    known = murm.known_algorithms()
    print("| algorithm | reached 97 % | epochs | accuracy, % | seconds |\n| --- | ---: | ---: | ---: | ---: |")
    for name in [name for name in known if not given.algorithms or name in given.algorithms]:
        processes = [] if name in IN_ONE_PROCESS else ["--processes", 4]
        try:
            report = murm.run("train", "examples/mnist.toml", processes + ["--workers", 4], {
                "data.path": os.path.abspath(given.data), "job.epochs": 10, "job.target_accuracy": 0.97,
                "algorithm.name": name,
                **({"training.optimizer": "sgd", "training.lr": 0.1} if name in WITHOUT_ADAM else {})})
            accuracy = max(e["accuracy"] for e in report["evaluations"])
            row = ["yes" if accuracy >= 0.97 else "**no**", f"{report['epochs']:.1f}",
                   f"{100 * report['final']['eval_accuracy']:.2f}", f"{report['seconds']:.0f}"]
        except bench.RunFailed as error:
            row = [f"failed: {error}", "", "", ""]
        print(f"| `{name}` | " + " | ".join(row) + " |", flush=True)


if __name__ == "__main__":
    sys.exit(main())
