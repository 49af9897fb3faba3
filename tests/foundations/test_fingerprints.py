"""A fingerprint is the SHA-256 of a content, whatever its name, place or layout."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from leanlung.foundations import fingerprints

EMPTY = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"  # FIPS 180-2, B.1


@pytest.mark.parametrize(("data", "expected"), [(b"", EMPTY), (b"abc", ABC)])
def test_bytes_and_files_have_the_published_hash(tmp_path, data, expected):
    (tmp_path / "a").write_bytes(data)
    assert fingerprints.of_bytes(data) == expected
    assert fingerprints.of_file(tmp_path / "a") == expected


def test_a_file_larger_than_one_piece_is_read_to_its_end(tmp_path):
    data = bytes(range(256)) * 4096
    (tmp_path / "a").write_bytes(data)
    assert fingerprints.of_file(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_an_array_is_its_type_its_shape_and_its_values():
    array = np.array([[1, 2], [3, 4]], dtype=np.uint8)
    by_hand = hashlib.sha256(b"|u1(2, 2)\x01\x02\x03\x04").hexdigest()
    assert fingerprints.of_array(array) == by_hand


def test_arrays_of_the_same_bytes_differ_in_shape_and_type():
    array = np.zeros(4, dtype=np.uint8)
    others = [array.reshape(2, 2), array.view(np.int8), array.view(np.uint32), array[:3]]
    assert len({fingerprints.of_array(one) for one in (array, *others)}) == 5


def test_how_an_array_lies_in_memory_does_not_matter():
    array = np.arange(12.0).reshape(3, 4)
    there = fingerprints.of_array(array)
    assert fingerprints.of_array(np.asfortranarray(array)) == there
    assert fingerprints.of_array(np.repeat(array, 2, axis=1)[:, ::2]) == there


def test_a_value_does_not_depend_on_the_order_of_its_keys():
    one = fingerprints.of_value({"a": 1, "b": [1, {"c": None, "d": "肺"}]})
    other = fingerprints.of_value({"b": [1, {"d": "肺", "c": None}], "a": 1})
    by_hand = hashlib.sha256('{"a":1,"b":[1,{"c":null,"d":"肺"}]}'.encode()).hexdigest()
    assert one == other == by_hand


def test_values_that_differ_in_order_kind_or_place_differ():
    values = [[1, 2], [2, 1], [1, [2]], ["1", 2], [1.0, 2], {"1": 2}, None, [None]]
    assert len({fingerprints.of_value(value) for value in values}) == len(values)
