"""The interface of a run: its request, its stream of events, and the methods `answer` and `cancel`."""
