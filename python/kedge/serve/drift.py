"""How requests are held against the reference profile of the model that they ask: a table of a
configuration.

[drift]
every_s = 1.0
min_effect = 0.02
false_alarms = "1/30d"
window = "1h"
"""

from __future__ import annotations

from dataclasses import dataclass

from kedge._core import InvalidArgument, Service
from kedge.drift.spans import rate_per_second, seconds_of
from kedge.serve.config_table import ConfigTable

__all__ = ["Drift"]


@dataclass(frozen=True)
class Drift(ConfigTable):
    """Of models whose bundle has a profile.

    Attributes:
        every_s: between two looks; 0 for none at all.
        min_effect: changes up to this do not matter.
        false_alarms: how many are to be expected of one version's columns together.
        window: how long rows count for the distances, which begin anew at its multiples.
    """

    every_s: float = 1.0
    min_effect: float = 0.02
    false_alarms: str = "1/30d"
    window: str = "1h"

    def numbers(self) -> tuple[float, float, float, float]:
        """As the core takes them.

        Raises:
            InvalidArgument: `false_alarms` is no rate, or `window` no length of time.
        """
        try:
            rate = rate_per_second(self.false_alarms)
        except InvalidArgument as error:
            raise InvalidArgument(f"false_alarms = {self.false_alarms!r}: {error}") from None
        try:
            window = seconds_of(self.window)
        except InvalidArgument as error:
            raise InvalidArgument(f"window = {self.window!r}: {error}") from None
        return self.every_s, self.min_effect, rate, window

    def check(self) -> None:
        """Refuse what `numbers` or the core would."""
        numbers = self.numbers()
        try:
            Service.check_drift(numbers)
        except InvalidArgument as error:
            raise InvalidArgument(str(error).removeprefix("drift: ")) from None
