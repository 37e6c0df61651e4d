import sys

import numpy as np
import pytest
from matplotlib.figure import Figure
from PIL import Image

from keras_gen.zoo.publishing import plots

HISTORY = """epoch,distortion,loss,rate,seconds,val_loss
0,200.0,210.0,10.0,5.0,NA
1,150.0,165.0,15.0,9.0,170.0
2,120.0,138.0,18.0,14.0,NA
"""

CURVE = {
    "num_samples": [1000, 2000],
    "model": [3.0, 2.5],
    "training_images": [0.5, 0.2],
}


def size_of(path):
    return Image.open(path).size


def test_a_history_is_read_with_nan_where_nothing_was_measured(tmp_path):
    (tmp_path / "history.csv").write_text(HISTORY)
    history = plots.read_history(tmp_path / "history.csv")
    np.testing.assert_array_equal(history["rate"], [10.0, 15.0, 18.0])
    np.testing.assert_array_equal(history["val_loss"], [np.nan, 170.0, np.nan])


def test_long_histories_are_thinned_and_short_ones_are_not():
    long = "epoch,loss,val_loss\n" + "".join(f"{i},{2.5 * i},NA\n" for i in range(999))
    header, *rows = plots.thin(long).splitlines()
    assert header == "epoch,loss"
    assert 150 < len(rows) <= 200
    epochs = [int(row.split(",")[0]) for row in rows]
    assert epochs[:5] == [0, 1, 2, 3, 4]
    assert epochs[-1] == 998
    assert max(np.diff(epochs)) <= 11
    assert plots.thin(HISTORY) == HISTORY


def test_the_panels_are_those_of_what_was_measured(tmp_path):
    (tmp_path / "history.csv").write_text("epoch,loss,seconds\n0,3,1\n1,2,2\n")
    assert size_of(plots.save_plots(tmp_path, {})) == (400, 320)
    # Losses, and the path of rate and distortion.
    (tmp_path / "history.csv").write_text(HISTORY)
    assert size_of(plots.save_plots(tmp_path, {})) == (800, 320)
    distances = {"distances": {"metric": "FD[tiny@0]", "curve": CURVE}}
    assert size_of(plots.save_plots(tmp_path, distances)) == (1200, 320)
    single = {key: values[:1] for key, values in CURVE.items()}
    short = {"distances": {"metric": "FD[tiny@0]", "curve": single}}
    assert size_of(plots.save_plots(tmp_path, short)) == (800, 320)


def test_other_numbers_get_panels_of_their_own(tmp_path):
    (tmp_path / "history.csv").write_text(
        "epoch,accuracy,discriminator_loss,generator_loss,penalty,val_accuracy\n"
        "0,0.1,1.5,-0.5,0.2,nan\n1,0.2,1.4,-0.4,0.1,0.2\n"
    )
    assert size_of(plots.save_plots(tmp_path, {})) == (1200, 320)


def test_what_was_validated_is_drawn_over_the_time(tmp_path):
    history = "epoch,loss,seconds,val_loss\n0,3,60,4\n1,2,120,NA\n"
    (tmp_path / "history.csv").write_text(history)
    (draw,) = plots._training_panels(plots.read_history(tmp_path / "history.csv"))
    axes = Figure().add_subplot()
    draw(axes)
    assert axes.get_xlabel() == "minutes"
    training, validation = axes.lines
    assert training.get_xdata().tolist() == [1.0, 2.0]
    assert validation.get_xydata().tolist() == [[1.0, 4.0]]


def test_drawing_needs_a_history_with_numbers(tmp_path):
    with pytest.raises(ValueError, match="holds no history.csv"):
        plots.save_plots(tmp_path, {})
    (tmp_path / "history.csv").write_text("epoch,seconds\n0,1.0\n")
    with pytest.raises(ValueError, match="holds no number to draw"):
        plots.save_plots(tmp_path, {})


def test_without_matplotlib_the_extra_is_named(tmp_path, monkeypatch):
    (tmp_path / "history.csv").write_text(HISTORY)
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(ImportError, match=r"matplotlib.*keras-gen\[plots\]"):
        plots.save_plots(tmp_path, {})
