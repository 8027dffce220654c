// SPDX-License-Identifier: GPL-2.0
/* <net/rps.h>, since 6.9. */
#include <net/rps.h>

void vnet_probe(void);
void vnet_probe(void)
{
}
