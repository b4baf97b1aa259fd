"""The deployment files, as far as they can be tried without Docker: they say what they should, and of what exists."""

import os
import re
import shutil
import subprocess
from pathlib import Path

import pytest
import yaml
from django.conf import settings
from django.urls import reverse

from tests.architecture.sources import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text())
SERVICES = COMPOSE["services"]
OURS = ("migrate", "web", "pushers", "market")
NGINX = ROOT / "tradingsite/deploy/nginx.conf"


def instructions() -> list[tuple[str, str]]:
    """Return the Dockerfile's instructions with their arguments, continued lines joined."""
    text = re.sub(r"\\\n\s*", " ", DOCKERFILE)
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    return [(word, rest) for word, _, rest in (line.partition(" ") for line in lines)]


def test_the_image_is_built_in_two_stages_on_a_named_version() -> None:
    bases = [rest for word, rest in instructions() if word == "FROM"]
    assert len(bases) == 2
    assert all(re.match(r"python:3\.\d+-slim-\w+", base) for base in bases)


def test_everything_that_is_copied_exists_and_is_not_ignored() -> None:
    kept = {line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = [rest.split()[0] for word, rest in instructions() if word == "COPY" and not rest.startswith("--from")]
    assert copied
    assert set(copied) == kept
    assert all((ROOT / path).exists() for path in copied)


def test_what_the_settings_name_is_in_the_image() -> None:
    copied = {rest.split()[0] for word, rest in instructions() if word == "COPY" and not rest.startswith("--from")}
    folders = [Path(path).relative_to(ROOT).parts[0] for path in settings.LOCALE_PATHS]
    apps = [name for name in settings.INSTALLED_APPS if (ROOT / name.partition(".")[0]).is_dir()]
    assert {*folders, *apps} <= copied


def test_the_process_is_not_root_and_says_whether_it_lives() -> None:
    words = [word for word, _ in instructions()]
    assert dict(instructions())["USER"] == "trading"
    assert words.index("USER") < words.index("CMD")
    assert "/healthz" in dict(instructions())["HEALTHCHECK"]


def test_no_secret_is_in_the_files() -> None:
    for text in (DOCKERFILE, (ROOT / "compose.yaml").read_text()):
        secrets = re.findall(r"(?:PASSWORD|SECRET_KEY|TOKEN)(?:: |=)(\S+)", text)
        assert all(found.startswith(("${", "only-to-collect")) for found in secrets), secrets


def test_all_processes_of_the_procfile_are_services() -> None:
    lines = [line for line in (ROOT / "Procfile").read_text().splitlines() if line and not line.startswith("#")]
    for line in lines:
        name, _, command = line.partition(": python ")
        assert SERVICES[name]["command"][1:3] == command.split()[:2]


def test_every_variable_is_one_that_the_site_reads() -> None:
    known = set(re.findall(r"^([A-Z_]+)=", (ROOT / ".env.example").read_text(), re.MULTILINE))
    for name in OURS:
        assert set(SERVICES[name]["environment"]) <= known


def test_the_processes_wait_for_the_migrations_and_the_servers_have_passwords() -> None:
    for name in ("web", "pushers", "market"):
        assert SERVICES[name]["depends_on"]["migrate"]["condition"] == "service_completed_successfully"
    assert "POSTGRES_PASSWORD" in SERVICES["postgres"]["environment"]
    assert "--requirepass" in SERVICES["redis"]["command"][-1]
    assert not [name for name in SERVICES if name != "nginx" and "ports" in SERVICES[name]]


def test_what_is_mounted_exists() -> None:
    mounted = [volume.split(":")[0] for volume in SERVICES["nginx"]["volumes"]]
    assert [path for path in mounted if (ROOT / path).exists()] == ["./tradingsite/deploy/nginx.conf"]


def test_images_have_versions() -> None:
    for name, service in SERVICES.items():
        if name not in OURS:
            assert re.search(r":\d+", service["image"]), name


def test_the_proxy_passes_sockets_and_keeps_metrics_inside() -> None:
    text = NGINX.read_text()
    assert "proxy_set_header Upgrade $http_upgrade;" in text
    assert "proxy_set_header X-Forwarded-For $remote_addr;" in text
    assert re.search(r"location = /metrics\s*{ return 404; }", text)
    assert re.search(r"location /ws/ {[^}]*proxy_read_timeout", text)


def test_the_proxy_limits_the_sign_ins_of_an_address() -> None:
    text = NGINX.read_text()
    [path] = re.findall(r"location ~ (\S+) {\s*limit_req zone=sign_in ", text)
    assert "limit_req_zone $binary_remote_addr zone=sign_in:" in text
    assert all(re.search(path, reverse(name)) for name in ("login", "admin:login"))


def test_nginx_takes_the_sample(tmp_path: Path) -> None:
    program = os.environ.get("NGINX_PROGRAM") or shutil.which("nginx")
    if program is None or shutil.which("openssl") is None:
        pytest.skip("no nginx or no openssl on this machine (NGINX_PROGRAM names one)")
    (tmp_path / "certs").mkdir()
    key, certificate = tmp_path / "certs/privkey.pem", tmp_path / "certs/fullchain.pem"
    made = ["openssl", "req", "-x509", "-nodes", "-newkey", "rsa:2048", "-subj", "/CN=localhost"]
    subprocess.run([*made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    text = NGINX.read_text().replace("server web:8000", "server 127.0.0.1:8000")  # a name that only compose knows
    folders = "".join(
        f"{name}_temp_path {tmp_path}/{name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    text = text.replace("http {\n", f"http {{\n{folders}", 1)
    (tmp_path / "nginx.conf").write_text(f"pid {tmp_path}/nginx.pid;\nerror_log {tmp_path}/error.log;\n{text}")
    tried = [program, "-t", "-p", tmp_path, "-c", tmp_path / "nginx.conf"]
    result = subprocess.run(tried, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
