"""Runs tests of Django's own suite in the place of its ``runtests.py``, with our storages.

``run.py FOLDER MODE``: the folder is the tests of Django's source, the mode one of
``storages.py`` beside this. Prints one JSON object: what became of each test, and how many
storages of ours were made. A script for a process of its own, since Django is set up once.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import unittest
from pathlib import Path

LABELS = ["staticfiles_tests", "template_tests.syntax_tests.test_static"]


class Results(unittest.TextTestResult):
    """What became of each test, by its id; the worst of its parts."""

    RANK = ("passed", "skipped", "failed")

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.outcomes, self.reasons = {}, {}

    def addSuccess(self, test):
        self._add(test, "passed")

    def addSkip(self, test, reason):
        self._add(test, "skipped", reason)

    def addFailure(self, test, error):
        self._add(test, "failed", self._exc_info_to_string(error, test))

    addError = addFailure

    def addSubTest(self, test, subtest, error):
        if error is not None:
            self.addFailure(test, error)

    def _add(self, test, outcome, reason=""):
        before = self.outcomes.get(test.id(), "passed")
        self.outcomes[test.id()] = max(before, outcome, key=self.RANK.index)
        if reason:
            self.reasons[test.id()] = reason


def main(folder, mode):
    os.chdir(folder)
    sys.path[:0] = [folder, str(Path(__file__).parent), str(Path(__file__).parents[3])]
    os.environ["DJANGO_SETTINGS_MODULE"] = "test_sqlite"
    import runtests
    import storages
    from django.test.runner import DiscoverRunner

    # runtests.py has set it, for a file that is not here.
    del os.environ["COVERAGE_PROCESS_START"]
    made = storages.swap(mode)

    class Runner(DiscoverRunner):
        def get_resultclass(self):
            return Results

        def run_suite(self, suite, **options):
            self.results = super().run_suite(suite, **options)
            return self.results

    with tempfile.TemporaryDirectory() as tempfile.tempdir:
        os.environ["TMPDIR"] = tempfile.tempdir
        labels, state = runtests.setup_run_tests(0, None, None, LABELS)
        runner = Runner(verbosity=0, interactive=False)
        runner.run_tests(labels)
        runtests.teardown_run_tests(state)
    results = {name: vars(runner.results)[name] for name in ("outcomes", "reasons")}
    print(json.dumps({**results, "made": len(made)}))


if __name__ == "__main__":
    main(*sys.argv[1:])
