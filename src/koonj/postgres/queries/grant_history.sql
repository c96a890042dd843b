-- Every role that can connect can read what has run, so that `koonj status` works with a read-only role.
-- Only the owner can read scripts and errors, because they can contain data.
GRANT SELECT (
    id, name, action, outcome, file_hash, statements_hash, rollback_hash, statements_done, statements_total,
    started, finished, reason, allowed, sqlstate, transaction_id, database_role, os_user, host, version, run_id
) ON koonj.history TO PUBLIC;

-- Entries are only added, and only their end is written later. The owner can grant itself more, but not by mistake.
REVOKE ALL ON koonj.history FROM CURRENT_USER;
GRANT SELECT, INSERT, UPDATE (outcome, statements_done, finished, error, sqlstate) ON koonj.history TO CURRENT_USER;
