"""deploy/nginx.conf: what it would log of an address, and what it logs in front of the app."""

from __future__ import annotations

import asyncio
import re
import shutil
import subprocess
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import unquote

import aiohttp
import pytest
from yarl import URL

from tests.support.clocks import ManualClock
from tests.support.connect_proxy import ConnectProxy
from tests.support.engine import until
from tests.support.hooks import new_hook
from tests.support.needed import missing
from tests.support.running_app import ANN, free_port, open_running_app

CONF = (Path(__file__).resolve().parents[2] / "deploy" / "nginx.conf").read_text()
SECRET = "Q7x-private_4711aa"
LEFT_OF = {
    f"/hooks/{SECRET}": "/hooks",
    f"/hooks/team/{SECRET}": "/hooks",
    f"/absences/{SECRET}.ics": "/absences",
    f"/connect/{SECRET}": "/connect",
    f"/HOOKS/{SECRET}": "/",
    f"/{SECRET}": "/",
    "/keeper": "/keeper",
    "/slack/oauth_redirect": "/slack/oauth_redirect",
    "/webhooks/microsoft/lifecycle": "/webhooks/microsoft/lifecycle",
    "/api/v1/users.profile.set": "/api/v1/users.profile.set",
    "/": "/",
}


def logged(path: str) -> str:
    """What the map makes of a path: its first pattern that fits, as nginx reads it."""
    (block,) = re.findall(r"map \$uri \$statusquo_path \{(.*?)\}", CONF, re.DOTALL)
    for pattern, value in re.findall(r'"~([^"]*)" (\S+);', block):
        if found := re.search(pattern, path):
            return found[1] if value == "$1" else str(value)
    return "/"


@pytest.mark.parametrize(("path", "left"), LEFT_OF.items())
def test_secret_of_a_path_is_not_logged(path: str, left: str) -> None:
    assert logged(path) == left
    assert SECRET not in logged(path)


def test_log_has_nothing_of_an_address_but_what_is_left_of_its_path() -> None:
    (form,) = re.findall(r"log_format statusquo\s(.*?);", CONF, re.DOTALL)
    assert set(re.findall(r"\$\{?(\w+)", form)) == {
        "remote_addr", "time_iso8601", "request_method", "statusquo_path", "status", "body_bytes_sent",
        "request_time", "upstream_status",
    }  # fmt: skip
    assert set(re.findall(r"access_log ([^;]*);", CONF)) == {"off", "/var/log/nginx/statusquo.log statusquo"}
    blocks = re.findall(r"\blocation [^{]*\{([^}]*)\}", CONF)
    assert ["error_log /dev/null;" in block for block in blocks] == [True, True]


def conf_of(folder: Path, changed: Mapping[str, str]) -> Path:
    """The whole configuration of an nginx whose files are in `folder`, with ours changed in places."""
    ours = CONF
    for before, after in {"/var/log/nginx/": f"{folder}/", **changed}.items():
        assert before in ours, before
        ours = ours.replace(before, after)
    folders = " ".join(f"{kind}_temp_path {folder};" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"))
    path = folder / "nginx.conf"
    path.write_text(f"pid {folder}/pid; error_log {folder}/error.log; events {{}} http {{ {folders}\n{ours}\n}}\n")
    return path


@pytest.fixture
def nginx(tmp_path: Path) -> str:
    """Its path; its logs are kept where the test can read them."""
    (tmp_path / "error.log").touch()
    return shutil.which("nginx", path="/usr/sbin:/usr/local/sbin:/usr/bin:/usr/local/bin") or missing("nginx")


@pytest.mark.slow
def test_nginx_takes_it(nginx: str, tmp_path: Path) -> None:
    ConnectProxy(tmp_path, "quo.example.com")  # makes a certificate
    live = "/etc/letsencrypt/live/quo.example.com"
    path = conf_of(tmp_path, {f"{live}/{name}.pem": str(tmp_path / "hosts.pem") for name in ("fullchain", "privkey")})
    ran = subprocess.run([nginx, "-t", "-e", "stderr", "-c", path], capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stderr
    assert "warn" not in ran.stderr


@asynccontextmanager
async def serving(nginx: str, folder: Path, port: int, app_port: int) -> AsyncIterator[str]:
    """nginx in front of the app, without TLS; its address."""
    without = {
        "listen 80;": f"listen 127.0.0.1:{free_port()};", "\tlisten [::]:80;\n": "", "\tlisten [::]:443 ssl;\n": "",
        "listen 443 ssl;": f"listen 127.0.0.1:{port};", "127.0.0.1:3000": f"127.0.0.1:{app_port}",
        "quo.example.com;": "_;",
    }  # fmt: skip
    certificates = re.findall(r"\tssl_certificate\S* [^;]*;\n", CONF)
    path = conf_of(folder, {**without, **dict.fromkeys(certificates, "")})
    process = await asyncio.create_subprocess_exec(nginx, "-g", "daemon off;", "-e", folder / "error.log", "-c", path)
    try:
        await until(lambda: _answers(f"http://127.0.0.1:{port}/readyz"))
        yield f"http://127.0.0.1:{port}"
    finally:
        process.terminate()
        await process.wait()


async def _answers(url: str) -> bool:
    try:
        return await asked("GET", url) == 404
    except aiohttp.ClientConnectorError:
        return False


async def asked(method: str, url: str, **headers: str) -> int:
    async with (
        aiohttp.ClientSession() as session,
        session.request(method, URL(url, encoded=True), headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status


@pytest.mark.slow
async def test_no_secret_is_in_a_log_of_an_nginx_in_front_of_the_app(
    nginx: str, tmp_path: Path, clock: ManualClock, sqlite_url: str
) -> None:
    port = free_port()
    more = {"PUBLIC_URL": f"http://127.0.0.1:{port}", "TRUSTED_PROXIES": "127.0.0.1"}
    async with open_running_app(clock, sqlite_url, more) as app, serving(nginx, tmp_path, port, app.port) as here:
        app.slack.add_person(ANN, "ann", team_id="T0DEMO0001", tz="Etc/UTC", locale="en-GB")
        status, page = await app.slack.allow(f"{here}/slack/install", ANN)
        assert status == 200, page
        await app.settle()
        hook = await new_hook(app)
        assert hook.startswith(f"{here}/hooks/")
        secret = hook.rpartition("/")[2]
        assert await asked("POST", hook) in {400, 415}
        known = [
            f"/hooks/team/{secret}", f"//hooks/{secret}", f"/%68ooks/{secret}", f"/x/../hooks/{secret}", f"/{secret}",
            f"/HOOKS/{secret}", f"/absences/{secret}.ics", f"/connect/google?link={secret}", f"/keeper?link={secret}",
            f"/connect/google/callback?code={secret}&state={secret}", f"/slack/oauth_redirect?code={secret}",
            f"/slack/install?link={secret}", f"/api/v1/users.profile.get?token={secret}", f"/metrics?{secret}",
        ]  # fmt: skip
        for path in known:
            assert await asked("GET", here + path, Authorization=f"Bearer {secret}", Referer=f"{here}/{secret}") >= 300
        await app.stop()
        assert await asked("POST", hook) == 502  # nginx has an error of its own to tell of
    written = (tmp_path / "statusquo.log").read_text()
    errors = (tmp_path / "error.log").read_text()
    assert [line for line in written.splitlines() if line.split()[3] == "/hooks" and line.split()[4] == "502"]
    assert len(written.splitlines()) >= len(known) + 3
    assert (secret in unquote(written + errors), "state=" in written + errors, "code=" in written + errors) == (
        False, False, False,
    )  # fmt: skip
