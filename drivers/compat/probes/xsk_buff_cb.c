// SPDX-License-Identifier: GPL-2.0
/* A driver's own room in struct xdp_buff_xsk, since 6.3. */
#include <net/xdp_sock_drv.h>

void *vnet_probe(struct xdp_buff_xsk *buff);
void *vnet_probe(struct xdp_buff_xsk *buff)
{
	return buff->cb;
}
