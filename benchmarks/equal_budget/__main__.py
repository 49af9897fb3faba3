"""``python -m benchmarks.equal_budget``: fit, prune in every way, open the test part once."""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import torch
from benchmarks.equal_budget.bench import carry_out, control, set_up, whole
from benchmarks.equal_budget.drawing import draw
from benchmarks.equal_budget.opening import open_once
from benchmarks.equal_budget.ways import WAYS

RECIPE = Path(__file__).parent / "mobilenet_v2.toml"


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.equal_budget")
    parser.add_argument("stage", choices=["fit", "control", "prune", "open", "draw"])
    parser.add_argument("--recipe", type=Path, default=RECIPE)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--ways", nargs="*", default=list(WAYS))
    parser.add_argument("--seeds", nargs="*", type=int)
    parser.add_argument("--winner", help="The way that validation has chosen, for open.")
    parser.add_argument("--plot", type=Path, default=Path("equal-budget.svg"))
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--device", default="cpu")
    given = parser.parse_args()
    torch.set_num_threads(given.threads)
    works = set_up(given.recipe, given.data, given.out, given.device)
    works = [w for w in works if given.seeds is None or w.seed in given.seeds]
    if given.stage == "open":
        if given.winner not in WAYS:
            parser.error(f"--winner is one of {', '.join(WAYS)}")
        print(open_once(works, given.winner))
        return
    if given.stage == "draw":
        print(draw(works[0].folder.path / "results.csv", given.plot))
        return
    for work in works:
        start = time.perf_counter()
        if given.stage == "fit":
            print(work.seed, whole(work), flush=True)
        elif given.stage == "control":
            control(work)
        else:
            for name in given.ways:
                for one in carry_out(work, WAYS[name]):
                    print(work.seed, name, one, flush=True)
        print(f"{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main()
