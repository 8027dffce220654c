// SPDX-License-Identifier: GPL-2.0
/*
 * The memory of crossings.
 */
#include <linux/slab.h>
#include "crossing.h"

DEFINE_PER_CPU(struct vbr_crossings *, vbr_crossings);

/**
 * vbr_crossings_exit() - free the memory of crossings
 *
 * Context: process context, when there is no bridge.
 */
void vbr_crossings_exit(void)
{
	int cpu;

	for_each_possible_cpu(cpu) {
		kvfree(per_cpu(vbr_crossings, cpu));
		per_cpu(vbr_crossings, cpu) = NULL;
	}
}

/**
 * vbr_crossings_init() - make the memory of crossings
 *
 * Context: process context, before there is a bridge.
 * Return: 0 or -ENOMEM.
 */
int vbr_crossings_init(void)
{
	struct vbr_crossings *crossings;
	int cpu;

	for_each_possible_cpu(cpu) {
		crossings = kvzalloc_node(sizeof(*crossings), GFP_KERNEL,
					  cpu_to_node(cpu));
		if (!crossings) {
			vbr_crossings_exit();
			return -ENOMEM;
		}
		per_cpu(vbr_crossings, cpu) = crossings;
	}
	return 0;
}
