"""Overlays show the film, the heat and what was drawn, and are small."""

from __future__ import annotations

import cv2
import numpy as np

from leanlung.attention import Panel, overlay

FILM = np.full((50, 80), 0.5, dtype=np.float32)
STRIP = 18


def picture(data: bytes) -> np.ndarray:
    return np.asarray(cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR))


def test_panels_stand_side_by_side_under_their_titles() -> None:
    found = picture(overlay(FILM, [Panel("ill"), Panel("small: ill", FILM)], {}))
    assert found.shape == (STRIP + 50, 160, 3)
    assert found[:STRIP].any()
    assert (found[STRIP:, :80] == 128).all()


def test_heat_is_red_where_the_map_is_largest_and_nothing_where_it_is_zero() -> None:
    values = np.zeros((50, 80), dtype=np.float32)
    values[:, 40:] = 1.0
    found = picture(overlay(FILM, [Panel("", values)], {}))[STRIP:]
    assert (found[:, :40] == 128).all()
    blue, green, red = found[25, 60].astype(int)
    assert red > 180
    assert max(blue, green) < 70


def test_outlines_are_drawn_and_what_they_hold_is_left() -> None:
    box = np.zeros((50, 80), dtype=np.bool_)
    box[10:30, 20:60] = True
    found = picture(overlay(FILM, [Panel("")], {"boxes": box}))[STRIP:]
    assert (found[10, 20:60] == 255).all()
    assert (found[11:29, 21:59] == 128).all()


def test_large_films_make_small_files() -> None:
    generator = np.random.default_rng(0)
    film = cv2.resize(generator.random((40, 40), np.float32), (2000, 2500))
    data = overlay(film, [Panel("a", film), Panel("b")], {})
    assert picture(data).shape[0] == STRIP + 256
    assert len(data) < 200_000
