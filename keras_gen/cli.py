"""The `keras-gen` command."""

import importlib.util
import json
import os
import sys

from absl import flags

from keras_gen.zoo.evaluation.report import describe
from keras_gen.zoo.shelf import catalog
from keras_gen.zoo.shelf.entry import info
from keras_gen.zoo.startup import be_deterministic, import_tensorflow

FLAGS = flags.FLAGS

flags.DEFINE_string("data", None, "train: name of a dataset, or a folder of images")
flags.DEFINE_integer("epochs", None, "train: epochs, instead of the recipe's")
flags.DEFINE_integer("seed", None, "seed of everything random; train and evaluate: 0")
flags.DEFINE_string(
    "out",
    None,
    "where to write: train and serve a folder, export what it makes, sample a PNG file "
    "or, ending in /, a folder of shards; else a PNG file",
)
flags.DEFINE_bool("download", False, "let TFDS download data that are missing")
flags.DEFINE_enum(
    "strategy", None, ["mirrored", "multiworker"], "train: on several devices, machines"
)
flags.DEFINE_list("devices", None, "train: such as GPU:0,GPU:1, instead of all")
flags.DEFINE_integer(
    "max_skipped", None, "train: updates that are not finite, skipped in an epoch"
)
flags.DEFINE_bool("deterministic", False, "train: the same bits every time, but slower")
flags.DEFINE_bool("resume", False, "train: go on with the run in --out")
flags.DEFINE_integer("checkpoint_steps", None, "train: steps between checkpoints")
flags.DEFINE_float(
    "checkpoint_minutes", None, "train: minutes between checkpoints, else 1"
)
flags.DEFINE_integer("num", None, "how many samples or test images")
flags.DEFINE_list("labels", None, "sample: classes, such as 3 or 0,1,2, in turn")
flags.DEFINE_float("temperature", None, "sample, complete: below 1, likelier images")
flags.DEFINE_bool("quick", False, "evaluate: few images and samples, in seconds")
flags.DEFINE_list("metrics", None, "evaluate: which numbers, instead of all")
flags.DEFINE_enum(
    "format",
    None,
    ["saved_model", "tflite"],
    "export: what to write, else saved_model; serve: what to run, else tflite",
)
flags.DEFINE_string(
    "batch_size", "1", "export to tflite: rows that the file takes at once, or any"
)
flags.DEFINE_enum(
    "precision",
    "float32",
    ["float32", "float16", "int8"],
    "export to tflite: how weights are kept",
)
flags.DEFINE_list("signatures", None, "export to tflite: what it can do, else all")
flags.DEFINE_bool("overwrite", False, "export, serve: replace what stands there")
flags.DEFINE_string("host", "127.0.0.1", "serve: the address to listen on")
flags.DEFINE_integer(
    "port", 8080, "serve: of REST; gRPC has the next one, metrics the one after"
)
flags.DEFINE_integer(
    "workers", 1, "serve: processes that run the models; sample: that draw shards"
)
flags.DEFINE_integer("shard_size", 1024, "sample: samples in a shard")
flags.DEFINE_string("samples", None, "evaluate: a folder of shards to measure")

USAGE = """Usage: keras-gen COMMAND [NAME ...] [--flag=value ...]

  list                       the pretrained models
  info NAME                  what is known of one
  train NAME|recipe.py       train by a recipe      [--data --epochs --seed --out
                                                     --resume --download --strategy
                                                     --devices --max_skipped
                                                     --deterministic
                                                     --checkpoint_steps
                                                     --checkpoint_minutes]
  sample NAME|model.keras    a grid of samples      [--num --seed --labels
                                                     --temperature --out]
                         or shards of any number    [--out=folder/ --workers
                                                     --shard_size]
  complete NAME              lower halves of test   [--num --seed --temperature
                             images, given the upper --out --download]
  reconstruct NAME           test images, rebuilt   [--num --out --download]
  interpolate NAME           between test images,   [--num --seed --out --download]
                             or between latents where a model does not encode
  evaluate NAME              the numbers of its card [--metrics=a,b --quick --seed
                                                     --samples=folder --download]
  export NAME                a SavedModel, or a     [--format=saved_model|tflite --out
                             TFLite file             --overwrite; tflite: --batch_size
                                                     --precision --signatures=a,b]
  serve NAME NAME ...        over REST and gRPC      [--port --host --workers
                                                     --format=tflite|saved_model
                                                     --out --overwrite]

A NAME is one that `list` shows; `train` writes runs/NAME unless told otherwise. Where
a saved model is taken, the folder of a run is too.
"""


def main():
    """Runs the command; an error in what the user gave is one line and exit code 2."""
    if len(sys.argv) == 1 or {"--help", "-h", "help"} & set(sys.argv[1:]):
        print(USAGE, end="")
        sys.exit(0 if len(sys.argv) > 1 else 2)
    try:
        command, names = _command_of(FLAGS(sys.argv)[1:])
        if command not in ("list", "info", "serve"):
            import_tensorflow()
        _COMMANDS[command][0](*names)
    except (ValueError, flags.Error, OSError, ImportError) as error:
        _fail(error)
    except KeyboardInterrupt:
        _fail("interrupted; what was written stays")


def _fail(message):
    text = " ".join(str(message).split())
    print(f"keras-gen: {text}", file=sys.stderr)
    sys.exit(2)


def _command_of(arguments):
    command, *names = arguments or [""]
    if command not in _COMMANDS:
        raise ValueError(
            f"there is no command {command!r}. Commands: {', '.join(_COMMANDS)}"
        )
    wanted = {"list": "no name", "serve": "names"}.get(command, "one name")
    if not {"list": not names, "serve": names}.get(command, len(names) == 1):
        raise ValueError(f"{command} takes {wanted}. Received: {names}")
    for flag in {flag for _, taken in _COMMANDS.values() for flag in taken}:
        if FLAGS[flag].present and flag not in _COMMANDS[command][1]:
            raise ValueError(f"{command} takes no --{flag}")
    return command, names


def _list():
    for name in catalog.names():
        entry = info(name)
        print(f"{name:32} {entry['description'].splitlines()[0]}")


def _info(name):
    entry = info(name)
    print(f"{name}\n\n{entry['description']}\n")
    for key in ("model", "parameters", "weights_sha256", "folder"):
        if key in entry:
            print(f"{key}: {entry[key]}")
    for result in entry.get("results", {}).values():
        print(_text(result))
    for key, value in entry.get("training", {}).items():
        print(f"training {key}: {value}")


def _train(name):
    from keras_gen import zoo

    if FLAGS.devices and FLAGS.strategy != "mirrored":
        raise ValueError("--devices needs --strategy=mirrored")
    if FLAGS.deterministic:
        be_deterministic()
    # Before Keras is imported, which uses TensorFlow.
    if FLAGS.strategy == "multiworker":
        strategy = zoo.multiworker()
    else:
        strategy = zoo.mirrored(FLAGS.devices) if FLAGS.strategy else None
    folder = zoo.train(
        name,
        data=FLAGS.data,
        epochs=FLAGS.epochs,
        seed=FLAGS.seed or 0,
        out=FLAGS.out,
        resume=FLAGS.resume,
        download=FLAGS.download,
        strategy=strategy,
        checkpoint_steps=FLAGS.checkpoint_steps,
        checkpoint_minutes=FLAGS.checkpoint_minutes,
        max_skipped=FLAGS.max_skipped,
        verbose=1 if sys.stdout.isatty() else 2,
    )
    if folder is None:
        print("Trained as one of several workers; the first one writes")
        return
    report = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    # A folder has no test split.
    images = "of the training" if os.path.isdir(FLAGS.data or "") else "of the test set"
    print(f"Quick measures, on few images {images}:")
    for result in report["quick"].values():
        print(_text(result))
    print(f"Wrote {folder}: model.keras, samples.png, metrics.json, history.csv")


def _sample(name):
    from keras_gen.images import grid
    from keras_gen.zoo.shelf.loading import open_model

    num = _num(64)
    if FLAGS.out is not None and (FLAGS.out.endswith("/") or os.path.isdir(FLAGS.out)):
        _sample_shards(name, num)
        return
    for flag in ("workers", "shard_size"):
        if FLAGS[flag].present:
            raise ValueError(
                f"sample takes --{flag} with a folder alone, such as --out=shards/"
            )
    model = open_model(name)
    if not hasattr(model, "sample"):
        raise ValueError(
            f"{name} is a {type(model).__name__}, which has no prior to sample from: "
            "try reconstruct"
        )
    conditions = {"labels": _labels(num)} if FLAGS.labels else {}
    if FLAGS.temperature is not None:
        conditions["temperature"] = FLAGS.temperature
    model.compiled_sampling = False  # XLA compiles for longer than a picture takes.
    samples = model.sample(num, FLAGS.seed, **conditions)
    _write(grid(model.to_uint8(samples)), "samples.png")


def _sample_shards(name, num):
    from keras_gen.zoo import sample_shards

    def progress(done, count):
        if sys.stdout.isatty():
            print(f"\r{done} of {count} shards", end="", flush=True)

    labels = _whole_numbers(FLAGS.labels) if FLAGS.labels else None
    index = sample_shards(
        name,
        num,
        FLAGS.out,
        FLAGS.seed,
        FLAGS.workers,
        FLAGS.shard_size,
        labels,
        FLAGS.temperature,
        progress,
    )
    if sys.stdout.isatty():
        print()
    print(
        f"Wrote {FLAGS.out}: {num:,} samples of seed {index['seed']} in "
        f"{len(index['sha256'])} shards, and index.json"
    )


def _complete(name):
    from keras_gen.models.base import AutoregressiveModel
    from keras_gen.zoo.pictures import completions
    from keras_gen.zoo.shelf.loading import load
    from keras_gen.zoo.shelf.recipes import first_examples

    num = _num(10)
    model = load(name)
    if not isinstance(model, AutoregressiveModel):
        raise ValueError(
            f"{name} is a {type(model).__name__}, which does not complete images"
        )
    temperature = 1.0 if FLAGS.temperature is None else FLAGS.temperature
    examples = first_examples(_recipe(name).data("test"), num)
    options = {"seed": FLAGS.seed or 0, "temperature": temperature}
    model.compiled_sampling = False  # As for samples.
    _write(completions(model, *examples, **options), "completions.png")


def _labels(num):
    """One label for each sample: those of the flag, in turn."""
    given = _whole_numbers(FLAGS.labels)
    return [given[row % len(given)] for row in range(num)]


def _whole_numbers(labels):
    try:
        return [int(label) for label in labels]
    except ValueError as error:
        raise ValueError(
            f"--labels must be whole numbers. Received: {','.join(labels)}"
        ) from error


def _reconstruct(name):
    from keras_gen.zoo.pictures import reconstructions

    model, images = _model_and_images(name, _num(50))
    _write(reconstructions(model, images), "reconstructions.png")


def _interpolate(name):
    from keras_gen.zoo.pictures import interpolations, latent_interpolations
    from keras_gen.zoo.shelf.loading import open_model

    model = open_model(name)
    if hasattr(model, "interpolate") and not hasattr(model, "reconstruct"):
        picture = latent_interpolations(model, _num(10), FLAGS.seed or 0)
    else:
        picture = interpolations(*_model_and_images(name, 2 * _num(10)))
    _write(picture, "interpolations.png")


def _model_and_images(name, num_images):
    from keras_gen.zoo.pictures import test_images
    from keras_gen.zoo.shelf.loading import load

    model = load(name)
    if not hasattr(model, "reconstruct"):
        raise ValueError(f"{name} is a {type(model).__name__}, which does not encode")
    return model, test_images(_recipe(name), num_images)


def _recipe(name):
    """The recipe of an entry whose data, if that is asked for, are there."""
    from keras_gen.zoo.shelf.recipes import load_recipe

    recipe = load_recipe(name)
    if FLAGS.download:
        recipe.data("test", download=True)
    return recipe


def _evaluate(name):
    from keras_gen.zoo.evaluation.evaluate import evaluate
    from keras_gen.zoo.evaluation.protocol import QUICK, full_protocol

    recipe = _recipe(name)
    protocol = QUICK if FLAGS.quick else full_protocol(recipe)
    protocol = protocol._replace(seed=FLAGS.seed or 0, samples=FLAGS.samples)
    for result in evaluate(name, FLAGS.metrics, protocol).values():
        print(_text(result))


def _export(name):
    from keras_gen.export import export_saved_model, export_tflite, saved_model_report
    from keras_gen.zoo.shelf.loading import open_model

    label = os.path.splitext(os.path.basename(os.path.normpath(name)))[0]
    model = open_model(name)
    if FLAGS.format == "tflite":
        report = export_tflite(
            model,
            FLAGS.out or f"exports/{label}.tflite",
            None if FLAGS.batch_size == "any" else _batch_size(),
            FLAGS.precision,
            FLAGS.signatures,
            FLAGS.overwrite,
            _extractor(name) if FLAGS.precision == "int8" else None,
        )
    else:
        for flag in ("batch_size", "precision", "signatures"):
            if FLAGS[flag].present:
                raise ValueError(f"export takes --{flag} with --format=tflite only")
        out = FLAGS.out or f"exports/{label}"
        path = export_saved_model(model, out, overwrite=FLAGS.overwrite)
        report = saved_model_report(model, path)
    print(f"Wrote {report.path}: {report.num_bytes:,} bytes")
    for signature, (inputs, outputs) in report.signatures.items():
        parity = report.parity[signature]
        print(
            f"  {signature}({', '.join(inputs)}) -> {', '.join(outputs)}: "
            f"{parity.num_differing} of {parity.num_images} images differ from the "
            f"model's, by {parity.difference:.2g} at most, "
            f"{parity.mean_difference:.2g} in the mean"
        )
    if report.distance is not None:
        extractor, value, floor, num = report.distance
        print(
            f"  {num:,} samples: FD[{extractor}] {value:.3g} from others of the model, "
            f"{floor:.3g} of the model's own"
        )


def _extractor(name):
    """What the distances of an entry are measured with; None without such."""
    from keras_gen.zoo.evaluation.extraction import extractor
    from keras_gen.zoo.shelf.recipes import load_recipe

    if name not in catalog.names():
        return None
    recipe = load_recipe(name)
    return extractor(recipe.extractor) if hasattr(recipe, "extractor") else None


def _serve(*names):
    from keras_gen.serving.repository import is_exported, label_of, write_repository

    file_format = FLAGS.format or "tflite"
    folder = FLAGS.out or f"exports/repository/{file_format}"
    if importlib.util.find_spec("mlserver") is None:
        raise ImportError("models are served by mlserver: pip install keras-gen[serve]")
    for flag, most in (("workers", 1024), ("port", 65533)):
        if not 1 <= FLAGS[flag].value <= most:
            raise ValueError(
                f"--{flag} must lie from 1 to {most}. Received: {FLAGS[flag].value}"
            )
    if FLAGS.overwrite or not all(is_exported(folder, label_of(n)) for n in names):
        import_tensorflow()
    served = write_repository(names, folder, file_format, FLAGS.overwrite)
    from keras_gen.serving.server import serve

    print(
        f"Serving {', '.join(served)} at http://{FLAGS.host}:{FLAGS.port}", flush=True
    )
    serve(folder, served, FLAGS.host, FLAGS.port, FLAGS.workers)


def _batch_size():
    try:
        return int(FLAGS.batch_size)
    except ValueError as error:
        raise ValueError(
            f"--batch_size must be a whole number or any. Received: {FLAGS.batch_size}"
        ) from error


def _text(result):
    """A result as text that any terminal can show."""
    return describe(result).replace("±", "+-").replace("—", "-")


def _num(default):
    if FLAGS.num is not None and FLAGS.num < 1:
        raise ValueError(f"--num must be at least 1. Received: {FLAGS.num}")
    return FLAGS.num or default


def _write(picture, default):
    from keras_gen.images import save_png

    path = FLAGS.out or default
    save_png(path, picture)
    print(f"Wrote {path}: {picture.shape[1]} x {picture.shape[0]} pixels")


# What each command runs, and the flags that it takes.
_COMMANDS = {
    "list": (_list, ()),
    "info": (_info, ()),
    "train": (
        _train,
        (
            "data",
            "epochs",
            "seed",
            "out",
            "resume",
            "download",
            "strategy",
            "devices",
            "checkpoint_steps",
            "checkpoint_minutes",
            "max_skipped",
            "deterministic",
        ),
    ),
    "sample": (
        _sample,
        ("num", "seed", "labels", "temperature", "out", "workers", "shard_size"),
    ),
    "complete": (_complete, ("num", "seed", "temperature", "out", "download")),
    "reconstruct": (_reconstruct, ("num", "out", "download")),
    "interpolate": (_interpolate, ("num", "seed", "out", "download")),
    "evaluate": (_evaluate, ("metrics", "quick", "seed", "samples", "download")),
    "export": (
        _export,
        ("format", "out", "overwrite", "batch_size", "precision", "signatures"),
    ),
    "serve": (_serve, ("format", "out", "overwrite", "host", "port", "workers")),
}


if __name__ == "__main__":
    main()
