"""The builds on a server's disk: how one appears, what it holds, when it may go.

Standard library only, so that a release job can use it without Django::

    <static_root>/<build>/…                    a published build, never changed again
    <static_root>/<build>/.cdn-index.json      what it holds
    <static_root>/.<build>.publishing-<hex>/   a build that is being written
    <static_root>/.cdn/                        the lock, the declarations, the trash

Web servers answer 404 for every name that begins with a dot.
"""

from __future__ import annotations
