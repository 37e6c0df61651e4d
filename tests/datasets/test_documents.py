import numpy as np
import pytest

from keras_gen import datasets
from keras_gen.datasets.documents import documents_source, vocabulary
from keras_gen.domains import Counts


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "vocab.txt").write_text("bread\nbutter\nsalt\n")
    lines = [f"2 0:{number + 1} 2:3" for number in range(20)]
    (tmp_path / "ap.dat").write_text("\n".join([*lines, "0"]) + "\n")
    return tmp_path


def test_every_tenth_document_is_for_the_test(folder):
    found = {
        split: np.concatenate(list(datasets.load(str(folder), split, training=False)))
        for split in ("train", "validation", "test", "all")
    }
    assert found["test"].tolist() == [[10, 0, 3], [20, 0, 3]]
    assert found["validation"][:, 0].tolist() == [9, 19]
    assert len(found["train"]) == 16
    assert found["all"][:, 0].tolist() == list(range(1, 21))
    assert found["all"].dtype == np.int32


def test_a_folder_is_found_by_its_name(folder, monkeypatch):
    monkeypatch.setenv("TFDS_DATA_DIR", str(folder.parent))
    batch = next(iter(datasets.load(folder.name, "train", batch_size=4)))
    assert batch.shape == (4, 3)
    source = documents_source(folder, "train")
    assert source.domain == Counts(3)
    assert vocabulary(folder) == ["bread", "butter", "salt"]


def test_several_files_are_splits(folder):
    (folder / "ap.dat").rename(folder / "test.dat")
    assert documents_source(folder, "test").num_examples == 20
    with pytest.raises(ValueError, match=r"`split` .*'test'.*'train'"):
        documents_source(folder, "train")


@pytest.mark.parametrize("line", ["1 3:1", "1 0:-2", "1 0", "1 zero:1", "1 -1:1"])
def test_what_is_no_document_is_named(folder, line):
    (folder / "ap.dat").write_text(f"1 0:1\n{line}\n")
    with pytest.raises(ValueError, match=r"ap.dat', line 2, is no document"):
        documents_source(folder, "train")


def test_no_documents_are_an_error(folder):
    (folder / "ap.dat").write_text("0\n")
    with pytest.raises(ValueError, match="holds no documents"):
        documents_source(folder, "all")


@pytest.mark.parametrize("name", ["vocab.txt", "ap.dat"])
def test_a_file_in_another_encoding_is_named(folder, name):
    (folder / name).write_bytes("café".encode("latin-1"))
    with pytest.raises(ValueError, match=f"{name}' is not in UTF-8"):
        documents_source(folder, "train")
