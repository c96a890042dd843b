"""SQL text for the screen: lines, colours, analysis, drafts and differences.

Nothing here is a widget.
"""
