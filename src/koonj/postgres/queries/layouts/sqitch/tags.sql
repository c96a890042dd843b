-- Whether there is a tag. koonj shows none.
SELECT EXISTS (SELECT FROM {table})
