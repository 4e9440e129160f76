"""Say in numbers what the judges find: python tests/judges/run.py"""

from __future__ import annotations

import sys
import tempfile
from collections import Counter
from pathlib import Path

import install
from judge import judge


def main():
    places = install.ensure()
    with tempfile.TemporaryDirectory() as folder:
        verdicts = judge(Path(folder).resolve(), places)
    for title, found in (
        ("cdk-nag and guard rules, not acknowledged", verdicts.plugins),
        ("cdk-nag and guard rules, acknowledged", verdicts.acknowledged),
        ("checkov, acknowledged or not", verdicts.checkov),
        ("cfn-lint", verdicts.lint),
    ):
        print(f"\n{title}")
        for stack, count in sorted(Counter(one.stack for one in found).items()):
            print(f"  {stack}: {count}")
            rules = Counter(one.rule for one in found if one.stack == stack)
            for rule, times in sorted(rules.items()):
                print(f"    {times} {rule}")
    print()
    for name, seconds in verdicts.seconds.items():
        print(f"{name}: {seconds:.1f} s")


if __name__ == "__main__":
    try:
        main()
    except install.NotInstalled as error:
        sys.exit(str(error))
