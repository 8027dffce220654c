// SPDX-License-Identifier: GPL-2.0
/* <net/hotdata.h>, since 6.9. */
#include <net/hotdata.h>

void vnet_probe(void);
void vnet_probe(void)
{
}
