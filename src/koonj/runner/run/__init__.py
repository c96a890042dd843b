"""The interface of a run: its request, its events, and `answer` and `cancel`."""
