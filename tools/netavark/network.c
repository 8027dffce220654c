// SPDX-License-Identifier: GPL-2.0
/* Networks and requests of netavark, in the words of CNI. */
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../cni/conf.h"
#include "../vnet/args.h"
#include "netavark.h"

enum network_type { NETWORK_NUMBER, NETWORK_BOOL };

/* Options of "podman network create -o NAME=VALUE", and what they are in CNI. */
static const struct {
	const char *name;
	const char *cni;
	enum network_type type;
} network_options[] = {
	{ "mtu", "mtu", NETWORK_NUMBER },
	{ "vlan", "vlan", NETWORK_NUMBER },
	{ "isolate", "portIsolation", NETWORK_BOOL },
	{ "no_default_route", NULL, NETWORK_BOOL },
};

static bool network_is_true(const char *word)
{
	return strcmp(word, "true") == 0 || strcmp(word, "1") == 0;
}

static bool network_is_bool(const char *word)
{
	return network_is_true(word) || strcmp(word, "false") == 0 ||
	       strcmp(word, "0") == 0;
}

/* An option goes into the configuration, if there is one to be made. */
static bool network_option(struct cni *cni, const char *name, const char *word,
			   struct json_object *conf)
{
	char *end;
	long val;

	for (size_t i = 0; i < ARRAY_SIZE(network_options); i++) {
		const char *key = network_options[i].cni;

		if (strcmp(name, network_options[i].name) != 0)
			continue;
		if (network_options[i].type == NETWORK_BOOL) {
			if (!network_is_bool(word))
				return cni_fail(cni, CNI_CONFIG,
						"the option \"%s\" is true or false, not \"%s\"",
						name, word);
			if (conf && key)
				json_object_object_add(conf, key,
						       json_object_new_boolean(network_is_true(word)));
			return true;
		}
		val = strtol(word, &end, 10);
		if (!*word || *end)
			return cni_fail(cni, CNI_CONFIG,
					"the option \"%s\" is a number, not \"%s\"",
					name, word);
		if (conf)
			json_object_object_add(conf, key,
					       json_object_new_int64(val));
		return true;
	}
	return cni_fail(cni, CNI_UNSUPPORTED,
			"there is no option \"%s\": mtu, vlan, isolate and no_default_route are known",
			name);
}

static bool network_read_options(struct cni *cni, struct json_object *network,
				 struct json_object *conf)
{
	struct json_object *options = conf_get(network, "options");

	if (!json_object_is_type(options, json_type_object))
		return true;
	json_object_object_foreach(options, name, val) {
		if (!network_option(cni, name, json_object_get_string(val),
				    conf))
			return false;
	}
	return true;
}

static size_t network_count(struct json_object *list)
{
	return json_object_is_type(list, json_type_array) ?
	       json_object_array_length(list) : 0;
}

bool network_check(struct cni *cni, struct json_object *network)
{
	const char *driver = conf_string(network, "ipam_options/driver");
	const char *id = conf_string(network, "id");
	struct json_object *ipam;
	char name[IFNAMSIZ];

	if (!id)
		return cni_fail(cni, CNI_CONFIG, "the network has no id");
	if (!network_read_options(cni, network, NULL))
		return false;
	if (driver && strcmp(driver, "host-local") != 0 &&
	    strcmp(driver, "none") != 0)
		return cni_fail(cni, CNI_UNSUPPORTED,
				"addresses are podman's own (host-local) or none, not those of \"%s\"",
				driver);
	if (!driver || strcmp(driver, "none") != 0) {
		if (!network_count(conf_get(network, "subnets")))
			return cni_fail(cni, CNI_CONFIG,
					"the network needs a subnet: --subnet 10.89.0.0/24");
		ipam = json_object_new_object();
		json_object_object_add(ipam, "driver",
				       json_object_new_string("host-local"));
		json_object_object_add(network, "ipam_options", ipam);
	}
	if (!conf_string(network, "network_interface") ||
	    !*conf_string(network, "network_interface")) {
		snprintf(name, sizeof(name), "vbr-%.8s", id);
		json_object_object_add(network, "network_interface",
				       json_object_new_string(name));
	}
	/* Names are those of netavark's own bridges. */
	json_object_object_add(network, "dns_enabled",
			       json_object_new_boolean(false));
	return true;
}

/* Whether an address is in "ADDRESS/LENGTH", whose length is then in *len. */
static bool network_holds(const char *subnet, const char *address, int *len)
{
	unsigned char net[16], addr[16];
	const char *slash = strchr(subnet, '/');
	int family = strchr(address, ':') ? AF_INET6 : AF_INET;
	char word[INET6_ADDRSTRLEN];

	if (!slash)
		return false;
	snprintf(word, sizeof(word), "%.*s", (int)(slash - subnet), subnet);
	*len = atoi(slash + 1);
	if (*len < 0 || *len > (family == AF_INET ? 32 : 128) ||
	    inet_pton(family, word, net) != 1 ||
	    inet_pton(family, address, addr) != 1)
		return false;
	for (int i = 0; i < *len; i++) {
		if ((net[i / 8] ^ addr[i / 8]) & 0x80 >> i % 8)
			return false;
	}
	return true;
}

/* One of the container's addresses, with the length and gateway of its subnet. */
static struct json_object *network_address(struct json_object *subnets,
					   const char *address)
{
	char word[INET6_ADDRSTRLEN + 8];
	int len;

	for (size_t i = 0; i < network_count(subnets); i++) {
		struct json_object *subnet = json_object_array_get_idx(subnets, i);
		const char *cidr = conf_string(subnet, "subnet");
		const char *gateway = conf_string(subnet, "gateway");
		struct json_object *json;

		if (!cidr || !network_holds(cidr, address, &len))
			continue;
		json = json_object_new_object();
		snprintf(word, sizeof(word), "%s/%d", address, len);
		json_object_object_add(json, "address",
				       json_object_new_string(word));
		if (gateway)
			json_object_object_add(json, "gateway",
					       json_object_new_string(gateway));
		return json;
	}
	return NULL;
}

static bool network_addresses(struct cni *cni, struct json_object *request,
			      struct json_object *given)
{
	struct json_object *list = conf_get(request, "network_options/static_ips");
	struct json_object *subnets = conf_get(request, "network/subnets");
	struct json_object *ips = json_object_new_array();

	json_object_object_add(given, "ips", ips);
	for (size_t i = 0; i < network_count(list); i++) {
		const char *word = json_object_get_string(json_object_array_get_idx(list, i));
		struct json_object *ip;

		ip = word ? network_address(subnets, word) : NULL;
		if (!ip)
			return cni_fail(cni, CNI_CONFIG,
					"the address %s is in no subnet of the network",
					word ? word : "null");
		json_object_array_add(ips, ip);
	}
	return true;
}

static void network_copy(struct json_object *to, const char *as,
			 struct json_object *from, const char *name)
{
	struct json_object *val = conf_get(from, name);

	if (val)
		json_object_object_add(to, as, json_object_get(val));
}

static void network_routes(struct json_object *network,
			   struct json_object *given)
{
	struct json_object *list = conf_get(network, "routes");
	struct json_object *routes = json_object_new_array();

	for (size_t i = 0; i < network_count(list); i++) {
		struct json_object *route = json_object_array_get_idx(list, i);
		struct json_object *json = json_object_new_object();

		network_copy(json, "dst", route, "destination");
		network_copy(json, "gw", route, "gateway");
		network_copy(json, "priority", route, "metric");
		json_object_array_add(routes, json);
	}
	json_object_object_add(given, "routes", routes);
}

static bool network_has_default(struct json_object *network)
{
	const char *no = conf_string(network, "options/no_default_route");

	return !json_object_get_boolean(conf_get(network, "internal")) &&
	       !(no && network_is_true(no));
}

/* The configuration that CNI's side reads. */
static bool network_conf(struct cni *cni, struct json_object *request,
			 struct json_object *network)
{
	struct json_object *conf = json_object_new_object();
	bool internal = json_object_get_boolean(conf_get(network, "internal"));
	bool any = network_count(conf_get(request, "network_options/static_ips"));

	json_object_put(cni->json);
	cni->json = conf;
	cni->version = CNI_VERSION_NEWEST;
	network_copy(conf, "name", network, "name");
	network_copy(conf, "bridge", network, "network_interface");
	network_copy(conf, "mac", request, "network_options/static_mac");
	json_object_object_add(conf, "isGateway",
			       json_object_new_boolean(any && !internal));
	json_object_object_add(conf, "isDefaultGateway",
			       json_object_new_boolean(any && network_has_default(network)));
	cni->network = conf_string(conf, "name");
	if (!cni->network)
		return cni_fail(cni, CNI_CONFIG, "the network has no name");
	return network_read_options(cni, network, conf);
}

bool network_call(struct cni *cni, struct json_object *request,
		  const char *netns)
{
	const char *id = conf_string(request, "container_id");
	const char *ifname = conf_string(request, "network_options/interface_name");
	struct json_object *network = conf_get(request, "network");

	if (!id || !ifname || !network)
		return cni_fail(cni, CNI_CONFIG,
				"what came on stdin has no container_id, network or network_options/interface_name");
	setenv("CNI_CONTAINERID", id, 1);
	setenv("CNI_IFNAME", ifname, 1);
	setenv("CNI_NETNS", netns, 1);
	unsetenv("CNI_ARGS");
	if (!network_conf(cni, request, network))
		return false;
	cni->given = json_object_new_object();
	network_routes(network, cni->given);
	return network_addresses(cni, request, cni->given);
}

struct json_object *network_status(struct cni *cni,
				   struct json_object *request)
{
	struct json_object *ips = conf_get(cni->result, "ips");
	struct json_object *list = conf_get(cni->result, "interfaces");
	struct json_object *servers = conf_get(request, "network/network_dns_servers");
	struct json_object *status = json_object_new_object();
	struct json_object *interfaces = json_object_new_object();
	struct json_object *interface = json_object_new_object();
	struct json_object *subnets = json_object_new_array();

	for (size_t i = 0; i < network_count(ips); i++) {
		struct json_object *ip = json_object_array_get_idx(ips, i);
		struct json_object *subnet = json_object_new_object();

		network_copy(subnet, "ipnet", ip, "address");
		network_copy(subnet, "gateway", ip, "gateway");
		json_object_array_add(subnets, subnet);
	}
	/* The last interface of the result is the container's. */
	network_copy(interface, "mac_address",
		     json_object_array_get_idx(list, network_count(list) - 1),
		     "mac");
	json_object_object_add(interface, "subnets", subnets);
	json_object_object_add(interfaces, cni->ifname, interface);
	json_object_object_add(status, "dns_search_domains",
			       json_object_new_array());
	json_object_object_add(status, "dns_server_ips",
			       network_count(servers) ? json_object_get(servers) :
							json_object_new_array());
	json_object_object_add(status, "interfaces", interfaces);
	return status;
}
