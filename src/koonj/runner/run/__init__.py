"""A run as its consumers know it: the request, the stream of events, and the verbs cancel and answer."""
