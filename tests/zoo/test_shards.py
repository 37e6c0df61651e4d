import fcntl
import json
import os
import sys

import numpy as np
import pytest
from contracts import make_tiny

from keras_gen.models import (
    GAN,
    MADE,
    Autoencoder,
    ConditionalGAN,
    RecurrentModel,
)
from keras_gen.zoo import read_shards, sample_shards
from keras_gen.zoo.shards import drawing, worker
from keras_gen.zoo.shards.files import (
    intact,
    num_shards,
    read_index,
    shard_name,
    write_shard,
)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    path = tmp_path_factory.mktemp("model") / "model.keras"
    make_tiny(ConditionalGAN).save(path)
    return path


@pytest.fixture(scope="module")
def folders(path, tmp_path_factory):
    """The same samples, drawn by one process and by three."""
    root = tmp_path_factory.mktemp("shards")
    options = {"seed": 3, "shard_size": 8, "labels": [2, 0, 1]}
    for workers in (1, 3):
        folder = root / str(workers)
        sample_shards(path, 20, folder, num_workers=workers, **options)
    return root


def contents(folder):
    return {file.name: file.read_bytes() for file in folder.iterdir()}


def joined(folder, **options):
    images, labels = zip(*read_shards(folder, **options), strict=True)
    return np.concatenate(images), np.concatenate(labels)


def request(**changes):
    """The index of a folder to be filled by this process."""
    plain = {
        "seed": 5,
        "labels": None,
        "temperature": None,
        "num_samples": 20,
        "shard_size": 8,
        "sha256": {},
    }
    return plain | changes


def fill(folder, model, **changes):
    folder.mkdir()
    index = request(**changes)
    for number in range(num_shards(index)):
        arrays = worker.draw(model, index, number)
        index["sha256"][shard_name(number)] = write_shard(folder, number, arrays)
    (folder / "index.json").write_text(json.dumps(index))


def test_shards_do_not_depend_on_the_number_of_processes(folders):
    one = contents(folders / "1")
    assert sorted(one) == ["index.json", *(shard_name(i) for i in range(3))]
    assert contents(folders / "3") == one


def test_shards_hold_what_one_process_draws(folders):
    model = make_tiny(ConditionalGAN)
    in_turn = np.resize([2, 0, 1], 20)
    images, labels = joined(folders / "1", batch_size=3)
    np.testing.assert_array_equal(labels, in_turn)
    samples = model.sample(20, seed=3, batch_size=8, y=in_turn)
    np.testing.assert_array_equal(images, model.x_domain.to_bytes(samples))
    index = read_index(folders / "1")
    assert (index["model"], index["seed"]) == ("ConditionalGAN", 3)
    assert (index["labels"], index["shape"]) == ([2, 0, 1], [8, 8, 1])


@pytest.mark.parametrize(
    ("model_class", "changes", "options"),
    [
        (GAN, {}, {}),
        (MADE, {"temperature": 0.5}, {"temperature": 0.5}),
        (RecurrentModel, {"temperature": 0.5}, {"temperature": 0.5}),
        (GAN, {"num_samples": 5, "shard_size": 8}, {}),
        (GAN, {"num_samples": 300, "shard_size": 290}, {}),
    ],
)
def test_shards_of_other_models_and_sizes(tmp_path, model_class, changes, options):
    model = make_tiny(model_class)
    fill(tmp_path / "shards", model, **changes)
    index = read_index(tmp_path / "shards")
    images = np.concatenate([i for i, _ in read_shards(tmp_path / "shards")])
    samples = model.sample(index["num_samples"], 5, **options)
    np.testing.assert_array_equal(images, model.x_domain.to_bytes(samples))
    # Symbols are int32, images uint8.
    assert images.dtype == model.x_domain.to_bytes(samples).dtype


def test_samples_are_read_in_batches_up_to_a_number(folders):
    folder = folders / "1"
    sizes = [len(images) for images, _ in read_shards(folder, batch_size=5)]
    assert sizes == [5, 3, 5, 3, 4]
    images, labels = joined(folder, num_samples=9)
    np.testing.assert_array_equal(images, joined(folder)[0][:9])
    assert len(labels) == 9
    for options, message in (
        ({"num_samples": 21}, "`num_samples` must be at most 20.*Received: 21"),
        ({"num_samples": 0}, "`num_samples` must be an integer"),
        ({"batch_size": 0}, "`batch_size` must be an integer"),
    ):
        with pytest.raises(ValueError, match=message):
            read_shards(folder, **options)


def test_what_is_missing_or_damaged_is_found_and_drawn_again(path, folders, tmp_path):
    folder = tmp_path / "shards"
    whole = contents(folders / "1")
    folder.mkdir()
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    (folder / shard_name(0)).unlink()
    flipped = bytearray(whole[shard_name(2)])
    flipped[700] ^= 1
    (folder / shard_name(2)).write_bytes(flipped)
    (folder / ".partial-1-shard-00000.npz").write_bytes(b"half")
    kept = (folder / shard_name(1)).stat().st_mtime_ns
    for number in (0, 2):
        with pytest.raises(ValueError, match=f"0000{number}.* is missing or damaged"):
            # Up to the first shard that is not whole, the others can be read.
            list(read_shards(folder))
        seen = []

        def interrupt(done, count, seen=seen):
            seen.append((done, count))
            if len(seen) == 2:
                raise KeyboardInterrupt

        with pytest.raises(KeyboardInterrupt):
            sample_shards(
                path, 20, folder, shard_size=8, labels=[2, 0, 1], progress=interrupt
            )
        assert seen == [(1 + number // 2, 3), (2 + number // 2, 3)]
    assert contents(folder) == whole
    assert (folder / shard_name(1)).stat().st_mtime_ns == kept


def test_pipes_are_no_shards(tmp_path):
    os.mkfifo(tmp_path / shard_name(0))
    assert intact(tmp_path, {"sha256": {}}, 0) is None
    os.mkfifo(tmp_path / "index.json")
    with pytest.raises(ValueError, match="There are no shards in .* a pipe"):
        read_index(tmp_path)


def test_other_requests_are_refused(path, folders, tmp_path):
    folder = folders / "1"
    same = {"seed": 3, "shard_size": 8, "labels": [2, 0, 1]}
    for num, changes, message in (
        (21, {}, "num_samples 20, not 21"),
        (20, {"seed": 4, "labels": [1]}, r"seed 3, not 4; labels \[2, 0, 1\], not \[1"),
        (20, {"shard_size": 4}, "shard_size 8, not 4"),
    ):
        with pytest.raises(ValueError, match=f"holds other samples: {message}"):
            sample_shards(path, num, folder, **same | changes)
    other = tmp_path / "other.keras"
    make_tiny(GAN).save(other)
    with pytest.raises(ValueError, match="model 'ConditionalGAN', not 'GAN'; weights_"):
        sample_shards(other, 20, folder, shard_size=8)
    for text in ("{", "[]", '{"num_samples": 20}'):
        (tmp_path / "index.json").write_text(text)
        with pytest.raises(ValueError, match="is no index of shards"):
            sample_shards(path, 20, tmp_path)
    (tmp_path / "index.json").unlink()
    with pytest.raises(ValueError, match="is not empty, and holds no shards"):
        sample_shards(path, 20, tmp_path)
    with pytest.raises(ValueError, match="There are no shards in"):
        read_shards(tmp_path)


@pytest.mark.parametrize(
    ("arguments", "options", "message"),
    [
        ((0, "a"), {}, "`num_samples` must be an integer"),
        ((5, "a"), {"num_workers": 0}, "`num_workers` must be an integer"),
        ((5, "a"), {"shard_size": 0}, "`shard_size` must be an integer"),
        ((5, "a"), {"seed": -1}, "`seed` must be an integer"),
        ((5, "a"), {"labels": [3]}, r"`labels` must lie in \[0, 3\)"),
        ((5, "a"), {"temperature": 0.5}, "`temperature` must be left out"),
        ((5, "model.keras"), {}, "`out` cannot be a folder"),
    ],
)
def test_bad_arguments_are_refused(path, monkeypatch, arguments, options, message):
    monkeypatch.chdir(path.parent)
    with pytest.raises(ValueError, match=message):
        sample_shards(path, *arguments, **options)
    assert not (path.parent / "a").exists()


def test_a_model_that_does_not_sample_is_refused(tmp_path):
    make_tiny(Autoencoder).save(tmp_path / "model.keras")
    with pytest.raises(ValueError, match=r"\(Autoencoder\) does not sample"):
        sample_shards(tmp_path / "model.keras", 5, tmp_path / "shards")


def test_two_processes_do_not_share_a_folder(path, tmp_path):
    held = os.open(tmp_path, os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    try:
        with pytest.raises(ValueError, match="Another process draws shards into"):
            sample_shards(path, 5, tmp_path)
    finally:
        os.close(held)


def test_a_worker_that_dies_or_fails_is_told(path, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(sys, "executable", "/bin/false")
        with pytest.raises(ChildProcessError, match="has died with code 1"):
            sample_shards(path, 5, tmp_path / "shards", seed=1)
    monkeypatch.setattr(drawing, "weights_sha256", lambda name: "others")
    with pytest.raises(ChildProcessError, match="weights of .* have changed"):
        sample_shards(path, 5, tmp_path / "others")
    assert list(contents(tmp_path / "others")) == ["index.json"]
