"""A Django project of its own, used through ``manage.py`` in processes of its own."""

from __future__ import annotations

import subprocess
import sys
import textwrap
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MANAGE = """\
import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "mysite.settings")

from django.core.management import execute_from_command_line

execute_from_command_line(sys.argv)
"""
SETTINGS = """\
SECRET_KEY = "for tests"
INSTALLED_APPS = ["dj_cloudfront", "django.contrib.staticfiles"]
STATICFILES_DIRS = [BASE_DIR / "assets"]
"""
CDN = """\
import dj_cloudfront

CDN = dj_cloudfront.config(
    BASE_DIR / "cdn-outputs.json",
    stack="mysite-cdn-prod",
    build_version=dj_cloudfront.build_version(),
    static_root=BASE_DIR / "static",
    local=True,
)
STATIC_URL, STATIC_ROOT, MEDIA_URL = CDN.static_url, CDN.static_root, CDN.media_url
"""


class Project:
    """Files of a project, and its ``manage.py``.

    Child processes get an environment that is built: nothing of the caller's shell for AWS,
    for Django or for the CDN reaches them.
    """

    def __init__(self, folder, settings=CDN, environment=None):
        self.folder = Path(folder)
        self.environment = environment or {}
        self.write("manage.py", MANAGE)
        self.write("assets/css/site.css", "body { color: #123 }\n")
        self.write("mysite/__init__.py", "")
        self.write(
            "mysite/settings.py",
            "from pathlib import Path\n"
            "BASE_DIR = Path(__file__).resolve().parent.parent\n"
            f"{SETTINGS}\n{textwrap.dedent(settings)}",
        )

    def write(self, name, text):
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, "utf-8")
        return path

    def run(self, *command, **variables):
        """A command in the project's folder."""
        return subprocess.run(
            [str(word) for word in command],
            cwd=self.folder,
            env={
                "HOME": str(self.folder),
                "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
                "PYTHONPATH": str(ROOT),
                "PYTHONWARNINGS": "error",
                "PYTHONDONTWRITEBYTECODE": "1",
                # Nothing here may find its way into an account.
                "AWS_EC2_METADATA_DISABLED": "true",
                "AWS_CONFIG_FILE": "/dev/null",
                "AWS_SHARED_CREDENTIALS_FILE": "/dev/null",
                "NO_PROXY": "127.0.0.1,localhost",
                **self.environment,
                **variables,
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=120,
        )

    def manage(self, *arguments, **variables):
        return self.run(sys.executable, "manage.py", *arguments, **variables)
