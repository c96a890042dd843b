"""Rows that the sample's constraints accept and refuse."""

from collections.abc import Sequence

import psycopg
import pytest

USER = "00000000-0000-4000-8000-000000000001"
HASH = "decode(repeat('ab', 32), 'hex')"
BASE = (
    f"INSERT INTO users (id, email, display_name) VALUES ('{USER}', 'Asha@example.org', 'आशा')",
    f"INSERT INTO documents (id, uploaded_by, title, media_type, language, content_sha256, byte_size) "
    f"VALUES ('{USER}', '{USER}', 'Ein Vertrag', 'application/pdf', 'de', {HASH}, 10)",
    f"INSERT INTO document_chunks (document_id, ordinal, content, token_count, embedding) "
    f"VALUES ('{USER}', 0, 'Der Vertrag endet am 31. Mai.', 9, '{{0.5,-1,2}}')",
    f"INSERT INTO conversations (id, user_id, language) VALUES ('{USER}', '{USER}', 'hi')",
    "INSERT INTO model_versions (purpose, provider, name, version, is_default) "
    "VALUES ('translate', 'local', 'nllb', '1', true)",
    f"INSERT INTO scrape_jobs (url, requested_by) VALUES ('https://example.org/a', '{USER}')",
)


@pytest.fixture
def rows(connection: psycopg.Connection) -> psycopg.Connection:
    """The sample with one row in each table that other tables refer to."""
    run(connection, BASE)
    return connection


def run(connection: psycopg.Connection, statements: Sequence[str]) -> None:
    for statement in statements:
        connection.execute(statement.encode())


def user(**values: str) -> str:
    given = {"email": "'b@example.org'", "display_name": "'B'", **values}
    return f"INSERT INTO users ({', '.join(given)}) VALUES ({', '.join(given.values())})"


def session(**values: str) -> str:
    given = {"user_id": f"'{USER}'", "token_hash": HASH, "expires_at": "now() + '1 day'", **values}
    return f"INSERT INTO sessions ({', '.join(given)}) VALUES ({', '.join(given.values())})"


def chunk(**values: str) -> str:
    given = {"document_id": f"'{USER}'", "ordinal": "1", "content": "'text'", "token_count": "1", **values}
    return f"INSERT INTO document_chunks ({', '.join(given)}) VALUES ({', '.join(given.values())})"


def rating(**values: str) -> str:
    given = {
        "conversation_id": f"'{USER}'",
        "user_id": f"'{USER}'",
        "message_index": "1",
        "rating": "1",
        **values,
    }
    return f"INSERT INTO feedback ({', '.join(given)}) VALUES ({', '.join(given.values())})"


def model(**values: str) -> str:
    given = {"purpose": "'answer'", "provider": "'local'", "name": "'llama'", "version": "'3'", **values}
    return f"INSERT INTO model_versions ({', '.join(given)}) VALUES ({', '.join(given.values())})"


def translation(**values: str) -> str:
    given = {
        "source_sha256": HASH, "source_language": "'de'", "target_language": "'hi'",
        "model_version_id": "(SELECT max(id) FROM model_versions)", "translation": "'x'", **values,
    }  # fmt: skip
    return f"INSERT INTO translation_cache ({', '.join(given)}) VALUES ({', '.join(given.values())})"


def key(**values: str) -> str:
    given = {"user_id": f"'{USER}'", "name": "'ci'", "prefix": "'rq_abcd'", "key_hash": HASH, **values}
    return f"INSERT INTO api_keys ({', '.join(given)}) VALUES ({', '.join(given.values())})"


OTHER_HASH = "decode(repeat('cd', 32), 'hex')"

ALLOWED = [
    *(user(language=f"'{tag}'") for tag in ("en", "hi", "mai", "zh-Hant", "zh-Hant-TW", "pt-BR", "es-419")),
    user(role="'admin'"),
    session(),
    session(revoked_at="now()"),
    chunk(),
    chunk(embedding="'{1}'"),
    rating(),
    rating(rating="-1", comment="'wrong page'"),
    model(),
    model(purpose="'embed'", embedding_dimensions="1024", is_default="true"),
    translation(),
    key(scopes="'{documents:upload}'"),
    "UPDATE scrape_jobs SET status = 'running', started_at = now()",
    "UPDATE scrape_jobs SET status = 'failed', finished_at = now(), error = '404'",
    "INSERT INTO permissions (role, action) VALUES ('guest', 'feedback:give')",
    "INSERT INTO system_config (key, value, description) VALUES ('retrieval.top_k', '8', 'Chunks for an answer')",
    "INSERT INTO audit_log (actor, action, entity_type, entity_id) VALUES ('retention job', 'users:remove', 'users', '7')",
    f"INSERT INTO analytics_events (conversation_id, name) VALUES ('{USER}', 'answer_shown')",
    "INSERT INTO events (topic, subject) VALUES ('document.added', 'document/7')",
]

REFUSED = [
    ("users_email_shape", [user(email="'nobody'")]),
    ("users_email_shape", [user(email="'a b@example.org'")]),
    ("users_email_key", [user(email="'ASHA@example.org'")]),
    ("users_display_name_length", [user(display_name="''")]),
    *(
        ("users_language_tag", [user(language=f"'{tag}'")])
        for tag in ("EN", "english", "en_US", "zh-hant", "en-", "e", "", "en-US-x")
    ),
    ("users_role_fkey", [user(role="'king'")]),
    ("users_pkey", [user(id=f"'{USER}'")]),
    ("roles_name_shape", ["INSERT INTO roles VALUES ('Head Librarian', 'x')"]),
    (
        "users_role_fkey",
        ["DELETE FROM permissions WHERE role = 'guest'", "DELETE FROM roles WHERE name = 'guest'"],
    ),
    ("permissions_role_fkey", ["INSERT INTO permissions VALUES ('king', 'a:b')"]),
    ("permissions_role_fkey", ["DELETE FROM roles WHERE name = 'admin'"]),
    ("permissions_action_shape", ["INSERT INTO permissions VALUES ('admin', 'everything')"]),
    ("sessions_expire_later", [session(expires_at="now() - '1 s'::interval")]),
    ("sessions_revoked_later", [session(revoked_at="now() - '1 s'::interval")]),
    ("sessions_token_hash_sha256", [session(token_hash="'token'")]),
    ("sessions_token_hash_key", [session(), session()]),
    ("sessions_user_id_fkey", [session(user_id="gen_random_uuid()")]),
    ("documents_content_sha256_key", [BASE[1].replace(f"'{USER}', '{USER}'", "gen_random_uuid(), NULL")]),
    ("documents_language_tag", ["UPDATE documents SET language = 'German'"]),
    ("documents_metadata_object", ["UPDATE documents SET metadata = '[]'"]),
    ("documents_source_url_shape", ["UPDATE documents SET source_url = 'javascript:alert(1)'"]),
    ("documents_byte_size_positive", ["UPDATE documents SET byte_size = 0"]),
    ("document_chunks_document_id_ordinal_key", [chunk(ordinal="0")]),
    ("document_chunks_content_length", [chunk(content="''")]),
    ("document_chunks_embedding_vector", [chunk(embedding="'{}'")]),
    ("document_chunks_embedding_vector", [chunk(embedding="'{1,NULL}'")]),
    ("document_chunks_embedding_model_id_fkey", [chunk(embedding_model_id="-1")]),
    ("conversations_messages_array", ["UPDATE conversations SET messages = '{}'"]),
    ("feedback_rating_sign", [rating(rating="5")]),
    ("feedback_once_key", [rating(), rating()]),
    ("feedback_message_index_from_zero", [rating(message_index="-1")]),
    (
        "system_config_key_shape",
        ["INSERT INTO system_config (key, value, description) VALUES ('Top K', '1', '')"],
    ),
    ("scrape_jobs_status_known", ["UPDATE scrape_jobs SET status = 'lost'"]),
    ("scrape_jobs_running_since", ["UPDATE scrape_jobs SET status = 'running'"]),
    ("scrape_jobs_finished_with_end", ["UPDATE scrape_jobs SET status = 'cancelled'"]),
    ("scrape_jobs_finished_with_end", ["UPDATE scrape_jobs SET finished_at = now()"]),
    ("scrape_jobs_failed_with_error", ["UPDATE scrape_jobs SET status = 'failed', finished_at = now()"]),
    ("scrape_jobs_url_open_key", ["INSERT INTO scrape_jobs (url) VALUES ('https://example.org/a')"]),
    ("scrape_jobs_url_shape", ["INSERT INTO scrape_jobs (url) VALUES ('file:///etc/passwd')"]),
    ("model_versions_default_key", [model(purpose="'translate'", is_default="true")]),
    ("model_versions_dimensions_of_embedders", [model(purpose="'embed'")]),
    ("model_versions_dimensions_of_embedders", [model(embedding_dimensions="3")]),
    ("model_versions_default_in_use", ["UPDATE model_versions SET retired_at = now()"]),
    ("translation_cache_languages_differ", [translation(target_language="'de'")]),
    ("translation_cache_target_language_tag", [translation(target_language="'Hindi'")]),
    ("translation_cache_pkey", [translation(), translation()]),
    ("api_keys_user_id_name_key", [key(), key(key_hash=OTHER_HASH)]),
    ("api_keys_key_hash_key", [key(), key(name="'two'")]),
    ("api_keys_scopes_given", [key(scopes="'{NULL}'")]),
    ("api_keys_prefix_shape", [key(prefix="'a'")]),
    ("events_topic_shape", ["INSERT INTO events (topic, subject) VALUES ('Everything', 'x')"]),
    ("events_payload_object", ["INSERT INTO events (topic, subject, payload) VALUES ('a.b', 'x', '1')"]),
]


@pytest.mark.parametrize("statement", ALLOWED)
def test_valid_row_is_accepted(statement: str, rows: psycopg.Connection) -> None:
    assert rows.execute(statement.encode()).rowcount == 1


@pytest.mark.parametrize(("constraint", "statements"), REFUSED)
def test_invalid_row_is_refused(constraint: str, statements: Sequence[str], rows: psycopg.Connection) -> None:
    run(rows, statements[:-1])
    with pytest.raises(psycopg.errors.IntegrityError) as error:
        run(rows, statements[-1:])
    assert error.value.diag.constraint_name == constraint


def one(connection: psycopg.Connection, query: str) -> object:
    row = connection.execute(query.encode()).fetchone()
    assert row is not None
    return row[0]


def test_new_user_is_a_guest(rows: psycopg.Connection) -> None:
    assert one(rows, "SELECT role FROM users") == "guest"
    with pytest.raises(psycopg.errors.NotNullViolation):
        rows.execute("UPDATE users SET role = NULL")


def test_deleted_user_leaves_only_shared_rows(rows: psycopg.Connection) -> None:
    run(rows, [session(), key(), "INSERT INTO audit_log (actor_id, actor, action, entity_type, entity_id) "
               f"VALUES ('{USER}', 'आशा', 'documents:upload', 'documents', '{USER}')"])  # fmt: skip
    rows.execute("DELETE FROM users")
    for table, left in {
        "sessions": 0,
        "api_keys": 0,
        "conversations": 0,
        "documents": 1,
        "audit_log": 1,
    }.items():
        assert one(rows, f"SELECT count(*) FROM {table}") == left, table
    assert one(rows, "SELECT actor FROM audit_log WHERE actor_id IS NULL") == "आशा"


def test_rating_stays_when_its_user_is_deleted(rows: psycopg.Connection) -> None:
    run(
        rows,
        [
            user(id="'00000000-0000-4000-8000-000000000002'"),
            rating(user_id="'00000000-0000-4000-8000-000000000002'"),
        ],
    )
    rows.execute("DELETE FROM users WHERE email = 'b@example.org'")
    assert one(rows, "SELECT count(*) FROM feedback WHERE user_id IS NULL") == 1


def test_search_finds_words_in_any_language_with_the_index(rows: psycopg.Connection) -> None:
    run(rows, [chunk(content="'अनुबंध मई में समाप्त होता है'"), "SET LOCAL enable_seqscan = off"])
    query = "SELECT ordinal FROM document_chunks WHERE search_vector @@ plainto_tsquery('simple', '{}')"
    assert one(rows, query.format("vertrag")) == 0
    assert one(rows, query.format("अनुबंध")) == 1
    plan = "\n".join(row[0] for row in rows.execute(f"EXPLAIN {query.format('vertrag')}".encode()))
    assert "document_chunks_search_vector_idx" in plan


def test_updated_at_changes_only_when_the_row_changes(rows: psycopg.Connection) -> None:
    for table in ("users", "documents", "conversations", "scrape_jobs"):
        old = f"UPDATE {table} SET updated_at = '2020-01-01'"
        key_column = "created_at"
        rows.execute(f"ALTER TABLE {table} DISABLE TRIGGER USER".encode())
        rows.execute(old.encode())
        rows.execute(f"ALTER TABLE {table} ENABLE TRIGGER USER".encode())
        rows.execute(f"UPDATE {table} SET {key_column} = {key_column}".encode())
        assert one(rows, f"SELECT updated_at < '2021-01-01' FROM {table}"), table
        rows.execute(f"UPDATE {table} SET {key_column} = {key_column} - '1 day'::interval".encode())
        assert one(rows, f"SELECT updated_at = now() FROM {table}"), table


def test_workers_take_the_next_job_with_the_index(rows: psycopg.Connection) -> None:
    run(rows, ["INSERT INTO scrape_jobs (url, priority) VALUES ('https://example.org/b', 5)",
               "INSERT INTO scrape_jobs (url, priority, run_after) VALUES ('https://example.org/c', 9, now() + '1 h')",
               "SET LOCAL enable_seqscan = off", "SET LOCAL enable_sort = off"])  # fmt: skip
    query = ("SELECT url FROM scrape_jobs WHERE status = 'queued' AND run_after <= now() "
             "ORDER BY priority DESC, run_after, id LIMIT 1 FOR UPDATE SKIP LOCKED")  # fmt: skip
    assert one(rows, query) == "https://example.org/b"
    plan = "\n".join(row[0] for row in rows.execute(f"EXPLAIN {query}".encode()))
    assert "scrape_jobs_queue_idx" in plan
