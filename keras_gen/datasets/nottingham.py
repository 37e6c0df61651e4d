"""A builder of TensorFlow Datasets for folk tunes whose originals you have.

    from keras_gen.datasets.nottingham import Nottingham
    from tensorflow_datasets.download import DownloadConfig

    Nottingham(data_dir="tfds").download_and_prepare(
        download_config=DownloadConfig(manual_dir="nottingham-dataset/MIDI/melody")
    )

Then `datasets.load("nottingham", "train", data_dir="tfds", domain=Melodies(256))` reads
the tunes.
"""

import tensorflow as tf
import tensorflow_datasets as tfds

from keras_gen.datasets.melodies import FILE, tunes_by_split, tunes_of_file
from keras_gen.datasets.sequences import NOTES
from keras_gen.media import load_midi


class Nottingham(tfds.core.GeneratorBasedBuilder):
    """British and American folk tunes, one melody in each `.mid` file.

    The folder of the originals has the MIDI files of the melodies, or `melodies.npz` in
    the form of `keras_gen.datasets.melodies.tunes_of_file()`.
    """

    VERSION = tfds.core.Version("1.0.0")
    MANUAL_DOWNLOAD_INSTRUCTIONS = (
        "Pass the folder of the MIDI files of the melodies (MIDI/melody of "
        "github.com/jukedeck/nottingham-dataset) as manual_dir."
    )

    def _info(self):
        notes = tfds.features.Tensor(shape=(None, 3), dtype=tf.int32)
        features = {"name": tfds.features.Text(), NOTES: notes}
        return self.dataset_info_from_configs(
            features=tfds.features.FeaturesDict(features),
            homepage="https://github.com/jukedeck/nottingham-dataset",
        )

    def _split_generators(self, dl_manager):
        folder = dl_manager.manual_dir
        if (folder / FILE).exists():
            tunes = tunes_of_file(folder / FILE)
        else:
            files = sorted(folder.glob("*.mid"))
            tunes = {file.stem: load_midi(file)[0] for file in files}
        if not tunes:
            raise ValueError(f"The folder {str(folder)!r} holds no melodies.")
        return {
            split: self._generate_examples(some)
            for split, some in tunes_by_split(tunes).items()
        }

    def _generate_examples(self, tunes):
        for name, notes in tunes.items():
            yield name, {"name": name, NOTES: notes.astype("int32")}
