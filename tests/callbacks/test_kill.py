from .kill import kill_trainings


def test_killed_trainings_end_as_if_never_killed(tmp_path):
    assert kill_trainings("wgan_gp", 2, tmp_path) >= 1
