/* SPDX-License-Identifier: BSD-3-Clause */
/* Whole lives of a gateway in one process: nothing is left behind, of any kind of memory. */
#include <stdio.h>
#include <stdlib.h>

#include "dump.h"

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#define SANITIZED __has_feature(address_sanitizer)
#else
#define SANITIZED 0
#endif
#if SANITIZED
#include <sanitizer/lsan_interface.h>
#else
/* Leaks of the heap are the sanitizer's to find. */
static void
__lsan_disable(void)
{
}

static void
__lsan_enable(void)
{
}

static int
__lsan_do_recoverable_leak_check(void)
{
	return 0;
}
#endif

/* Everything that makes and frees memory: changes that succeed, fail and interrupt, traffic, waiting,
 * learning. Not net_null, which keeps a buffer a queue (DPDK 22.11). */
static void
live(void)
{
	const char *folder = state_folder();

	bench_open(2, folder);
	load("{" PORTS_TEXT "'tenants':{" RED_TEXT "," BLUE_TEXT "}}");
	inject(1, plain(BROADCAST, 1, 0x88b5)); /* waits for the remotes, to the end */
	poll_all();
	patch("{'ports':{'n':{'devargs':'net_ring1'}},'tenants':{'red':{'limit':'1Gbps',"
	      "'vports':{'a':{'limit':'1Mpps','addresses':['10.0.0.1']},'n':{'switch':'web','port':'n'}}}}}");
	(void)refused_patch("{'ports':{'n':{'devargs':'net_ring2'},'x':{'devargs':'net_nothing0'}},"
			    "'tenants':{'green':{'switches':{'s':{'vni':7,'remotes':['192.0.2.9']}}}}}");
	patch("{'ports':{'n':{'devargs':'net_ring3'}},'tenants':{'red':{'vports':{'b':null}}}}");
	patch("{'underlay':{'p0':{'address':['192.0.2.1/24','2001:db8::5/64'],'vlan':5}},'tenants':{'blue':null}}");
	patch("{'ports':{'p0':{'rate':'10Gbps'},'p1':{'rate':'10Gbps'},'n':{'rate':'10Gbps'}},'tenants':{'red':{"
	      "'guarantee':'2Gbps','quota':{'flow_setups':'1kpps'},'vports':{'a':{'guarantee':'1Gbps'}}}}}");
	(void)refused_patch("{'tenants':{'red':{'guarantee':'11Gbps','vports':{'a':{'guarantee':'2Gbps'}}}}}");
	patch("{'underlay':{'n':{'address':['198.51.100.1/24'],'vlan':9}},'tenants':{'red':{'guarantee':'3Gbps',"
	      "'quota':{'flow_setups':'2kpps'},'vports':{'a':{'guarantee':'2Gbps'}}}}}");
	patch("{'tenants':{'red':{'sets':{'s':['10.0.0.0/24','fd00::/"
	      "64']},'vports':{'a':{'firewall':'f'}},'firewalls':{"
	      "'f':{'rules':[{'action':'allow','proto':'udp','src':['@s','10.1.0.1'],'dst':'@s','sport':1,'dport':[1,"
	      "2]},"
	      "{'action':'deny','proto':'icmp','icmp_type':[8,13]},{'action':'allow'}]}}}}}");
	(void)refused_patch("{'tenants':{'red':{'sets':{'t':['10.0.0.1','x']}}}}");
	(void)refused_patch(
	    "{'tenants':{'red':{'firewalls':{'f':{'rules':[{'action':'deny','src':['@s','@t']}]}}}}}");
	patch("{'tenants':{'red':{'sets':{'s':['10.0.0.0/25']}}}}");
	inject(1, plain(BROADCAST, 1, 0x88b5));
	pass_time(MS);
	patch("{'underlay':{'n':null},'tenants':{'red':{'limit':'2Gbps','vports':{'a':{'guarantee':null}}}}}");
	(void)weir_gateway_rollback(gateway, 1, &outcome, NULL);
	discard();
	bench_close();
	remove_folder(folder);
}

/* Address space, in pages: reserved arrays are a few megabytes each, beside which the heap may grow by some pages. */
#define GROWS 256

static long
of_the_process(void)
{
	FILE *file = fopen("/proc/self/statm", "r");
	long pages;

	cr_assert(file != NULL && fscanf(file, "%ld", &pages) == 1);
	(void)fclose(file);
	return pages;
}

Test(leaks, nothing_is_left_behind, .timeout = 60)
{
	size_t dpdk;
	long pages;

	__lsan_disable(); /* EAL's own */
	bench_start(2);
	bench_close();
	__lsan_enable();
	live();
	live(); /* the heap has grown to what it needs */
	dpdk = allocated();
	pages = of_the_process();
	for (uint32_t i = 0; i < 3; i++)
		live();
	cr_assert_eq(allocated(), dpdk, "%zu, not %zu", allocated(), dpdk);
	/* The sanitizer keeps for a while what was freed. */
	cr_assert(SANITIZED || of_the_process() <= pages + GROWS, "%ld pages more", of_the_process() - pages);
	cr_assert_eq(rte_mempool_in_use_count(pool), 0);
	cr_assert_eq(__lsan_do_recoverable_leak_check(), 0);
}
