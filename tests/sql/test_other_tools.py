"""Tests for files of other migration tools."""

import pytest

from koonj.sql.other_tools import other_tool


@pytest.mark.parametrize(
    ("text", "tool", "both_ways"),
    [
        ("-- migrate:up\nCREATE TABLE t ();\n\n-- migrate:down\n", "dbmate", True),
        ("-- Prose.\r\n--migrate:up transaction:false\r\n", "dbmate", True),
        ("-- +goose Up\nSELECT 1;", "goose", True),
        ("-- +goose NO TRANSACTION\n", "goose", True),
        ("-- +migrate Up\n", "sql-migrate", True),
        ("create table t ();\n\n---- create above / drop below ----\n\ndrop table t;", "tern", True),
        ("--liquibase formatted sql\n", "Liquibase", False),
        ("-- changeset ann:1 splitStatements:false\n", "Liquibase", False),
        ("-- Up Migration\n\n-- Down Migration\n", "node-pg-migrate", True),
        ("-- Deploy flipr:appschema to pg\nBEGIN;", "sqitch", False),
        ("\ufeff-- atlas:txmode none\n", "Atlas", False),
        ("--! Previous: -\n--! Hash: sha1:x\n", "graphile-migrate", False),
    ],
)
def test_marker_of_another_tool_is_recognized(text: str, tool: str, both_ways: bool) -> None:
    problem = other_tool(text)
    assert problem is not None
    assert problem.code == "other-tool"
    assert tool in problem.message
    assert ("psql would run its up and its down script" in problem.message) is both_ways


def test_problem_has_the_place_of_the_marker() -> None:
    problem = other_tool("SELECT 1;\n-- migrate:down\n")
    assert problem is not None
    assert (problem.line, problem.column) == (2, 1)


@pytest.mark.parametrize(
    "text",
    [
        "-- 001_x.sql\nBEGIN;\nCOMMIT;\n-- Rollback:\n-- SELECT 1;",
        "-- We migrate: upwards only\n",
        "SELECT '-- migrate:up';",
        "-- Deploy this to production first\n",
        "-- up\n-- down\n",
        "-- koonj: lock_timeout 5s\n",
        "-- -- migrate:up\n",
        "",
    ],
)
def test_file_without_marker_has_no_problem(text: str) -> None:
    assert other_tool(text) is None
