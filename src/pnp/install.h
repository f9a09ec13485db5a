/* SPDX-License-Identifier: MIT */
/*
 * pnp/install.h - what setup does with a driver package: registry, service, driver object, devices.
 *
 * Model: one path for `undis test` and `undis run`. pnp_load() maps the image while no fiber runs; in a system fiber
 * pnp_start() writes what the INF says and runs DriverEntry, and pnp_nic_add() makes a device of a miniport driver.
 */
#ifndef PNP_INSTALL_H
#define PNP_INSTALL_H

#include "ddk/wdm.h"
#include "pnp/driver.h"

struct image;
struct ndis_nic;

/* A driver in the machine. */
struct pnp_service {
    const struct pnp_driver *file;
    struct image *image;
    DRIVER_OBJECT *object;
    bool keep_init; /* DriverEntry runs again in every run of a search, so its section stays */
};

/* A registry value that a user gives besides the INF's. */
struct pnp_parameter {
    char *name;
    char *text;      /* REG_SZ */
    uint32_t number; /* REG_DWORD, when text is NULL */
};

/* Map the image. No fiber runs. 0, or -EINVAL with one sentence in text. Borrows d as long as the machine lives. */
int pnp_load(const struct pnp_driver *d, struct pnp_service *out, char text[256]);

/*
 * System fiber: registry and DriverEntry; parameters go to Services\\<service>\\Parameters. The NTSTATUS of
 * DriverEntry or of what prevented it. CALLS_DRIVER.
 */
int32_t pnp_start(struct pnp_service *service, const struct pnp_parameter *parameters, unsigned count);

/* Does its INF name the simulated card (ndis/hw/nic.h)? Then its devices are such cards. */
bool pnp_driver_has_card(const struct pnp_driver *file);

/*
 * System fiber: a device of a miniport driver that has started, disabled, installed as below. NULL: the driver
 * registered no miniport. Adapters come before the drivers above them: what those look for when they start is there.
 */
struct ndis_nic *pnp_nic_add(const struct pnp_driver *file, const char *name, const struct pnp_parameter *parameters,
                             unsigned count);

/*
 * System fiber: the registry keys of a device, what the INF and then the parameters say. file NULL: a built-in
 * driver's. pnp_nic_add() has done it.
 */
void pnp_nic_install(const struct ndis_nic *nic, const struct pnp_driver *file, const struct pnp_parameter *parameters,
                     unsigned count);

/* Before the machine runs: this binding is switched off. 0, or -ENOSPC. */
int pnp_unbind(const char *adapter, const char *service);
/* The Linkage keys as bindings are now; after each change of them. System fiber. */
void pnp_write_linkage(void);
/*
 * Before a driver starts: what the user wants of its parameters, "Name=Value", or "service:Name=Value"; without a
 * service it is for first. Written after what the INF says, whenever the driver is installed. Borrows all texts.
 */
void pnp_user_parameters(char *const *texts, unsigned count, const char *first);
/* Is it of that form, and is the value one the driver's INF allows? 0, or -EINVAL with one sentence in text. */
int pnp_user_parameter_check(const char *parameter, const struct pnp_driver *const *drivers, unsigned count,
                             char text[256]);

/* Before the machine runs: changes over what setup writes, each time it has; borrows file. NULL: none. */
struct reg_file;
void pnp_registry_changes(const struct reg_file *file);
bool pnp_registry_is_changed(void); /* by such a file */

/* The registry key that NdisOpenConfigurationEx gives a filter for its module on nic, with parameters. */
void pnp_filter_parameters(const struct ndis_nic *nic, const char *service, const struct pnp_parameter *parameters,
                           unsigned count);

/*
 * May the filters stand in this order, bottom up? Windows orders them by FilterClass, and within one class by
 * installation. 0, or -EINVAL with one sentence in text.
 */
int pnp_filter_order(const struct pnp_driver *const *filter, unsigned count, char text[256]);

#endif
