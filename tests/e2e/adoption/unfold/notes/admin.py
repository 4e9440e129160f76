from __future__ import annotations

from django.contrib import admin
from django.utils.html import format_html
from unfold.admin import ModelAdmin

from .models import Note


@admin.register(Note)
class NoteAdmin(ModelAdmin):
    list_display = ("title", "shown")

    def shown(self, note):
        return format_html('<img alt="" width="50" src="{}">', note.picture.url)
