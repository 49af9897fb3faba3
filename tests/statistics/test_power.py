"""Power is what a repetition of the study would show, if nothing is lost."""

from __future__ import annotations

import numpy as np
import pytest

from leanlung.statistics.power import power_of
from leanlung.statistics.spread import UnseenSpread
from leanlung.statistics.tango import ScoreSpread, tango_score


def test_it_is_the_share_of_repetitions_that_show_it():
    """2,000 patients of whom 5 % are discordant, as many gained as lost; drawn 4,000 times."""
    found = power_of(ScoreSpread(50, 50, 2000), 0.0, 2000, 0.012, 0.95, "seen")
    generator = np.random.default_rng(0)
    draws = generator.multinomial(2000, [0.025, 0.025, 0.95], size=4000)
    shown = tango_score(draws[:, 0], draws[:, 1], 2000, -0.012) > 1.959964
    # The figure leaves out that the spread is itself known from the sample only.
    assert found.power == pytest.approx(shown.mean(), abs=0.04)


def test_more_patients_of_the_same_kind_give_what_is_aimed_at():
    found = power_of(ScoreSpread(10, 10, 400), 0.0, 400, 0.02, 0.95, "seen")
    share = found.needed / 400
    wanted = power_of(
        ScoreSpread(round(10 * share), round(10 * share), found.needed),
        0.0,
        found.needed,
        0.02,
        0.95,
        "seen",
    )
    assert wanted.power == pytest.approx(0.8, abs=0.05)


def test_near_one_the_room_downwards_counts():
    """Two models that differ in none of 27: what 27 leave open is far beyond 0.02."""
    assert power_of(UnseenSpread(0.0, 27), 0.0, 27, 0.02, 0.95, "assumed").power < 0.01
    assert power_of(UnseenSpread(0.0, 700), 0.0, 700, 0.02, 0.95, "assumed").power > 0.99


def test_the_line_says_what_was_assumed():
    seen = power_of(ScoreSpread(3, 1, 27), 2 / 27, 27, 0.02, 0.95, "seen")
    assert str(seen).startswith(
        f"Power: with 27 patients concerned, a margin of 0.02 is shown with a chance of "
        f"{seen.power:.2f} if the two are equal in truth and they vary as seen here; 0.8 takes "
    )
    unseen = power_of(UnseenSpread(0.0, 27), 0.0, 27, 0.02, 0.95, "assumed")
    assert "one patient of them differs (here none does)" in str(unseen)
