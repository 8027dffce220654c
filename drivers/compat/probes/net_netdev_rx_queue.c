// SPDX-License-Identifier: GPL-2.0
/* <net/netdev_rx_queue.h>, since 6.6. */
#include <net/netdev_rx_queue.h>

void vnet_probe(void);
void vnet_probe(void)
{
}
