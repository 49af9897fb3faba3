"""The flow: every image that was found is either answered, learnt from, or accounted for."""

from leanlung.reports.flow import flow
from leanlung.reports.seeds import Seed


def test_everything_found_is_accounted_for(drawn):
    facts = drawn("everything wrong").facts
    found = flow(facts.data, Seed.of(facts.seeds[0]))
    studies = sum(sum(part["studies"].values()) for part in facts.data["parts"].values())
    assert found.found.lines == (f"{studies + 12 + 13} images",)
    assert found.fallen.lines == ("12 of other labels", "other: 12", "13 could not be read")
    assert found.kept.lines == (f"{studies} studies of {facts.data['patients']} patients",)


def test_parts_stand_side_by_side_with_their_classes(drawn):
    facts = drawn("plain").facts
    found = flow(facts.data, Seed.of(facts.seeds[0]))
    assert [part.title for part in found.parts] == ["train", "validation", "test"]
    test = facts.data["parts"]["test"]
    assert found.parts[2].lines[1:] == tuple(
        f"{name}: {times}" for name, times in test["studies"].items()
    )
    assert found.answered.title == "Test part, answered by both networks"
    assert found.answered.lines == ("30 studies of 30 patients",)


def test_a_part_that_is_not_there_is_not_drawn(drawn):
    facts = drawn("only a test part").facts
    assert [part.title for part in flow(facts.data, Seed.of(facts.seeds[0])).parts] == ["test"]


def test_a_network_kept_whole_answers_alone(drawn):
    assert "Test part, answered by the network" in drawn("whole network kept").page.text
