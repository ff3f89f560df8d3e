/* SPDX-License-Identifier: BSD-3-Clause */
/* Device names to ethdevs, plugging what is not there yet. */
#define ALLOW_EXPERIMENTAL_API /* rte_devargs_reset() */
#include <errno.h>
#include <string.h>

#include <rte_bus.h>
#include <rte_dev.h>
#include <rte_devargs.h>
#include <rte_errno.h>
#include <rte_pci.h>

#include "port_priv.h"

static const struct weir_port *
user_of(const struct weir_ports *ports, uint16_t ethdev)
{
	for (uint32_t i = 0; i < WEIR_PORTS_MAX; i++) {
		const struct weir_port *port = ports->slot[i].port;

		if (port != NULL && port->ethdev == ethdev)
			return port;
	}
	return NULL;
}

static int
check_unused(const struct weir_ports *ports, uint16_t ethdev, const char *device, struct weir_err *err)
{
	const struct weir_port *user = user_of(ports, ethdev);

	if (user == NULL)
		return 0;
	return weir_err(err, EEXIST, "", "device %s is in use by port %s", device, user->name);
}

/* The ethdev is named after its device by nearly all drivers; a NIC with two ports on one function is not. */
static int
find_ethdev(const char *device, uint16_t *ethdev)
{
	struct rte_eth_dev_info info;

	if (rte_eth_dev_get_port_by_name(device, ethdev) == 0)
		return 0;
	for (uint16_t id = 0; id < RTE_MAX_ETHPORTS; id++) {
		if (rte_eth_dev_is_valid_port(id) && rte_eth_dev_info_get(id, &info) == 0 &&
		    strcmp(rte_dev_name(info.device), device) == 0) {
			*ethdev = id;
			return 0;
		}
	}
	return -ENODEV;
}

static int
plug(const char *bus, const char *devargs, const char *device, struct probed *probed, struct weir_err *err)
{
	struct rte_eth_dev_info info;
	int ret;

	if (rte_eth_dev_count_total() >= RTE_MAX_ETHPORTS)
		return weir_err(err, ENOSPC, "",
		    "no room for device %s: all %d ethdevs of this DPDK are in use (RTE_MAX_ETHPORTS, fixed when "
		    "DPDK is "
		    "built, 32 in Debian's); vports can share a port by VLAN",
		    device, RTE_MAX_ETHPORTS);
	ret = rte_dev_probe(devargs);
	if (ret == -ENODEV)
		return capture_err(err, ENOENT, ret, "no device %s", device);
	if (ret != 0)
		return capture_err(err, EIO, ret, "device %s cannot be plugged", device);
	if (find_ethdev(device, &probed->ethdev) != 0 || rte_eth_dev_info_get(probed->ethdev, &info) != 0) {
		(void)rte_eal_hotplug_remove(bus, device);
		return weir_err(err, ENOENT, "", "device %s is not a network device", device);
	}
	probed->plug = info.device;
	return 0;
}

/* devargs: a device of that name must not exist, since probing it again would silently keep the old arguments. */
static int
plug_parsed(struct weir_ports *ports, const char *devargs, const struct rte_devargs *da, struct probed *probed,
    struct weir_err *err)
{
	int ret;

	if (find_ethdev(da->name, &probed->ethdev) == 0) {
		ret = check_unused(ports, probed->ethdev, da->name, err);
		if (ret != 0)
			return ret;
		return weir_err(err, EEXIST, "",
		    "device %s exists since the start: name it by \"device\" instead of \"devargs\"", da->name);
	}
	ret = port_make_room(da->name, da->args, err);
	if (ret != 0)
		return ret;
	return plug(rte_bus_name(da->bus), devargs, da->name, probed, err);
}

static int
plug_devargs(struct weir_ports *ports, const char *devargs, struct probed *probed, struct weir_err *err)
{
	struct rte_devargs da = {0};
	int ret = rte_devargs_parse(&da, devargs);

	if (ret != 0)
		return capture_err(err, ENOENT, ret, "no driver for devargs %.100s", devargs);
	(void)snprintf(probed->device, sizeof(probed->device), "%s", da.name);
	ret = plug_parsed(ports, devargs, &da, probed, err);
	rte_devargs_reset(&da);
	return ret;
}

/* device: an ethdev that exists, or the address of a PCI device that EAL was not told to probe. */
static int
find_device(struct weir_ports *ports, const char *device, struct probed *probed, struct weir_err *err)
{
	struct rte_pci_addr pci;
	bool is_pci = rte_pci_addr_parse(device, &pci) == 0;

	if (is_pci)
		rte_pci_device_name(&pci, probed->device, sizeof(probed->device));
	else
		(void)snprintf(probed->device, sizeof(probed->device), "%s", device);
	if (find_ethdev(probed->device, &probed->ethdev) == 0)
		return check_unused(ports, probed->ethdev, probed->device, err);
	if (!is_pci)
		return weir_err(err, ENOENT, "", "no device %.100s", device);
	return plug("pci", probed->device, probed->device, probed, err);
}

int
port_probe(
    struct weir_ports *ports, const struct weir_port_params *params, struct probed *probed, struct weir_err *err)
{
	memset(probed, 0, sizeof(*probed));
	if (params->devargs != NULL)
		return plug_devargs(ports, params->devargs, probed, err);
	return find_device(ports, params->device, probed, err);
}

void
port_unplug(uint16_t ethdev, struct rte_device *plug)
{
	(void)rte_eth_dev_stop(ethdev);
	if (plug == NULL)
		return;
	(void)rte_eth_dev_close(ethdev);
	if (rte_dev_remove(plug) != 0)
		weir_log_warn("a device could not be unplugged: %s", rte_strerror(rte_errno));
}
