/* SPDX-License-Identifier: GPL-2.0 */
/* Before the kernel's own tests, which open a node that is there. */
#include "tun.h"

__attribute__((constructor)) static void tun_autoload(void)
{
	tun_load("/dev/net/vtun");
}
