"""External data: the drop to other patients beside the change by pruning."""

CHANGE = "From the test part to other patients"
PRUNING = "What pruning changes in macro AUC, on either side"


def test_both_networks_tell_what_they_lose_on_the_way(drawn):
    page = drawn("evidence").page
    assert [text for text, _ in page.row(CHANGE, "macro AUC")][1:] == [
        "unpruned", "0.900", "0.600", "−0.300"
    ]  # fmt: skip
    assert [text for text, _ in page.row(CHANGE, "round-02")] == [
        "round-02", "0.890", "0.620", "−0.270"
    ]  # fmt: skip


def test_what_pruning_changes_stands_on_either_side_with_its_verdict(drawn):
    page = drawn("evidence").page
    assert [text for text, _ in page.row(PRUNING, "test part")][1:] == [
        "−0.010", "loss beyond the margin ruled out"
    ]  # fmt: skip
    assert [text for text, _ in page.row(PRUNING, "external")][1:] == [
        "−0.080", "loss beyond the margin open"
    ]  # fmt: skip


def test_whose_they_are_is_told_without_the_path_on_a_disk(drawn):
    text = drawn("evidence").page.text
    assert (
        "hospital-b/manifest.csv: 50 studies of 44 patients; classes normal and covid" in text
    )
    assert "left out: pneumonia (7)" in text
    assert "/somewhere" not in drawn("evidence").html
    assert "these are the networks of seed 0" in text


def test_a_bundle_alone_has_no_change_by_pruning(drawn):
    found = drawn("evidence, nobody healthy and odd").page
    assert CHANGE in found.tables
    assert PRUNING not in found.tables


def test_a_run_without_external_data_says_so(drawn):
    assert "No external data were looked at. leanlung evaluate small-1234abcd --external" in (
        drawn("plain").page.text
    )
