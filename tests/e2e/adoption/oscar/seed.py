"""A product with a picture."""

from __future__ import annotations

import io

import django

django.setup()

from django.core.files.base import ContentFile  # noqa: E402
from oscar.core.loading import get_model  # noqa: E402
from PIL import Image  # noqa: E402

picture = io.BytesIO()
Image.new("RGB", (400, 300), (0, 128, 0)).save(picture, "PNG")
kind = get_model("catalogue", "ProductClass").objects.create(
    name="book", track_stock=False, requires_shipping=False
)
product = get_model("catalogue", "Product").objects.create(
    product_class=kind, title="A green book", upc="1"
)
image = get_model("catalogue", "ProductImage")(product=product)
image.original.save("green.png", ContentFile(picture.getvalue()))
