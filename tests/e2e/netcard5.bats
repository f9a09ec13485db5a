#!/usr/bin/env bats
# SPDX-License-Identifier: MIT
# netcard5.bats - a card with interrupts and DMA under NDIS 5.

load common

@test "netcard5: the battery is clean and reaches interrupts, sends, reset and shutdown" {
    needs "$UNDIS_BUILD_DIR/drivers/netcard5/netcard5.sys"
    undis test "$UNDIS_BUILD_DIR/drivers/netcard5" --k 0 --out out
    exits 0
    prints 'interrupt-while-disabled *clean'
    prints 'reset-under-traffic *clean'
    no prints '^not called.*netcard5!(Nc5Isr|Nc5Handle|Nc5Send|Nc5Reset|Nc5Shutdown|Nc5PnPEvent|Nc5Halt)'
    no prints 'vacuous'
}
