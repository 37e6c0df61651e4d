"""The command that applies a method of a model to data in files."""

import inspect
import re
from pathlib import Path
from typing import NamedTuple

from keras_gen.cli.printing import (
    check_flag,
    naming_flags,
    save_each,
    save_examples,
)
from keras_gen.zoo.startup import import_tensorflow

# Examples that a pure method gets at once.
_BATCH_SIZE = 256
_LABELS = re.compile(r"-?\d+(,-?\d+)*")


def apply(
    model,
    method,
    *,
    input: str | None = None,
    out: str | None = None,
    y: str | None = None,
    mask: str | None = None,
    temperature: float | None = None,
    truncation: float | None = None,
    seed: int | None = None,
    num: int | None = None,
):
    """Applies a method of a model to data in a file.

    Methods are `encode`, `decode`, `reconstruct`, `impute`, `log_prob`,
    `log_likelihood`, `classify`, `to_y`, `to_x`, `upscale` and `sample`, where the
    model has them. An unknown one gets an error that lists those of the model.

    Args:
        model: A zoo entry, a saved model or the folder of a run.
        method: What to do.
        input: What to do it to; images are a picture, a grid of them, a folder of
            pictures or a .npy file; latents and vectors a .csv or a .npy file.
        out: File to write, or a folder of pictures, which exists or ends in a slash;
            their names are those of the pictures in a folder as --input. Without this
            flag, METHOD with a suffix for what it gives.
        y: For models that take labels; classes in turn, such as 3 or 0,1,2, or a file.
            Else a file of what the data are paired with.
        mask: For impute; what is known: a picture, white where it is, or a .csv or
            .npy file of ones and zeros.
        temperature: For autoregressive models; below 1 draws what is likelier.
        truncation: For BigGAN; the share of the latents to draw from, in (0, 1].
        seed: Seed of what is drawn. Without this flag, 0.
        num: For sample; the number of samples. Without this flag, 64.
    """
    import_tensorflow()
    from keras_gen.zoo.shelf.loading import open_model

    opened = open_model(model)
    opened.compiled_sampling = False  # XLA compiles for longer than a few rows take.
    task = _task(opened, model, method)
    given = {
        "input": input,
        "y": y,
        "mask": mask,
        "temperature": temperature,
        "truncation": truncation,
        "seed": seed,
        "num": num,
    }
    _check_given(task, given)
    arguments = _arguments(opened, task, given)
    with naming_flags(task.flags.values(), task.flags):
        outputs = _outputs(opened, task, arguments)
    is_folder = out is not None and (out.endswith("/") or Path(out).is_dir())
    for name, values in outputs.items():
        several = out is not None and len(outputs) > 1
        path = _beside(out, name) if several else out
        if is_folder:
            save_each(opened.domain_of(name), values, path, _names_of(input, values))
            continue
        default = f"{method}_{name}" if len(outputs) > 1 else method
        save_examples(opened.domain_of(name), values, path, default)


class _Task(NamedTuple):
    """A method of a model as the command line sees it.

    Attributes:
        name: String.
        mark: The `Mark` of the method.
        input: String, what `--input` is among that it takes; None if it draws alone.
        flags: Dict from the flags that it takes to the names of its arguments.
    """

    name: str
    mark: tuple
    input: str | None
    flags: dict


def _task(model, label, name):
    from keras_gen.models.base import ONE_BY_DEFAULT, marks_of

    marks = marks_of(model)
    if name not in marks:
        known = ", ".join(marks) or "none"
        raise ValueError(
            f"{label} ({type(model).__name__}) has no method {name!r}. It has: {known}"
        )
    mark = marks[name]
    parameters = inspect.signature(getattr(model, name)).parameters
    flags = {}
    beside = ("noise", "seed", "mask", *ONE_BY_DEFAULT)
    data = [n for n in mark.takes if n not in beside]
    draws_alone = "num_samples" in parameters
    input_name = None if draws_alone else data[0]
    if draws_alone:
        flags["num"] = "num_samples"
    else:
        flags["input"] = input_name
    for taken in ("y", "mask", *ONE_BY_DEFAULT):
        if taken in mark.takes and taken != input_name:
            flags[taken] = taken
    if "seed" in parameters or _noise_of(mark, parameters):
        flags["seed"] = "seed"
    return _Task(name, mark, input_name, flags)


def _check_given(task, given):
    for flag, value in given.items():
        if value is not None and flag not in task.flags:
            raise ValueError(f"{task.name} takes no --{flag}")
    if "input" in task.flags and given["input"] is None:
        raise ValueError(f"{task.name} needs --input")


def _arguments(model, task, given):
    """What the method gets, by the names of its arguments."""
    from keras_gen.models.base import ONE_BY_DEFAULT

    arguments, num = {}, 64 if given["num"] is None else given["num"]
    if task.input is None:
        check_flag("num", num, 1)
        arguments["num_samples"] = num
    else:
        values = _read(model.domain_of(task.input), given["input"], "input")
        arguments[task.input], num = values, len(values)
    if given["y"] is not None:
        y = _read(model.domain_of("y"), given["y"], "y")
        arguments["y"] = y[[row % len(y) for row in range(num)]]
    if given["mask"] is not None:
        mask = _read(model.domain_of("mask"), given["mask"], "mask")
        arguments["mask"] = mask[0] if len(mask) == 1 else mask
    for scale in ONE_BY_DEFAULT:
        if given[scale] is not None:
            arguments[scale] = given[scale]
    if "seed" in task.flags:
        arguments["seed"] = 0 if given["seed"] is None else given["seed"]
    return arguments


def _read(domain, text, flag):
    import numpy as np

    from keras_gen.domains import Labels

    if isinstance(domain, Labels) and _LABELS.fullmatch(text):
        return np.array([int(label) for label in text.split(",")], domain.dtype)
    try:
        return domain.load(text)
    except ValueError as error:
        raise ValueError(f"--{flag}: {error}") from error


def _outputs(model, task, arguments):
    """What the method gives, by the names in its mark."""
    import numpy as np

    function = getattr(model, task.name)
    noise = _noise_of(task.mark, inspect.signature(function).parameters)
    if noise:
        from keras_gen.random import Rows, check_seed

        rows = Rows(len(arguments[task.input]), check_seed(arguments.pop("seed")))
        arguments |= {name: model.domain_of(name).draw(rows) for name in noise}
    if task.mark.traced == task.name:
        return _in_batches(function, task, arguments)
    found = function(**arguments)
    if task.mark.gives == ("bound",):
        found = found.per_example
    return {n: np.asarray(values) for n, values in task.mark.named(found).items()}


def _noise_of(mark, parameters):
    """The names of the arguments of a method that are noise, a list."""
    return [n for n in mark.takes if n.endswith("noise") and n in parameters]


def _in_batches(function, task, arguments):
    """What a pure method gives, some rows at a time."""
    import numpy as np

    num, parts = len(arguments[task.input]), []
    for first in range(0, num, _BATCH_SIZE):
        rows = slice(first, first + _BATCH_SIZE)
        some = {name: values[rows] for name, values in arguments.items()}
        parts.append(task.mark.named(function(**some)))
    return {name: np.concatenate([p[name] for p in parts]) for name in parts[0]}


def _names_of(folder, values):
    """The names of the pictures in a folder, else numbers, as many as there are."""
    from keras_gen.media import picture_files

    if folder is not None and Path(folder).is_dir():
        found = [
            f.stem for f in picture_files(Path(folder)) if f.parent == Path(folder)
        ]
        # A picture may be a grid of several.
        if len(set(found)) == len(found) == len(values):
            return found
    return [f"{number:05d}" for number in range(len(values))]


def _beside(path, name):
    path = Path(path)
    return str(path.with_name(f"{path.stem}_{name}{path.suffix}"))
