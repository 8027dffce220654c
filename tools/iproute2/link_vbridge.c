// SPDX-License-Identifier: GPL-2.0
/* `ip link ... type vbridge`: the options of type bridge. */
#include "delegate.h"

extern struct delegate vbridge_link_util;

DELEGATE_EXPORT struct delegate vbridge_link_util = {
	.util.id = "vbridge",
	.stock_id = "bridge",
	.help =
"Usage: ip link add [ NAME ] type vbridge [ OPTION VALUE ]...\n"
"       ip link set NAME type vbridge OPTION VALUE [ OPTION VALUE ]...\n"
"       ip link set DEVICE { master NAME | nomaster }\n"
"\n"
"Makes a learning bridge; any Ethernet device can be its port.\n"
"OPTIONs and their VALUEs are those of type bridge (ip link help bridge), among them\n"
"    ageing_time CENTISECONDS     how long a learned address stays; 30000 at first\n"
"    group_fwd_mask MASK          link-local groups that are forwarded\n"
"    vlan_filtering { 0 | 1 }     keep frames within their VLANs; see bridge vlan\n"
"    vlan_default_pvid VLAN       the VLAN of a new port; 1 at first\n"
"    fdb_flush                    forget the learned addresses (without a VALUE)\n"
"An option this vbridge cannot do is refused with a sentence that names it, unless\n"
"it is set to off.\n"
"\n"
"Example:\n"
"    ip link add vbr0 type vbridge ageing_time 6000\n"
"    ip link set c1 master vbr0\n"
"See vbridge(8).\n",
};

__attribute__((constructor)) static void vbridge_load(void)
{
	delegate_init(&vbridge_link_util);
}
