// SPDX-License-Identifier: GPL-2.0
/* A frame that says no more of its memory than the kind of it, since 6.14. */
#include <net/xdp.h>

int vnet_probe(const struct xdp_frame *frame);
int vnet_probe(const struct xdp_frame *frame)
{
	return frame->mem_type;
}
