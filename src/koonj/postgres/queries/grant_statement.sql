-- Every role that can connect can see whether an interrupted statement took effect; no column contains SQL text.
GRANT SELECT ON koonj.statement TO PUBLIC;

REVOKE ALL ON koonj.statement FROM CURRENT_USER;
GRANT SELECT, INSERT, UPDATE (state, evidence, reason) ON koonj.statement TO CURRENT_USER;
