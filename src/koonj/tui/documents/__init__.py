"""SQL text for the screen: lines, colours and analysis, away from the thread that paints."""
