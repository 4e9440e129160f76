"""What is looked at, by subject. The ids of the rules are a public interface."""

from __future__ import annotations
