// SPDX-License-Identifier: GPL-2.0
/* How a call begins and ends. */
#include <signal.h>

#include "conf.h"

void cni_begin(struct cni *cni)
{
	*cni = (struct cni){
		.container = "",
		.netns = "",
		.ifname = "",
		.version = CNI_VERSION_NEWEST,
	};
	/* A caller that ignores its children is no reason to. */
	signal(SIGCHLD, SIG_DFL);
}

void cni_end(struct cni *cni)
{
	json_object_put(cni->result);
	json_object_put(cni->given);
	json_object_put(cni->json);
}
