"""Connections through a real ssh and a real sshd on loopback."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Future
from contextlib import ExitStack, suppress
from dataclasses import replace
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

from koonj.cli.ssh_notice import open_connector
from koonj.config import Ssh, Target
from koonj.postgres.connection_cause import ConnectProblem
from koonj.postgres.connector import ConnectError, Connector
from koonj.postgres.embedded.binaries import Binaries, discover
from koonj.postgres.kept_passwords import KeptPasswords
from koonj.postgres.server_info import describe
from koonj.postgres.shared_process.client_fifo import Pipe
from koonj.postgres.tunnel.destination import Destination, LocalEnd, destinations, through
from koonj.postgres.tunnel.errors import TunnelError
from koonj.postgres.tunnel.local_address import local_end
from koonj.postgres.tunnel.questions import SshQuestion
from koonj.postgres.tunnel.shared_tunnel import GivenUpError, open_tunnel
from koonj.postgres.tunnel.ssh_command import ssh_command
from koonj.postgres.tunnel.tunnel_folder import tunnel_folder
from support.config_project import Project as ConfigProject
from support.network_server import NetworkServer, network_server
from support.own_process import wait_until
from support.sshd import KEYGEN, SSH, USABLE, Sshd, clients

pytestmark = pytest.mark.skipif(not USABLE, reason="no sshd on this machine")

HBA = "local all all trust\nhostssl all postgres all trust\nhost all somebody all scram-sha-256\n"
NAME = "db.internal"


@pytest.fixture(scope="module")
def sshd() -> Iterator[Sshd]:
    with Sshd() as running:
        yield running


@pytest.fixture
def config(sshd: Sshd) -> Path:
    """The user's ssh configuration; no other test has the same."""
    return sshd.client_config()


@pytest.fixture
def ssh(config: Path) -> Ssh:
    return Ssh("bastion", ("-F", str(config)), where="koonj.toml:4")


@pytest.fixture
def target(database: str, ssh: Ssh) -> Target:
    """A target on a Unix socket of the bastion."""
    return Target("t", database, ssh=ssh)


@pytest.fixture
async def connector() -> AsyncIterator[Connector]:
    async with Connector() as connector:
        yield connector


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The certificates of a CA and of a server that it has signed for NAME."""
    if shutil.which("openssl") is None:
        pytest.skip("no openssl on this machine")
    folder = tmp_path_factory.mktemp("keys")
    new = ("req", "-newkey", "rsa:2048", "-nodes", "-keyout")
    for words in (
        (*new, "ca.key", "-x509", "-out", "ca.crt", "-days", "900", "-subj", "/CN=ca"),
        (*new, "server.key", "-out", "server.csr", "-subj", f"/CN={NAME}"),
        [
            "x509",
            "-req",
            "-in",
            "server.csr",
            "-CA",
            "ca.crt",
            "-CAkey",
            "ca.key",
            "-CAcreateserial",
            "-out",
            "server.crt",
            "-days",
            "900",
        ],
    ):
        subprocess.run(("openssl", *words), cwd=folder, check=True, capture_output=True)
    return folder


@pytest.fixture(scope="module")
def with_tls(binaries: Binaries, keys: Path) -> Iterator[NetworkServer]:
    """A server on TCP whose certificate is for NAME."""
    without = b"SSL is not supported by this build"
    built = [b for b in (binaries, *discover()) if without not in (b.bindir / "postgres").read_bytes()]
    if not built:
        pytest.skip("no PostgreSQL with TLS on this machine")
    settings = {"ssl": "on", "ssl_cert_file": "server.crt", "ssl_key_file": "server.key"}
    with network_server(built[0], HBA, (keys / "server.crt", keys / "server.key"), settings) as running:
        yield running


def gone(config: Path) -> bool:
    return not clients(config)


async def refusal(target: Target, problem: ConnectProblem = ConnectProblem.TUNNEL) -> ConnectError:
    async with Connector() as connector:
        with pytest.raises(ConnectError) as caught:
            await connector.connect(target)
    assert caught.value.problem is problem
    return caught.value


class TestConnection:
    async def test_certificate_is_checked_against_the_real_name(
        self, with_tls: NetworkServer, keys: Path, ssh: Ssh, connector: Connector
    ) -> None:
        dsn = with_tls.dsn(
            host=NAME, hostaddr="127.0.0.1", sslmode="verify-full", sslrootcert=keys / "ca.crt"
        )
        target = Target("t", dsn, ssh=ssh)
        async with await connector.connect(target) as conn:
            server = await describe(conn, target)
            assert conn.pgconn.ssl_in_use
            assert conn.info.host == NAME
            assert conn.info.hostaddr.startswith("127.")
        assert server.host == f"{NAME}:{with_tls.port}"
        assert server.through == "bastion"
        assert str(server).endswith(
            f"{NAME}:{with_tls.port} through bastion, TLS 1.3, verified (verify-full)"
        )
        wrong = replace(target, dsn=make_conninfo(dsn, host="localhost"))
        with pytest.raises(ConnectError, match=r'certificate for "db\.internal" does not match') as caught:
            await connector.connect(wrong)
        assert caught.value.problem is ConnectProblem.ENCRYPTION

    @pytest.mark.skipif(sys.platform != "linux", reason="other systems have only 127.0.0.1")
    async def test_lines_of_pgpass_with_name_and_port_match(
        self, with_tls: NetworkServer, ssh: Ssh, connector: Connector, tmp_path: Path
    ) -> None:
        admin = with_tls.dsn(sslmode="require")
        async with await connector.connect(Target("t", admin, ssh=ssh)) as conn:
            await conn.execute("DROP ROLE IF EXISTS somebody")
            await conn.execute("CREATE ROLE somebody LOGIN PASSWORD 'right'")
        passwords = tmp_path / "pgpass"
        passwords.write_text(f"{NAME}:{with_tls.port}:*:somebody:right\n")
        passwords.chmod(0o600)
        dsn = with_tls.dsn(host=NAME, hostaddr="127.0.0.1", user="somebody", passfile=passwords)
        async with await connector.connect(Target("t", dsn, ssh=ssh)) as conn:
            assert (await describe(conn)).user == "somebody"
            assert conn.info.hostaddr != "127.0.0.1"
            assert conn.info.port == with_tls.port

    async def test_token_of_rds_is_for_the_real_name_and_port(
        self,
        with_tls: NetworkServer,
        keys: Path,
        config: Path,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        """AWS is not asked: botocore makes a token on this machine, with the credentials of nobody."""
        pytest.importorskip("botocore")
        for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
            monkeypatch.delenv(name, raising=False)
        for name, value in (("ACCESS_KEY_ID", "AKIDEXAMPLE"), ("SECRET_ACCESS_KEY", "s3cret-key")):
            monkeypatch.setenv(f"AWS_{name}", value)
        for name in ("SHARED_CREDENTIALS_FILE", "CONFIG_FILE"):
            monkeypatch.setenv(f"AWS_{name}", "/nowhere")
        root = {"sslmode": "verify-full", "sslrootcert": keys / "ca.crt"}
        dsn = with_tls.dsn(host=NAME, hostaddr="127.0.0.1", user="somebody", **root)
        folder = ConfigProject(tmp_path).toml(
            f'[targets.cloud]\ndsn = "{dsn}"\nssh = {{ host = "bastion", options = ["-F", "{config}"] }}\n'
            'password = { aws_rds = { region = "eu-central-1" } }\n'
        )
        target = folder.load().target
        assert target.password is not None
        kept = KeptPasswords()
        token = (await kept.get(target.password)).text
        assert token.startswith(f"{NAME}:{with_tls.port}/?Action=connect&DBUser=somebody&")
        with psycopg.connect(with_tls.dsn(sslmode="require"), autocommit=True) as admin:
            admin.execute("DROP ROLE IF EXISTS somebody")
            admin.execute(sql.SQL("CREATE ROLE somebody LOGIN PASSWORD {}").format(token))
        async with Connector(passwords=kept) as connector, await connector.connect(target) as conn:
            server = await describe(conn, target)
            assert (conn.info.host, conn.info.hostaddr != "127.0.0.1") == (NAME, sys.platform == "linux")
        assert str(server).endswith(
            f"user somebody, {NAME}:{with_tls.port} through bastion, TLS 1.3, verified (verify-full)"
        )

    async def test_unix_socket_of_the_bastion_is_reached_through_a_private_one(
        self, target: Target, connector: Connector
    ) -> None:
        async with await connector.connect(target) as conn:
            server = await describe(conn, target)
            folder = Path(conn.info.host)
            port = conn.info.port
        assert server.host == f"{destinations(target.dsn)[0].address}:5432"
        assert folder.stat().st_mode & 0o777 == 0o700
        assert (folder / f".s.PGSQL.{port}").stat().st_mode & 0o777 == 0o600

    async def test_second_hop_and_two_servers_work(
        self, target: Target, config: Path, connector: Connector
    ) -> None:
        inner = Ssh("inner", ("-F", str(config)))
        host = destinations(target.dsn)[0].address
        two = replace(target, dsn=make_conninfo(target.dsn, host=f"/nowhere,{host}"), ssh=inner)
        async with await connector.connect(two) as conn:
            assert (await describe(conn, two)).host == f"{host}:5432"

    async def test_account_without_a_shell_has_a_tunnel(
        self, target: Target, connector: Connector, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("SHELL", "/usr/sbin/nologin")
        async with await connector.connect(target) as conn:
            await conn.execute("SELECT 1")

    async def test_service_names_the_server(
        self, database: str, ssh: Ssh, connector: Connector, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        server = destinations(database)[0]
        services = tmp_path / "services"
        services.write_text(
            f"[prod]\nhost={server.address}\nport={server.port}\nuser=postgres\ndbname=postgres\n"
        )
        monkeypatch.setenv("PGSERVICEFILE", str(services))
        target = Target("t", "service=prod", ssh=ssh)
        async with await connector.connect(target) as conn:
            assert (await describe(conn, target)).host == str(server)


class TestSharing:
    async def test_all_users_share_one_ssh_that_ends_with_the_last(
        self, target: Target, config: Path
    ) -> None:
        async with Connector() as first:
            async with Connector() as second:
                for connector in (first, second, second):
                    await (await connector.connect(target)).close()
                assert len(clients(config)) == 1
            assert len(clients(config)) == 1
        await asyncio.to_thread(wait_until, lambda: gone(config))

    async def test_users_that_come_at_once_share_one(self, target: Target, config: Path) -> None:
        connectors = [Connector() for _ in range(4)]
        await asyncio.gather(*(connector.connect(target) for connector in connectors))
        assert len(clients(config)) == 1
        for connector in connectors:
            await connector.close()
        await asyncio.to_thread(wait_until, lambda: gone(config))

    async def test_user_that_comes_at_the_end_of_the_last_gets_a_tunnel(
        self, target: Target, config: Path
    ) -> None:
        for _ in range(3):
            async with Connector() as connector, await connector.connect(target) as conn:
                await conn.execute("SELECT 1")

    def test_killed_user_leaves_no_ssh(self, target: Target, config: Path) -> None:
        program = (
            "import sys\n"
            "from koonj.config import Ssh\n"
            "from koonj.postgres.tunnel.destination import destinations\n"
            "from koonj.postgres.tunnel.shared_tunnel import open_tunnel\n"
            "lease = open_tunnel(Ssh('bastion', ('-F', sys.argv[1])), destinations(sys.argv[2]))\n"
            "print('open', flush=True)\n"
            "sys.stdin.read()\n"
        )
        with subprocess.Popen(
            (sys.executable, "-c", program, config, target.dsn),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        ) as user:
            assert user.stdout is not None
            assert user.stdout.readline() == b"open\n"
            assert len(clients(config)) == 1
            user.kill()
        wait_until(lambda: gone(config))

    async def test_ssh_that_ended_is_opened_again_for_the_next_connection(
        self, target: Target, config: Path, connector: Connector
    ) -> None:
        for _ in range(3):
            async with await connector.connect(target) as conn:
                await conn.execute("SELECT 1")
                (pid,) = clients(config)
                os.kill(pid, signal.SIGKILL)
        async with await connector.connect(target) as conn:
            assert pid not in clients(config)

    async def test_tunnel_that_was_opened_again_by_another_process_is_joined(
        self, target: Target, config: Path, connector: Connector
    ) -> None:
        async with Connector() as other:
            await (await connector.connect(target)).close()
            os.kill(clients(config)[0], signal.SIGKILL)
            await asyncio.to_thread(wait_until, lambda: gone(config))
            await (await other.connect(target)).close()
            before = clients(config)
            await (await connector.connect(target)).close()
            assert clients(config) == before
        async with await connector.connect(target) as conn:
            await conn.execute("SELECT 1")
            assert clients(config) == before

    def test_tunnel_that_was_opened_again_at_another_address_is_not_the_same(
        self, ssh: Ssh, config: Path
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        servers = destinations(f"host=localhost port={port}")
        with open_tunnel(ssh, servers) as first:
            os.kill(clients(config)[0], signal.SIGKILL)
            wait_until(lambda: gone(config) and not first.is_open())
            (end,) = first.ends
            with socket.create_server((end.address, port)), open_tunnel(ssh, servers) as second:
                assert second.ends != first.ends
                assert second.is_open()
                assert not first.is_open()
        wait_until(lambda: gone(config))

    def test_watchdog_that_ends_is_not_joined(self, target: Target, ssh: Ssh, config: Path) -> None:
        servers = destinations(target.dsn)
        folder = tunnel_folder(ssh, servers)
        pipe, reader = Pipe.make(folder.clients)
        pipe.close()
        folder.record([LocalEnd("/nowhere", "1")])
        os.set_blocking(reader, False)

        def is_asked() -> bool:
            with suppress(BlockingIOError):
                return os.read(reader, 1) != b""
            return False

        def end() -> None:
            try:
                wait_until(is_asked, 30)
            finally:
                os.close(reader)

        watchdog = threading.Thread(target=end)
        watchdog.start()
        with open_tunnel(ssh, servers) as lease:
            watchdog.join()
            assert lease.ends[0].address != "/nowhere"
            assert lease.is_open()
            assert len(clients(config)) == 1
        wait_until(lambda: gone(config))

    def test_login_that_hangs_is_given_up(self, target: Target) -> None:
        given_up = threading.Event()
        lines: list[socket.socket] = []
        with socket.create_server(("127.0.0.1", 0)) as silent:
            port = silent.getsockname()[1]
            ssh = Ssh("127.0.0.1", ("-F", "none", "-p", str(port)))

            def give_up() -> None:
                lines.append(silent.accept()[0])
                given_up.set()

            waiter = threading.Thread(target=give_up)
            waiter.start()
            with pytest.raises(GivenUpError):
                open_tunnel(ssh, destinations(target.dsn), is_given_up=given_up.is_set)
            waiter.join()
            lines[0].close()
        wait_until(lambda: not clients(Path("none")))

    async def test_masters_of_the_user_are_not_used_and_not_made(
        self, sshd: Sshd, database: str, tmp_path: Path
    ) -> None:
        config = sshd.client_config(f"ControlMaster auto\nControlPath {tmp_path}/master\nControlPersist 60\n")
        words = (str(SSH), "-F", str(config), "bastion", "true")
        subprocess.run(words, check=True, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        (master,) = tmp_path.iterdir()
        try:
            target = Target("t", database, ssh=Ssh("bastion", ("-F", str(config))))
            async with Connector() as connector, await connector.connect(target) as conn:
                folder = Path(conn.info.host)
            (forwarded,) = folder.iterdir()
            await asyncio.to_thread(wait_until, lambda: not any(_is_tunnel(pid) for pid in clients(config)))
            with socket.socket(socket.AF_UNIX) as line, pytest.raises(ConnectionRefusedError):
                line.connect(str(forwarded))
            assert master.exists()
        finally:
            stop = (str(SSH), "-F", str(config), "-O", "exit", "bastion")
            subprocess.run(stop, check=True, stderr=subprocess.DEVNULL)


def _is_tunnel(pid: int) -> bool:
    try:
        return b"-N" in Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False


class TestFailure:
    @pytest.mark.parametrize(
        ("options", "words", "hint"),
        [
            (("-o", "UserKnownHostsFile=/dev/null"), "Host key verification failed.", "run once: ssh -o"),
            (("-o", "PubkeyAuthentication=no"), "Permission denied (publickey", "ssh-add"),
            (
                ("-o", "HostName=nowhere.invalid"),
                "Could not resolve hostname nowhere.invalid",
                "koonj.toml:4",
            ),
            (("-Z",), "unknown option -- Z", "koonj.toml:4"),
            (("-o", "Nonsense=1"), "Bad configuration option: nonsense", "koonj.toml:4"),
        ],
    )
    async def test_words_of_ssh_are_shown_with_what_to_do(
        self, target: Target, ssh: Ssh, config: Path, options: tuple[str, ...], words: str, hint: str
    ) -> None:
        login = words.startswith(("Host key", "Permission"))
        problem = ConnectProblem.SSH_LOGIN if login else ConnectProblem.TUNNEL
        found = await refusal(replace(target, ssh=replace(ssh, options=(*options, *ssh.options))), problem)
        assert found.message.startswith("No tunnel through bastion. ssh says: ")
        assert words in found.message
        assert "usage:" not in found.message
        assert hint in found.hint
        assert gone(config)

    async def test_changed_host_key_is_never_accepted(
        self, sshd: Sshd, target: Target, ssh: Ssh, tmp_path: Path
    ) -> None:
        subprocess.run((str(KEYGEN), "-q", "-t", "ed25519", "-N", "", "-f", tmp_path / "other"), check=True)
        known = tmp_path / "known"
        known.write_text(f"[127.0.0.1]:{sshd.port} {(tmp_path / 'other.pub').read_text()}")
        options = ("-o", f"UserKnownHostsFile={known}", *ssh.options)
        changed = replace(target, ssh=replace(ssh, options=options))
        found = await refusal(changed, ConnectProblem.SSH_LOGIN)
        assert "Host key verification failed" in found.message
        assert "another key than the one that you have accepted" in found.hint

    async def test_server_that_the_bastion_cannot_reach_is_named(self, ssh: Ssh, config: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        found = await refusal(Target("t", f"host=localhost port={port} dbname=x user=x", ssh=ssh))
        assert found.message == (
            f"bastion is reached, but cannot connect to localhost:{port}: connect failed: Connection refused."
        )
        assert "bastion must be able to reach" in found.hint
        await asyncio.to_thread(wait_until, lambda: gone(config))

    async def test_forward_that_the_bastion_does_not_allow_is_named(self, database: str) -> None:
        with Sshd("AllowTcpForwarding no\nAllowStreamLocalForwarding no\n") as strict:
            ssh = Ssh("bastion", ("-F", str(strict.client_config())))
            found = await refusal(Target("t", "host=localhost dbname=x user=x", ssh=ssh))
            assert found.message.endswith("cannot connect to localhost:5432: administratively prohibited.")
            assert "AllowTcpForwarding" in found.hint
            found = await refusal(Target("t", database, ssh=ssh))
            assert "AllowStreamLocalForwarding" in found.hint

    async def test_forward_of_the_users_configuration_that_fails_has_a_hint(
        self, sshd: Sshd, database: str
    ) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            config = sshd.client_config(f"LocalForward 127.0.0.1:{taken.getsockname()[1]} localhost:1\n")
            found = await refusal(Target("t", database, ssh=Ssh("bastion", ("-F", str(config)))))
        assert "Address already in use" in found.message
        assert "a Host of its own" in found.hint

    async def test_missing_ssh_is_named(
        self, target: Target, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))
        found = await refusal(target)
        assert found.message == "There is no ssh in PATH, which koonj needs for the tunnel through bastion."
        assert "openssh-client" in found.hint

    @pytest.mark.parametrize(
        ("dsn", "words"),
        [
            ("dbname=x", "must name a host"),
            ("host=@abstract dbname=x", "abstract socket @abstract"),
            ("host=a,b port=1,2,3", "different numbers"),
            ("host='a b'", "a sign that no host has"),
        ],
    )
    async def test_dsn_that_cannot_be_forwarded_is_refused(self, ssh: Ssh, dsn: str, words: str) -> None:
        assert words in (await refusal(Target("t", dsn, ssh=ssh))).message

    async def test_untrusted_folder_opens_no_tunnel(
        self, target: Target, config: Path, connector: Connector
    ) -> None:
        with pytest.raises(ConnectError) as caught:
            await connector.connect(replace(target, trusted=False))
        assert caught.value.problem is ConnectProblem.UNTRUSTED
        assert f"koonj.toml:4 makes koonj run ssh -F {config} bastion" in caught.value.message
        assert gone(config)

    async def test_error_of_the_server_is_no_error_of_the_tunnel(
        self, target: Target, connector: Connector
    ) -> None:
        with pytest.raises(ConnectError, match='database "nowhere" does not exist') as caught:
            await connector.connect(replace(target, dsn=make_conninfo(target.dsn, dbname="nowhere")))
        assert caught.value.problem is ConnectProblem.LOGIN


class TestCommandLine:
    SERVER = Destination("db", "10.0.0.5", "5432")
    SOCKET = Destination("/run/a:b", "/run/a:b", "5433")

    def test_host_keys_are_checked_as_the_user_configured(self) -> None:
        ssh = Ssh("bastion", ("-o", "ServerAliveInterval=7"))
        ends = (LocalEnd("127.64.0.1", "5432"), LocalEnd("/state/socket1", "5433"))
        words = ssh_command(ssh, (self.SERVER, self.SOCKET), ends)
        assert not any("HostKey" in word or "KnownHosts" in word for word in words)
        assert words[-2:] == ["--", "bastion"]
        forwards = [words[place + 1] for place, word in enumerate(words) if word == "-L"]
        assert forwards == [
            "127.64.0.1:5432:[10.0.0.5]:5432",
            "/state/socket1/.s.PGSQL.5433:/run/a\\:b/.s.PGSQL.5433",
        ]
        # ssh takes the first value.
        assert words.index("BatchMode=yes") < words.index("ServerAliveInterval=7")
        assert words.index("ServerAliveInterval=7") < words.index("ServerAliveInterval=15")

    def test_names_stay_in_the_connection_string(self) -> None:
        made = through("host=db port=5432 dbname=a", (self.SERVER,), (LocalEnd("127.64.0.1", "5432"),))
        assert made == "dbname=a host=db port=5432 hostaddr=127.64.0.1"

    def test_address_and_port_give_way_to_other_programs(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        server = Destination("db", "db", str(port))
        first = local_end(server, "key")
        assert local_end(server, "key") == first
        assert first.port == str(port)
        with socket.create_server((first.address, port)):
            second = local_end(server, "key")
            assert second.address != first.address
            assert second.port == str(port)
        with socket.create_server(("0.0.0.0", port)):
            other = local_end(server, "key")
            assert other.port != str(port)

    def test_port_that_only_root_can_take_gives_way(self, monkeypatch: pytest.MonkeyPatch) -> None:
        create: Callable[..., socket.socket] = socket.create_server

        def refuse(address: tuple[str, int]) -> socket.socket:
            if address[1] == 443 or address[0] != "127.0.0.1":
                raise PermissionError
            return create(address)

        monkeypatch.setattr(socket, "create_server", refuse)
        assert local_end(Destination("db", "db", "443"), "key").address == "127.0.0.1"


def test_state_folder_that_others_can_write_to_is_refused(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "koonj" / "tunnels"
    folder.mkdir(parents=True)
    folder.chmod(0o777)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert target.ssh is not None
    with ExitStack() as stack, pytest.raises(TunnelError, match="only the user of koonj can write"):
        stack.enter_context(open_tunnel(target.ssh, destinations(target.dsn)))


class User:
    """Answers the questions of ssh."""

    def __init__(self, *answers: str | None) -> None:
        self.answers = list(answers)
        self.questions: list[SshQuestion] = []

    def ask(self, question: SshQuestion) -> Future[str | None]:
        self.questions.append(question)
        answer: Future[str | None] = Future()
        if self.answers:
            answer.set_result(self.answers.pop(0))
        return answer


class TestQuestions:
    PASSPHRASE = "s3cret phräse'$(x)"

    @pytest.fixture
    def locked(self, sshd: Sshd, database: str) -> Target:
        """A target whose bastion is unknown, and whose key has a passphrase."""
        config = sshd.locked_config(self.PASSPHRASE)
        return Target("t", database, ssh=Ssh("bastion", ("-F", str(config))))

    async def connected(self, target: Target, user: User) -> None:
        async with Connector() as connector:
            with connector.tunnels(target).letting_ssh_ask(target, user.ask):
                await (await connector.connect(target)).close()

    async def test_user_is_asked_for_host_key_and_passphrase(self, locked: Target) -> None:
        user = User("yes", "wrong", self.PASSPHRASE)
        await self.connected(locked, user)
        first, *others = user.questions
        assert "authenticity of host" in first.text
        assert not first.is_secret
        assert [("passphrase for key" in question.text, question.is_secret) for question in others] == [
            (True, True)
        ] * 2
        assert {question.host for question in user.questions} == {"bastion"}
        assert locked.ssh is not None
        await asyncio.to_thread(wait_until, partial(gone, Path(locked.ssh.options[1])))
        again = User(self.PASSPHRASE)
        await self.connected(locked, again)
        assert len(again.questions) == 1, "the host key is known now"

    async def test_answers_are_in_no_argument_variable_or_file(self, locked: Target, tmp_path: Path) -> None:
        seen: list[bytes] = []

        class Watching(User):
            def ask(self, question: SshQuestion) -> Future[str | None]:
                for place in ("cmdline", "environ"):
                    seen.extend(map(_content, Path("/proc").glob(f"[0-9]*/{place}")))
                return super().ask(question)

        async with Connector() as connector:
            user = Watching("yes", self.PASSPHRASE)
            with connector.tunnels(locked).letting_ssh_ask(locked, user.ask):
                async with await connector.connect(locked) as conn:
                    folder = Path(conn.info.host).parent
            left = [path for path in folder.rglob("*") if path.is_file()]
        texts = [*seen, *(path.read_bytes() for path in left)]
        assert not any(self.PASSPHRASE.encode() in text for text in texts)
        assert not any("ask" in path.name for path in left)

    async def test_question_that_is_not_answered_ends_the_login(self, locked: Target) -> None:
        user = User(None)
        with pytest.raises(ConnectError) as caught:
            await self.connected(locked, user)
        assert caught.value.problem is ConnectProblem.SSH_LOGIN
        assert "you did not answer" in caught.value.message
        assert len(user.questions) == 1
        assert locked.ssh is not None
        await asyncio.to_thread(wait_until, partial(gone, Path(locked.ssh.options[1])))

    async def test_question_is_not_repeated_when_ssh_asks_again(
        self, target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stand_in = tmp_path / "ssh"
        stand_in.write_text(
            '#!/bin/sh\nfor n in 1 2 3; do "$SSH_ASKPASS" "me@bastion\'s password: "; done\nexit 255\n'
        )
        stand_in.chmod(0o700)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        user = User(None, "never asked", "never asked")
        with pytest.raises(ConnectError, match="you did not answer"):
            await self.connected(target, user)
        assert [question.text for question in user.questions] == ["me@bastion's password: "]
        assert user.questions[0].is_secret

    @pytest.fixture
    def touched(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """The file that stands for the touch of a security key; a stand-in for ssh waits for it as ssh does."""
        touched = tmp_path / "touched"
        stand_in = tmp_path / "ssh"
        stand_in.write_text(
            f"""#!/bin/sh
            SSH_ASKPASS_PROMPT=none "$SSH_ASKPASS" "Confirm user presence for key ED25519-SK SHA256:abc" &
            while [ ! -e {touched} ]; do sleep 0.02; done
            kill $!
            wait $!
            exec {SSH} "$@"
            """
        )
        stand_in.chmod(0o700)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        return touched

    async def test_touch_of_a_security_key_is_shown_until_it_is_done(
        self, target: Target, touched: Path
    ) -> None:
        answers: list[Future[str | None]] = []

        class Touching(User):
            def ask(self, question: SshQuestion) -> Future[str | None]:
                answers.append(super().ask(question))
                touched.touch()
                return answers[-1]

        user = Touching()
        await self.connected(target, user)
        assert user.questions == [
            SshQuestion("bastion", "Confirm user presence for key ED25519-SK SHA256:abc", is_notice=True)
        ]
        assert answers[0].cancelled(), "nobody waits for an answer"

    async def test_touch_is_told_to_a_user_without_a_screen(
        self, target: Target, touched: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.delenv("SSH_ASKPASS", raising=False)
        told: list[SshQuestion] = []

        def tell(question: SshQuestion) -> None:
            told.append(question)
            touched.touch()

        async with Connector(tell=tell) as connector:
            await (await connector.connect(target)).close()
        assert told == [
            SshQuestion("bastion", "Confirm user presence for key ED25519-SK SHA256:abc", is_notice=True)
        ]

    @pytest.fixture
    def confirming(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """A file for the answer that a stand-in for ssh gets to the question of AddKeysToAgent, before it logs in."""
        given = tmp_path / "given"
        stand_in = tmp_path / "ssh"
        stand_in.write_text(
            f"""#!/bin/sh
            if answer=$(SSH_ASKPASS_PROMPT=confirm "$SSH_ASKPASS" "Add key k to agent?")
            then echo "$answer" > {given}; else echo refused > {given}; fi
            exec {SSH} "$@"
            """
        )
        stand_in.chmod(0o700)
        monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
        monkeypatch.delenv("SSH_ASKPASS", raising=False)
        return given

    @pytest.mark.parametrize(("answer", "given"), [("yes", "yes"), ("no", "no"), (None, "refused")])
    async def test_confirmation_is_a_question_of_its_own_kind(
        self, target: Target, confirming: Path, answer: str | None, given: str
    ) -> None:
        user = User(answer)
        await self.connected(target, user)
        assert user.questions == [SshQuestion("bastion", "Add key k to agent?", is_confirmation=True)]
        assert confirming.read_text().strip() == given

    async def test_confirmation_is_refused_and_told_without_a_screen(
        self, target: Target, confirming: Path, capsys: pytest.CaptureFixture[str]
    ) -> None:
        async with open_connector() as connector:
            await (await connector.connect(target)).close()
        assert confirming.read_text().strip() == "refused"
        assert capsys.readouterr().err == (
            "koonj: ssh to bastion asks: Add key k to agent? koonj answers no, because a command asks nothing for "
            "ssh. To answer, press R on this target in the terminal UI.\n"
        )

    async def test_program_of_the_user_is_asked_without_a_screen(
        self, target: Target, confirming: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        own = tmp_path / "own"
        own.write_text("#!/bin/sh\necho by the user\n")
        own.chmod(0o700)
        monkeypatch.setenv("SSH_ASKPASS", str(own))
        monkeypatch.setenv("DISPLAY", ":7")
        async with open_connector() as connector:
            await (await connector.connect(target)).close()
        assert confirming.read_text().strip() == "by the user"

    async def test_user_who_does_not_touch_the_key_ends_the_login(
        self, target: Target, touched: Path
    ) -> None:
        user = User(None)
        with pytest.raises(ConnectError, match="you did not answer"):
            await self.connected(target, user)
        assert len(user.questions) == 1

    async def test_question_is_withdrawn_when_nobody_waits_for_the_tunnel(self, locked: Target) -> None:
        user = User()
        async with Connector() as connector:
            with connector.tunnels(locked).letting_ssh_ask(locked, user.ask):
                connecting = asyncio.create_task(connector.connect(locked))
                await asyncio.to_thread(wait_until, lambda: user.questions)
                connecting.cancel()
                await asyncio.wait((connecting,))
        assert connecting.cancelled()

    async def test_without_a_user_nothing_is_asked(self, locked: Target) -> None:
        with pytest.raises(ConnectError) as caught:
            async with Connector() as connector:
                await connector.connect(locked)
        assert caught.value.problem is ConnectProblem.SSH_LOGIN
        assert "Host key verification failed" in caught.value.message
        assert "press R in the terminal UI" in caught.value.hint


def _content(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # the process has ended
        return b""
