// SPDX-License-Identifier: GPL-2.0
/* The addresses and routes of a container, in JSON and as libnl has them. */
#include <arpa/inet.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#include "conf.h"
#include "ips.h"

/* @len: the address is a host's, without a length of its own. */
static struct nl_addr *ips_parse(struct cni *cni, const char *text,
				 const char *what)
{
	struct nl_addr *addr;

	if (text && nl_addr_parse(text, AF_UNSPEC, &addr) == 0) {
		int family = nl_addr_get_family(addr);

		if (family == AF_INET || family == AF_INET6)
			return addr;
		nl_addr_put(addr);
	}
	cni_fail(cni, CNI_CONFIG, "%s: the %s \"%s\" is no address",
		 cni->conf.ipam ? cni->conf.ipam : "prevResult", what,
		 text ? text : "");
	return NULL;
}

/* An address that may be missing. Return: false after a complaint. */
static bool ips_parse_gw(struct cni *cni, struct json_object *json,
			 const char *name, struct nl_addr **gw)
{
	const char *text = conf_string(json, name);

	*gw = NULL;
	if (!text || !*text)
		return true;
	*gw = ips_parse(cni, text, "gateway");
	return *gw;
}

static bool ips_room(struct cni *cni, size_t count)
{
	return count < IPS_MAX ||
	       cni_fail(cni, CNI_CONFIG,
			"more than %d addresses or routes for one interface",
			IPS_MAX);
}

static bool ips_read_addr(struct ips *ips, struct cni *cni,
			  struct json_object *json, int ifindex)
{
	struct json_object *of = conf_get(json, "interface");
	struct ips_addr *addr = &ips->addr[ips->addrs];

	if (ifindex >= 0 && of && json_object_get_int(of) != ifindex)
		return true;
	if (!ips_room(cni, ips->addrs))
		return false;
	addr->addr = ips_parse(cni, conf_string(json, "address"), "address");
	if (!addr->addr)
		return false;
	ips->addrs++;
	return ips_parse_gw(cni, json, "gateway", &addr->gw);
}

static uint32_t ips_number(struct json_object *json, const char *name)
{
	int64_t n = json_object_get_int64(conf_get(json, name));

	return n > 0 && n <= UINT32_MAX ? n : 0;
}

/* The first known gateway of a family. */
static struct nl_addr *ips_gw(const struct ips *ips, int family)
{
	for (size_t i = 0; i < ips->addrs; i++) {
		if (ips->addr[i].gw &&
		    nl_addr_get_family(ips->addr[i].addr) == family)
			return ips->addr[i].gw;
	}
	return NULL;
}

static bool ips_read_route(struct ips *ips, struct cni *cni,
			   struct json_object *json)
{
	struct ips_route *route = &ips->route[ips->routes];
	struct json_object *scope = conf_get(json, "scope");

	if (!ips_room(cni, ips->routes))
		return false;
	route->dst = ips_parse(cni, conf_string(json, "dst"), "route to");
	if (!route->dst)
		return false;
	ips->routes++;
	if (!ips_parse_gw(cni, json, "gw", &route->gw))
		return false;
	route->mtu = ips_number(json, "mtu");
	route->advmss = ips_number(json, "advmss");
	route->priority = ips_number(json, "priority");
	route->table = ips_number(json, "table");
	route->scope = scope ? json_object_get_int(scope) : -1;
	return true;
}

static size_t ips_length(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ?
	       json_object_array_length(list) : 0;
}

bool ips_read(struct ips *ips, struct cni *cni, struct json_object *result,
	      int ifindex)
{
	struct json_object *list = conf_get(result, "ips");

	for (size_t i = 0; i < ips_length(list); i++) {
		if (!ips_read_addr(ips, cni, json_object_array_get_idx(list, i),
				   ifindex))
			return false;
	}
	list = conf_get(result, "routes");
	for (size_t i = 0; i < ips_length(list); i++) {
		if (!ips_read_route(ips, cni,
				    json_object_array_get_idx(list, i)))
			return false;
	}
	return true;
}

static void ips_put_addr(struct nl_addr *addr)
{
	if (addr)
		nl_addr_put(addr);
}

void ips_free(struct ips *ips)
{
	for (size_t i = 0; i < ips->addrs; i++) {
		ips_put_addr(ips->addr[i].addr);
		ips_put_addr(ips->addr[i].gw);
	}
	for (size_t i = 0; i < ips->routes; i++) {
		ips_put_addr(ips->route[i].dst);
		ips_put_addr(ips->route[i].gw);
	}
}

/* The first address of an address's network. */
static struct nl_addr *ips_first(const struct nl_addr *addr)
{
	struct nl_addr *first = nl_addr_clone(addr);
	unsigned int len = nl_addr_get_len(addr);
	unsigned int prefix = nl_addr_get_prefixlen(addr);
	uint8_t *b;

	if (!first)
		return NULL;
	b = nl_addr_get_binary_addr(first);
	for (unsigned int bit = prefix; bit < 8 * len; bit++)
		b[bit / 8] &= ~(0x80 >> bit % 8);
	b[len - 1] |= 1;
	nl_addr_set_prefixlen(first, 8 * len);
	return first;
}

static bool ips_has_default(const struct ips *ips, int family)
{
	for (size_t i = 0; i < ips->routes; i++) {
		if (nl_addr_get_family(ips->route[i].dst) == family &&
		    nl_addr_get_prefixlen(ips->route[i].dst) == 0)
			return true;
	}
	return false;
}

static bool ips_add_default(struct ips *ips, struct cni *cni, int family)
{
	struct ips_route *route = &ips->route[ips->routes];

	if (!ips_room(cni, ips->routes))
		return false;
	route->dst = ips_parse(cni, family == AF_INET ? "0.0.0.0/0" : "::/0",
			       "route to");
	if (!route->dst)
		return false;
	route->scope = -1;
	ips->routes++;
	return true;
}

bool ips_gateways(struct ips *ips, struct cni *cni)
{
	for (size_t i = 0; i < ips->addrs && cni->conf.gateway; i++) {
		struct ips_addr *addr = &ips->addr[i];
		int family = nl_addr_get_family(addr->addr);

		if (!addr->gw)
			addr->gw = ips_first(addr->addr);
		if (cni->conf.default_gateway &&
		    !ips_has_default(ips, family) &&
		    !ips_add_default(ips, cni, family))
			return false;
	}
	for (size_t i = 0; i < ips->routes; i++) {
		struct ips_route *route = &ips->route[i];
		struct nl_addr *gw;

		gw = ips_gw(ips, nl_addr_get_family(route->dst));
		if (!route->gw && gw && route->scope != RT_SCOPE_LINK)
			route->gw = nl_addr_get(gw);
	}
	return true;
}

/* "address/prefix", the prefix also where it is that of one host. */
static struct json_object *ips_text(const struct nl_addr *addr, bool prefix)
{
	char text[INET6_ADDRSTRLEN + 4];
	size_t len;

	inet_ntop(nl_addr_get_family(addr), nl_addr_get_binary_addr(addr), text,
		  INET6_ADDRSTRLEN);
	len = strlen(text);
	if (prefix)
		snprintf(text + len, sizeof(text) - len, "/%u",
			 nl_addr_get_prefixlen(addr));
	return json_object_new_string(text);
}

static void ips_put_number(struct json_object *json, const char *name,
			   uint32_t val)
{
	if (val)
		json_object_object_add(json, name, json_object_new_int64(val));
}

static struct json_object *ips_route_json(const struct ips_route *route)
{
	struct json_object *json = json_object_new_object();

	json_object_object_add(json, "dst", ips_text(route->dst, true));
	if (route->gw)
		json_object_object_add(json, "gw", ips_text(route->gw, false));
	ips_put_number(json, "mtu", route->mtu);
	ips_put_number(json, "advmss", route->advmss);
	ips_put_number(json, "priority", route->priority);
	ips_put_number(json, "table", route->table);
	if (route->scope >= 0)
		json_object_object_add(json, "scope",
				       json_object_new_int(route->scope));
	return json;
}

void ips_put(const struct ips *ips, const struct cni *cni,
	     struct json_object *result, int interface)
{
	struct json_object *addrs = json_object_new_array();
	struct json_object *routes = json_object_new_array();

	for (size_t i = 0; i < ips->addrs; i++) {
		const struct ips_addr *addr = &ips->addr[i];
		bool ipv4 = nl_addr_get_family(addr->addr) == AF_INET;
		struct json_object *json = json_object_new_object();

		if (conf_is_old(cni))
			json_object_object_add(json, "version",
					       json_object_new_string(ipv4 ? "4" : "6"));
		json_object_object_add(json, "address",
				       ips_text(addr->addr, true));
		if (addr->gw)
			json_object_object_add(json, "gateway",
					       ips_text(addr->gw, false));
		json_object_object_add(json, "interface",
				       json_object_new_int(interface));
		json_object_array_add(addrs, json);
	}
	for (size_t i = 0; i < ips->routes; i++)
		json_object_array_add(routes, ips_route_json(&ips->route[i]));
	json_object_object_add(result, "ips", addrs);
	json_object_object_add(result, "routes", routes);
}
