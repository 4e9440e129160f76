from __future__ import annotations

import django.core.validators
from django.db import migrations, models

import gallery.validators


class Migration(migrations.Migration):
    initial = True

    dependencies = []

    operations = [
        migrations.CreateModel(
            name="Photo",
            fields=[
                (
                    "id",
                    models.BigAutoField(
                        auto_created=True,
                        primary_key=True,
                        serialize=False,
                        verbose_name="ID",
                    ),
                ),
                (
                    "image",
                    models.FileField(
                        max_length=255,
                        upload_to="uploads",
                        validators=[
                            django.core.validators.FileExtensionValidator(
                                ["png", "jpg", "jpeg", "gif", "webp"]
                            ),
                            gallery.validators.validate_content,
                        ],
                    ),
                ),
                ("original_name", models.CharField(editable=False, max_length=255)),
                ("uploaded_at", models.DateTimeField(auto_now_add=True)),
            ],
            options={"ordering": ["-uploaded_at", "-pk"]},
        ),
    ]
