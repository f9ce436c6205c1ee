"""What `make run` may be told, and what it refuses with one sentence."""

from pathlib import Path

import pytest

from local.errors import LocalStackError
from local.settings import LocalSettings, read_env_file, read_settings

SANDBOX = {
    "DARAJA": "sandbox",
    "SAFARICOM_CONSUMER_KEY": "key",
    "SAFARICOM_CONSUMER_SECRET": "secret",
    "SAFARICOM_SHORTCODE": "174379",
    "SAFARICOM_PASSKEY": "passkey",
}
TUNNEL = {"CALLBACK_URL_BASE": "https://tunnel.example"}


def read(tmp_path: Path, env_text: str = "", *arguments: str, **environment: str) -> LocalSettings:
    env_file = tmp_path / ".env"
    env_file.write_text(env_text)
    return read_settings(list(arguments), environment, env_file=env_file)


def test_without_anything_the_simulator_plays_safaricom(tmp_path: Path) -> None:
    settings = read(tmp_path)
    assert not settings.uses_sandbox
    assert settings.callback_url_base == "https://hakika.local.test"
    assert settings.gateway_url == "http://127.0.0.1:8080"


def test_the_command_line_comes_before_the_environment_before_the_file(tmp_path: Path) -> None:
    env_text = "HAKIKA_PORT=1001\nHAKIKA_EMULATOR_PORT=1002\nHAKIKA_SIMULATOR_PORT=1003\n"
    settings = read(
        tmp_path, env_text, "--port", "3001", HAKIKA_PORT="2001", HAKIKA_EMULATOR_PORT="2002"
    )
    ports = (settings.gateway_port, settings.emulator_port, settings.simulator_port)
    assert ports == (3001, 2002, 1003)


def test_an_empty_variable_does_not_hide_the_file(tmp_path: Path) -> None:
    env_text = "CALLBACK_URL_BASE=https://tunnel.example/\n"
    settings = read(tmp_path, env_text, **SANDBOX, CALLBACK_URL_BASE="")
    assert settings.callback_url_base == "https://tunnel.example"


@pytest.mark.parametrize(
    ("environment", "sentence"),
    [
        *((SANDBOX | TUNNEL | {name: ""}, name) for name in SANDBOX if name != "DARAJA"),
        *(
            (SANDBOX | {"CALLBACK_URL_BASE": base}, "needs CALLBACK_URL_BASE|Safaricom refuses")
            for base in (
                "",
                "http://tunnel.example",
                "https://tunnel.example/path",
                "https://mpesa.example",
                "https://abc.execute-api.eu-west-1.amazonaws.com",
                "https://my-sql.example",
            )
        ),
        *(({"HAKIKA_PORT": port}, "HAKIKA_PORT") for port in ("0", "65536", "http", "-1")),
        ({"DARAJA": "production"}, "simulator or sandbox"),
    ],
)
def test_what_could_not_work_is_refused_with_one_sentence(
    tmp_path: Path, environment: dict[str, str], sentence: str
) -> None:
    with pytest.raises(LocalStackError, match=sentence):
        read(tmp_path, **environment)


def test_the_env_file_takes_comments_quotes_and_export(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("# comment\n\nA=1\nexport B = 'two words'\nC=\"x=y\"\nD=\n")
    assert read_env_file(file) == {"A": "1", "B": "two words", "C": "x=y", "D": ""}


def test_a_line_that_is_no_assignment_is_named(tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text("A=1\nnonsense\n")
    with pytest.raises(LocalStackError, match="line 2"):
        read_env_file(file)
