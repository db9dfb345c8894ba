"""The job and the four worlds of the flagship figure: caller benchmarks/figures.py.

The job is the generated digits with a small network, so that all its runs take minutes. To make communication
matter as it does with a real model, links carry a hundredth of what the scenario files say: a message of this
network of 50,890 parameters takes as long as one of 5 million parameters would over the files' own 10 Gbit/s.
Steps take 100 ms as in the files.
"""
JOB = "examples/demo.toml"
WORKERS = 8
THINNER = 100
SETTINGS = {
    "model.hidden": "[64]",
    "data.train": 20000,
    "data.test": 2000,
    "job.epochs": 10,
    "evaluation.every": 4000,
    "training.batch": 32,
    "training.optimizer": "sgd",
    "training.schedule": "constant",
}
TARGET_LOSS = 0.2

WORLDS = (
    ("uniform", "Equal workers", "each step takes 100 ms", {}),
    ("one-slow", "One straggler", "one of 8 is 10 times slower", {}),
    ("two-regions", "Two regions", "half of them 40 ms away, thin line",
     {"scenario.regions.bandwidth_gbit": f"[[0, {1 / THINNER}], [{1 / THINNER}, 0]]"}),
    ("churn", "Churn", "workers crash, freeze, come back", {}),
)

# Learning rates from which --tune chooses, and what it chose: the rate of those within 5 % of the best time to
# the target loss in the world of equal workers, seed 1, that ends with the lowest loss. Every other option is
# the algorithm's default.
RATES = (0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
LEARNING_RATE = {
    "bsp": 0.8,
    "ring": 0.8,
    "asp": 0.1,
    "sa-asgd": 0.8,
    "dc-asgd": 0.1,
    "ssp": 0.1,
    "dssp": 0.1,
    "backup": 0.8,
    "fedbuff": 0.8,
    "rennala": 0.8,
    "ringmaster": 0.1,
    "easgd": 0.8,
    "aeasgd": 0.8,
    "eamsgd": 0.1,
    "hogwild": 0.1,
    "local-sgd": 0.8,
    "post-local": 0.8,
    "slowmo": 0.8,
    "diloco": 0.8,
    "delayed-diloco": 0.4,
    "eager-diloco": 0.8,
    "streaming-diloco": 0.4,
    "async-local": 0.4,
    "halos": 0.2,
    "decoupled-diloco": 0.4,
    "demo": 0.8,
    "noloco": 0.8,
    "d-psgd": 0.8,
    "ad-psgd": 0.8,
    "sgp": 0.8,
    "osgp": 0.8,
    "swarm": 0.8,
    "gosgd": 0.8,
    "moshpit": 0.8,
    "gossip-pga": 0.8,
    "choco": 0.8,
}
OTHER_RATE = 0.4  # of an algorithm that is not named above


def scenario(world):
    return f"examples/scenarios/{world}.toml"


def settings(algorithm, rate, seed, of_world):
    return {**SETTINGS, "scenario.network.bandwidth_gbit": 10 / THINNER, **of_world,
            "algorithm.name": algorithm, "training.lr": rate, "job.seed": seed}
