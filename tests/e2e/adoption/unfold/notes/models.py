from __future__ import annotations

from django.db import models
from django_ckeditor_5.fields import CKEditor5Field


class Note(models.Model):
    title = models.CharField(max_length=50)
    text = CKEditor5Field(blank=True, config_name="default")
    picture = models.ImageField(upload_to="notes", blank=True)
