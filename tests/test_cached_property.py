"""cached_property computes its value on first access."""

from functools import cached_property as standard
from typing import Any

import pytest

from sesmail.values import cached_property


@pytest.mark.parametrize("kind", [cached_property, standard], ids=["ours", "functools"])
def test_cached_property_is_computed_once(kind: Any) -> None:
    class Circle:
        def __init__(self, radius: float) -> None:
            self.radius = radius
            self.computed = 0

        @kind
        def area(self) -> float:
            """Area of the circle."""
            self.computed += 1
            return 3.0 * self.radius**2

    circle, other = Circle(2), Circle(1)
    assert circle.computed == 0
    assert (circle.area, circle.area, circle.computed) == (12, 12, 1)
    assert (other.area, other.computed) == (3, 1)
    assert isinstance(vars(Circle)["area"], kind)
    assert Circle.area is vars(Circle)["area"]
    assert Circle.area.__doc__ == "Area of the circle."
