"""``cdn find``: one file on its way from its source to the CDN.

``wanted`` reads the name, ``sources`` asks the finders and the storage, ``copies`` the builds on
this disk, ``live`` the servers and the CDN; ``diagnosis`` says in one sentence what is wrong.
"""

from __future__ import annotations
