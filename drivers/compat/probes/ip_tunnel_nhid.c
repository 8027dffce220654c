// SPDX-License-Identifier: GPL-2.0
/* A nexthop in a tunnel's key, since 6.6. */
#include <net/ip_tunnels.h>

void vnet_probe(struct ip_tunnel_key *key, u32 nhid);
void vnet_probe(struct ip_tunnel_key *key, u32 nhid)
{
	key->nhid = nhid;
}
