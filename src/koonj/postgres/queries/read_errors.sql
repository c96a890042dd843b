SELECT id, error FROM koonj.history WHERE error IS NOT NULL ORDER BY id
