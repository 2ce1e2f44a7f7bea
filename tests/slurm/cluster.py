"""A Slurm cluster of one node with accounting, for tests: all of it in one temporary folder.

No systemd and nothing in /etc: munge has its own key and socket, MariaDB its own data, and every
daemon runs in the foreground as our child, so that it is stopped by its process id.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

PROGRAMS = ("munged", "mungekey", "mariadbd", "mariadb-install-db", "slurmdbd", "slurmctld",
            "slurmd", "sbatch", "sacct", "sacctmgr")  # fmt: skip
PATH = f"{os.environ['PATH']}{os.pathsep}/usr/sbin"
POLL = 1
"""Seconds between two looks of Slurm at the memory of its jobs."""
ACCOUNT = "lab"


def missing() -> list[str]:
    """Programs that are not installed."""
    return [name for name in PROGRAMS if not shutil.which(name, path=PATH)]


@dataclass
class Cluster:
    """A running cluster.

    Attributes:
        folder: where all its files lie.
        ports: of MariaDB, slurmdbd, slurmctld, slurmd.
    """

    folder: Path
    ports: tuple[int, int, int, int]
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    last: str = ""

    @property
    def env(self) -> dict[str, str]:
        """Environment in which Slurm's commands find this cluster."""
        path = f"{self.folder}{os.pathsep}{PATH}"
        return os.environ | {"PATH": path, "SLURM_CONF": str(self.folder / "slurm.conf")}

    @property
    def node(self) -> str:
        """Name of the node."""
        return socket.gethostname().split(".")[0]

    def ask(self, *words: str) -> str:
        """What a Slurm command says; an error of it is ours."""
        done = subprocess.run(words, env=self.env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{words}: {done.stderr}"
        return done.stdout.strip()

    def spawn(self, name: str, *words: str) -> None:
        """Start a daemon in the foreground, as our child."""
        with (self.folder / f"{name}.out").open("wb") as out:
            self.running[name] = subprocess.Popen(
                [name, *words], env=self.env, stdout=out, stderr=out, start_new_session=True
            )

    def until(self, what: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + seconds
        while not what():
            dead = [name for name, child in self.running.items() if child.poll() is not None]
            assert not dead, f"{dead} ended: {self.said(dead[0])}"
            assert time.monotonic() < deadline, f"waited {seconds} s: {self.last}"
            time.sleep(0.2)

    def said(self, name: str) -> str:
        """The end of what a daemon said."""
        return (self.folder / f"{name}.out").read_text(errors="replace")[-2000:]

    def idle(self) -> bool:
        """Whether the node takes jobs."""
        done = subprocess.run(
            ["sinfo", "-h", "-o", "%T"], env=self.env, capture_output=True, text=True, check=False
        )
        return done.stdout.strip() in {"idle", "mixed", "allocated"}

    def start_node(self) -> None:
        """Start slurmd, which runs the jobs, and wait until the node takes some."""
        self.spawn("slurmd", "-D", "-f", str(self.folder / "slurm.conf"))
        self.until(self.idle)

    def lose_node(self) -> None:
        """Kill the node with all that runs on it, as a power cut does; Slurm is told later."""
        slurmd = self.running.pop("slurmd")
        victims = self._of_the_node(slurmd.pid)
        for process in victims:
            _kill(process)
        slurmd.wait()

    def _of_the_node(self, pid: int) -> list[psutil.Process]:
        """The node's daemon and its jobs, which left it: who minds a job first, then the job."""
        tasks = [p for p in psutil.process_iter(["environ"]) if self._is_of_a_job(p)]
        parents = [process.parent() for process in tasks]
        minders = [p for p in parents if p and p.name().startswith("slurmstepd")]
        return list(dict.fromkeys([psutil.Process(pid), *minders, *tasks]))

    def _is_of_a_job(self, process: psutil.Process) -> bool:
        environ = process.info["environ"] or {}
        ours = str(self.folder) in environ.get("PATH", "").split(os.pathsep)
        return ours and "SLURM_JOB_ID" in environ

    def states(self) -> dict[str, str]:
        """State of each job so far, by its number."""
        said = self.ask("sacct", "-X", "-n", "-P", "-o", "jobid,state")
        return dict(line.split("|") for line in said.splitlines())

    def jobs(self, *columns: str) -> list[dict[str, str]]:
        """Columns of every job so far, as ``sacct`` names them."""
        said = self.ask("sacct", "-X", "-n", "-P", "--units=M", "-o", ",".join(columns))
        return [dict(zip(columns, line.split("|"), strict=True)) for line in said.splitlines()]

    def stop(self) -> None:
        """Stop every job and daemon, the last started first."""
        if "slurmctld" in self.running:
            subprocess.run(["scancel", "-u", "root"], env=self.env, check=False)
        if "slurmd" in self.running:
            self.lose_node()
        for child in reversed(self.running.values()):
            child.terminate()
            try:
                child.wait(20)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()
        self.running.clear()


def _kill(process: psutil.Process) -> None:
    with suppress(psutil.NoSuchProcess):
        process.send_signal(signal.SIGKILL)


@contextmanager
def cluster(folder: Path) -> Iterator[Cluster]:
    """Start a cluster in a folder, and stop it."""
    ports = _free_ports(4)
    made = Cluster(folder, (ports[0], ports[1], ports[2], ports[3]))
    try:
        _munge(made)
        _database(made)
        _configure(made)
        made.spawn("slurmdbd", "-D")
        made.until(lambda: _answers(made, "sacctmgr", "-n", "show", "cluster"), seconds=20)
        for words in (
            ["cluster", "soyang"],
            ["account", ACCOUNT],
            ["user", "root", f"account={ACCOUNT}"],
        ):
            made.ask("sacctmgr", "-i", "add", *words)
        made.spawn("slurmctld", "-D", "-f", str(folder / "slurm.conf"))
        made.until(
            lambda: _answers(made, "scontrol", "ping") and "UP" in made.ask("scontrol", "ping")
        )
        made.start_node()
        yield made
    finally:
        made.stop()


def _free_ports(count: int) -> list[int]:
    sockets = [socket.socket() for _ in range(count)]
    for each in sockets:
        each.bind(("127.0.0.1", 0))
    ports = [each.getsockname()[1] for each in sockets]
    for each in sockets:
        each.close()
    return ports


def _answers(made: Cluster, *words: str) -> bool:
    done = subprocess.run(words, env=made.env, capture_output=True, text=True, check=False)
    made.last = f"{' '.join(words)} said {done.stdout}{done.stderr}"
    return done.returncode == 0


def _munge(made: Cluster) -> None:
    place = made.folder / "munge"
    place.mkdir(mode=0o755)
    made.folder.chmod(0o755)
    subprocess.run(["mungekey", "--create", f"--keyfile={place}/key"], env=made.env, check=True)
    names = {"key-file": "key", "socket": "socket", "pid-file": "pid", "seed-file": "seed",
             "log-file": "log"}  # fmt: skip
    made.spawn("munged", "-F", "--force", *(f"--{k}={place / v}" for k, v in names.items()))
    made.until((place / "socket").exists)


def _database(made: Cluster) -> None:
    place = made.folder / "mariadb"
    place.mkdir()
    words = ["mariadb-install-db", f"--datadir={place}", "--user=root",
             "--auth-root-authentication-method=normal", "--skip-test-db"]  # fmt: skip
    subprocess.run(words, env=made.env, check=True, capture_output=True)
    words = [f"--datadir={place}", "--user=root", f"--port={made.ports[0]}",
             "--bind-address=127.0.0.1", f"--socket={place}/socket",
             f"--pid-file={place}/pid"]  # fmt: skip
    made.spawn("mariadbd", "--no-defaults", *words)
    ask = ["mariadb", "--no-defaults", f"--socket={place}/socket", "-u", "root", "-e"]
    made.until(lambda: _answers(made, *ask, "select 1"))
    made.ask(
        *ask,
        "create database slurm; create user 'slurm'@'%' identified by 'slurm';"
        "create user 'slurm'@'localhost' identified by 'slurm';"
        "grant all on slurm.* to 'slurm'@'%'; grant all on slurm.* to 'slurm'@'localhost'",
    )


def _configure(made: Cluster) -> None:
    place, node = made.folder, made.node
    (place / "plugstack.conf").touch()
    # Snakemake's job step takes SLURM_CONF out of the environment in which it calls srun.
    srun = shutil.which("srun", path=PATH)
    (place / "srun").write_text(f'#!/bin/sh\nSLURM_CONF="{place}/slurm.conf" exec {srun} "$@"\n')
    (place / "srun").chmod(0o755)
    for name in ("state", "spool"):
        (place / name).mkdir()
    auth = f"AuthType=auth/munge\nAuthInfo=socket={place}/munge/socket\n"
    _settings(
        place / "slurmdbd.conf",
        f"""{auth}DbdHost=localhost
DbdPort={made.ports[1]}
SlurmUser=root
StorageType=accounting_storage/mysql
StorageHost=127.0.0.1
StoragePort={made.ports[0]}
StorageUser=slurm
StoragePass=slurm
StorageLoc=slurm
PidFile={place}/slurmdbd.pid
""",
    )
    said = subprocess.run(
        ["slurmd", "-C"], env=made.env, capture_output=True, text=True, check=True
    )
    found = dict(re.findall(r"(\w+)=(\w+)", said.stdout))
    _settings(
        place / "slurm.conf",
        f"""ClusterName=soyang
SlurmctldHost={node}(127.0.0.1)
{auth}SlurmUser=root
SlurmdUser=root
SlurmctldPort={made.ports[2]}
SlurmdPort={made.ports[3]}
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
PlugStackConfig={place}/plugstack.conf
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
MpiDefault=none
SwitchType=switch/none
ReturnToService=2
SelectType=select/cons_tres
SelectTypeParameters=CR_Core_Memory
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=task={POLL}
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/slurmdbd
AccountingStorageHost=localhost
AccountingStoragePort={made.ports[1]}
AccountingStoragePass={place}/munge/socket
AccountingStorageEnforce=associations,limits
SlurmdTimeout=10
InactiveLimit=0
KillWait=2
OverTimeLimit=0
MinJobAge=300
SchedulerParameters=batch_sched_delay=1,sched_interval=2
PriorityType=priority/basic
NodeName={node} NodeAddr=127.0.0.1 CPUs={found["CPUs"]} RealMemory={int(found["RealMemory"]) - 1000}
PartitionName=normal Nodes={node} Default=YES MaxTime=INFINITE State=UP
""",
    )


def _settings(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8")
    path.chmod(0o600)
