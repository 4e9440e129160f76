from __future__ import annotations

from datetime import datetime
from pathlib import PurePath
from typing import Any

from django.db import models

from gallery.validators import validate_content, validate_extension


class Photo(models.Model):
    image = models.FileField(
        upload_to="uploads",
        max_length=255,
        validators=[validate_extension, validate_content],
    )
    original_name: models.CharField[str, str] = models.CharField(
        max_length=255, editable=False
    )
    uploaded_at: models.DateTimeField[datetime, datetime] = models.DateTimeField(
        auto_now_add=True
    )

    class Meta:
        ordering = ["-uploaded_at", "-pk"]

    def __str__(self) -> str:
        return self.original_name

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self._state.adding:
            self.original_name = PurePath(self.image.name or "").name
        super().save(*args, **kwargs)
