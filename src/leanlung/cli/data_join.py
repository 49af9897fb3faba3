"""``leanlung data join``: several manifests as one."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from leanlung.cli.speaking import answer_json, answers
from leanlung.foundations.errors import UsageError


def join(
    manifests: Annotated[list[Path], typer.Argument(help="Two manifests or more.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="The manifest to write.")],
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Put manifests together; a patient who stands in two of them stays one."""
    from leanlung.studies.archives.joining import join as put_together
    from leanlung.studies.manifest import read_manifest, write_manifest

    if len(manifests) < 2:
        msg = f"{manifests[0]}: one manifest; two or more were expected"
        raise UsageError(msg)
    joined = put_together([read_manifest(path) for path in manifests], out.stem)
    write_manifest(out, joined.cohort)
    cohort = joined.cohort
    answer = {
        "manifest": str(out),
        "images": len(cohort.studies),
        "patients": len(cohort.patients),
        "classes": cohort.counts,
        "patients_in_several": list(joined.shared),
    }
    if as_json:
        answer_json(answer)
        return
    console = answers()
    console.print(f"{len(cohort.studies)} images of {len(cohort.patients)} patients")
    console.print("classes: " + ", ".join(f"{n} {name}" for name, n in cohort.counts.items()))
    console.print(f"patients in several manifests, each one patient: {len(joined.shared)}")
    console.print("note: look for one film under two names with `leanlung data check`")
    console.print(f"manifest: {out}", soft_wrap=True)
