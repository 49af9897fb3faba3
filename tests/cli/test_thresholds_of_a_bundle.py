"""``leanlung compare --threshold`` takes what a bundle froze on validation."""

import json
from pathlib import Path

from leanlung.cli.thresholds import read_thresholds


def test_a_bundles_thresholds_are_those_by_youden(tmp_path: Path) -> None:
    frozen = [
        {"of_class": name, "rule": rule, "value": value}
        for name, rule, value in (
            ("normal", "youden", 0.6),
            ("normal", "sensitivity_0.95", 0.4),
            ("covid", "youden", 0.3),
        )
    ]
    config = {"thresholds": {"rule": "highest probability", "frozen": frozen}}
    (tmp_path / "config.json").write_text(json.dumps(config))
    found = read_thresholds([str(tmp_path / "config.json")])
    assert found == {"normal": (0.6, 0.6), "covid": (0.3, 0.3)}
