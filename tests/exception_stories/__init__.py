"""Every kind of exception, played from its cause to its proof; see `story.py`."""

import pytest

pytest.register_assert_rewrite("tests.exception_stories.player", "tests.exception_stories.story")
