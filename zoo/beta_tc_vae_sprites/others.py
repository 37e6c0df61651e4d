"""Other models with the networks, the data and the number of updates of the entry.

Command: python zoo/beta_tc_vae_sprites/others.py FOLDER [RUN ...]

It trains each of `MODELS` with five seeds and writes `others.csv`, with a row for each
training: the rate and the distortion of test images in nats, and the scores of the
measure `disentanglement`. Runs of the entry have rows too. At the end it prints means
and standard deviations over the seeds.
"""

import csv
import sys
from pathlib import Path

import keras
import numpy as np

from keras_gen.distributions import BernoulliLikelihood
from keras_gen.files import read_json
from keras_gen.models import VAE, FactorVAE
from keras_gen.networks import mlp
from keras_gen.random import seed_initializers
from keras_gen.zoo.evaluation.evaluate import measure
from keras_gen.zoo.evaluation.protocol import Protocol
from keras_gen.zoo.publishing.seeds import model_of
from keras_gen.zoo.shelf.recipes import load_recipe
from keras_gen.zoo.shelf.run_folder import RunFolder

RECIPE = load_recipe("beta_tc_vae_sprites")
#: The weight of the rate, or of the total correlation.
MODELS = {"VAE": 1.0, "FactorVAE": 10.0}
NUM_SEEDS = 5
SCORES = ("MIG", "SAP", "FactorVAE score")


def trained(name, weight, seed):
    """One of `MODELS`, trained as the recipe trains the entry."""
    seed_initializers(seed)
    data = RECIPE.data("train", seed=seed)
    steps = RECIPE.epochs * int(data.cardinality())
    parts = (*RECIPE.networks(), BernoulliLikelihood())
    if name == "FactorVAE":
        judge = mlp(
            (RECIPE.LATENT_DIM,), [256] * 3, (1,), "leaky_relu", name="discriminator"
        )
        model = FactorVAE(*parts, judge, gamma=weight, seed=seed)
        model.compile(
            autoencoder_optimizer=RECIPE.adam(steps),
            discriminator_optimizer=keras.optimizers.Adam(3e-4, beta_1=0.5, beta_2=0.9),
            jit_compile=True,
            steps_per_execution=50,
        )
    else:
        model = VAE(*parts, beta=weight, seed=seed)
        RECIPE.compile(model, steps)
    model.fit(data, epochs=RECIPE.epochs, verbose=0)
    return model


def row_of(name, seed, model, protocol):
    """The numbers of a model, a dict."""
    data = RECIPE.data(protocol.split, training=False)
    terms = model.evaluate(data, verbose=0, return_dict=True)
    found = measure(model, RECIPE, ["disentanglement"], protocol)["disentanglement"]
    scores = found["scores"]
    numbers = {term: terms[term] for term in ("rate", "distortion")}
    numbers |= {score: scores[score]["mean"]["value"] for score in SCORES}
    numbers |= {f"MIG of {f}": scores["MIG"][f]["value"] for f in RECIPE.factors}
    return {"model": name, "seed": seed} | {k: round(v, 4) for k, v in numbers.items()}


def rows(runs, protocol):
    for run in map(RunFolder, runs):
        seed, model = read_json(run.arguments)["seed"], model_of(RECIPE, run)
        RECIPE.compile(model, 1)
        yield row_of("BetaTCVAE", seed, model, protocol)
    for name, weight in MODELS.items():
        for seed in range(NUM_SEEDS):
            yield row_of(name, seed, trained(name, weight, seed), protocol)


def main(folder, *runs):
    Path(folder).mkdir(parents=True, exist_ok=True)
    path, found = Path(folder) / "others.csv", []
    with open(path, "w", newline="", encoding="utf-8") as file:
        for row in rows(runs, Protocol()):
            if not found:
                writer = csv.DictWriter(file, row, lineterminator="\n")
                writer.writeheader()
            writer.writerow(row)
            file.flush()
            print(row, flush=True)
            found.append(row)
    for name in dict.fromkeys(row["model"] for row in found):
        some = [[*row.values()][2:] for row in found if row["model"] == name]
        spread = zip(np.mean(some, axis=0), np.std(some, axis=0, ddof=1), strict=True)
        print(f"| {name} | {' | '.join(f'{m:.3f} ± {s:.3f}' for m, s in spread)} |")


if __name__ == "__main__":
    main(*sys.argv[1:])
