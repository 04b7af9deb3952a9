"""What values are made of that are stored as JSON, and what is none."""

from __future__ import annotations

from datetime import time

from hypothesis import strategies as st

TEXT = st.text(max_size=40)
MINUTE_OF_DAY = st.builds(time, st.integers(0, 23), st.integers(0, 59))
NO_OBJECTS = ["null", "1", '"x"', "[]", "true", "", "{", "{]", '"\\ud800"', '"\\ud800']
