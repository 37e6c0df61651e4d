"""The command that trains."""

import sys
from typing import Literal

from keras_gen.cli.printing import text_of
from keras_gen.files import read_json
from keras_gen.zoo.startup import be_deterministic, import_tensorflow


def train(
    recipe,
    *,
    data: str | None = None,
    epochs: int | None = None,
    seed: int = 0,
    out: str | None = None,
    resume: bool = False,
    download: bool = False,
    strategy: Literal["mirrored", "multiworker"] | None = None,
    devices: list[str] | None = None,
    deterministic: bool = False,
    max_skipped: int | None = None,
    checkpoint_steps: int | None = None,
    checkpoint_minutes: float | None = None,
    batch_size: int | None = None,
    learning_rate: float | None = None,
    start_from: str | None = None,
    measure: Literal["validation", "test", "no"] = "validation",
):
    """Trains a model by a recipe, into the folder of a run.

    Args:
        recipe: A zoo entry, or the file of a recipe such as recipe.py.
        data: Name of a dataset or folder of images, instead of the recipe's data.
        epochs: Number of epochs, instead of the recipe's.
        seed: Seed of everything random.
        out: Folder of the run. Without this flag, runs/NAME or the next free name.
        resume: Continues the run in --out from its newest checkpoint, also for more
            --epochs than it was started with.
        download: Lets TFDS download data that are missing.
        strategy: Trains on several devices of this machine, or on several machines.
        devices: Devices for --strategy=mirrored, such as GPU:0,GPU:1, instead of all.
        deterministic: Gives the same bits every time, but trains more slowly.
        max_skipped: Skips updates that are not finite, up to this number an epoch.
        checkpoint_steps: Steps between two checkpoints.
        checkpoint_minutes: Minutes between two checkpoints. Without this flag and
            --checkpoint_steps, 1.
        batch_size: Examples in a batch, instead of the recipe's.
        learning_rate: Learning rate, instead of the recipe's; the first one of a
            schedule.
        start_from: A zoo entry, a saved model or the folder of a run, from whose
            weights training starts.
        measure: The data on which the trained model is measured. If there are no
            validation data, validation takes training data.
    """
    import_tensorflow()
    from keras_gen import zoo

    if devices and strategy != "mirrored":
        raise ValueError("--devices needs --strategy=mirrored")
    if deterministic:
        be_deterministic()
    folder = zoo.train(
        recipe,
        data=data,
        epochs=epochs,
        seed=seed,
        out=out,
        resume=resume,
        download=download,
        strategy=_strategy(strategy, devices),
        checkpoint_steps=checkpoint_steps,
        checkpoint_minutes=checkpoint_minutes,
        max_skipped=max_skipped,
        verbose=1 if sys.stdout.isatty() else 2,
        batch_size=batch_size,
        learning_rate=learning_rate,
        start_from=start_from,
        measure=measure,
    )
    if folder is None:
        print("Trained as one of several workers; the first one writes")
        return
    results = list(read_json(folder / "metrics.json")["quick"].values())
    if results:
        split = results[0]["protocol"].get("split", "test")
        hint = "; there is no split for validation" if split == "train" else ""
        print(f"Quick estimates on the split {split}{hint}:")
    for result in results:
        print(text_of(result))
    (picture,) = folder.glob("samples.*")
    print(f"Wrote {folder}: model.keras, {picture.name}, metrics.json, history.csv")


def _strategy(name, devices):
    # Imported before Keras is, which uses TensorFlow.
    from keras_gen.zoo.training.strategies import mirrored, multiworker

    if name == "multiworker":
        return multiworker()
    return mirrored(devices) if name else None
