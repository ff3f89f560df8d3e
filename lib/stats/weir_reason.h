/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every reason for which weir drops a packet, named once. The name is what users see (drop_NAME in listings), the
 * text is what weirctl and the manual say about it.
 */
#ifndef WEIR_REASON_H
#define WEIR_REASON_H

#include <stdint.h>

/* clang-format off */
#define WEIR_REASONS(R)                                                                                             \
	/* what came in is not what it says it is */                                                                    \
	R(SHORT_FRAME,      "short_frame",      "the frame is shorter than its Ethernet header and tags")              \
	R(BAD_IPV4,         "bad_ipv4",         "IPv4 header with impossible version, lengths or checksum")            \
	R(BAD_IPV6,         "bad_ipv6",         "IPv6 header with impossible lengths or extension headers")            \
	R(BAD_L4,           "bad_l4",           "TCP, UDP or ICMP header cut off or with impossible lengths")          \
	R(BAD_ARP,          "bad_arp",          "ARP packet cut off or not for IPv4 over Ethernet")                    \
	R(BAD_VXLAN,        "bad_vxlan",        "VXLAN header cut off or without a valid VNI")                         \
	R(BAD_GENEVE,       "bad_geneve",       "Geneve header cut off, or of OAM, with critical options, not with Ethernet") \
	R(BAD_CHECKSUM,     "bad_checksum",     "the NIC found an outer checksum wrong")                               \
	R(BAD_ECN,          "bad_ecn",          "congestion marked outside, but the inner packet has no ECN (RFC 6040)") \
	R(OUTER_FRAGMENT,   "outer_fragment",   "fragment of a tunnel packet: raise the underlay's MTU")               \
	/* it belongs to nobody here */                                                                                 \
	R(UNKNOWN_VLAN,     "unknown_vlan",     "no vport and no underlay claims this VLAN of the port")               \
	R(NOT_OURS,         "not_ours",         "underlay frame for another MAC or IP address")                        \
	R(UNDERLAY_OTHER,   "underlay_other",   "underlay packet to us that is neither tunnel, ARP, ND nor ping")      \
	R(UNKNOWN_VNI,      "unknown_vni",      "no switch has this VNI, or it has it by the other tunnel format")      \
	R(UNKNOWN_REMOTE,   "unknown_remote",   "the sending gateway is not in the switch's list of remotes")          \
	/* it is not allowed */                                                                                         \
	R(SPOOFED_MAC,      "spoofed_mac",      "source MAC is not the vport's (ARP and ND payloads included)")        \
	R(SPOOFED_IP,       "spoofed_ip",       "source address is not one of the vport's (ARP and ND included)")      \
	R(BAD_SOURCE_MAC,   "bad_source_mac",   "source MAC is a group address or zero")                               \
	R(LINK_LOCAL,       "link_local",       "01:80:c2:00:00:0x is never forwarded by a bridge")                    \
	R(SPLIT_HORIZON,    "split_horizon",    "from a remote, and only other remotes could take it")                 \
	R(SAME_PORT,        "same_port",        "the destination is where the frame came from")                        \
	R(TAGGED_FRAME,     "tagged_frame",     "a tagged frame cannot leave by a vport without VLAN")                 \
	R(DENIED,             "denied",           "a firewall has no rule that allows it, or one that denies it")     \
	R(REJECTED,           "rejected",         "a firewall's rule rejects it, and says so")                        \
	R(NO_CONNECTION,      "no_connection",    "a firewall knows no connection that it belongs to, and it cannot open one")\
	R(NO_FIRST_FRAGMENT,  "no_first_fragment", "a later fragment at a firewall that has not seen the first")      \
	R(CONNECTION_QUOTA,         "connection_quota", "over the connections that the tenant may have")                    \
	R(CONNECTIONS_FULL,          "connections_full", "no room for a new connection")                                     \
	/* no router forwards it */                                                                                    \
	R(NOT_ROUTED,       "not_routed",       "to a router, but tagged, or neither IP nor ARP")                      \
	R(TO_ROUTER,        "to_router",        "for a router's own address, but nothing that it answers")             \
	R(NOT_ROUTABLE,     "not_routable",     "from or to an address that no router forwards")                       \
	R(TTL_EXCEEDED,     "ttl_exceeded",     "its TTL or hop limit ended at a router")                              \
	R(UNROUTED,         "unrouted",         "the router has no route to the destination")                          \
	R(BLACKHOLE,        "blackhole",        "the router's route to the destination is a blackhole")                \
	R(LOOP,             "loop",             "more switches and routers on the way than there may be")              \
	/* it is too much */                                                                                            \
	R(TENANT_LIMIT,     "tenant_limit",     "over the tenant's limit")                                             \
	R(VPORT_LIMIT,      "vport_limit",      "over the vport's limit")                                              \
	R(PORT_SHARE,       "port_share",       "over the tenant's guarantee and its share of what the port has to spare") \
	R(QUEUE_MEMORY,     "queue_memory",     "too many of the tenant's packets wait already: buffers are for all")       \
	R(FLOOD_LIMIT,      "flood_limit",      "over the copies of flooded frames that a tenant has in a time")     \
	R(CPU_SHARE,        "cpu_share",        "over the tenant's share of a busy worker's cycles")                    \
	R(SETUP_LIMIT,      "setup_limit",      "over the new flows that a tenant may set up in a second")              \
	R(MTU,              "mtu",              "larger than the MTU of the port it should leave by")                  \
	/* there is nowhere to send it, or no room */                                                                   \
	R(NO_DESTINATION,   "no_destination",   "flooded, but the switch has no other vport or remote")                \
	R(NO_ROUTE,         "no_route",         "no underlay reaches the remote")                                      \
	R(NEIGH_UNRESOLVED, "neigh_unresolved", "the remote or its gateway did not answer ARP or ND")                  \
	R(NEIGH_QUEUE,      "neigh_queue",      "too many packets wait for ARP or ND already")                         \
	R(PORT_DOWN,        "port_down",        "the port it should leave by is down")                                 \
	R(TX_FULL,          "tx_full",          "the port's driver took no more")                                      \
	R(HANDOFF_FULL,     "handoff_full",     "the ring to the transmit queue's owner is full")                      \
	R(PUNT_FULL,        "punt_full",        "too many packets for weir itself (ARP, ND, ping)")                    \
	R(NO_MBUF,          "no_mbuf",          "no packet buffer left for a copy or a header")                        \
	R(RECONFIGURED,     "reconfigured",     "what it waited for was removed from the configuration")
/* clang-format on */

enum weir_reason {
	WEIR_OK = 0, /* not dropped */
#define R(id, name, text) WEIR_DROP_##id,
	WEIR_REASONS(R)
#undef R
	    WEIR_REASON_COUNT
};

/* "tenant_limit"; "" for WEIR_OK. */
const char *weir_reason_name(enum weir_reason reason);

/* One sentence for people. */
const char *weir_reason_text(enum weir_reason reason);

#endif
