UPDATE koonj.history SET statements_done = %(statements_done)s WHERE id OPERATOR(pg_catalog.=) %(id)s
