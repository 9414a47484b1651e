"""What several files of tests need, each kind in a module of its own."""

import pytest

pytest.register_assert_rewrite("support.reference")  # its failed assertions then show their values
