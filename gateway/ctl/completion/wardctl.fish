# SPDX-License-Identifier: Apache-2.0
# Completion of wardctl in fish. What may come next wardctl says itself (verb_complete.c).

function __wardctl_offered
    set -l typed (commandline -opc)
    set -l last (commandline -ct)
    set -l before
    if string match -q -- '--*=*' "$last"
        set -l pair (string split -m 1 = -- "$last")
        set -a typed $pair[1]
        set last $pair[2]
        set before "$pair[1]="
    end
    for word in (command $typed[1] complete $typed[2..] "$last" 2>/dev/null)
        if test "$word" = '<file>'
            __fish_complete_path "$last"
        else
            echo "$before$word"
        end
    end
end
complete -c wardctl -f -a '(__wardctl_offered)'
