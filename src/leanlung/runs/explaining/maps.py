"""Maps of films: every network and ensemble looks at some films, and is measured and drawn."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import torch

from leanlung.attention import (
    MEASURES,
    AttentionMap,
    Cam,
    Panel,
    combine,
    find_layer,
    grad_cam,
    lime_maps,
    on_film,
    overlay,
    seen_box,
)
from leanlung.exports.models import combined
from leanlung.foundations import fingerprints
from leanlung.foundations.files import write_bytes
from leanlung.pixels import standardise, unit_range
from leanlung.pixels.crop import lungs_alone
from leanlung.runs.explaining.explained import Row

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from leanlung.attention import Layer
    from leanlung.runs.explaining.explain import ExplainPlan
    from leanlung.runs.explaining.explained import Explained
    from leanlung.runs.explaining.explainers import Explainer, Explainers, Together
    from leanlung.runs.explaining.films import Film

LIME = "lime"
_LONGEST = 60
"""Letters of a study's id in the name of its overlay; a hash of all of it follows."""


@dataclass
class Looking:
    """Looks at films, some at a time.

    Attributes:
        explainers: Who is asked.
        plan: How.
        device: Where networks run.
        explained: Told what is found.
        overlays: Folder of drawings.
        layers: Found so far, by network.
    """

    explainers: Explainers
    plan: ExplainPlan
    device: torch.device
    explained: Explained
    overlays: Path
    layers: dict[str, Layer] = field(default_factory=dict)

    def explain(self, films: Sequence[Film]) -> None:
        """Let every network and ensemble look at films; measure and draw their maps."""
        cams = {one.name: self._cam(one, films, None) for one in self.explainers.each}
        maps = {
            one.name: self._on_films(one, cams[one.name], films) for one in self.explainers.each
        }
        answers = {
            one.name: [one.bundle.classes[n] for n in cams[one.name].logits.argmax(axis=1)]
            for one in self.explainers.each
        }
        for ensemble in self.explainers.together:
            answers[ensemble.name] = _answers(ensemble, cams)
            maps[ensemble.name] = self._combined(ensemble, films, maps, answers[ensemble.name])
        for place, film in enumerate(films):
            its = {name: of_films[place] for name, of_films in maps.items()}
            self.explained.add_film(film.study, film.part, film.regions)
            for name, attention in its.items():
                self._measure(film, name, attention, answers[name][place])
            if self.explained.films <= self.plan.overlays:
                self._draw(film, its)

    def _cam(self, one: Explainer, films: Sequence[Film], asked: list[str] | None) -> Cam:
        """Ask a network about classes, or about those of the plan."""
        bundle, plan = one.bundle, self.plan
        if asked is None and plan.of_class != "predicted":
            by_label = plan.of_class == "label"
            asked = [film.study.label if by_label else plan.of_class for film in films]
        wanted = None if asked is None else [bundle.classes.index(name) for name in asked]
        grey = torch.from_numpy(np.stack([film.ready[one.name] for film in films]))[:, None]
        network = bundle.answering.to(self.device)
        images = unit_range(grey.to(self.device))
        images = standardise(images, bundle.statistics, bundle.spec.channels)
        if plan.method == LIME:
            return lime_maps(network, images, wanted, samples=plan.samples, seed=plan.seed)
        if one.name not in self.layers:
            self.layers[one.name] = one.layer or find_layer(network, images, plan.layer)
        layer = self.layers[one.name]
        return grad_cam(network, images, wanted, layer=layer, method=plan.method)

    def _on_films(self, one: Explainer, cam: Cam, films: Sequence[Film]) -> list[AttentionMap]:
        found = []
        for film, values, of_class in zip(films, cam.values, cam.classes, strict=True):
            name = one.bundle.classes[int(of_class)]
            attention = AttentionMap(film.study.study_id, name, values, cam.method, cam.layer)
            seen = seen_box(film.shape, one.bundle.pixels, film.crops[one.name])
            found.append(on_film(attention, film.shape, seen))
        return found

    def _combined(
        self,
        ensemble: Together,
        films: Sequence[Film],
        maps: Mapping[str, list[AttentionMap]],
        answers: list[str],
    ) -> list[AttentionMap]:
        """Put the members' maps together; all are asked about one class, the common answer."""
        theirs = []
        for one in self.explainers.members(ensemble.name):
            of_films = maps[one.name]
            if self.plan.of_class == "predicted" and answers != [m.of_class for m in of_films]:
                of_films = self._on_films(one, self._cam(one, films, answers), films)
            theirs.append(of_films)
        return [combine(each, ensemble.weights) for each in zip(*theirs, strict=True)]

    def _measure(self, film: Film, name: str, attention: AttentionMap, predicted: str) -> None:
        seen = np.zeros(film.shape, dtype=np.bool_)
        for one in self.explainers.members(name):  # what any of them was shown
            box = seen_box(film.shape, one.bundle.pixels, film.crops[one.name])
            seen[box.top : box.bottom, box.left : box.right] = True
        self.explained.add_map(name, attention.empty)
        study = film.study
        for region, inside in film.regions.items():
            for measure in ("share",) if region == "lungs" else MEASURES:
                found = MEASURES[measure](attention.values, inside, seen)
                row = Row(
                    study.study_id,
                    study.patient_id,
                    study.label,
                    film.part,
                    name,
                    predicted,
                    attention.of_class,
                    region,
                    measure,
                    found.value,
                    found.chance,
                )
                self.explained.rows.append(row)

    def _draw(self, film: Film, maps: Mapping[str, AttentionMap]) -> None:
        columns = self.explainers.columns
        if columns:
            panels = self._grid(film, maps)
        else:
            panels = [Panel(film.study.label)]
            panels += [
                Panel(f"{name}: {one.of_class}", one.values, self._shown(film, name))
                for name, one in maps.items()
            ]
        study = film.study.study_id
        stem = re.sub(r"[^A-Za-z0-9._-]+", "-", study.rpartition("/")[2])[:_LONGEST]
        name = f"{stem.strip('-.')}-{fingerprints.of_value(study)[:8]}.png"
        write_bytes(
            self.overlays / name,
            overlay(film.image, panels, film.regions, columns and columns + 1),
        )

    def _grid(self, film: Film, maps: Mapping[str, AttentionMap]) -> list[Panel]:
        """Give a row of panels for each network, the film in front of its layers."""
        rows: dict[str, list[Panel]] = {}
        for one in self.explainers.each:
            first = [Panel(f"{one.row}: {maps[one.name].of_class}")]
            row = rows.setdefault(one.row, first)
            layer = self.layers[one.name].name if one.name in self.layers else ""
            row.append(Panel(layer, maps[one.name].values, self._shown(film, one.name)))
        return [panel for row in rows.values() for panel in row]

    def _shown(self, film: Film, name: str) -> NDArray[np.float32] | None:
        """Give the film as a network is shown it, where that is with nothing but the lungs."""
        members = self.explainers.members(name)
        mask = film.crops[members[0].name]
        if len(members) > 1 or mask is None or members[0].bundle.pixels.outside != "black":
            return None
        return lungs_alone(film.image, mask)


def _answers(ensemble: Together, cams: Mapping[str, Cam]) -> list[str]:
    logits = (torch.from_numpy(cams[name].logits) for name in ensemble.members)
    shares: NDArray[np.float64] = combined(
        ensemble.model, [each.softmax(dim=1).numpy() for each in logits]
    )
    return [ensemble.model.classes[n] for n in shares.argmax(axis=1)]
