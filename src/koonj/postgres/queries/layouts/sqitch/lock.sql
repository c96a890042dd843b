-- sqitch locks the changes so that no other sqitch writes them; older versions have no other lock.
LOCK TABLE {changes} IN EXCLUSIVE MODE
