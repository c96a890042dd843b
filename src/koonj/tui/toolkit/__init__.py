"""What koonj adds to Textual and to the terminal. Nothing here knows a migration."""
