/* See completion_scripts.h. */
#include "cli/completion_scripts.h"

#include <stddef.h>
#include <string.h>

static const char bash[] = "# bash completion of bulkhead\n"
                           "_bulkhead() {\n"
                           "    local -a words=() paths=()\n"
                           "    local word value join='' typed\n"
                           "    # bash parts words at \"=\": what was one word becomes one again\n"
                           "    for word in \"${COMP_WORDS[@]:1:COMP_CWORD}\"; do\n"
                           "        if [[ $word == \"=\" && ${#words[@]} -gt 0 ]]; then\n"
                           "            words[${#words[@]} - 1]+=$word\n"
                           "            join=1\n"
                           "        elif [[ $join ]]; then\n"
                           "            words[${#words[@]} - 1]+=$word\n"
                           "            join=\n"
                           "        else\n"
                           "            words+=(\"$word\")\n"
                           "        fi\n"
                           "    done\n"
                           "    typed=${words[${#words[@]} - 1]}\n"
                           "    [[ $typed == --*=* ]] && typed=${typed#*=}\n"
                           "    COMPREPLY=()\n"
                           "    while IFS=$'\\t' read -r value _; do\n"
                           "        paths=()\n"
                           "        case $value in\n"
                           "        :files) mapfile -t paths < <(compgen -f -- \"$typed\") ;;\n"
                           "        :folders) mapfile -t paths < <(compgen -d -- \"$typed\") ;;\n"
                           "        :commands) mapfile -t paths < <(compgen -c -- \"$typed\") ;;\n"
                           "        *) COMPREPLY+=(\"$value\") ;;\n"
                           "        esac\n"
                           "        [[ $value == :* ]] && compopt -o filenames 2>/dev/null\n"
                           "        [[ $value == *= ]] && compopt -o nospace 2>/dev/null\n"
                           "        COMPREPLY+=(\"${paths[@]}\")\n"
                           "    done < <(\"$1\" __complete bulkhead \"${words[@]}\" 2>/dev/null)\n"
                           "}\n"
                           "complete -F _bulkhead bulkhead\n";

static const char zsh[] =
    "#compdef bulkhead\n"
    "_bulkhead() {\n"
    "    local -a answers found\n"
    "    local line value about\n"
    "    answers=(\"${(@f)$($words[1] __complete bulkhead \"${(@)words[2,CURRENT]}\" "
    "2>/dev/null)}\")\n"
    "    [[ $words[CURRENT] == --*=* ]] && compset -P 1 '*='\n"
    "    for line in $answers; do\n"
    "        value=${line%%$'\\t'*}\n"
    "        about=${line#*$'\\t'}\n"
    "        case $value in\n"
    "        :files) _files ;;\n"
    "        :folders) _files -/ ;;\n"
    "        :commands) _command_names -e ;;\n"
    "        ?*) found+=(\"${value//:/\\\\:}:$about\") ;;\n"
    "        esac\n"
    "    done\n"
    "    (( $#found )) && _describe bulkhead found\n"
    "}\n"
    "if [ \"$funcstack[1]\" = _bulkhead ]; then\n"
    "    _bulkhead \"$@\"\n"
    "else\n"
    "    compdef _bulkhead bulkhead\n"
    "fi\n";

static const char fish[] =
    "# fish completion of bulkhead\n"
    "function __bulkhead_complete\n"
    "    set -l words (commandline -opc)\n"
    "    set -l current (commandline -ct)\n"
    "    set -l kept (string match -r -- '^--[^=]+=' $current)\n"
    "    for line in ($words[1] __complete bulkhead $words[2..-1] \"$current\" 2>/dev/null)\n"
    "        switch $line\n"
    "            case ':files*'\n"
    "                __fish_complete_path \"$current\"\n"
    "            case ':folders*'\n"
    "                __fish_complete_directories \"$current\"\n"
    "            case ':commands*'\n"
    "                complete -C \"$current\"\n"
    "            case '*'\n"
    "                printf '%s%s\\n' \"$kept\" $line\n"
    "        end\n"
    "    end\n"
    "end\n"
    "complete -c bulkhead -f -a '(__bulkhead_complete)'\n";

const char *completion_script(const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        return bash;
    if (strcmp(shell, "zsh") == 0)
        return zsh;
    return strcmp(shell, "fish") == 0 ? fish : NULL;
}
