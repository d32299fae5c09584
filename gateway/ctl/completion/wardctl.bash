# SPDX-License-Identifier: Apache-2.0
# Completion of wardctl in bash, with bash-completion. What may come next wardctl says itself (verb_complete.c).

_wardctl() {
    local cur words cword offered word
    COMPREPLY=()
    # Addresses and "epoch:seq" have colons, and are one word; an option may have its value behind '='.
    _get_comp_words_by_ref -n ':=' cur words cword
    local typed=("${words[@]:1:cword-1}")
    if [[ $cur == --*=* ]]; then
        typed+=("${cur%%=*}")
        cur=${cur#*=}
    fi
    mapfile -t offered < <("$1" complete "${typed[@]}" "$cur" 2>/dev/null)
    for word in "${offered[@]}"; do
        if [[ $word == '<file>' ]]; then
            _filedir
        else
            COMPREPLY+=("$word")
        fi
    done
    __ltrim_colon_completions "$cur"
}
complete -F _wardctl wardctl
