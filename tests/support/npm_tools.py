"""The real Prisma, Drizzle and Supabase CLI, with one database and one folder each."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote, urlencode

from psycopg.conninfo import conninfo_to_dict

from support.tools import NPM, npm_program


@dataclass(frozen=True)
class NpmTool:
    """A program of npm, and how it finds its database and its folder."""

    program: str
    last: tuple[str, ...]
    """The words after those of the command."""
    directory: Path
    environ: Mapping[str, str] = field(default_factory=dict)

    def run(self, *words: str) -> str:
        """Run a command, and return what it prints. It must succeed."""
        done = self._run(*words)
        assert done.returncode == 0, (words, done.stdout, done.stderr)
        return done.stdout + done.stderr

    def refuse(self, *words: str) -> str:
        """Run a command that must fail, and return what it prints."""
        done = self._run(*words)
        assert done.returncode != 0, (words, done.stdout)
        return done.stdout + done.stderr

    def _run(self, *words: str) -> subprocess.CompletedProcess[str]:
        environ = {key: value for key, value in os.environ.items() if not key.startswith(("PG", "DATABASE"))}
        return subprocess.run(
            [self.program, *words, *self.last],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env={**environ, **self.environ},
            cwd=self.directory,
            stdin=subprocess.DEVNULL,
        )


def url_of(dsn: str) -> str:
    """Return a URL that all of these tools understand. They cannot use a socket in a URL's host."""
    given = conninfo_to_dict(dsn)
    database, user = quote(str(given.pop("dbname"))), quote(str(given.pop("user", "postgres")))
    options = {key: value for key, value in given.items() if key in {"host", "port", "password"}}
    return f"postgresql://{user}@localhost/{database}?{urlencode(options)}"


_DRIZZLE = """
import { createRequire } from "node:module";
const require = createRequire(process.argv[2]);
const { Client } = require("pg");
const { drizzle } = require("drizzle-orm/node-postgres");
const { migrate } = require("drizzle-orm/node-postgres/migrator");
const client = new Client({ connectionString: process.argv[3] });
await client.connect();
await migrate(drizzle(client), { migrationsFolder: process.argv[4] });
await client.end();
"""
"""The migrator of drizzle-orm, which drizzle-kit calls, too."""


def drizzle(dsn: str, folder: Path, place: Path) -> NpmTool:
    """Return the migrator of drizzle-orm for a folder; it needs no words. `place`: a new folder."""
    npm_program("drizzle-kit")
    place.mkdir()
    (place / "migrate.mjs").write_text(_DRIZZLE)
    last = (str(place / "migrate.mjs"), str(NPM), url_of(dsn), str(folder))
    return NpmTool("node", last, place)


def supabase(dsn: str, root: Path) -> NpmTool:
    """Return the Supabase CLI for ``root/supabase/migrations``."""
    return NpmTool(npm_program("supabase"), ("--db-url", url_of(dsn) + "&sslmode=disable"), root)


_PRISMA = """
import { createRequire } from "node:module";
const require = createRequire(%(npm)s + "/");
const { PrismaPg } = require("@prisma/adapter-pg");
// The adapter does not know the types name and "char", which the engine reads from the catalog.
const Result = createRequire(require.resolve("pg"))("./result.js");
const add = Result.prototype.addFields;
Result.prototype.addFields = function (fields) {
  for (const one of fields) if (one.dataTypeID === 18 || one.dataTypeID === 19) one.dataTypeID = 25;
  return add.call(this, fields);
};
export default {
  experimental: { adapter: true },
  engine: "js",
  schema: %(schema)s,
  migrations: { path: %(folder)s },
  adapter: async () => new PrismaPg({ connectionString: %(url)s }),
};
"""
"""Prisma with the engine that is in its package: the other one is downloaded."""


def prisma(dsn: str, folder: Path, place: Path) -> NpmTool:
    """Return Prisma for a folder of migrations. `place`: a new folder for its settings."""
    program = npm_program("prisma")
    place.mkdir()
    (place / "schema.prisma").write_text('datasource db {\n  provider = "postgresql"\n  url = "unused:"\n}\n')
    values = {"npm": NPM, "schema": place / "schema.prisma", "folder": folder, "url": url_of(dsn)}
    text = _PRISMA % {key: json.dumps(str(value)) for key, value in values.items()}
    (place / "settings.mjs").write_text(text)
    environ = {
        "CHECKPOINT_DISABLE": "1",
        "PRISMA_HIDE_UPDATE_MESSAGE": "1",
        "PRISMA_QUERY_ENGINE_LIBRARY": "/bin/true",
        "PRISMA_SCHEMA_ENGINE_BINARY": "/bin/true",
    }
    return NpmTool(program, ("--config", str(place / "settings.mjs")), place, environ)
