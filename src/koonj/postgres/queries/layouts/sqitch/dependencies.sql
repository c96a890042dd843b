-- Whether a deployed change has dependencies. koonj shows none.
SELECT EXISTS (SELECT FROM {table})
