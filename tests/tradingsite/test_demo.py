import os
import select
import signal
import socket
import stat
import subprocess
import sys

import pytest

from tradingsite.demo import DemoError, chosen_port, demo_environment, only_demo_in
from tradingsite.embedded_redis import free_port
from tradingsite.environment import BASE_DIR, read_environment

FOREVER = [sys.executable, "-c", "import signal; print('up', flush=True); signal.pause()"]


@pytest.mark.parametrize("text", ["eighty", "0", "65536", "-1", "80.5"])
def test_a_port_that_is_none_is_named(text):
    with pytest.raises(DemoError, match=f"from 1 to 65535; found '{text}'"):
        chosen_port(text)


def test_a_port_in_use_is_an_error_that_names_another():
    with socket.create_server(("127.0.0.1", 0)) as server, pytest.raises(DemoError, match="PORT=8001 make demo"):
        chosen_port(str(server.getsockname()[1]))


def test_a_free_port_is_taken():
    port = free_port()
    assert chosen_port(str(port)) == port


def test_a_port_in_use_ends_the_program_before_it_starts_anything(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as server:
        environment = {**os.environ, "PORT": str(server.getsockname()[1]), "VAR_DIR": str(tmp_path / "var")}
        command = [sys.executable, "-m", "tradingsite.demo"]
        result = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    assert len(result.stderr.splitlines()) == 1
    assert not (tmp_path / "var").exists()


def test_a_second_demo_in_the_same_folder_is_refused_before_it_writes_there(tmp_path):
    environment = {**os.environ, "PORT": str(free_port()), "VAR_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "tradingsite.demo"]
    with only_demo_in(tmp_path):
        result = subprocess.run(command, env=environment, cwd=BASE_DIR, capture_output=True, text=True, check=False)
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert f"a demo runs in {tmp_path} already" in line
    assert "VAR_DIR=" in line
    assert [path.name for path in tmp_path.iterdir()] == ["demo.lock"]


def test_a_demo_that_has_ended_leaves_its_folder_to_the_next(tmp_path):
    with only_demo_in(tmp_path):
        pass
    with only_demo_in(tmp_path), pytest.raises(DemoError), only_demo_in(tmp_path):
        pass


def test_the_secret_key_is_made_once_and_for_its_owner_only(tmp_path):
    first = demo_environment(tmp_path, "redis://127.0.0.1:1/0")["SECRET_KEY"]
    assert demo_environment(tmp_path, "redis://127.0.0.1:1/0")["SECRET_KEY"] == first
    assert stat.S_IMODE((tmp_path / "secret_key").stat().st_mode) == 0o600


def test_the_demo_runs_with_production_settings_without_https(tmp_path):
    environment = read_environment(demo_environment(tmp_path, "redis://127.0.0.1:1/0"))
    assert not environment.debug
    assert not environment.https
    assert environment.var_dir == tmp_path


def run(watcher, **commands):
    """Run processes in a program of their own; return its exit code and output."""
    script = f"""
import os, signal, sys
from tradingsite.processes import ProcessManager
def watcher(manager):
    {watcher}
manager = ProcessManager([watcher])
for name, command in {commands!r}.items():
    manager.add_process(name, command)
sys.exit(manager.run())
"""
    command = [sys.executable, "-c", script]
    result = subprocess.run(command, cwd=BASE_DIR, capture_output=True, text=True, check=False, timeout=30)
    return result.returncode, result.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_stops_all_processes(number):
    code, output = run(f"os.kill(os.getpid(), {int(number)})", one=FOREVER, two=FOREVER)
    assert code == 0
    assert "one stopped" in output
    assert "two stopped" in output


def test_one_process_that_ends_ends_all():
    code, output = run("pass", one=FOREVER, two=[sys.executable, "-c", "pass"])
    assert code == 1
    assert "two ended, so the rest is stopped too" in output
    assert "one stopped" in output
    assert "Stopped because two ended (rc=0)" in output.splitlines()[-1]


def test_a_watcher_can_stop_everything_with_a_reason():
    code, output = run("manager.fail('the moon is down')", one=FOREVER)
    assert code == 1
    assert output.splitlines()[-1].endswith("Stopped because the moon is down")


def test_a_manager_killed_with_9_takes_its_programs_along():
    program = [sys.executable, "-c", "import os, signal; print('pid', os.getpid(), flush=True); signal.pause()"]
    script = f"""
from tradingsite.processes import ProcessManager
manager = ProcessManager([])
manager.add_process("one", {program!r})
manager.run()
"""
    manager = subprocess.Popen([sys.executable, "-c", script], cwd=BASE_DIR, stdout=subprocess.PIPE, text=True)
    with manager:
        pid = next(int(line.split()[-1]) for line in manager.stdout if "| pid " in line)
        handle = os.pidfd_open(pid)
        manager.kill()
    ended, _, _ = select.select([handle], [], [], 10)
    os.close(handle)
    assert ended
