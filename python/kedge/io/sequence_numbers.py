"""Numbers that producers give to their messages, each new only once."""

from __future__ import annotations

__all__ = ["WINDOW", "Numbers"]

WINDOW = 1024


class Numbers:
    """Which numbers of each producer were there, in bounded space for each."""

    def __init__(self) -> None:
        self.held: dict[str, tuple[int, int]] = {}  # the highest, and a bit for each one below

    def is_new(self, producer: str, number: int) -> bool:
        """Whether it was not there before; from now on it was."""
        if producer not in self.held:
            self.held[producer] = number, 0
            return True
        highest, bits = self.held[producer]
        ahead = number - highest
        if ahead > 0:
            kept = (bits << ahead | 1 << (ahead - 1)) if ahead <= WINDOW else 0
            self.held[producer] = number, kept & ((1 << WINDOW) - 1)
            return True
        bit = 1 << (-ahead - 1) if ahead < 0 else 0
        if bit == 0 or -ahead > WINDOW or bits & bit:
            return False
        self.held[producer] = highest, bits | bit
        return True
