"""What the commands learn from samconfig.toml about a deployment."""

from pathlib import Path

import pytest

from tools.samconfig import region_of


def test_a_stack_is_looked_for_in_the_region_it_was_deployed_to(tmp_path: Path) -> None:
    file = tmp_path / "samconfig.toml"
    file.write_text(
        'version = 0.1\n[default.global.parameters]\nregion = "eu-west-1"\n'
        '[sandbox.global.parameters]\nstack_name = "hakika-sandbox"\nregion = "af-south-1"\n'
    )
    assert region_of("hakika-sandbox", file) == "af-south-1"
    assert region_of("hakika-production", file) is None


@pytest.mark.parametrize("environment", ["sandbox", "production"])
def test_the_makefiles_stacks_are_named_in_our_samconfig(environment: str) -> None:
    assert region_of(f"hakika-{environment}") == "eu-west-1"
