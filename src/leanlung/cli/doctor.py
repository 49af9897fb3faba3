"""``leanlung doctor``: what is there, what is missing, and how to add it."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from leanlung.cli.speaking import answer_json, answers


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Answer as JSON.")] = False,
) -> None:
    """Look at devices, image codecs and optional parts."""
    from leanlung.networks.devices import pick_device
    from leanlung.runs.environment import environment
    from leanlung.studies.pictures import codecs

    found: dict[str, Any] = environment(pick_device())
    found["dicom"] = [
        {"name": one.name, "uid": one.uid, "decoders": list(one.decoders), "limit": one.limit}
        for one in codecs()
    ]
    if as_json:
        answer_json(found)
        return
    console = answers()
    for name in ("leanlung", "python", "system", "processor", "cores", "device"):
        console.print(f"{name:<10} {found[name]}")
    packages = ", ".join(f"{name} {version}" for name, version in found["packages"].items())
    console.print(f"{'packages':<10} {packages}")
    if not found["dicom"]:
        console.print('DICOM      cannot be read; to add it: pip install "leanlung[dicom]"')
    for row in found["dicom"]:
        decoders = ", ".join(row["decoders"]) or 'none; pip install "leanlung[dicom]"'
        limit = f" ({row['limit']})" if row["limit"] else ""
        console.print(f"{'DICOM':<10} {row['name']:<60} {decoders}{limit}")
