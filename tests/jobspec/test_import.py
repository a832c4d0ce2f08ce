import subprocess
import sys

import fluxion_py.jobspec


def test_the_package_is_light_until_a_reader_is_used() -> None:
    code = (
        "import sys, fluxion_py.jobspec; from fluxion_py.jobspec import parse_object, from_command;"
        " from_command(['a']); heavy = {'yaml', 'msgspec', 'networkx', 'rustworkx', 'rich'};"
        " sys.exit(' '.join(heavy & set(sys.modules)) or 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_json_is_read_without_yaml() -> None:
    code = (
        "import sys; from fluxion_py.jobspec.parse import parse;"
        " from fluxion_py.jobspec import from_command; parse(from_command(['a']).to_json());"
        " sys.exit('yaml' in sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_every_public_name_exists() -> None:
    for name in fluxion_py.jobspec.__all__:
        assert getattr(fluxion_py.jobspec, name) is not None
