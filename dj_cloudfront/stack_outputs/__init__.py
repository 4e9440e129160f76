"""From the outputs of a CloudFormation stack to the file that ``config()`` reads.

Without Django, since settings cannot load before there is a file: ``manage.py cdn pull`` and
``python -m dj_cloudfront pull`` are both this.
"""

from __future__ import annotations
