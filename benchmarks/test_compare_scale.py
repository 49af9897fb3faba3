"""How a verdict grows with the studies: seconds and memory, reading files included."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

SIZES = (10_000, 100_000, 1_000_000)
"""Studies, twenty of each patient."""

LIMIT_SECONDS, LIMIT_MIB = 60, 4096
"""Of the largest, on two cores that do nothing else."""

RESAMPLES = 2000

WATCHED = """
import os, sys
from leanlung.cli import main
code = 0
try:
    main()
except SystemExit as end:
    code = end.code or 0
spent = os.times()
# What getrusage calls the peak may be that of the process which started this one.
status = open("/proc/self/status").read() if os.path.exists("/proc") else "VmHWM: 0"
peak = int(status.partition("VmHWM:")[2].split()[0]) / 1024
print(code, spent.user + spent.system, peak, file=sys.stderr)
"""


def write_pair(folder: Path, studies: int) -> list[str]:
    """Write predictions of two models of nearly the same skill."""
    generator = np.random.default_rng(0)
    owners = generator.integers(studies // 20, size=studies)
    ill = (generator.random(studies // 20) < 0.2)[owners]
    evidence = 2.5 * ill - 1.2 + generator.normal(size=studies)
    evidence += 0.7 * generator.normal(size=studies // 20)[owners]
    paths = []
    for name in "ab":
        p = 1.0 / (1.0 + np.exp(-(evidence + 0.3 * generator.normal(size=studies))))
        path = folder / f"{name}-{studies}.csv"
        with path.open("w", encoding="utf-8") as file:
            file.write("study_id,patient_id,label,p_normal,p_covid\n")
            for row, (owner, of_class, share) in enumerate(
                zip(owners.tolist(), ill.tolist(), p.tolist(), strict=True)
            ):
                label = "covid" if of_class else "normal"
                file.write(f"s{row},p{owner},{label},{1.0 - share!r},{share!r}\n")
        paths.append(str(path))
    return paths


@pytest.mark.parametrize("studies", SIZES)
def test_compare_scale(studies: int, tmp_path: Path) -> None:
    paths = write_pair(tmp_path, studies)
    begin = os.times()
    done = subprocess.run(
        [sys.executable, "-c", WATCHED, "compare", *paths, "--resamples", str(RESAMPLES)],
        check=True,
        capture_output=True,
        text=True,
    )
    wall = os.times().elapsed - begin.elapsed
    code, seconds, mib = map(float, done.stderr.split()[-3:])
    print(
        f"{studies:,} studies of {studies // 20:,} patients, {RESAMPLES:,} resamples: "
        f"{wall:.1f} s, {seconds:.1f} s of one core, {mib:,.0f} MiB"
    )
    assert code == 0
    assert mib <= LIMIT_MIB
    # Two cores that others use as well give less than two seconds a second.
    assert seconds <= 2 * LIMIT_SECONDS


def test_ten_thousand_patients(in_turn) -> None:
    """Two thousand draws of ten thousand patients, one image each or three."""
    from leanlung.statistics import Predictions, compare

    def pair(images: int) -> list[Predictions]:
        studies = 10_000 * images
        generator = np.random.default_rng(0)
        labels = np.arange(studies) % 2
        evidence = 2.0 * labels + generator.normal(size=studies)
        made = []
        for name in "ab":
            p = 1.0 / (1.0 + np.exp(-(evidence + 0.3 * generator.normal(size=studies))))
            made.append(
                Predictions(
                    name,
                    ("well", "ill"),
                    tuple(f"s{row}" for row in range(studies)),
                    tuple(f"p{row % 10_000}" for row in range(studies)),
                    labels,
                    np.stack([1.0 - p, p], axis=1),
                )
            )
        return made

    one, three = pair(1), pair(3)
    found = in_turn(
        lambda: compare(*one, metric="balanced_accuracy", margin=0.02),
        lambda: compare(*three, metric="macro_auc", margin=0.02),
        3,
    )
    print(
        f"2,000 resamples of 10,000 patients: balanced accuracy, one image each "
        f"{found.first:.2f} s; macro AUC, three images each {found.second:.2f} s"
    )
    assert found.second <= 5.0
