"""Stack frames of the package's code, for tests of their local variables."""

import traceback
from pathlib import Path
from types import FrameType

import sesmail

PACKAGE = Path(sesmail.__file__).parent
"""The directory that the package is imported from."""


def is_in_package(file_name: str) -> bool:
    """Return whether a code object belongs to the package, and not to the tests."""
    return Path(file_name).is_relative_to(PACKAGE)


def package_frames(error: BaseException) -> list[FrameType]:
    """Return the frames of an exception's traceback that run the package's code."""
    frames = [frame for frame, _ in traceback.walk_tb(error.__traceback__)]
    return [frame for frame in frames if is_in_package(frame.f_code.co_filename)]
