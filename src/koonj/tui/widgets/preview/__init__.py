"""The preview: six tabs on one migration."""

from koonj.tui.widgets.preview.preview import Preview
from koonj.tui.widgets.preview.tabs import Tab

__all__ = ["Preview", "Tab"]
