"""Define the settings from koonj.toml, the command line and the environment."""

from dataclasses import dataclass, field, replace
from pathlib import Path
from shlex import quote

from koonj.config.check_levels import NO_CHECKS, CheckSettings

EMBEDDED = "embedded"
"""The dsn of the embedded server."""

FILE_NAME = "koonj.toml"
LOCK_WAIT, LOCK_WAIT_IN_CI = "10min", "2min"
"""How long koonj tries to get the locks of a migration, if nothing says so."""
MAX_STALL = "500ms"
"""How long others may wait behind one try to get a lock, if nothing says so."""
PASSWORD_SECONDS = 60
"""How long a program that brings a password may take."""
FOLDERS = ("database/migrations", "db/migrations", "migrations")
"""Folders that are searched for migrations if there is no koonj.toml.

The search goes from the working directory upward.
"""
TOOL_FOLDERS = (
    ("supabase/config.toml", "supabase/migrations"),
    ("prisma/migrations/migration_lock.toml", "prisma/migrations"),
    ("drizzle/meta/_journal.json", "drizzle"),
    ("sqitch.plan", "."),
    ("tern.conf", "."),
    ("flyway.conf", "sql"),
    ("flyway.toml", "sql"),
    ("src/main/resources/db/migration", "src/main/resources/db/migration"),
)
"""Pairs (entry, folder): where other tools have their migrations by default, if the entry is there.

They are looked for in each folder after `FOLDERS`.
"""


@dataclass(frozen=True, slots=True)
class Password:
    """The source of a password.

    koonj reads the password when it connects. It never writes it to a file.
    """

    source: str
    """``env``, ``file``, ``command``, ``aws_rds`` or ``keyring``."""
    value: str
    """For a file: its absolute path.

    For ``aws_rds``: the region; empty for that of the profile. For ``keyring``: the service.
    """
    where: str = field(default="", compare=False)
    """Its place in koonj.toml: ``koonj.toml:7``."""
    lifetime: float | None = None
    """Seconds for which the password of a command is valid; None if that is not known."""
    asks: bool | None = None
    """What koonj.toml says about `may_ask`."""
    account: str = ""
    """For ``aws_rds``: the profile; empty: the default one. For ``keyring``: the user."""
    login: tuple[str, ...] = ()
    """For ``aws_rds``: host, port and user for which the token is made; an empty port is libpq's default."""

    @property
    def is_asked(self) -> bool:
        """Whether a program brings the password: it takes time, and can cost something."""
        return self.source not in {"env", "file"}

    @property
    def named(self) -> str:
        """What it is read from, for sentences: the command, the path, the profile …."""
        if self.source == "aws_rds":
            return f"your AWS profile {self.account}" if self.account else "your AWS account"
        return f"{self.value} ({self.account})" if self.account else self.value

    @property
    def may_ask(self) -> bool:
        """Whether the program can ask the user. Then it does not run in the background."""
        return self.source == "command" if self.asks is None else self.asks


@dataclass(frozen=True, slots=True)
class Ssh:
    """The host through which koonj reaches a target, with OpenSSH."""

    host: str
    """A ``Host`` of the user's own ssh configuration, or ``user@name``."""
    options: tuple[str, ...] = ()
    """More words for ssh, such as ``-F`` and a file."""
    folder: str = "/"
    """The folder of koonj.toml. Relative paths in `options` start there."""
    where: str = field(default="", compare=False)
    """Its place in koonj.toml: ``koonj.toml:7``."""

    @property
    def command(self) -> str:
        """The command that logs in there: ``ssh -F ssh_config bastion``."""
        return " ".join(map(quote, ("ssh", *self.options, self.host)))


@dataclass(frozen=True, slots=True)
class ScratchPlace:
    """The scratch server for rehearsals."""

    dsn: str | None = None
    """A server on which koonj may create and drop databases.

    None means the embedded server.
    """
    password: Password | None = None
    trusted: bool = True
    """Whether the user trusts the folder whose files run on this server.

    If not, only files that the user asks for run, and only on the embedded server.
    """


@dataclass(frozen=True, slots=True)
class Target:
    """A named database: how to connect, and how careful koonj is with it."""

    name: str
    dsn: str
    """``embedded`` or a connection string. Empty: libpq's defaults and PG* variables."""
    protected: bool = False
    """koonj asks you to type the target's name before it changes anything."""
    lock_timeout: str = "5s"
    """How long a statement queues for a lock at most, in PostgreSQL's notation."""
    lock_wait: str = LOCK_WAIT
    """How long koonj tries to get the locks of a migration."""
    max_stall: str | None = None
    """How long others may wait behind one try to get a lock; None: `MAX_STALL`."""
    role: str | None = None
    """The role for SET ROLE after connecting."""
    password: Password | None = None
    ssh: Ssh | None = None
    """The host through which koonj connects; None: directly."""
    database: str = ""
    """For the embedded server: the name of the database, which koonj creates.

    Else empty.
    """
    require_verified: bool = False
    """apply refuses a migration without a verified rollback.

    This is the default for a protected target.
    """
    checks: CheckSettings = NO_CHECKS
    """What koonj.toml says about the safety rules; the same for all targets."""
    colour: str = ""
    """Name of the colour that the screen shows it in; empty: red if it is protected, else cyan."""
    declared: bool = False
    """Whether it is in koonj.toml, so that ``--target NAME`` can select it.

    False for a dsn from the command line or the environment.
    """
    project: str = ""
    """The real path of the folder of the koonj.toml that declares it; else empty."""
    trusted: bool = True
    """Whether the user trusts the koonj.toml that declares it.

    If not, koonj connects without any of the user's secrets, and runs no password command.
    """

    @property
    def option(self) -> str:
        """The option that names the target in a command, with a space before it; can be empty."""
        return f" --target {quote(self.name)}" if self.declared else ""


@dataclass(frozen=True, slots=True)
class ProjectFolders:
    """The folders of a project, for commands that need no database."""

    root: Path
    """The folder of koonj.toml, or the folder that contains the migrations folder."""
    migrations: Path
    patterns: Path
    """The folder of the project's own patterns; it does not have to exist."""
    layout: str = ""
    """The tool whose layout the folder has, as koonj.toml says; empty: koonj recognises it."""


@dataclass(frozen=True, slots=True)
class Trust:
    """Whether the user trusts the project's folder, and what that means.

    Without trust, koonj runs nothing that the folder contains unless the user asks for exactly that.
    """

    given: bool = False
    folders: tuple[Path, ...] = ()
    """The real paths that the user trusts or not: the project's root, and migrations that are outside it."""
    secrets: tuple[tuple[str, Password], ...] = ()
    """Every password that koonj.toml makes koonj read, with the name of its table: ``targets.production``."""
    tunnels: tuple[tuple[str, Ssh], ...] = ()
    """Every ssh that koonj.toml makes koonj run, with the name of its table."""
    scratch_dsn: str | None = None
    """The server that koonj.toml makes koonj use for rehearsals; None for koonj's own."""
    commands_hash: str = ""
    """Hash of `secrets`, `tunnels` and `scratch_dsn`. If it changes, koonj asks again."""
    has_changed: bool = False
    """Whether the folder was trusted with another hash."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings of a project from koonj.toml, the command line and the environment."""

    root: Path
    """The folder of koonj.toml, or the folder that contains the migrations folder."""
    migrations: Path
    patterns: Path
    """The folder of the project's own patterns; it does not have to exist."""
    targets: tuple[Target, ...]
    target: Target
    """The chosen target; always in `targets`."""
    scratch: ScratchPlace = ScratchPlace()
    trust: Trust = Trust()
    layout: str = ""
    """The tool whose layout the folder has, as koonj.toml says; empty: koonj recognises it."""

    def trusting(self, trust: Trust) -> "Settings":
        """Return the settings with this trust, also in the targets and the scratch server."""
        targets = tuple(_trusting(target, trust) for target in self.targets)
        target = next(target for target in targets if target.name == self.target.name)
        scratch = replace(self.scratch, trusted=trust.given)
        return replace(self, targets=targets, target=target, scratch=scratch, trust=trust)


def _trusting(target: Target, trust: Trust) -> Target:
    """Return the target with this trust. A target that koonj.toml does not declare is the user's own."""
    return replace(target, trusted=trust.given) if target.declared else target


@dataclass(frozen=True, slots=True)
class ProjectSettings:
    """Project settings needed by commands that do not use a target."""

    places: ProjectFolders
    scratch: ScratchPlace
    target: Target | None
    """The target that would be chosen; None if there is none."""


class ConfigError(Exception):
    """Raised when the configuration or the command line cannot be used.

    The message says what is wrong, where, and what to do.
    """
