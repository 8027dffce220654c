/* SPDX-License-Identifier: GPL-2.0 */
/* Before the kernel's own tests, which do not wait for what they ask for. */
#include <stdlib.h>

__attribute__((constructor)) static void tap_autoload(void)
{
	if (system("modprobe -aq dummy vtap"))
		exit(4);
}
