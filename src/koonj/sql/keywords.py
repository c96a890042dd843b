"""Decide which words of a statement are keywords, without a parser."""

from collections.abc import Sequence

# An unquoted name cannot be one of these: the reserved and type_func_name keywords of PostgreSQL 18
# (src/include/parser/kwlist.h), except USER and a few rare ones.
_RESERVED_WORDS = """
    all analyse analyze and any array as asc both case cast check collate column concurrently
    constraint create cross current_catalog current_date current_role current_schema current_time
    current_timestamp current_user default deferrable desc distinct do else end except fetch
    for foreign freeze from full grant group having ilike in initially inner intersect into is
    isnull join lateral leading left like limit localtime localtimestamp natural not notnull null
    offset on only or order outer primary references returning right select session_user similar
    some symmetric table then to trailing union unique using variadic when where window with
"""

# The first words of statements.
_FIRST_WORDS = """
    abort alter analyze begin call close cluster comment commit copy create deallocate declare
    delete discard do drop end execute explain fetch grant import insert listen lock merge move
    notify prepare reassign refresh reindex release reset revoke rollback savepoint security select
    set show start table truncate unlisten update vacuum values with
"""

# Pairs of adjacent keywords; some of these words can be names elsewhere.
_WORDS_IN_PAIRS = """
    add-check add-column add-constraint add-foreign add-primary add-unique add-value after-delete
    after-insert after-update alter-column alter-constraint alter-database alter-default
    alter-domain alter-extension alter-function alter-index alter-materialized alter-policy
    alter-procedure alter-role alter-schema alter-sequence alter-system alter-trigger alter-type
    alter-view always-as as-identity attach-partition before-delete before-insert before-update
    by-default cascade-constraints create-aggregate create-collation create-database create-domain
    create-event create-extension create-function create-index create-materialized create-operator
    create-policy create-procedure create-publication create-role create-rule create-schema
    create-sequence create-server create-statistics create-subscription create-temp create-temporary
    create-trigger create-type create-unlogged create-view default-privileges delete-cascade
    delete-restrict delete-set detach-partition do-nothing do-update drop-column drop-constraint
    drop-database drop-default drop-domain drop-extension drop-function drop-identity drop-index
    drop-materialized drop-not drop-policy drop-procedure drop-role drop-rule drop-schema
    drop-sequence drop-trigger drop-type drop-view each-row each-statement execute-function
    execute-procedure for-each foreign-key generated-always generated-by group-by if-exists if-not
    insert-into materialized-view no-action not-exists not-valid on-conflict on-delete on-function
    on-index on-schema on-sequence on-type on-update on-view or-replace order-by owned-by owner-to
    partition-by partition-of primary-key rename-column rename-constraint rename-to replace-function
    replace-procedure replace-trigger replace-view returns-setof returns-table
    row-level set-default set-not set-null set-schema temp-table temporary-table unique-index
    unlogged-table update-cascade update-restrict update-set using-index validate-constraint
    values-( values-in
"""

_RESERVED = frozenset(_RESERVED_WORDS.split())
_FIRST = frozenset(_FIRST_WORDS.split())
_PAIRS = frozenset(tuple(pair.split("-")) for pair in _WORDS_IN_PAIRS.split())


def is_keyword(words: Sequence[str], number: int) -> bool:
    """Return whether one word of a statement is a keyword; unknown words are names.

    Args:
        words: the tokens, words in lower case; empty strings stand for comments.
        number: the index of the word.
    """
    word = words[number]
    before = words[number - 1] if number else ""
    after = words[number + 1] if number + 1 < len(words) else ""
    if word == "on" and before in {"=", "to"}:
        return False  # a parameter's value
    if word in _RESERVED or (word in _FIRST and not any(words[:number])):
        return True
    return (before, word) in _PAIRS or (word, after) in _PAIRS
