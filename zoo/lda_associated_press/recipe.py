"""Topics of articles of the Associated Press, the corpus of Blei's software.

Command: keras-gen train lda_associated_press
"""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from keras_gen import datasets
from keras_gen.datasets.documents import vocabulary
from keras_gen.datasets.sources import find_documents
from keras_gen.models import LatentDirichletAllocation

epochs = 30
validation = "validation"
NAME, VOCABULARY_SIZE = "associated_press", 10_473


def model(seed=0, num_topics=50):
    return LatentDirichletAllocation(
        num_topics,
        VOCABULARY_SIZE,
        alpha=0.1,
        eta=0.1,
        num_iterations=30,
        document_length=130,
        seed=seed,
        name="lda_associated_press",
    )


def data(split="train", source=NAME, batch_size=450, **options):
    if (split, source) == ("test", NAME):
        source = str(folder())
    return datasets.load(source, split, batch_size=batch_size, **options)


def folder():
    """The folder of the test documents and the words, which comes with the entry."""
    own = Path(__file__).with_name("documents")
    return own if own.is_dir() else find_documents(NAME)


def compile(model, steps):
    model.compile(jit_compile=False)


def picture(model):
    """The most probable words of the topics that the test documents are most about."""
    words = np.array(vocabulary(folder()))
    share = np.concatenate([model.topic_proportions(x) for x in data("test")]).mean(0)
    chosen = np.argsort(-share)[:20]
    best = np.argsort(-np.array(model.topics())[chosen], axis=1)[:, :10]
    figure = Figure(figsize=(9, 5), dpi=100)
    canvas = FigureCanvasAgg(figure)
    for row, topic in enumerate(chosen):
        text = f"{100 * share[topic]:4.1f} %   {'  '.join(words[best[row]])}"
        figure.text(0.02, 0.95 - 0.047 * row, text, fontsize=10)
    canvas.draw()
    return np.asarray(canvas.buffer_rgba())[:, :, :3]
