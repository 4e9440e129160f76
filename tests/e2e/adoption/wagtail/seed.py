"""A picture in the library."""

from __future__ import annotations

import io

import django

django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from PIL import Image as Picture  # noqa: E402
from wagtail.images.models import Image  # noqa: E402

data = io.BytesIO()
Picture.new("RGB", (400, 300), (0, 128, 0)).save(data, "PNG")
Image.objects.create(title="green", file=ContentFile(data.getvalue(), "green.png"))
