"""A checkpoint is written after every epoch, unless writing takes long beside epochs."""

from leanlung.training.checkpoint import Pace


class Clock:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now

    def pass_(self, seconds: float) -> None:
        self.now += seconds


def written(seconds: float) -> tuple[Pace, Clock]:
    """Give a pace whose last checkpoint took so long."""
    clock = Clock()
    pace = Pace(clock)
    pace.write(lambda: clock.pass_(seconds))
    return pace, clock


def test_the_first_epoch_is_written() -> None:
    assert Pace(Clock()).due


def test_what_is_written_within_a_second_is_written_every_time() -> None:
    pace, _ = written(0.5)
    assert pace.due


def test_three_seconds_of_writing_wait_for_thirty_of_work() -> None:
    pace, clock = written(3.0)
    clock.pass_(29.9)
    assert not pace.due
    clock.pass_(0.2)
    assert pace.due


def test_the_file_is_written() -> None:
    files = []
    Pace(Clock()).write(lambda: files.append("checkpoint"))
    assert files == ["checkpoint"]
