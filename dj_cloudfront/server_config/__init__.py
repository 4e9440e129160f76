"""``cdn conf``: configurations of web servers, from the same settings.

A module for each server turns a ``Site`` into text, with the comparison of ``X-Cdn-Tree``.
Headers and types that all servers share are in ``responses``. Nothing here reads settings,
writes a file or imports Django.
"""

from __future__ import annotations
