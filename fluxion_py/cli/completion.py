"""`completion`: a script that lets the shell complete subcommands and options."""

from argparse import Namespace, RawDescriptionHelpFormatter
from importlib import import_module

from fluxion_py.cli.arguments import Parser
from fluxion_py.cli.tool import DONE, MATCH, Tool

SHELLS = ("bash", "zsh")

_SCRIPT = """\
{zsh}{function}() {{
    local word="${{COMP_WORDS[COMP_CWORD]}}" name="${{COMP_WORDS[1]}}" at=1 words=""
    case "$name" in
    {groups}) name="$name ${{COMP_WORDS[2]}}"; at=2 ;;
    esac
    if [ "$COMP_CWORD" -le 1 ]; then
        words="{names}"
    elif [ "$COMP_CWORD" -le "$at" ]; then
        case "${{COMP_WORDS[1]}}" in
{members}
        esac
    elif [ "${{word#-}}" != "$word" ]; then
        case "$name" in
{options}
        esac
    fi
    COMPREPLY=($(compgen -W "$words" -- "$word"))
}}
complete -o default -F {function} {prog}
"""


def add_completion(parser: Parser) -> None:
    """Add the options of `completion`."""
    parser.formatter_class = RawDescriptionHelpFormatter
    parser.add_argument("shell", choices=SHELLS, help="the shell that is to complete")
    tool = parser.prog.partition(" ")[0]
    parser.epilog = (
        "Example:\n"
        f'  eval "$({tool} completion bash)"      # in ~/.bashrc\n'
        f'  eval "$({tool} completion zsh)"       # in ~/.zshrc\n\n'
        "Files are completed where no subcommand or option is begun."
    )


def run_completion(arguments: Namespace) -> int:
    """Print the script of `fluxion-match`."""
    print(script(MATCH, arguments.shell), end="")
    return DONE


def script(tool: Tool, shell: str) -> str:
    """Return the script that completes a tool."""
    groups: dict[str, list[str]] = {}
    options = []
    for name, command in tool.commands.items():
        group, space, member = name.partition(" ")
        if space:
            groups.setdefault(group, []).append(member)
        module = import_module(f"{tool.package}.{command.module}")
        parser = Parser(prog=f"{tool.prog} {name}", allow_abbrev=False)
        getattr(module, f"add_{command.stem}")(parser)
        words = " ".join(sorted(parser._option_string_actions))
        options.append(f'        "{name}") words="{words}" ;;')
    names = dict.fromkeys(name.partition(" ")[0] for name in tool.commands)
    members = (f'        {group}) words="{" ".join(found)}" ;;' for group, found in groups.items())
    return _SCRIPT.format(
        zsh="autoload -U +X bashcompinit && bashcompinit\n" if shell == "zsh" else "",
        function="_" + tool.prog.replace("-", "_"),
        groups="|".join(groups) or '""',
        names=" ".join(names),
        members="\n".join(members) or "        *) ;;",
        options="\n".join(options),
        prog=tool.prog,
    )
