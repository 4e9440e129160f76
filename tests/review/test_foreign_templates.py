from __future__ import annotations

import pytest
from leaves_support import FOREIGN


@pytest.mark.slow
def test_the_committed_templates_are_those_that_the_cdk_makes():
    from foreign.make_foreign import synthesized

    for name, text in synthesized().items():
        assert (FOREIGN / name).read_text("utf-8") == text
