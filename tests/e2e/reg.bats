#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# reg.bats - undis reg, and --param of undis test: the registry from outside.

load common

protocol=$UNDIS_BUILD_DIR/drivers/ndisprot
card=$UNDIS_BUILD_DIR/drivers/netmini

@test "undis reg export writes what installing writes, and reads it back the same in each format" {
    needs "$card/netmini.sys" "$protocol/ndisprot.sys"
    undis reg export "$card" "$protocol" --out utf8.reg
    exits 0
    grep -q '^\[HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Services\\netmini\]' utf8.reg
    grep -q '^"NetCfgInstanceId"="{00000000-0000-4000-8000-000000000001}"' utf8.reg
    for format in 5 4; do
        undis reg export utf8.reg --format $format --out other.reg
        exits 0
        undis reg export other.reg --out again.reg
        exits 0
        cmp utf8.reg again.reg
    done
}

@test "a protocol's Linkage has the adapters that its LowerRange meets, and no others" {
    needs "$card/netmini.sys" "$protocol/ndisprot.sys"
    undis reg export "$card" "$protocol" --key 'HKLM\System\CurrentControlSet\Services\ndisprot\Linkage'
    exits 0
    prints '^"Bind"=hex\(7\):5c,00,44,00'
    cp "$protocol"/* .
    sed -i 's/LowerRange, , "ndis5"/LowerRange, , "ndisatm"/' ndisprot.inf
    undis reg export "$card" ndisprot.inf --key 'HKLM\System\CurrentControlSet\Services\ndisprot\Linkage'
    exits 0
    prints '^"Bind"=hex\(7\):00,00'
}

@test "a .reg file changes what was installed; a malformed one is refused with its line" {
    needs "$card/netmini.sys"
    printf 'Windows Registry Editor Version 5.00\n[-HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Enum]\n' >a.reg
    undis reg export "$card" a.reg
    exits 0
    prints 'Services'
    no grep -q 'Enum' <<<"$output"
    printf 'REGEDIT4\n[HKEY_LOCAL_MACHINE\\a]\n"b"=dword:xyz\n' >bad.reg
    undis reg import a.reg bad.reg
    exits 4
    complains '^undis reg: bad.reg:3: a dword has 1 to 8 hexadecimal digits$'
    undis reg import a.reg
    exits 0
}

@test "--param reaches the scenario, and is checked against the INF" {
    needs "$card/netmini.sys"
    undis test "$card" --only disable-enable --param Loopback=1 --write-scenario s
    exits 0
    grep -q 'Loopback=1' s/disable-enable.yaml
    undis test "$card" --scenario s/disable-enable.yaml
    exits 0
    undis test "$card" --only disable-enable --param Loopback=2
    exits 4
    complains 'Loopback is one of 0 .*, 1 .*: "2" is none of them'
    undis test "$card" --only disable-enable --param Loop=1
    exits 4
    complains 'offers no parameter Loop; it has Loopback'
}

@test "test --reg goes over what setup wrote, in every scenario and in what a finding replays" {
    needs "$UNDIS_BUILD_DIR/drivers/mux/mux.inf"
    # more ports than the INF allows: no other way leads there
    printf 'REGEDIT4\n[HKEY_LOCAL_MACHINE\\System\\CurrentControlSet\\Services\\mux\\Parameters]\n"Ports"=dword:9\n' \
        >ports.reg
    undis test "$UNDIS_BUILD_DIR/drivers/mux/mux.inf" --only init-halt --reg ports.reg --write-scenario written
    exits 1
    prints 'DriverEntry of mux returned 0xC000000D'
    found=$(echo findings/0*)
    cmp ports.reg "$found/changes.reg"
    rm ports.reg
    undis replay "$found"
    exits 1
    undis test "$UNDIS_BUILD_DIR/drivers/mux/mux.inf" --scenario written/init-halt.yaml
    exits 1
    prints 'DriverEntry of mux returned 0xC000000D'
    sed -i 's/:9/:1/' written/changes.reg
    undis test "$UNDIS_BUILD_DIR/drivers/mux/mux.inf" --scenario written/init-halt.yaml
    exits 0
    printf 'REGEDIT4\n[HKEY_LOCAL_MACHINE\\a]\n"b"=dword:xyz\n' >bad.reg
    undis test "$UNDIS_BUILD_DIR/drivers/mux/mux.inf" --only init-halt --reg bad.reg
    exits 4
    complains '^undis test: bad.reg, line 3: a dword has 1 to 8 hexadecimal digits$'
    undis test "$UNDIS_BUILD_DIR/drivers/mux/mux.inf" --only init-halt --reg absent.reg
    exits 4
    complains 'absent.reg: the .reg file cannot be read'
}
