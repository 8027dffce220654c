// SPDX-License-Identifier: GPL-2.0
/* What the runtime gives: the environment and the network configuration. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../vnet/args.h"
#include "conf.h"

#define CONF_MAX_BYTES	(1024 * 1024)
#define CONF_BRIDGE	"cni-vbr0"
#define CONF_MTU_MIN	68
#define CONF_MTU_MAX	65535
#define CONF_VLAN_MAX	4094
/* Bytes a second: what bits of it fit into the integers of JSON. */
#define CONF_RATE_MAX	(INT64_MAX / 8)

static const char *const conf_versions[] = {
	CNI_VERSION_OLD, CNI_VERSION_1_0, CNI_VERSION_NEWEST,
};

/* Options of the reference plugin for bridges that must not be lost silently. */
static const struct {
	const char *name;
	const char *instead;
} conf_unsupported[] = {
	{ "ipMasq", "masquerade with nft: see Documentation/containers.md" },
	{ "promiscMode", "\"hairpinMode\" lets a container reach itself" },
	{ "macspoofchk", "lock the port: bridge link set dev DEV locked on" },
	{ "vlanTrunk", "add the VLANs to the port: bridge vlan add dev DEV" },
	{ "enabledad", "addresses are used at once" },
	{ "forceAddress", "remove the other address with ip addr del" },
	{ "disableContainerInterface", "the interface is always set up" },
};

struct json_object *conf_get(struct json_object *json, const char *path)
{
	const char *slash = strchr(path, '/');
	char name[64];

	if (!json_object_is_type(json, json_type_object))
		return NULL;
	snprintf(name, sizeof(name), "%.*s",
		 slash ? (int)(slash - path) : (int)strlen(path), path);
	if (!json_object_object_get_ex(json, name, &json))
		return NULL;
	return slash ? conf_get(json, slash + 1) : json;
}

const char *conf_string(struct json_object *json, const char *path)
{
	json = conf_get(json, path);
	return json_object_is_type(json, json_type_string) ?
	       json_object_get_string(json) : NULL;
}

bool conf_is_old(const struct cni *cni)
{
	return strcmp(cni->version, CNI_VERSION_OLD) == 0;
}

void conf_print_versions(void)
{
	struct json_object *list = json_object_new_array();
	struct json_object *answer = json_object_new_object();

	for (size_t i = 0; i < ARRAY_SIZE(conf_versions); i++)
		json_object_array_add(list,
				      json_object_new_string(conf_versions[i]));
	json_object_object_add(answer, "cniVersion",
			       json_object_new_string(CNI_VERSION_NEWEST));
	json_object_object_add(answer, "supportedVersions", list);
	puts(json_object_to_json_string_ext(answer, CNI_JSON_STYLE));
	json_object_put(answer);
}

static bool conf_parse(struct cni *cni, const char *text, size_t len)
{
	struct json_tokener *tok = json_tokener_new();
	enum json_tokener_error err;

	json_tokener_set_flags(tok, JSON_TOKENER_STRICT);
	/* With the final NUL, so that a text cut short is known for one. */
	cni->json = json_tokener_parse_ex(tok, text, len + 1);
	err = json_tokener_get_error(tok);
	json_tokener_free(tok);
	if (err != json_tokener_success)
		return cni_fail(cni, CNI_DECODE,
				"the network configuration is no JSON: %s",
				json_tokener_error_desc(err));
	if (!json_object_is_type(cni->json, json_type_object))
		return cni_fail(cni, CNI_DECODE,
				"the network configuration is no JSON object");
	return true;
}

bool conf_read_json(struct cni *cni)
{
	char *text = calloc(1, CONF_MAX_BYTES + 1);
	size_t len = 0;
	ssize_t got = 1;
	bool ok = false;

	if (!text)
		return cni_fail(cni, CNI_IO, "no memory");
	while (got > 0 && len < CONF_MAX_BYTES) {
		got = read(STDIN_FILENO, text + len, CONF_MAX_BYTES - len);
		len += got > 0 ? got : 0;
	}
	if (got < 0)
		cni_fail(cni, CNI_IO, "cannot read the network configuration");
	else if (len == CONF_MAX_BYTES)
		cni_fail(cni, CNI_DECODE,
			 "the network configuration is larger than a megabyte");
	else
		ok = conf_parse(cni, text, len);
	free(text);
	return ok;
}

static bool conf_read_version(struct cni *cni)
{
	const char *want = conf_string(cni->json, "cniVersion");

	for (size_t i = 0; want && i < ARRAY_SIZE(conf_versions); i++) {
		if (strcmp(want, conf_versions[i]) == 0) {
			cni->version = conf_versions[i];
			return true;
		}
	}
	return cni_fail(cni, CNI_VERSION,
			"cniVersion \"%s\" is not spoken here: use 0.4.0, 1.0.0 or 1.1.0",
			want ? want : "");
}

/* What a network, and a container, may be called. */
static bool conf_is_name(const char *name)
{
	if (!isalnum((unsigned char)*name))
		return false;
	while (isalnum((unsigned char)*name) || (*name && strchr("_.-", *name)))
		name++;
	return !*name;
}

bool conf_read(struct cni *cni)
{
	if (!conf_read_json(cni) || !conf_read_version(cni))
		return false;
	cni->network = conf_string(cni->json, "name");
	if (!cni->network || !conf_is_name(cni->network))
		return cni_fail(cni, CNI_CONFIG,
				"the network needs a name of letters, digits, \"_\", \".\" and \"-\"");
	return true;
}

/* As the kernel has it, without complaint. */
static bool conf_is_devname(const char *name)
{
	size_t len = strlen(name);

	if (!len || len >= IFNAMSIZ || strcmp(name, ".") == 0 ||
	    strcmp(name, "..") == 0)
		return false;
	for (; *name; name++) {
		if (isspace((unsigned char)*name) || strchr("/:", *name))
			return false;
	}
	return true;
}

static bool conf_env_one(struct cni *cni, const char *name, const char **val)
{
	*val = getenv(name);
	if (*val && **val)
		return true;
	*val = "";
	return cni_fail(cni, CNI_ENV, "%s is not set", name);
}

bool conf_env(struct cni *cni, bool netns)
{
	const char *val;

	if (!conf_env_one(cni, "CNI_CONTAINERID", &cni->container) ||
	    !conf_env_one(cni, "CNI_IFNAME", &cni->ifname))
		return false;
	val = getenv("CNI_NETNS");
	cni->netns = val ? val : "";
	if (netns && !conf_env_one(cni, "CNI_NETNS", &cni->netns))
		return false;
	if (!conf_is_name(cni->container))
		return cni_fail(cni, CNI_ENV,
				"CNI_CONTAINERID \"%s\" is no name of letters, digits, \"_\", \".\" and \"-\"",
				cni->container);
	if (!conf_is_devname(cni->ifname))
		return cni_fail(cni, CNI_ENV,
				"CNI_IFNAME \"%s\" is no name of a device",
				cni->ifname);
	return true;
}

static bool conf_bool(struct cni *cni, const char *name, bool *val)
{
	struct json_object *json = conf_get(cni->json, name);

	*val = false;
	if (!json)
		return true;
	if (!json_object_is_type(json, json_type_boolean))
		return cni_fail(cni, CNI_CONFIG, "\"%s\" is true or false",
				name);
	*val = json_object_get_boolean(json);
	return true;
}

/* A number, or 0 as if it were not there. */
static bool conf_number(struct cni *cni, const char *name, int64_t min,
			int64_t max, uint32_t *val)
{
	struct json_object *json = conf_get(cni->json, name);
	int64_t n;

	*val = 0;
	if (!json)
		return true;
	n = json_object_get_int64(json);
	if (!json_object_is_type(json, json_type_int) ||
	    (n && (n < min || n > max)))
		return cni_fail(cni, CNI_CONFIG,
				"\"%s\" is a number from %lld to %lld", name,
				(long long)min, (long long)max);
	*val = n;
	return true;
}

static bool conf_bridge(struct cni *cni)
{
	struct json_object *json = conf_get(cni->json, "bridge");

	cni->conf.bridge = CONF_BRIDGE;
	if (!json)
		return true;
	cni->conf.bridge = conf_string(cni->json, "bridge");
	if (!cni->conf.bridge || !conf_is_devname(cni->conf.bridge))
		return cni_fail(cni, CNI_CONFIG,
				"\"bridge\" is the name of a device: 1 to %d characters, no blank, slash or colon",
				IFNAMSIZ - 1);
	return true;
}

static bool conf_ipam(struct cni *cni)
{
	struct json_object *json = conf_get(cni->json, "ipam");

	if (!json)
		return true;
	if (!json_object_is_type(json, json_type_object))
		return cni_fail(cni, CNI_CONFIG, "\"ipam\" is an object");
	/* An empty one asks for no addresses. */
	if (!json_object_object_length(json))
		return true;
	cni->conf.ipam = conf_string(json, "type");
	if (!cni->conf.ipam || !conf_is_name(cni->conf.ipam))
		return cni_fail(cni, CNI_CONFIG,
				"\"ipam\" needs as its \"type\" the name of a plugin");
	return true;
}

/* The value of a key in CNI_ARGS, "KEY=VALUE;...". */
static bool conf_arg(const char *key, char *val, size_t size)
{
	const char *args = getenv("CNI_ARGS");
	size_t len = strlen(key);

	while (args && *args) {
		size_t n = strcspn(args, ";");

		if (n > len && strncmp(args, key, len) == 0 &&
		    args[len] == '=') {
			snprintf(val, size, "%.*s", (int)(n - len - 1),
				 args + len + 1);
			return true;
		}
		args += n + (args[n] == ';');
	}
	return false;
}

/* The MAC address of the one who has most to say about it. */
static bool conf_mac(struct cni *cni)
{
	static const char *const paths[] = {
		"runtimeConfig/mac", "args/cni/mac",
	};
	unsigned int b[CNI_ETH_ALEN];
	const char *word = NULL;
	char arg[64];
	int used = 0;

	for (size_t i = 0; i < ARRAY_SIZE(paths) && !word; i++)
		word = conf_string(cni->json, paths[i]);
	if (!word && conf_arg("MAC", arg, sizeof(arg)))
		word = arg;
	if (!word)
		word = conf_string(cni->json, "mac");
	if (!word || !*word)
		return true;
	if (sscanf(word, "%2x:%2x:%2x:%2x:%2x:%2x%n", &b[0], &b[1], &b[2],
		   &b[3], &b[4], &b[5], &used) != CNI_ETH_ALEN || word[used])
		return cni_fail(cni, CNI_CONFIG,
				"the MAC address \"%s\" is not six bytes like 02:00:00:00:00:01",
				word);
	for (int i = 0; i < CNI_ETH_ALEN; i++)
		cni->conf.mac[i] = b[i];
	cni->conf.has_mac = true;
	return true;
}

/* A number of bits, as whole bytes; 0 if it is not there. */
static bool conf_bits(struct cni *cni, const char *path, uint64_t max,
		      uint64_t *bytes)
{
	struct json_object *json = conf_get(cni->json, path);
	int64_t n = json_object_get_int64(json);

	*bytes = 0;
	if (!json)
		return true;
	if (!json_object_is_type(json, json_type_int) || n < 0 ||
	    (uint64_t)n / 8 > max || (n && n < 8))
		return cni_fail(cni, CNI_CONFIG,
				"\"%s\" is a number of bits from 8 to %llu",
				path, 8 * (unsigned long long)max);
	*bytes = n / 8;
	return true;
}

/* By the runtime, who has it from whoever starts the container, or by hand. */
static bool conf_rate(struct cni *cni, const char *name, struct cni_rate *rate)
{
	const char *from = conf_get(cni->json, "runtimeConfig/bandwidth") ?
			   "runtimeConfig/bandwidth/" : "";
	uint64_t burst;
	char path[64];

	rate->name = name;
	snprintf(path, sizeof(path), "%s%sRate", from, name);
	if (!conf_bits(cni, path, CONF_RATE_MAX, &rate->rate))
		return false;
	snprintf(path, sizeof(path), "%s%sBurst", from, name);
	if (!conf_bits(cni, path, UINT32_MAX, &burst))
		return false;
	rate->burst = burst;
	return !rate->rate == !burst ||
	       cni_fail(cni, CNI_CONFIG,
			"\"%sRate\" and \"%sBurst\" are given together", name,
			name);
}

/* What says "no", or nothing, asks for nothing. */
static bool conf_refuse_unsupported(struct cni *cni)
{
	for (size_t i = 0; i < ARRAY_SIZE(conf_unsupported); i++) {
		struct json_object *json;

		json = conf_get(cni->json, conf_unsupported[i].name);
		if (json_object_get_boolean(json) ||
		    (json_object_is_type(json, json_type_array) &&
		     json_object_array_length(json)))
			return cni_fail(cni, CNI_UNSUPPORTED,
					"\"%s\" is not done here: %s",
					conf_unsupported[i].name,
					conf_unsupported[i].instead);
	}
	return true;
}

bool conf_options(struct cni *cni)
{
	struct cni_conf *conf = &cni->conf;
	uint32_t vlan = 0;

	if (!conf_refuse_unsupported(cni) || !conf_bridge(cni) ||
	    !conf_ipam(cni) || !conf_mac(cni) ||
	    !conf_number(cni, "mtu", CONF_MTU_MIN, CONF_MTU_MAX, &conf->mtu) ||
	    !conf_rate(cni, "ingress", &conf->ingress) ||
	    !conf_rate(cni, "egress", &conf->egress) ||
	    !conf_number(cni, "vlan", 1, CONF_VLAN_MAX, &vlan) ||
	    !conf_bool(cni, "portIsolation", &conf->isolated) ||
	    !conf_bool(cni, "hairpinMode", &conf->hairpin) ||
	    !conf_bool(cni, "isGateway", &conf->gateway) ||
	    !conf_bool(cni, "isDefaultGateway", &conf->default_gateway))
		return false;
	conf->vlan = vlan;
	conf->gateway = conf->gateway || conf->default_gateway;
	if (conf->gateway && !conf->ipam && !cni->given)
		return cni_fail(cni, CNI_CONFIG,
				"\"isGateway\" takes the addresses from \"ipam\", which is missing");
	return true;
}
