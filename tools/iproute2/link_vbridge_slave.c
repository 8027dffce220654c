// SPDX-License-Identifier: GPL-2.0
/* `ip link set PORT type vbridge_slave`: the options of type bridge_slave. */
#include "delegate.h"

extern struct delegate vbridge_slave_link_util;

DELEGATE_EXPORT struct delegate vbridge_slave_link_util = {
	.util.id = "vbridge_slave",
	.stock_id = "bridge_slave",
	.help =
"Usage: ip link set PORT type vbridge_slave OPTION VALUE [ OPTION VALUE ]...\n"
"\n"
"Changes a port of a vbridge. OPTIONs and their VALUEs are those of type\n"
"bridge_slave (ip link help bridge_slave), among them\n"
"    learning { on | off }        learn the senders of this port's frames\n"
"    flood { on | off }           send frames for unknown addresses out of it\n"
"    bcast_flood { on | off }     send broadcasts out of it\n"
"    mcast_flood { on | off }     send multicasts out of it\n"
"    isolated { on | off }        no frames between it and other isolated ports\n"
"    locked { on | off }          let in only whom the forwarding table has here\n"
"    neigh_suppress { on | off }  no questions out of it that the host can answer\n"
"    backup_port DEVICE           who gets its frames while it has no carrier\n"
"    hairpin { on | off }         send frames back out of it\n"
"    fdb_flush                    forget what it learned (without a VALUE)\n"
"An option this vbridge cannot do is refused with a sentence that names it, unless\n"
"it is set to off.\n"
"\n"
"Example:\n"
"    ip link set c1 type vbridge_slave isolated on\n"
"See vbridge(8).\n",
};

__attribute__((constructor)) static void vbridge_slave_load(void)
{
	delegate_init(&vbridge_slave_link_util);
}
