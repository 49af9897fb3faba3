"""Every named step has its own stream of randomness, whoever else asks and in what order."""

from __future__ import annotations

import hashlib

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from leanlung.foundations.seeds import Seeds

roots = st.integers(-(2**40), 2**40)
steps = st.lists(
    st.one_of(st.integers(0, 99), st.text(alphabet="abc-_", min_size=1)), max_size=3
)


@given(roots, steps)
def test_a_number_is_the_first_63_bits_of_a_hash_of_root_and_names(root, names):
    path = "/".join([str(root), *map(str, names)])
    bits = int(hashlib.sha256(path.encode()).hexdigest(), 16)
    assert Seeds(root).number(*names) == bits >> (256 - 63)


def test_the_numbers_stay_what_they_were():
    # From `printf 0/fit/3 | sha256sum`, cut to 16 digits and halved; runs rest on it.
    assert Seeds(0).number("fit", 3) == 0x334B_3AA9_4E89_2E18


@given(roots, steps)
def test_a_number_fits_every_generator(root, names):
    assert 0 <= Seeds(root).number(*names) < 2**63


def test_streams_do_not_depend_on_who_asked_before():
    seeds = Seeds(7)
    alone = seeds.generator("split").random(3)
    seeds.generator("fit", 0).random(100)
    np.testing.assert_array_equal(seeds.generator("split").random(3), alone)


def test_a_generator_is_numpys_own_of_that_number():
    expected = np.random.default_rng(Seeds(7).number("split")).random(5)
    np.testing.assert_array_equal(Seeds(7).generator("split").random(5), expected)


def test_roots_and_names_part_streams():
    streams = [Seeds(0), Seeds(1), Seeds(-1)]
    names = [(), ("fit",), ("fit", 0), ("fit", 1), ("split",)]
    numbers = {seeds.number(*name) for seeds in streams for name in names}
    assert len(numbers) == len(streams) * len(names)
