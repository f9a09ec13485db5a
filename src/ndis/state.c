/* SPDX-License-Identifier: MIT */
/*
 * ndis/state.c - the state machines of adapters, filter modules and bindings.
 *
 * Model: one table per kind, row by what happens, column by where it happens; the tables that
 * Windows documents with the three kinds' words under one numbering. A blank is illegal.
 * Source: documented ("Miniport Adapter States", "Filter Module States", "Protocol Binding States").
 */
#include "ndis/ndis.h"

#define ROWS      [NDIS_MOVE_COUNT][NDIS_STATE_COUNT]
#define TO(state) (NDIS_STATE_##state + 1) /* 0: illegal */

static const uint8_t miniport ROWS = {
    [NDIS_MOVE_START][NDIS_STATE_DOWN] = TO(STARTING),
    [NDIS_MOVE_STARTED][NDIS_STATE_STARTING] = TO(PAUSED),
    [NDIS_MOVE_START_FAILED][NDIS_STATE_STARTING] = TO(DOWN),
    [NDIS_MOVE_RESTART][NDIS_STATE_PAUSED] = TO(RESTARTING),
    [NDIS_MOVE_RESTARTED][NDIS_STATE_RESTARTING] = TO(RUNNING),
    [NDIS_MOVE_RESTART_FAILED][NDIS_STATE_RESTARTING] = TO(PAUSED),
    [NDIS_MOVE_PAUSE][NDIS_STATE_RUNNING] = TO(PAUSING),
    [NDIS_MOVE_PAUSE_DONE][NDIS_STATE_PAUSING] = TO(PAUSED),
    [NDIS_MOVE_STOP][NDIS_STATE_PAUSED] = TO(DOWN),
    [NDIS_MOVE_SHUTDOWN][NDIS_STATE_PAUSED] = TO(SHUTDOWN),
    [NDIS_MOVE_SHUTDOWN][NDIS_STATE_RESTARTING] = TO(SHUTDOWN),
    [NDIS_MOVE_SHUTDOWN][NDIS_STATE_RUNNING] = TO(SHUTDOWN),
    [NDIS_MOVE_SHUTDOWN][NDIS_STATE_PAUSING] = TO(SHUTDOWN),
};

static const uint8_t filter ROWS = {
    [NDIS_MOVE_START][NDIS_STATE_DOWN] = TO(STARTING),
    [NDIS_MOVE_STARTED][NDIS_STATE_STARTING] = TO(PAUSED),
    [NDIS_MOVE_START_FAILED][NDIS_STATE_STARTING] = TO(DOWN),
    [NDIS_MOVE_RESTART][NDIS_STATE_PAUSED] = TO(RESTARTING),
    [NDIS_MOVE_RESTARTED][NDIS_STATE_RESTARTING] = TO(RUNNING),
    [NDIS_MOVE_RESTART_FAILED][NDIS_STATE_RESTARTING] = TO(PAUSED),
    [NDIS_MOVE_PAUSE][NDIS_STATE_RUNNING] = TO(PAUSING),
    [NDIS_MOVE_PAUSE_DONE][NDIS_STATE_PAUSING] = TO(PAUSED),
    [NDIS_MOVE_STOP][NDIS_STATE_PAUSED] = TO(DOWN),
};

static const uint8_t protocol ROWS = {
    [NDIS_MOVE_START][NDIS_STATE_DOWN] = TO(STARTING),
    [NDIS_MOVE_STARTED][NDIS_STATE_STARTING] = TO(PAUSED), /* at NdisOpenAdapterEx: OIDs may follow inside bind */
    [NDIS_MOVE_START_FAILED][NDIS_STATE_STARTING] = TO(DOWN),
    [NDIS_MOVE_RESTART][NDIS_STATE_PAUSED] = TO(RESTARTING),
    [NDIS_MOVE_RESTARTED][NDIS_STATE_RESTARTING] = TO(RUNNING),
    [NDIS_MOVE_RESTART_FAILED][NDIS_STATE_RESTARTING] = TO(PAUSED),
    [NDIS_MOVE_PAUSE][NDIS_STATE_RUNNING] = TO(PAUSING),
    [NDIS_MOVE_PAUSE_DONE][NDIS_STATE_PAUSING] = TO(PAUSED),
    [NDIS_MOVE_STOP][NDIS_STATE_PAUSED] = TO(CLOSING),
    [NDIS_MOVE_STOPPED][NDIS_STATE_CLOSING] = TO(DOWN),
};

static const uint8_t (*const tables[])[NDIS_STATE_COUNT] = {
    [NDIS_LAYER_MINIPORT] = miniport,
    [NDIS_LAYER_FILTER] = filter,
    [NDIS_LAYER_PROTOCOL] = protocol,
};

int
ndis_state_next(enum ndis_layer_kind kind, enum ndis_state state, enum ndis_move move)
{
    return tables[kind][move][state] - 1;
}

const char *
ndis_state_name(enum ndis_layer_kind kind, enum ndis_state state)
{
    static const char *const down[] = { "Halted", "Detached", "Unbound" };
    static const char *const starting[] = { "Initializing", "Attaching", "Opening" };

    switch (state) {
    case NDIS_STATE_DOWN:
        return down[kind];
    case NDIS_STATE_STARTING:
        return starting[kind];
    case NDIS_STATE_PAUSED:
        return "Paused";
    case NDIS_STATE_RESTARTING:
        return "Restarting";
    case NDIS_STATE_RUNNING:
        return "Running";
    case NDIS_STATE_PAUSING:
        return "Pausing";
    case NDIS_STATE_CLOSING:
        return "Closing";
    case NDIS_STATE_SHUTDOWN:
        return "Shutdown";
    case NDIS_STATE_COUNT:
        break;
    }
    return "?";
}

void
ndis_layer_move(struct ndis_layer *layer, enum ndis_move move)
{
    static const uint16_t kinds[] = { EV_ADAPTER_STATE, EV_FILTER_STATE, EV_BINDING_STATE };
    int to = ndis_state_next(layer->kind, layer->state, move);
    uint8_t from = layer->state;

    NDIS_ASSERT(to >= 0);
    sched_touch((uint64_t)layer);
    layer->state = (uint8_t)to;
    layer->ledger->state = (uint8_t)to;
    layer->ledger->driver->states_reached |= 1u << to;
    trace_emit(kinds[layer->kind], layer, from, to, layer->ledger->driver->handle);
}
