// SPDX-License-Identifier: GPL-2.0
/* The commands: ADD, DEL, CHECK, GC and STATUS. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "host.h"
#include "inside.h"
#include "ipam.h"
#include "shape.h"

/* Number of the container's interface in a result. */
#define ATTACH_INTERFACE	2

static struct json_object *attach_interface(const struct host_link *link,
					    const char *sandbox)
{
	struct json_object *json = json_object_new_object();
	char mac[32];

	snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x",
		 link->mac[0], link->mac[1], link->mac[2], link->mac[3],
		 link->mac[4], link->mac[5]);
	json_object_object_add(json, "name", json_object_new_string(link->name));
	json_object_object_add(json, "mac", json_object_new_string(mac));
	if (sandbox) {
		json_object_object_add(json, "mtu",
				       json_object_new_int(link->mtu));
		json_object_object_add(json, "sandbox",
				       json_object_new_string(sandbox));
	}
	return json;
}

/* What the configuration says of names, else what the plugin for addresses. */
static void attach_dns(struct json_object *result, struct cni *cni,
		       struct json_object *ipam)
{
	struct json_object *dns = conf_get(cni->json, "dns");

	if (!dns)
		dns = conf_get(ipam, "dns");
	json_object_object_add(result, "dns", dns ? json_object_get(dns) :
						    json_object_new_object());
}

static void attach_result(struct cni *cni, const struct host_link *bridge,
			  const struct host_link *outer,
			  const struct inside *inside, const struct ips *ips,
			  struct json_object *ipam)
{
	struct json_object *result = json_object_new_object();
	struct json_object *list = json_object_new_array();
	struct json_object *inner = attach_interface(&inside->link, cni->netns);

	/* What a version does not know is left out of its results. */
	if (strcmp(cni->version, CNI_VERSION_NEWEST) != 0)
		json_object_object_del(inner, "mtu");
	json_object_array_add(list, attach_interface(bridge, NULL));
	json_object_array_add(list, attach_interface(outer, NULL));
	json_object_array_add(list, inner);
	json_object_object_add(result, "cniVersion",
			       json_object_new_string(cni->version));
	json_object_object_add(result, "interfaces", list);
	ips_put(ips, cni, result, ATTACH_INTERFACE);
	attach_dns(result, cni, ipam);
	cni->result = result;
}

/* What the plugin for addresses printed has to have one. */
static bool attach_given(struct cni *cni, struct json_object *given)
{
	struct json_object *ips = conf_get(given, "ips");

	if (!cni->conf.ipam)
		return true;
	if (!json_object_is_type(given, json_type_object))
		return cni_fail(cni, CNI_DECODE,
				"the plugin \"%s\" for addresses does not answer in JSON",
				cni->conf.ipam);
	return (json_object_is_type(ips, json_type_array) &&
		json_object_array_length(ips)) ||
	       cni_fail(cni, CNI_CONFIG,
			"the plugin \"%s\" for addresses gives none",
			cni->conf.ipam);
}

/* Everything that needs the pair; on failure the pair and the addresses go. */
static bool attach_container(struct cni *cni, struct vnl *nl,
			     struct host_link *bridge,
			     const struct host_link *outer,
			     struct inside *inside)
{
	struct json_object *given = json_object_get(cni->given);
	struct ips ips = { 0 };
	bool ok;

	ok = !cni->conf.ipam ||
	     ipam_run(cni, "ADD", cni->container, cni->ifname, &given);
	if (!ok)
		return false;
	ok = attach_given(cni, given) &&
	     ips_read(&ips, cni, given, -1) && ips_gateways(&ips, cni) &&
	     inside_look(inside, cni) &&
	     shape_set(cni, nl, outer, &cni->conf.ingress) &&
	     shape_set(cni, &inside->nl, &inside->link, &cni->conf.egress) &&
	     inside_up(inside, cni) &&
	     host_gateway(cni, nl, bridge, &ips);
	if (ok) {
		host_wait(cni, nl, outer);
		ok = inside_set(inside, cni, &ips) &&
		     /* It may have got another address with the port. */
		     host_link(cni, nl, cni->conf.bridge, bridge);
	}
	if (ok)
		attach_result(cni, bridge, outer, inside, &ips, given);
	else if (cni->conf.ipam)
		ipam_run(cni, "DEL", cni->container, cni->ifname, NULL);
	ips_free(&ips);
	json_object_put(given);
	return ok;
}

static bool attach_pair(struct cni *cni, struct vnl *nl, struct inside *inside)
{
	struct host_link bridge, outer;

	if (!host_bridge(cni, nl, &bridge) ||
	    !host_pair_add(cni, nl, &bridge, inside->netns, &outer))
		return false;
	if (attach_container(cni, nl, &bridge, &outer, inside))
		return true;
	host_link_del(cni, nl, outer.ifindex);
	return false;
}

static bool attach_open(struct cni *cni, struct vnl *nl)
{
	return vnl_open(nl) ||
	       cni_fail(cni, CNI_IO, "cannot open a netlink socket");
}

bool cni_add(struct cni *cni)
{
	struct inside inside;
	struct vnl nl;
	bool ok;

	if (!conf_env(cni, true) || !conf_options(cni) ||
	    !inside_open(&inside, cni))
		return false;
	ok = attach_open(cni, &nl);
	if (ok) {
		ok = attach_pair(cni, &nl, &inside);
		vnl_close(&nl);
	}
	inside_close(&inside);
	return ok;
}

/* What is gone already is no failure, and one failure does not keep the rest. */
static bool attach_remove(struct cni *cni, struct vnl *nl)
{
	struct host_link outer;
	bool ok = true;

	if (cni->conf.ipam)
		ok = ipam_run(cni, "DEL", cni->container, cni->ifname, NULL);
	if (!host_pair_find(cni, nl, &outer))
		return false;
	return (!outer.ifindex || host_link_del(cni, nl, outer.ifindex)) && ok;
}

bool cni_del(struct cni *cni)
{
	struct vnl nl;
	bool ok;

	if (!conf_env(cni, false) || !conf_options(cni) ||
	    !attach_open(cni, &nl))
		return false;
	ok = attach_remove(cni, &nl);
	vnl_close(&nl);
	return ok;
}

/* The container's interface in the result of ADD: its number, or -1. */
static int attach_number(struct cni *cni, struct json_object *list)
{
	size_t count = json_object_is_type(list, json_type_array) ?
		       json_object_array_length(list) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *json = json_object_array_get_idx(list, i);
		const char *name = conf_string(json, "name");
		const char *sandbox = conf_string(json, "sandbox");

		if (name && sandbox && *sandbox &&
		    strcmp(name, cni->ifname) == 0)
			return i;
	}
	cni_fail(cni, CNI_CONFIG, "prevResult has no interface %s",
		 cni->ifname);
	return -1;
}

static bool attach_check_mac(struct cni *cni, const struct host_link *link,
			     const char *want)
{
	struct json_object *json = attach_interface(link, NULL);
	const char *mac = conf_string(json, "mac");
	bool ok = !want || strcasecmp(mac, want) == 0;

	if (!ok)
		cni_fail(cni, CNI_DIFFERS,
			 "the container's %s has the MAC address %s, not %s",
			 link->name, mac, want);
	json_object_put(json);
	return ok;
}

static bool attach_check_outer(struct cni *cni, struct vnl *nl)
{
	struct host_link bridge, outer;

	if (!host_link(cni, nl, cni->conf.bridge, &bridge) ||
	    !host_pair_find(cni, nl, &outer))
		return false;
	if (!bridge.ifindex)
		return cni_fail(cni, CNI_DIFFERS, "there is no bridge %s",
				cni->conf.bridge);
	if (!outer.ifindex)
		return cni_fail(cni, CNI_DIFFERS,
				"the container's pair has gone");
	if (outer.master != bridge.ifindex)
		return cni_fail(cni, CNI_DIFFERS, "%s is no port of %s",
				outer.name, bridge.name);
	return shape_check(cni, nl, &outer, &cni->conf.ingress);
}

static bool attach_check(struct cni *cni, struct vnl *nl,
			 struct inside *inside, struct json_object *prev)
{
	struct json_object *list = conf_get(prev, "interfaces");
	int number = attach_number(cni, list);
	struct ips ips = { 0 };
	bool ok;

	if (number < 0 || !attach_check_outer(cni, nl) ||
	    !inside_look(inside, cni) ||
	    !shape_check(cni, &inside->nl, &inside->link,
			 &cni->conf.egress) ||
	    !attach_check_mac(cni, &inside->link,
			      conf_string(json_object_array_get_idx(list, number),
					  "mac")))
		return false;
	ok = ips_read(&ips, cni, prev, number) &&
	     inside_check(inside, cni, &ips);
	ips_free(&ips);
	return ok && (!cni->conf.ipam ||
		      ipam_run(cni, "CHECK", cni->container, cni->ifname,
			       NULL));
}

bool cni_check(struct cni *cni)
{
	struct json_object *prev = conf_get(cni->json, "prevResult");
	struct inside inside;
	struct vnl nl;
	bool ok;

	if (!conf_env(cni, true) || !conf_options(cni))
		return false;
	if (!prev)
		return cni_fail(cni, CNI_CONFIG,
				"CHECK needs what ADD returned, as prevResult");
	if (!inside_open(&inside, cni))
		return false;
	ok = attach_open(cni, &nl);
	if (ok) {
		ok = attach_check(cni, &nl, &inside, prev);
		vnl_close(&nl);
	}
	inside_close(&inside);
	return ok;
}

/* GC and STATUS came with 1.1. */
static bool attach_is_new(struct cni *cni)
{
	return strcmp(cni->version, CNI_VERSION_NEWEST) == 0 ||
	       cni_fail(cni, CNI_VERSION, "%s is not known in version %s",
			cni->command, cni->version);
}

/* @list: NULL for an empty one */
static bool attach_is_valid(struct json_object *list,
			    const struct host_end *end)
{
	size_t count = list ? json_object_array_length(list) : 0;

	for (size_t i = 0; i < count; i++) {
		struct json_object *json = json_object_array_get_idx(list, i);
		const char *id = conf_string(json, "containerID");
		const char *ifname = conf_string(json, "ifname");

		if (id && ifname && strcmp(id, end->container) == 0 &&
		    strcmp(ifname, end->ifname) == 0)
			return true;
	}
	return false;
}

/* Plugins for addresses before 1.1 know no GC: theirs go one by one. */
static bool attach_collect(struct cni *cni, struct vnl *nl,
			   struct json_object *valid)
{
	struct host_end *ends;
	bool ok = true;
	size_t count;

	if (!host_ends(cni, nl, &ends, &count)) {
		free(ends);
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		if (attach_is_valid(valid, &ends[i]))
			continue;
		cni->container = ends[i].container;
		cni->ifname = ends[i].ifname;
		ok = attach_remove(cni, nl) && ok;
	}
	cni->container = "";
	cni->ifname = "";
	free(ends);
	return (!cni->conf.ipam || ipam_tell(cni, "GC")) && ok;
}

bool cni_gc(struct cni *cni)
{
	struct json_object *valid;
	struct vnl nl;
	bool ok;

	if (!attach_is_new(cni) || !conf_options(cni))
		return false;
	if (!json_object_object_get_ex(cni->json, "cni.dev/valid-attachments",
				       &valid) ||
	    /* libcni writes an empty list so. */
	    (valid && !json_object_is_type(valid, json_type_array)))
		return cni_fail(cni, CNI_CONFIG,
				"GC needs a list of what is attached, as \"cni.dev/valid-attachments\"");
	if (!attach_open(cni, &nl))
		return false;
	ok = attach_collect(cni, &nl, valid);
	vnl_close(&nl);
	return ok;
}

/* An existing device of the bridge's name has to be one. */
static bool attach_ready(struct cni *cni, struct vnl *nl)
{
	struct host_link bridge;

	if (!host_kinds(cni, nl) ||
	    !host_link(cni, nl, cni->conf.bridge, &bridge))
		return false;
	if (bridge.ifindex && strcmp(bridge.kind, "vbridge") != 0)
		return cni_fail(cni, CNI_NOT_AVAILABLE,
				"\"%s\" is there and no vbridge",
				cni->conf.bridge);
	return !cni->conf.ipam || ipam_tell(cni, "STATUS");
}

bool cni_status(struct cni *cni)
{
	struct vnl nl;
	bool ok;

	if (!attach_is_new(cni) || !conf_options(cni) ||
	    !attach_open(cni, &nl))
		return false;
	ok = attach_ready(cni, &nl);
	vnl_close(&nl);
	return ok;
}
