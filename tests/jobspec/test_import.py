import subprocess
import sys

import pytest

HEAVY = ("yaml", "msgspec", "networkx", "rustworkx", "rich")


@pytest.mark.parametrize(
    "code",
    [
        "from fluxion_py import Jobspec; Jobspec.from_command(['a'])",
        "from fluxion_py import Jobspec; Jobspec.from_shape('slot/node')",
        "from fluxion_py import Jobspec as J; J.from_text(J.from_shape('slot/node').to_json())",
    ],
)
def test_a_jobspec_without_yaml_loads_nothing_heavy(code: str) -> None:
    script = f"import sys; {code}; sys.exit(' '.join(set({HEAVY}) & set(sys.modules)) or 0)"
    subprocess.run([sys.executable, "-c", script], check=True)
