SELECT script FROM koonj.history WHERE id OPERATOR(pg_catalog.=) %s
