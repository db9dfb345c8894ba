"""The files that the tidy tests look at. Room: tests/tidy. Caller: layering, house."""
import os
import sys

sys.dont_write_bytecode = True

ROOMS = ("algorithms", "gpu", "models", "serialization", "runtime", "actors",
         "tools", "tests", "examples", "benchmarks")
CODE = (".hpp", ".cpp", ".cuh", ".cu")


def root_from_arguments():
    """The tree to look at: the first argument, or the repository this file lies in."""
    here = os.path.dirname(os.path.abspath(__file__))
    return os.path.abspath(sys.argv[1]) if len(sys.argv) > 1 else os.path.dirname(os.path.dirname(here))


def files(root, folders, endings):
    """Paths relative to `root`, sorted, of the files below `folders` with one of the endings."""
    found = []
    for folder in folders:
        for where, inner, names in os.walk(os.path.join(root, folder)):
            inner[:] = [name for name in inner if not name.startswith((".", "build", "__"))]
            found += [os.path.relpath(os.path.join(where, name), root)
                      for name in names if name.endswith(endings)]
    return sorted(found)


def lines(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return file.read().splitlines()


def finish(check, problems):
    """Prints the problems and ends with 1 if there were any."""
    for problem in problems:
        print(problem)
    print(f"[{check}] {'in order' if not problems else f'{len(problems)} problem(s)'}")
    sys.exit(1 if problems else 0)
