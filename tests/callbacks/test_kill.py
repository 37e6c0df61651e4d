import pytest

from .kill import kill_trainings


@pytest.mark.parametrize("name", ["vae", "wgan_gp"])
def test_killed_trainings_end_as_if_never_killed(name, tmp_path):
    assert kill_trainings(name, 2, tmp_path) >= 1
