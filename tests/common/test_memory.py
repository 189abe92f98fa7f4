"""What a process keeps for a few seconds."""

from __future__ import annotations

from typing import Any

import pytest

from portal.common import memory


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Clock:
    settings.PROCESS_MEMORY = True
    made = Clock()
    monkeypatch.setattr(memory, "time", made)
    return made


def _counted() -> tuple[Any, list[tuple[str, bool]]]:
    asked: list[tuple[str, bool]] = []

    @memory.remembered(3)
    def read(word: str, *, loud: bool = False) -> int:
        asked.append((word, loud))
        return len(asked)

    return read, asked


def test_an_answer_is_kept_until_its_age_then_asked_again(clock: Clock) -> None:
    read, asked = _counted()
    assert (read("a"), read("a")) == (1, 1)
    clock.now += 2.9
    assert read("a") == 1
    clock.now += 0.1
    assert read("a") == 2 and len(asked) == 2


def test_each_question_has_its_own_answer(clock: Clock) -> None:
    read, asked = _counted()
    assert [read("a"), read("b"), read("a", loud=True), read("b")] == [1, 2, 3, 2]
    assert asked == [("a", False), ("b", False), ("a", True)]


def test_a_failure_is_not_kept(clock: Clock) -> None:
    answers = iter([ValueError("base absente"), 7])

    @memory.remembered(3)
    def read() -> int:
        answer = next(answers)
        if isinstance(answer, Exception):
            raise answer
        return int(answer)

    with pytest.raises(ValueError, match="base absente"):
        read()
    assert read() == 7


def test_the_number_of_answers_kept_is_bounded(clock: Clock) -> None:
    read, asked = _counted()
    for number in range(memory.MAX_ENTRIES + 1):
        read(str(number))
    read("0")
    assert len(asked) == memory.MAX_ENTRIES + 2


def test_nothing_is_kept_where_the_memory_is_off(settings: Any) -> None:
    settings.PROCESS_MEMORY = False
    read, _ = _counted()
    assert (read("a"), read("a")) == (1, 2)
