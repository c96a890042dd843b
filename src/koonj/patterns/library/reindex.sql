-- title: Rebuild an index
-- group: Indexes
-- place: 4
-- words: reindex, bloat, corrupt, collation version
-- about: Builds the index again beside the old one, without blocking reads or writes. It needs the space of a second
--        index meanwhile. If it fails, an INVALID index with the suffix _ccnew stays: drop it with drop_index.
--
-- field: object
--   kind: choice
--   choices: INDEX | TABLE
--   default: INDEX
--   help: TABLE: all indexes of a table, one after the other.
-- field: name
--   kind: qualified_name
--   example: documents_owner_id_idx
--
-- migration: reindex_{{name.name}}
-- Builds the {{object}} {{name}} again, for less space or after a new version of a collation.
-- No BEGIN and COMMIT, because REINDEX CONCURRENTLY cannot run in a transaction.

REINDEX {{object}} CONCURRENTLY {{name}};

-- Rollback: nothing to undo: the index has the same definition and the same rows.
