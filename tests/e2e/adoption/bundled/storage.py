from __future__ import annotations

from pipeline.storage import PipelineMixin

from dj_cloudfront.storage import BuildStorage


class PipelineBuildStorage(PipelineMixin, BuildStorage):
    pass
