// SPDX-License-Identifier: GPL-2.0
/* How a call fails: the first failure, as JSON for the runtime. */
#include <stdarg.h>
#include <stdio.h>

#include "../vnet/args.h"
#include "cni.h"

/* What the netlink functions shared with the tool have to say beside it. */
void complain(const char *fmt, ...)
{
	va_list ap;

	fputs("vnet-cni: ", stderr);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
}

bool cni_fail(struct cni *cni, enum cni_code code, const char *fmt, ...)
{
	va_list ap;

	if (cni->code != CNI_OK)
		return false;
	cni->code = code;
	va_start(ap, fmt);
	vsnprintf(cni->msg, sizeof(cni->msg), fmt, ap);
	va_end(ap);
	return false;
}

void cni_print_error(const struct cni *cni)
{
	struct json_object *error = json_object_new_object();

	json_object_object_add(error, "cniVersion",
			       json_object_new_string(cni->version));
	json_object_object_add(error, "code", json_object_new_int(cni->code));
	json_object_object_add(error, "msg", json_object_new_string(cni->msg));
	if (cni->details[0])
		json_object_object_add(error, "details",
				       json_object_new_string(cni->details));
	puts(json_object_to_json_string_ext(error, CNI_JSON_STYLE));
	json_object_put(error);
}
