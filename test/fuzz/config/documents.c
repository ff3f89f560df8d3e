/* SPDX-License-Identifier: BSD-3-Clause */
#include "documents.h"
#include "weir_base.h"

const char *const fuzz_documents[] = {
    ("{\"ports\":{\"up0\":{\"devargs\":\"net_null0,no-rx=1\"},\"up1\":{\"device\":\"0000:3b:00.0\",\"mtu\":1600},"
     "\"tap1\":{\"devargs\":\"net_tap1\"}},\"settings\":{\"flows\":4096,\"flow_idle\":\"30s\"},"
     "\"underlay\":{\"up0\":{\"address\":[\"192.0.2.1/24\",\"2001:db8::1/64\"],\"gateway\":[\"192.0.2.254\"]},"
     "\"up1\":{\"address\":[\"198.51.100.1/24\"],\"vlan\":7,\"mac\":\"02:aa:aa:aa:aa:01\"}},"
     "\"tenants\":{\"red\":{\"limit\":\"5Gbps\",\"quota\":{\"flows\":100,\"macs\":8},"
     "\"switches\":{\"web\":{\"vni\":5001,\"remotes\":[\"192.0.2.2\",\"2001:db8::2\"],"
     "\"macs\":{\"02:00:00:00:00:09\":\"192.0.2.2\",\"02:00:00:00:00:01\":\"web1\"}},\"db\":{}},"
     "\"vports\":{\"web1\":{\"switch\":\"web\",\"port\":\"tap1\",\"vlan\":100,\"limit\":[\"1Gbps\",\"1Mpps\"],"
     "\"mac\":\"02:00:00:00:00:01\",\"addresses\":[\"10.0.0.5\"]},\"web2\":{\"switch\":\"web\",\"port\":\"tap1\"}},"
     "\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"addresses\":[\"10.0.0.1/24\",\"fd00:1::1/64\"],"
     "\"mac\":\"02:00:00:00:aa:01\"},\"db\":{\"addresses\":[\"10.0.1.1/24\"],\"proxy\":true}},"
     "\"routes\":{\"0.0.0.0/0\":{\"via\":\"10.0.0.254\"},\"10.9.0.0/16\":{\"via\":[\"10.0.1.3\",\"10.0.0.2\"]},"
     "\"192.0.2.0/24\":{\"blackhole\":true},\"fd00:9::/48\":{\"via\":\"fe80::5\",\"interface\":\"web\"}}},"
     "\"r2\":{\"interfaces\":{\"web\":{\"addresses\":[\"10.0.0.2/24\"]}}}}},"
     "\"blue\":{\"switches\":{\"web\":{\"vni\":5002,\"tunnel\":\"geneve\"}},"
     "\"vports\":{\"web1\":{\"switch\":\"web\",\"port\":\"tap1\",\"vlan\":101}}}}}"),
    "{}",
    "{\"tenants\":{\"red\":{\"vports\":{\"web1\":{\"limit\":\"2Gbps\",\"vlan\":null}}}}}",
    ("{\"tenants\":{\"red\":null,\"green\":{\"switches\":{\"a\":{\"vni\":7,\"remotes\":[\"192.0.2.7\"]}},"
     "\"vports\":{\"v\":{\"switch\":\"a\",\"port\":\"up0\",\"vlan\":9}}}}}"),
    "{\"ports\":{\"tap1\":{\"mtu\":1500,\"rate\":\"10Gbps\",\"queues\":2}},\"settings\":null}",
    "{\"underlay\":{\"up1\":{\"address\":[\"203.0.113.1/24\"],\"gateway\":[\"203.0.113.2\"],\"vlan\":null}}}",
    ("{\"tenants\":{\"red\":{\"guarantee\":[\"3Gbps\",\"1Mpps\"],\"weight\":2,\"excess\":\"police\",\"burst\":"
     "\"1ms\","
     "\"queue\":\"20ms\",\"quota\":{\"flow_setups\":\"50kpps\",\"cpu\":\"20%\"},\"vports\":{\"web1\":{"
     "\"guarantee\":\"1Gbps\",\"weight\":3,\"burst\":\"2ms\",\"queue\":\"64kB\"}}}}}"),
    ("{\"tenants\":{\"red\":{\"routers\":{\"r1\":{\"interfaces\":{\"web\":{\"mac\":null,\"proxy\":true}},\"routes\":{"
     "\"10.9.0.0/16\":null,\"10.9.0.0/24\":{\"via\":\"10.0.1.9\",\"interface\":\"db\"},\"::/0\":{\"via\":["
     "\"fd00:1::2\",\"fd00:1::3\"]}}},\"r2\":null,\"r3\":{\"interfaces\":{\"db\":{\"addresses\":[\"10.0.1.2/"
     "31\"]}}}}}}}"),
    ("{\"tenants\":{\"t\":{\"routers\":{\"r\":{\"routes\":{\"10.0.0.0/8\":{\"via\":[\"10.128.0.1\"]},\"10.0.0.0/"
     "16\":{"
     "\"blackhole\":true}},\"interfaces\":{\"s\":{\"addresses\":[\"10.128.0.2/30\"]},\"t\":{\"addresses\":[\"::2/8\","
     "\"10.129.0.1/32\"]}}}},\"switches\":{\"s\":{},\"t\":{}}}}}"),
    ("{\"tenants\":{\"red\":{\"quota\":{\"connections\":50000},\"sets\":{\"a\":[\"10.0.0.0/24\",\"2001:db8::/64\"],"
     "\"b\":[\"10.9.9.9\"]},\"firewalls\":{\"edge\":{\"rules\":[{\"action\":\"allow\",\"direction\":\"out\","
     "\"proto\":"
     "\"tcp\",\"dst\":\"10.0.0.5\",\"dport\":443},{\"action\":\"allow\",\"proto\":\"udp\",\"src\":[\"@a\",\"@b\","
     "\"192.0.2.0/24\"],\"sport\":7,\"dport\":[\"53\",\"1000-2000\",5353],\"state\":false},{\"action\":\"reject\","
     "\"proto\":\"tcp\",\"tcp_flags\":\"syn "
     "!ack\"},{\"action\":\"allow\",\"proto\":\"icmp\",\"icmp_type\":[8,\"13-14\"]},"
     "{\"action\":\"deny\"}]},\"none\":{\"rules\":[]}},\"vports\":{\"web1\":{\"firewall\":\"edge\"}},\"routers\":{"
     "\"r1\":{"
     "\"interfaces\":{\"web\":{\"firewall\":\"none\"}}}}}},\"settings\":{\"connections\":4096}}"),
    ("{\"tenants\":{\"t\":{\"sets\":{\"a\":[\"::/0\",\"0.0.0.0/0\",\"::/"
     "0\"]},\"firewalls\":{\"f\":{\"rules\":[{\"action\":"
     "\"deny\",\"src\":\"@a\",\"dst\":[\"@a\",\"@a\"]},{\"action\":\"reject\",\"proto\":58,\"icmp_type\":\"0-255\"}]}"
     "}}}}"),
    "{\"tenants\":{\"red\":{\"sets\":{\"a\":null},\"firewalls\":{\"edge\":{\"rules\":[]},\"none\":null}}}}",
    "{\"tenants\":null,\"underlay\":null,\"ports\":null}",
};
const size_t n_fuzz_documents = WEIR_ARRAY_LEN(fuzz_documents);

const char *const fuzz_words[] = {"\"ports\"", "\"settings\"", "\"underlay\"", "\"tenants\"", "\"devargs\"",
    "\"device\"", "\"rate\"", "\"mtu\"", "\"queues\"", "\"flows\"", "\"flow_idle\"", "\"mac_age\"", "\"address\"",
    "\"gateway\"", "\"vlan\"", "\"mac\"", "\"limit\"", "\"quota\"", "\"macs\"", "\"switches\"", "\"vports\"",
    "\"vni\"", "\"tunnel\"", "\"geneve\"", "\"remotes\"", "\"switch\"", "\"port\"", "\"addresses\"", "\"weight\"",
    "\"guarantee\"", "\"excess\"", "\"burst\"", "\"queue\"", "\"routers\"", "\"interfaces\"", "\"proxy\"",
    "\"routes\"", "\"via\"", "\"blackhole\"", "\"interface\"", "\"r1\"", "\"r2\"", "\"0.0.0.0/0\"", "\"::/0\"",
    "\"10.9.0.0/16\"", "\"10.0.0.0/24\"", "\"10.0.0.1\"", "\"10.0.1.3\"", "\"10.0.0.255\"", "\"fe80::5\"",
    "\"fd00:1::1\"", "\"fe80::ff:fe00:aa01\"", "\"02:00:00:00:aa:01\"", "\"10.0.0.0/31\"", "\"fd00:9::1/128\"",
    "\"sets\"", "\"firewalls\"", "\"firewall\"", "\"rules\"", "\"connections\"", "\"action\"", "\"direction\"",
    "\"proto\"", "\"src\"", "\"dst\"", "\"sport\"", "\"dport\"", "\"icmp_type\"", "\"tcp_flags\"", "\"state\"",
    "\"allow\"", "\"reject\"", "\"out\"", "\"tcp\"", "\"icmp\"", "\"@a\"", "\"@\"", "\"1-2\"", "\"2-1\"",
    "\"0-65535\"", "\"syn !ack\"", "\"!\"", "\"edge\"", "\"0.0.0.0/0\"", "{\"action\":\"allow\"}", "[[\"@a\"]]",
    "\"flow_setups\"", "\"cpu\"", "\"shape\"", "\"64kB\"", "\"0.1%\"", "\"up0\"", "\"up1\"", "\"tap1\"", "\"red\"",
    "\"blue\"", "\"web\"", "\"db\"", "\"web1\"", "\"web2\"", "\"x\"", "\"\"", "null", "true", "0", "1", "7", "4095",
    "5001", "1e400", "-1", "0.5", "16777216", "99999999999999999999", "[]", "{}", "[null]", "\"1Gbps\"", "\"1kpps\"",
    "\"0bps\"", "\"400.000000000001Gbps\"", "\"30s\"", "\"192.0.2.2\"", "\"192.0.2.1\"", "\"192.0.2.1/24\"",
    "\"10.0.0.1/8\"", "\"2001:db8::2\"", "\"2001:db8::1/64\"", "\"02:00:00:00:00:01\"", "\"02:00:00:00:00:0A\"",
    "\"ff:ff:ff:ff:ff:ff\"", "\"net_null0\"", "\"0000:3b:00.0\"", "\"\\u0041\"", "\"\\u0000\"", "\"a~b/c\"",
    "\"%s%n\"", "{", "}", "[", "]", ",", ":", "\"", "\\", " ", "\n", "[[[[[[[[[[[[[[[[[",
    "{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":", "\xc3\xa9"};
const size_t n_fuzz_words = WEIR_ARRAY_LEN(fuzz_words);
