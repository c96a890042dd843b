"""koonj in a terminal: the Textual application, its screens, widgets and workers."""
