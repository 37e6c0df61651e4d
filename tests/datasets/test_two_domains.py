"""Batches of labelled examples beside those of another domain."""

import itertools

import numpy as np
import pytest

from keras_gen import datasets

KNOWN, OTHER = ("mnist", "train[:22]"), ("mnist", "test[:11]")
TEXTURED, POINTS = ("textured_mnist", "test[:11]"), ("rings", "train[:9]")


def adapted(labelled, unlabelled, batch_size, **options):
    sources = datasets.source(*labelled), datasets.source(*unlabelled)
    return datasets.adaptation(*sources, batch_size, **options)


def taken(data, num):
    return [tuple(map(np.array, batch)) for batch in itertools.islice(data, num)]


def keys(images):
    return [image.tobytes() for image in images]


def test_the_first_half_has_labels_and_the_second_is_of_the_other_set():
    data = adapted(KNOWN, OTHER, batch_size=8)
    assert data.steps_per_epoch == int(data.cardinality()) == 6
    assert data.class_names == [str(digit) for digit in range(10)]
    (known,), (other,) = (
        datasets.load(*names, 100, labels=True, training=False)
        for names in (KNOWN, OTHER)
    )
    label_of = dict(zip(keys(known[0].numpy()), known[1].numpy(), strict=True))
    others = set(keys(other[0].numpy()))
    seen = []
    for x, y in taken(data, 6):
        half = len(x) - 4
        assert [label_of[key] for key in keys(x[:half])] == y[:half].tolist()
        assert set(keys(x[half:])) <= others
        assert y[half:].tolist() == [-1] * 4
        seen += keys(x[:half])
    assert sorted(seen) == sorted(label_of)


def test_each_pass_is_the_next_epoch_of_one_endless_stream():
    endless = taken(adapted(KNOWN, OTHER, 8, repeat=True), 18)
    data = adapted(KNOWN, OTHER, 8)
    passes = [batch for _ in range(3) for batch in taken(data, 6)]
    resumed = taken(adapted(KNOWN, OTHER, 8, repeat=True, start=(1, 3)), 9)
    for one, other in ((endless, passes), (endless[9:], resumed)):
        for batch, same in zip(one, other, strict=True):
            for part, same_part in zip(batch, same, strict=True):
                np.testing.assert_array_equal(part, same_part)
    assert keys(endless[0][0]) != keys(endless[6][0])


def test_two_sets_of_one_size_have_orders_of_their_own():
    (batch,) = taken(adapted(KNOWN, KNOWN, 44), 1)
    known, other = keys(batch[0][:22]), keys(batch[0][22:])
    assert sorted(known) == sorted(other)
    assert sum(a == b for a, b in zip(known, other, strict=True)) < 6


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"batch_size": 7}, "`batch_size` must be even.*7"),
        ({"batch_size": 0}, "`batch_size`.*0"),
        ({"batch_size": 24}, r"`unlabelled` must have at least 12.*11 of mnist/test"),
        (
            {"unlabelled": ("textured_mnist", "test[:11]")},
            r"one shape.*28, 3\) of text",
        ),
        (
            {"labelled": ("rings", "train[:9]"), "unlabelled": ("rings", "train")},
            "no la",
        ),
        ({"start": (0, 6)}, "`start` must name a step below 6"),
        ({"start": 5}, "`start` must be a pair"),
        ({"seed": -1}, "`seed`"),
        ({"labels": True}, "`labels` must be left out"),
    ],
)
def test_bad_arguments_are_refused(given, message):
    given = {"labelled": KNOWN, "unlabelled": OTHER, "batch_size": 8, **given}
    with pytest.raises(ValueError, match=message):
        adapted(**given)
