"""How much is read. Whoever wrote it may want the reader to run out of something."""

from __future__ import annotations

MIB = 1024 * 1024
PACK_BYTES = 5 * MIB
# A template may have 1 MB, an assembly's manifest repeats where each construct was made.
# https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html
TEMPLATE_BYTES = 5 * MIB
MANIFEST_BYTES = 32 * MIB
SETTINGS_BYTES = 128 * 1024
DEPTH = 64
VALUES = 400_000
NUMBER_DIGITS = 40
STACKS = 200
RESOURCES = 1000
NAME_CHARACTERS = 255
NESTED_FOLDERS = 4
ACKNOWLEDGEMENTS = 200
REASON_CHARACTERS = 500
