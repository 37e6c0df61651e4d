"""The folder of a run: its files, and who may write into it."""

import shutil
from pathlib import Path

from keras_gen.files import (
    read_bytes,
    read_json,
    remove_partials,
    sha256_of,
    write_json,
    write_text,
    written_whole,
)


class RunFolder:
    """The paths of the files that a training writes.

    Args:
        path: String or path of the folder.

    Attributes:
        path: `Path` of the folder.
        arguments: Path of `run.json`, what the run was started with.
        recipe: Path of `recipe.py`, the recipe that the run was started with.
        checkpoints: Path of the folder of checkpoints.
        model: Path of `model.keras`, the newest model.
        history: Path of `history.csv`, a row for each epoch.
        pictures: Path of the folder with a picture for each epoch.
        logs: Path of the folder for TensorBoard.
        picture: Path of the picture of the trained model, without its suffix, which is
            `.png` for images.
        report: Path of `metrics.json`, which completes the run.
    """

    def __init__(self, path):
        self.path = Path(path)
        self.arguments = self.path / "run.json"
        self.recipe = self.path / "recipe.py"
        self.checkpoints = self.path / "checkpoints"
        self.model = self.path / "model.keras"
        self.history = self.path / "history.csv"
        self.pictures = self.path / "samples"
        self.logs = self.path / "logs"
        self.picture = self.path / "samples"
        self.report = self.path / "metrics.json"

    @classmethod
    def new(cls, name, out=None):
        """The folder of a new run.

        Args:
            name: String, the recipe's name.
            out: Optional path of an empty folder, or of one that does not exist.
                Defaults to `runs/<name>`, or the first `runs/<name>-<n>` that is free.

        Raises:
            ValueError: If the folder is not empty or cannot be written to.
        """
        if out is None:
            suffixes = ["", *(f"-{number}" for number in range(2, 10_000))]
            paths = (Path("runs") / f"{name}{suffix}" for suffix in suffixes)
            out = next(path for path in paths if not path.exists())
        folder = cls(out)
        if folder.path.is_dir() and any(folder.path.iterdir()):
            raise ValueError(
                f"The folder {str(folder.path)!r} is not empty: name another, or "
                "resume the run that it holds."
            )
        folder._check_writable()
        return folder

    @classmethod
    def interrupted(cls, out, arguments):
        """The folder of a run that can be resumed.

        Args:
            out: Path of the folder.
            arguments: Dict, the arguments that the run must have been started with.
                `epochs` may be more.

        Raises:
            ValueError: If there is no such run, it was started with other arguments, or
                it is complete.
        """
        if out is None:
            raise ValueError("`out` must name the folder of the run to resume.")
        folder = cls(out)
        if not folder.arguments.is_file():
            raise ValueError(f"There is no run in {str(out)!r}: it holds no run.json.")
        before = read_json(folder.arguments)
        is_longer = folder.is_lengthened(arguments)
        differences = {
            key: f"{key} {before.get(key)!r}, not {value!r}"
            for key, value in arguments.items()
            if before.get(key) != value
        }
        if differences and not (is_longer and list(differences) == ["epochs"]):
            raise ValueError(
                f"The run in {str(out)!r} cannot go on like this. It was started with "
                f"{'; '.join(differences.values())}."
            )
        if folder.report.exists() and not is_longer:
            raise ValueError(
                f"The run in {str(out)!r} is complete. To train it further, pass more "
                "`epochs`."
            )
        return folder

    def is_lengthened(self, arguments) -> bool:
        """Whether a run goes on for more epochs than it was started with."""
        epochs = read_json(self.arguments).get("epochs")
        return isinstance(epochs, int) and epochs < arguments["epochs"]

    def begin(self, arguments, recipe):
        """Writes the arguments that the run is started with, and keeps the recipe.

        Unfinished files of a process that was killed are removed. No other process may
        write into the folder.

        Args:
            arguments: Dict that JSON can represent.
            recipe: Path of the file of the recipe.
        """
        for folder in (self.path, self.pictures):
            remove_partials(folder)
        self.report.unlink(missing_ok=True)
        with written_whole(self.recipe) as partial:
            shutil.copyfile(recipe, partial)
        kept = {"recipe_sha256": sha256_of(self.recipe)}
        write_json(self.arguments, {**arguments, **kept})

    def rewind(self, epochs):
        """Cuts the history to the epochs before the start of a resumed training."""
        if epochs:
            rows = read_bytes(self.history).decode().splitlines()[: 1 + epochs]
            write_text(self.history, "\n".join(rows) + "\n")

    def picture_of(self, epoch):
        """The path of an epoch's picture, without its suffix; epochs count from 0."""
        self.pictures.mkdir(exist_ok=True)
        return self.pictures / f"epoch_{epoch + 1:04d}"

    def finish(self, report):
        """Writes the report, which completes the run."""
        write_json(self.report, report)

    def _check_writable(self):
        try:
            self.path.mkdir(parents=True, exist_ok=True)
            probe = self.path / ".writable"
            probe.touch()
            probe.unlink()
        except OSError as error:
            raise ValueError(
                f"Cannot write to the folder {str(self.path)!r}: {error}"
            ) from error
