"""A PostgreSQL of the tests' own: on loopback, in a temporary folder, gone with them."""

import os
import shutil
import socket
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path

#: Letters that a URL, a shell, a regular expression and a format would each take for something.
PASSWORD = "Zq9:pä@s/s%41w?r#d{0}"
USER = "shopkeeper"


def programs():
    """The folder of the newest server's programs; None where there is no server."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=_version)
    beside = shutil.which("initdb")
    return found[-1].parent if found else beside and Path(beside).resolve().parent


def _version(path):
    return float(path.parts[-3])


@contextmanager
def server():
    """Start one; gives its URL, with the password by the name of an environment variable."""
    folder = Path(tempfile.mkdtemp(prefix="course-pg-"))
    # the server refuses to be started by root
    runs_as = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    if runs_as:
        shutil.chown(folder, "postgres")
    secret = folder / "secret"
    secret.write_text(PASSWORD, encoding="utf-8")
    if runs_as:
        shutil.chown(secret, "postgres")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    def run(program, *arguments):
        command = [*runs_as, str(programs() / program), *map(str, arguments)]
        subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL)

    cluster = folder / "cluster"
    run("initdb", "-D", cluster, "-U", USER, "--pwfile", secret, "-A", "scram-sha-256",
        "-E", "UTF8", "--locale", "C", "--no-sync")  # fmt: skip
    secret.unlink()
    options = f"-p {port} -c listen_addresses=127.0.0.1 -k {folder} -c fsync=off -c timezone=UTC"
    run("pg_ctl", "-D", cluster, "-l", folder / "log", "-o", options, "-w", "start")
    try:
        yield f"postgresql://{USER}:${{SHOP_PASSWORD}}@127.0.0.1:{port}/postgres"
    finally:
        run("pg_ctl", "-D", cluster, "-m", "immediate", "stop")
        shutil.rmtree(folder)
