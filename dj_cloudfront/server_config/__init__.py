"""``cdn conf``: configurations of web servers, from the same settings.

A module for each server turns a ``Site`` into text. What all of them say alike is in
``rules``. Nothing here reads settings, writes a file or imports Django.
"""

from __future__ import annotations
