"""Where stacks come from: a revision, the working tree, or what is deployed."""

from __future__ import annotations
