"""Fashion-MNIST against MNIST: likelihoods that fail on simpler images, and a remedy.

A model of one data set scores test images of both, which should be told apart. A plain
likelihood takes digits for fashion: it is higher for what is simpler than the training
data (Nalisnick et al., 2018, arXiv:1810.09136). Taking the size of the compressed image
away repairs it (Serra et al., 2019, arXiv:1909.11480). Nothing is fitted to test
images.

Command: python docs/anomalies/other_data.py
"""

import json
from pathlib import Path

import numpy as np

from keras_gen import datasets, zoo
from keras_gen.metrics import auroc

FOLDER = Path(__file__).parent
NUM_IMAGES = 1000
SETS = ("mnist", "fashion_mnist")
SCORES = {
    "bound": {},
    "bound and complexity": {"complexity": True},
    "reconstruction": {"method": "reconstruction"},
}


def images_of(name, **options):
    """The first test images of a data set."""
    batches = datasets.load(name, f"test[:{NUM_IMAGES}]", NUM_IMAGES, **options)
    return next(iter(batches)).numpy()


def main():
    areas, scores = {}, {}
    for entry, own in (("vae_fashion_mnist", "fashion_mnist"), ("vae_mnist", "mnist")):
        model = zoo.load(entry)
        # The model of digits learned from black and white images.
        options = {"binarization": "static"} if entry == "vae_mnist" else {}
        x = {name: images_of(name, **options) for name in SETS}
        (other,) = set(SETS) - {own}
        areas[entry] = {}
        for score, given in SCORES.items():
            found = {name: model.anomaly_score(x[name], **given) for name in SETS}
            areas[entry][score] = auroc(found[own], found[other])
            scores[entry, score] = found
            print(entry, score, round(areas[entry][score], 3), flush=True)
    (FOLDER / "other_data.json").write_text(json.dumps(areas, indent=1) + "\n")
    draw(scores)


def draw(scores):
    """Histograms of the scores of the model of fashion."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 2.8), layout="constrained")
    FigureCanvasAgg(figure)
    for index, score in enumerate(SCORES):
        axes = figure.add_subplot(1, 3, index + 1)
        found = scores["vae_fashion_mnist", score]
        both = np.concatenate(list(found.values()))
        bins = np.linspace(*np.quantile(both, (0, 0.995)), 50)
        for name in SETS:
            axes.hist(found[name], bins, alpha=0.6, label=name)
        axes.set(title=score, yticks=[], xlabel="anomaly score")
        axes.spines[["top", "right", "left"]].set_visible(False)
    figure.axes[0].legend(frameon=False)
    metadata = {"Software": None}
    figure.savefig(FOLDER / "other_data.png", dpi=100, metadata=metadata)


if __name__ == "__main__":
    main()
