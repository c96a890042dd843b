-- Whether anything was logged. koonj shows nothing of it.
SELECT EXISTS (SELECT FROM {table})
