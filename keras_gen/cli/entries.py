"""Commands that list the entries of the zoo and measure them."""

from keras_gen.cli.printing import text_of
from keras_gen.zoo.shelf.catalog import names
from keras_gen.zoo.shelf.entry import Entry
from keras_gen.zoo.shelf.loading import find
from keras_gen.zoo.startup import import_tensorflow


def list_():
    """Lists the pretrained models."""
    for name in names():
        print(f"{name:32} {Entry(name).description.splitlines()[0]}")


def info(name):
    """Shows the facts of a pretrained model: its numbers and its training.

    Args:
        name: A zoo entry, the folder of a run or a saved model.
    """
    entry = find(name)
    report = {**entry.report, "folder": str(entry.folder)}
    print(f"{name}\n\n{entry.description}\n")
    for key in ("model", "parameters", "weights_sha256", "folder"):
        if key in report:
            print(f"{key}: {report[key]}")
    for result in report.get("results", report.get("quick", {})).values():
        print(text_of(result))
    for key, value in report.get("training", {}).items():
        print(f"training {key}: {value}")


def evaluate(
    name,
    *,
    metrics: list[str] | None = None,
    quick: bool = False,
    seed: int = 0,
    samples: str | None = None,
    download: bool = False,
):
    """Measures a pretrained model on test data: the numbers of its card.

    Args:
        name: A zoo entry or the folder of a run.
        metrics: Which numbers to measure. Without this flag, all that the model has.
        quick: Takes seconds: few images and few samples.
        seed: Seed of everything random.
        samples: Folder of shards to measure, instead of samples that are drawn now.
        download: Lets TFDS download data that are missing.
    """
    import_tensorflow()
    from keras_gen.zoo.evaluation.evaluate import evaluate_entry
    from keras_gen.zoo.evaluation.protocol import QUICK, full_protocol

    entry = find(name)
    if download:
        entry.recipe.data("test", download=True)
    protocol = QUICK if quick else full_protocol(entry.recipe)
    protocol = protocol._replace(seed=seed, samples=samples)
    for result in evaluate_entry(entry, metrics, protocol).values():
        print(text_of(result))
