"""What several files of tests need, each kind in a module of its own."""

import pytest

pytest.register_assert_rewrite("support.reference")  # its assertions then say what they compared
