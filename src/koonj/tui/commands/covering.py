"""What every screen that covers the main one understands, beside its own keys."""

from koonj.tui.commands.everywhere import Repaint
from koonj.tui.commands.moving import MOVING

COVERING = (*MOVING, Repaint())
"""Moving its pane; and a screen that was written over is drawn anew whatever it shows."""
