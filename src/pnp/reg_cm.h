/* SPDX-License-Identifier: MIT */
/* pnp/reg_cm.h - the machine's registry as a place where changes go; system fiber. */
#ifndef PNP_REG_CM_H
#define PNP_REG_CM_H

#include "pnp/reg.h"

extern const struct reg_sink reg_cm;

#endif
