/* SPDX-License-Identifier: BSD-3-Clause */
/* Ports come and go; what fails says why and leaves nothing behind. */
#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <rte_ethdev.h>
#include <rte_eth_ring.h>
#include <rte_log.h>

#include "fixture.h"

#define NULL_DEVARGS "net_null0,no-rx=1"

Test(port, opens_closes_and_opens_again)
{
	struct weir_ports *ports;
	struct weir_port *port;
	uint16_t ethdev;

	start_eal();
	ports = make_ports(2);
	for (uint32_t i = 0; i < 3; i++) {
		port = open_devargs(ports, "p", NULL_DEVARGS);
		cr_assert_eq(port->index, 0);
		cr_assert_str_eq(port->name, "p");
		cr_assert_str_eq(port->device, "net_null0");
		cr_assert(port->up);
		cr_assert_eq(port->mtu, WEIR_MTU_DEFAULT);
		cr_assert_eq(rte_eth_dev_get_port_by_name("net_null0", &ethdev), 0);
		cr_assert_eq(ethdev, port->ethdev);
		cr_assert(rte_eth_promiscuous_get(ethdev) == 1);
		close_port(ports, port);
		cr_assert_neq(rte_eth_dev_get_port_by_name("net_null0", &ethdev), 0, "still plugged");
	}
	weir_ports_free(ports);
}

Test(port, free_closes_what_is_open)
{
	struct weir_ports *ports;
	struct weir_port *port;

	start_eal();
	ports = make_ports(1);
	port = open_devargs(ports, "a", NULL_DEVARGS);
	(void)open_devargs(ports, "b", "net_null1,no-rx=1");
	cr_assert_eq(rte_ring_enqueue(port->handoff, rte_pktmbuf_alloc(pool)), 0);
	weir_ports_free(ports);
	cr_assert_eq(rte_eth_dev_count_total(), 0);
	cr_assert_eq(rte_mempool_in_use_count(pool), 0);
	weir_ports_free(NULL);
}

Test(port, refuses_the_same_device_twice)
{
	struct weir_ports *ports;
	struct weir_err err;

	start_eal();
	ports = make_ports(1);
	(void)open_devargs(ports, "first", NULL_DEVARGS);
	refuse(ports, &(struct weir_port_params){.name = "second", .devargs = "net_null0,size=128"}, &err);
	cr_assert_eq(err.errnum, EEXIST);
	cr_assert_str_eq(err.msg, "device net_null0 is in use by port first");
	refuse(ports, &(struct weir_port_params){.name = "second", .device = "net_null0"}, &err);
	cr_assert_eq(err.errnum, EEXIST);
	weir_ports_free(ports);
}

Test(port, takes_a_device_that_exists_and_gives_it_back)
{
	struct rte_ring *ring;
	struct weir_ports *ports;
	struct weir_port *port;
	struct weir_err err;
	uint16_t ethdev;

	start_eal();
	ring = rte_ring_create("wire", 64, SOCKET_ID_ANY, 0);
	cr_assert_geq(rte_eth_from_rings("wire", &ring, 1, &ring, 1, 0), 0);
	ports = make_ports(2);
	refuse(ports, &(struct weir_port_params){.name = "r", .devargs = "net_ring_wire"}, &err);
	cr_assert_eq(err.errnum, EEXIST);
	cr_assert(strstr(err.msg, "\"device\""), "%s", err.msg);
	for (uint32_t i = 0; i < 2; i++) {
		struct rte_mbuf *m = rte_pktmbuf_alloc(pool);

		port = open_device(ports, "r", "net_ring_wire");
		cr_assert_eq(rte_eth_promiscuous_get(port->ethdev), 1);
		cr_assert_eq(rte_eth_allmulticast_get(port->ethdev), 1);
		cr_assert_eq(rte_eth_tx_burst(port->ethdev, 0, &m, 1), 1);
		m = NULL;
		cr_assert_eq(rte_eth_rx_burst(port->ethdev, 0, &m, 1), 1);
		rte_pktmbuf_free(m);
		close_port(ports, port);
		cr_assert_eq(rte_eth_dev_get_port_by_name("net_ring_wire", &ethdev), 0, "gone");
	}
	weir_ports_free(ports);
}

/* What a driver says is the message; what EAL says after it is not. */
Test(port, errors_have_the_drivers_own_words)
{
	struct weir_ports *ports;
	struct weir_err err;

	start_eal();
	ports = make_ports(1);
	refuse(ports, &(struct weir_port_params){.name = "p", .devargs = "net_pcap0,rx_pcap=/no/such.pcap"}, &err);
	cr_assert_eq(err.errnum, EIO);
	cr_assert(strstr(err.msg, "device net_pcap0 cannot be plugged: "), "%s", err.msg);
	cr_assert(strstr(err.msg, "/no/such.pcap: No such file or directory"), "%s", err.msg);
	cr_assert_null(strstr(err.msg, "EAL"), "%s", err.msg);
	cr_assert_null(strchr(err.msg, '\n'));

	refuse(ports, &(struct weir_port_params){.name = "p", .devargs = "net_af_packet0,iface=nosuch0"}, &err);
	cr_assert_eq(err.errnum, EIO);
	cr_assert(strstr(err.msg, "No such device"), "%s", err.msg);

	refuse(ports, &(struct weir_port_params){.name = "p", .devargs = "net_null0,nosuch=1"}, &err);
	cr_assert_eq(err.errnum, EIO);
	cr_assert(strstr(err.msg, "the driver gives no reason"), "%s", err.msg);
	cr_assert_eq(rte_eth_dev_count_total(), 0);
	weir_ports_free(ports);
}

Test(port, names_what_does_not_exist)
{
	struct weir_ports *ports;
	struct weir_err err;

	start_eal();
	ports = make_ports(1);
	refuse(ports, &(struct weir_port_params){.name = "p", .devargs = "net_nosuch0,a=b"}, &err);
	cr_assert_eq(err.errnum, ENOENT);
	cr_assert(strstr(err.msg, "net_nosuch0"), "%s", err.msg);
	refuse(ports, &(struct weir_port_params){.name = "p", .devargs = ""}, &err);
	refuse(ports, &(struct weir_port_params){.name = "p", .device = "net_null7"}, &err);
	cr_assert_eq(err.errnum, ENOENT);
	cr_assert_str_eq(err.msg, "no device net_null7");
	refuse(ports, &(struct weir_port_params){.name = "p", .device = "3b:00.0"}, &err);
	cr_assert_eq(err.errnum, ENOENT);
	cr_assert(strstr(err.msg, "0000:3b:00.0"), "%s", err.msg);
	weir_ports_free(ports);
}

/* A vdev that is no ethdev must not stay behind. */
Test(port, unplugs_what_is_no_network_device)
{
	struct weir_ports *ports;
	struct weir_err err;

	start_eal();
	ports = make_ports(1);
	for (uint32_t i = 0; i < 2; i++) {
		refuse(ports, &(struct weir_port_params){.name = "p", .devargs = "crypto_null0"}, &err);
		cr_assert_eq(err.errnum, ENOENT);
		cr_assert_str_eq(err.msg, "device crypto_null0 is not a network device");
		cr_assert_neq(rte_eal_hotplug_remove("vdev", "crypto_null0"), 0, "still there");
	}
	weir_ports_free(ports);
}

Test(port, says_that_dpdk_is_full)
{
	struct weir_port *port[RTE_MAX_ETHPORTS];
	struct weir_ports *ports;
	struct weir_err err;
	char devargs[64], room[32];

	start_eal();
	ports = make_ports(1);
	for (uint32_t i = 0; i < RTE_MAX_ETHPORTS; i++) {
		snprintf(devargs, sizeof(devargs), "net_null%u,no-rx=1", i);
		port[i] = open_devargs(ports, "p", devargs);
		cr_assert_eq(port[i]->index, i);
	}
	refuse(ports, &(struct weir_port_params){.name = "q", .devargs = "net_null99,no-rx=1"}, &err);
	cr_assert_eq(err.errnum, ENOSPC);
	snprintf(room, sizeof(room), "all %d ethdevs", RTE_MAX_ETHPORTS);
	cr_assert(strstr(err.msg, room), "%s", err.msg);
	cr_assert(strstr(err.msg, "RTE_MAX_ETHPORTS"), "%s", err.msg);
	close_port(ports, port[5]);
	port[5] = open_devargs(ports, "q", "net_null99,no-rx=1");
	cr_assert_eq(port[5]->index, 5);
	weir_ports_free(ports);
}

Test(port, mtu)
{
	struct weir_port_params params = {.name = "p", .devargs = NULL_DEVARGS, .mtu = 9000};
	struct weir_ports *ports;
	struct weir_port *port;
	struct weir_err err = {0};
	uint16_t mtu;

	start_eal();
	ports = make_ports(1);
	port = weir_port_open(ports, &params, &err);
	cr_assert_not_null(port, "%s", err.msg);
	cr_assert_eq(port->mtu, 9000);
	cr_assert_eq(rte_eth_dev_get_mtu(port->ethdev, &mtu), 0);
	cr_assert_eq(mtu, 9000);
	cr_assert_eq(weir_port_set_mtu(ports, port, 2000, &err), 0);
	cr_assert_eq(port->mtu, 2000);
	cr_assert_eq(weir_port_set_mtu(ports, port, 0, &err), 0);
	cr_assert_eq(port->mtu, WEIR_MTU_DEFAULT);
	cr_assert_eq(weir_port_set_mtu(ports, port, 65536 + 1500, &err), -ENOTSUP);
	cr_assert_str_eq(err.msg, "MTU 67036: device net_null0 takes at most 65535");
	cr_assert_eq(port->mtu, WEIR_MTU_DEFAULT);
	weir_ports_free(ports);
}

/* net_ring and net_pcap have no MTU: it is ours alone. */
Test(port, mtu_of_drivers_without_one)
{
	struct weir_port_params params = {.name = "p", .devargs = "net_ring0", .mtu = 9000};
	struct weir_ports *ports;
	struct weir_port *port;
	struct weir_err err = {0};

	start_eal();
	ports = make_ports(1);
	port = weir_port_open(ports, &params, &err);
	cr_assert_not_null(port, "%s", err.msg);
	cr_assert_eq(port->mtu, 9000);
	cr_assert_eq(weir_port_set_mtu(ports, port, 1400, &err), 0);
	cr_assert_eq(port->mtu, 1400);
	weir_ports_free(ports);
}

Test(port, stats_count_what_passes)
{
	struct weir_port_stats stats;
	struct weir_ports *ports;
	struct weir_port *port;
	struct rte_mbuf *m[3];
	char path[] = "/tmp/weir-port-XXXXXX", devargs[64];

	start_eal();
	ports = make_ports(1);
	close(mkstemp(path));
	write_pcap(path, 3);
	snprintf(devargs, sizeof(devargs), "net_pcap0,rx_pcap=%s", path);
	port = open_devargs(ports, "p", devargs);
	cr_assert_eq(rte_eth_rx_burst(port->ethdev, 0, m, 3), 3);
	cr_assert_eq(rte_eth_tx_burst(port->ethdev, 0, m, 2), 2);
	rte_pktmbuf_free(m[2]);
	cr_assert_eq(weir_port_stats(port, &stats), 0);
	cr_assert_eq(stats.rx_packets, 3);
	cr_assert_eq(stats.rx_bytes, 3 * 64);
	weir_ports_free(ports);
	unlink(path);
}

Test(port, link_goes_down_and_up)
{
	struct weir_ports *ports;
	struct weir_port *port;

	start_eal();
	ports = make_ports(1);
	port = open_devargs(ports, "p", "net_ring0");
	cr_assert(port->up);
	cr_assert_eq(port->link_mbps, 10000);
	cr_assert_not(weir_port_refresh_link(port));
	cr_assert_eq(rte_eth_dev_set_link_down(port->ethdev), 0);
	cr_assert(weir_port_refresh_link(port));
	cr_assert_not(port->up);
	weir_ports_free(ports);
}

/* 99.9% of what a wire carries at most; what a virtual device says of its link is nothing. */
Test(port, what_it_carries)
{
	struct weir_port_params params = {.name = "p", .devargs = "net_ring0", .rate = 5000000000};
	struct weir_err err = {0};
	struct weir_ports *ports;
	struct weir_port *port;

	start_eal();
	ports = make_ports(1);
	port = weir_port_open(ports, &params, &err);
	cr_assert_not_null(port, "%s", err.msg);
	cr_assert_eq(port->link_mbps, 10000);
	cr_assert(port->nominal_speed && port->wire->bps == 5000000000);
	weir_port_set_rate(port, 40000000000);
	cr_assert_eq(port->wire->bps, 40000000000);
	weir_port_set_rate(port, 0);
	cr_assert(port->wire->bps == 0 && port->wire->bit == 0);
	/* As it would be were it a NIC. */
	port->nominal_speed = false;
	cr_assert_eq(weir_port_carries(port, 40000000000), 9990000000);
	cr_assert_eq(weir_port_carries(port, 9990000000), 9990000000);
	cr_assert_eq(weir_port_carries(port, 5000000000), 5000000000);
	cr_assert_eq(weir_port_carries(port, 0), 9990000000);
	port->link_mbps = 0;
	cr_assert_eq(weir_port_carries(port, 40000000000), 40000000000);
	cr_assert_eq(weir_port_carries(port, 0), 0);
	port->link_mbps = 800000;
	cr_assert_eq(weir_port_carries(port, 0), WEIR_BPS_MAX);
	/* Its wire follows the link. */
	port->link_mbps = 1;
	cr_assert(weir_port_refresh_link(port));
	cr_assert_eq(port->wire->bps, 9990000000);
	cr_assert_eq(port->wire->bit, weir_bit_time(9990000000));
	weir_ports_free(ports);
}

static int
listen_at(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	cr_assert_eq(bind(fd, (const struct sockaddr *)&address, sizeof(address)), 0);
	cr_assert_eq(listen(fd, 1), 0);
	return fd;
}

/* As after kill -9: the socket is there and nobody listens. Anything else is not ours to remove. */
Test(port, listens_where_a_dead_process_did)
{
	char dir[] = "/tmp/weir-port-XXXXXX", path[64], devargs[3][128];
	struct weir_ports *ports;
	struct weir_err err;

	start_eal();
	ports = make_ports(1);
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/sock", dir);
	snprintf(devargs[0], sizeof(devargs[0]), "net_vhost0,iface=%s", path);
	snprintf(devargs[1], sizeof(devargs[1]), "net_memif0,role=server,socket=%s,socket-abstract=no", path);
	snprintf(devargs[2], sizeof(devargs[2]), "net_vhost2,iface=%s,client=1", path);
	for (uint32_t i = 0; i < 2; i++) {
		struct weir_port_params params = {.name = "p", .devargs = devargs[i]};
		int fd = listen_at(path);

		refuse(ports, &params, &err);
		cr_assert_eq(err.errnum, EEXIST);
		cr_assert(strstr(err.msg, "in use by another process"), "%s", err.msg);
		close(fd);
		close_port(ports, open_devargs(ports, "p", devargs[i]));
		cr_assert_neq(access(path, F_OK), 0);
		fclose(fopen(path, "w"));
		refuse(ports, &params, &err);
		cr_assert_eq(err.errnum, EEXIST);
		cr_assert_eq(unlink(path), 0);
	}
	/* Where it only connects to, somebody else may listen again. */
	close(listen_at(path));
	close_port(ports, open_devargs(ports, "p", devargs[2]));
	cr_assert_eq(unlink(path), 0);
	rmdir(dir);
	weir_ports_free(ports);
}

/* The log's own stream gets everything, and is put back. */
Test(port, log_but_the_complaints)
{
	FILE *file = tmpfile();
	struct weir_ports *ports;
	struct weir_err err;
	char text[4096] = "";

	start_eal();
	rte_openlog_stream(file);
	ports = make_ports(1);
	cr_assert_neq(rte_log_get_stream(), file);
	weir_log_warn("to be seen");
	refuse(ports, &(struct weir_port_params){.name = "p", .devargs = "net_pcap0,rx_pcap=/no/such.pcap"}, &err);
	weir_ports_free(ports);
	cr_assert_eq(rte_log_get_stream(), file);
	rewind(file);
	(void)!fread(text, 1, sizeof(text) - 1, file);
	cr_assert(strstr(text, "to be seen"));
	cr_assert_null(strstr(err.msg, "to be seen"));
	/* The driver's complaint is for whoever asked. */
	cr_assert(strstr(err.msg, "/no/such.pcap"));
	cr_assert_null(strstr(text, "/no/such.pcap"));
	fclose(file);
}
