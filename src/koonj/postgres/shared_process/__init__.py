"""Share a process between koonj processes, and end it with the last of them, also after kill -9."""
