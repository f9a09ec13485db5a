# SPDX-License-Identifier: MIT
#
# What the tests of the command line share. Each test runs in an empty folder of its own.

bats_require_minimum_version 1.5.0

root=$(cd "$BATS_TEST_DIRNAME/../.." && pwd)
: "${UNDIS_BUILD_DIR:=$root/build}"
: "${UNDIS:=$UNDIS_BUILD_DIR/undis}"
zoo=$UNDIS_BUILD_DIR/zoo
drivers=$UNDIS_BUILD_DIR/tests/drivers

setup() {
    cd "$BATS_TEST_TMPDIR" || return 1
}

# needs FILE... - skip by name what the build could not make
needs() {
    for file; do
        [ -e "$file" ] || skip "$file is not built (a compiler is missing)"
    done
}

# undis ARGUMENTS... - sets status, output, stderr
undis() {
    run --separate-stderr "$UNDIS" "$@"
}

# exits WITH [PATTERN] - the exit status, and a pattern that stderr and stdout together have
exits() {
    if [ "$status" -ne "$1" ]; then
        printf 'exit %s, not %s\n%s\n%s\n' "$status" "$1" "$output" "$stderr"
        return 1
    fi
}

# prints PATTERN, complains PATTERN - an extended regular expression on stdout, on stderr
prints() {
    printf '%s\n' "$output" | grep -Eq -- "$1" || {
        printf 'no "%s" in\n%s\n' "$1" "$output"
        return 1
    }
}

complains() {
    printf '%s\n' "$stderr" | grep -Eq -- "$1" || {
        printf 'no "%s" in\n%s\n' "$1" "$stderr"
        return 1
    }
}

# no COMMAND... - it must fail; `! command` fails no test unless it is the last (bash: set -e looks away)
no() {
    if "$@"; then
        echo "should have failed: $*"
        return 1
    fi
}

# one_sentence WHO - stderr is one line that begins with who speaks
one_sentence() {
    [ "$(printf '%s\n' "$stderr" | wc -l)" -eq 1 ] && [ "${stderr#"$1": }" != "$stderr" ] || {
        printf 'not one sentence of %s:\n%s\n' "$1" "$stderr"
        return 1
    }
}

# refuses STATUS PATTERN ARGUMENTS... - undis says in one sentence why it does not do it
refuses() {
    local want=$1 pattern=$2
    shift 2
    undis "$@"
    exits "$want" && one_sentence "undis $1" && complains "$pattern"
}

# below PID - its children, theirs, and so on
below() {
    local child
    for child in $(pgrep -P "$1"); do
        echo "$child"
        below "$child"
    done
}

# end_machines - for teardown: what a test began in the background, and machines it did not stop, end with it, also when
# it failed
end_machines() {
    local pid
    for pid in $(jobs -p); do
        kill -9 "$pid" $(below "$pid") 2>/dev/null || true
    done
    for pid in $(cat undis/*/lock 2>/dev/null); do
        kill -9 "$pid" 2>/dev/null || true
    done
}

# patch FILE OFFSET BYTES - overwrite; BYTES as printf writes them
patch() {
    printf "$3" | dd of="$1" bs=1 seek="$2" conv=notrunc status=none
}

# le32 NUMBER... - as a little-endian file has them
le32() {
    local n
    for n; do
        printf "$(printf '\\%03o\\%03o\\%03o\\%03o' $((n & 255)) $((n >> 8 & 255)) \
            $((n >> 16 & 255)) $((n >> 24 & 255)))"
    done
}

# pe_offset FILE - where the PE header is
pe_offset() {
    od -An -tu4 -j60 -N4 "$1" | tr -d ' '
}

# analysis FOLDER - the analysis of its only finding
analysis() {
    cat "$1"/[0-9]*/analysis.txt
}
