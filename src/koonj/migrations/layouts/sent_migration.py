"""A migration of another tool as words and bytes, for a process that only analyzes it."""

from __future__ import annotations

import json
from dataclasses import astuple

from koonj.migrations.kept_value import problem_of
from koonj.migrations.layouts.tool_migration import Part, Runs, ToolMigration, tool_migration


def words_of(migration: ToolMigration) -> str:
    """Return everything but the texts, as JSON."""
    parts = [migration.up] if migration.down is None else [migration.up, migration.down]
    return json.dumps(
        {
            "tool": migration.tool,
            "name": migration.name,
            "parts": [
                [one.file, len(one.raw), one.start, one.end, one.runs.value, one.comment] for one in parts
            ],
            "refused": [astuple(problem) for problem in migration.refused],
            "none_reason": migration.none_reason,
        }
    )


def texts_of(migration: ToolMigration) -> bytes:
    """Return the bytes of its files, one after the other."""
    if migration.down is None or migration.down.file == migration.up.file:
        return migration.raw
    return migration.raw + migration.down.raw


def received(words: str, texts: bytes) -> ToolMigration:
    """Return the migration of `words_of` and `texts_of`, without its folder."""
    told = json.loads(words)
    parts: list[Part] = []
    for file, size, start, end, runs, comment in told["parts"]:
        if parts and parts[0].file == file:
            raw = parts[0].raw
        else:
            raw, texts = texts[:size], texts[size:]
        parts.append(Part(file, raw, start, end, Runs(runs), comment))
    return tool_migration(
        tool=told["tool"],
        name=told["name"],
        version="",
        number=0,
        folder=("", ""),
        up=parts[0],
        down=parts[1] if len(parts) > 1 else None,
        refused=tuple(map(problem_of, told["refused"])),
        none_reason=told["none_reason"],
    )
