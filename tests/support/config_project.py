"""A folder with a koonj.toml, and the settings that are read from it."""

from pathlib import Path
from typing import Any

import pytest

from koonj.config import ConfigError, Settings, load


class Project:
    def __init__(self, root: Path) -> None:
        self.root = root
        (root / "database/migrations").mkdir(parents=True)

    def toml(self, text: str) -> "Project":
        (self.root / "koonj.toml").write_text(text, encoding="utf-8")
        return self

    def load(self, cwd: str = ".", environ: dict[str, str] | None = None, **options: Any) -> Settings:
        return load(self.root / cwd, environ={"KOONJ_TRUST": "1", **(environ or {})}, **options)

    def error(self, text: str | None = None, **options: Any) -> str:
        if text is not None:
            self.toml(text)
        with pytest.raises(ConfigError) as caught:
            self.load(**options)
        return str(caught.value)

    def target_error(self, lines: str) -> str:
        return self.error(f'[targets.local]\ndsn = "embedded"\n\n[targets.other]\n{lines}\n')
