"""Fill a scratch database with rows made up from its catalog, and compare its contents."""
