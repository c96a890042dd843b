drop index concurrently users_i;
