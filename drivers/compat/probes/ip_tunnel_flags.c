// SPDX-License-Identifier: GPL-2.0
/* The flags of a tunnel's key as a bitmap, since 6.10; __be16 before. */
#include <net/ip_tunnels.h>

void vnet_probe(struct ip_tunnel_key *key);
void vnet_probe(struct ip_tunnel_key *key)
{
	__set_bit(IP_TUNNEL_KEY_BIT, key->tun_flags);
}
