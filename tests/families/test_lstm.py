import numpy as np
import pytest
from contracts import AutoregressiveContract
from families.lstm import LSTM

from keras_gen.random import Rows


class TestContract(AutoregressiveContract):
    model_class = LSTM

    def make(self, seed=0):
        return LSTM(32, 5, seed=seed, name="tiny")


def test_a_prompt_is_kept_and_continued():
    model = LSTM(12, 5)
    model.compiled_sampling = False
    prompt = model.x_domain.draw(Rows(1, 0))
    mask = np.arange(12) < 4
    written = model.impute(np.repeat(prompt, 20, axis=0), mask, seed=3)
    assert written.shape == (20, 12)
    assert written.dtype == np.int32
    assert (written[:, :4] == prompt[:, :4]).all()
    assert len(np.unique(written[:, 4:], axis=0)) > 10
    with pytest.raises(ValueError, match="`mask` must have shape"):
        model.impute(prompt, mask[:4])
