"""The Preview pane: six tabs about the selected migration."""

from koonj.tui.widgets.preview.preview import Preview
from koonj.tui.widgets.preview.tabs import Tab

__all__ = ["Preview", "Tab"]
