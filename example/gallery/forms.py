from __future__ import annotations

from django import forms

from gallery.models import Photo


class PhotoForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Photo
        fields = ["image"]
        widgets = {
            "image": forms.FileInput(
                attrs={"accept": "image/png,image/jpeg,image/gif,image/webp"}
            )
        }
