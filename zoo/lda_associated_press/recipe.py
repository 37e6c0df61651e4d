"""Topics of articles of the Associated Press, the corpus of Blei's software.

Command: keras-gen train lda_associated_press
"""

from pathlib import Path

from keras_gen import datasets
from keras_gen.models import LatentDirichletAllocation

epochs = 40
validation = "validation"
VOCABULARY_SIZE = 10_473


def model(seed=0, num_topics=50):
    return LatentDirichletAllocation(
        num_topics,
        VOCABULARY_SIZE,
        alpha=0.1,
        eta=0.1,
        document_length=130,
        seed=seed,
        name="lda_associated_press",
    )


def data(split="train", source="associated_press", batch_size=450, **options):
    # The test documents come with the entry.
    own = Path(__file__).with_name("documents")
    if (split, source) == ("test", "associated_press") and own.is_dir():
        source = str(own)
    return datasets.load(source, split, batch_size=batch_size, **options)


def compile(model, steps):
    model.compile(jit_compile=False)
