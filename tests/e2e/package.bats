#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# package.bats - undis installed somewhere, used by other projects: undis_add_driver(), pkg-config.

load common

setup_file() {
    prefix=$BATS_FILE_TMPDIR/usr
    # somewhere else than where it was to go
    DESTDIR=$BATS_FILE_TMPDIR/root cmake --install "$UNDIS_BUILD_DIR" --prefix /opt/undis \
        >"$BATS_FILE_TMPDIR/log" 2>&1 && mv "$BATS_FILE_TMPDIR/root/opt/undis" "$prefix" || true
}

setup() {
    prefix=$BATS_FILE_TMPDIR/usr
    needs "$prefix/bin/undis"
    cd "$BATS_TEST_TMPDIR" || return 1
}

# project - a driver and a program in an empty folder
project() {
    cp "$root/tests/drivers/reload/reload.c" driver.c
    cp "$root"/tests/drivers/common/plain.[ch] .
    sed -i 's,"../common/plain.h","plain.h",' driver.c
    printf '%s\n' '#include <undis/undis.h>' 'int main(void) { return GetLastError(); }' >tool.c
    cat >CMakeLists.txt <<'END'
cmake_minimum_required(VERSION 3.25)
project(small NONE)
enable_testing()
find_package(undis 0.1 REQUIRED)
undis_add_driver(small SOURCES driver.c plain.c FLAGS -Wall -Wextra -O1)
undis_add_program(tool SOURCES tool.c)
undis_add_test(small --only init-halt --k 0)
END
}

@test "undis_add_driver builds a driver in an empty folder, and its test runs" {
    project
    cmake -G Ninja -S . -B build -Dundis_DIR="$prefix/lib/cmake/undis"
    cmake --build build
    [ -s build/small/small.sys ] && [ -s build/tool/tool.exe ]
    ctest --test-dir build --output-on-failure
    # nothing to do; a header changes: the driver is built again
    [[ "$(ninja -C build)" == *"no work to do"* ]]
    touch plain.h
    [[ "$(ninja -C build)" == *"undis cc small.sys"* ]]
}

@test "undis_add_driver from a build tree, without installing" {
    project
    cmake -G Ninja -S . -B build -Dundis_DIR="$UNDIS_BUILD_DIR"
    cmake --build build
    [ -s build/small/small.sys ]
}

@test "undis_add_driver says what is wrong with its arguments" {
    project
    sed -i 's/SOURCES driver.c plain.c/driver.c/' CMakeLists.txt
    run cmake -G Ninja -S . -B build -Dundis_DIR="$prefix/lib/cmake/undis"
    [ "$status" -ne 0 ]
    [[ "$output" == *'small: what is "driver.c"'* ]]
}

@test "pkg-config: a Linux program finds libundis where it was installed" {
    command -v pkg-config >/dev/null || skip "pkg-config is not installed"
    printf '%s\n' '#include <undis/undis.h>' \
        'int main(void) { SetLastError(5); return GetLastError() == 5 ? 0 : 1; }' >linux.c
    export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
    cc linux.c $(pkg-config --cflags --libs undis) -o shared
    LD_LIBRARY_PATH=$prefix/lib ./shared
    cc linux.c $(pkg-config --cflags undis) "$prefix/lib/libundis.a" -pthread -o static
    ./static
}
