/* SPDX-License-Identifier: GPL-2.0 */
/* One call of the plugin: what the runtime gave, and how it ends. */
#ifndef VNET_CNI_H
#define VNET_CNI_H

#include <json-c/json.h>
#include <linux/if.h>
#include <stdbool.h>
#include <stdint.h>

#define CNI_ETH_ALEN	6

/* How JSON is written. */
#define CNI_JSON_STYLE	(JSON_C_TO_STRING_PLAIN | JSON_C_TO_STRING_NOSLASHESCAPE)

/**
 * enum cni_code - how a call fails
 * @CNI_OK: it does not
 * @CNI_VERSION: the version of the specification is not spoken here
 * @CNI_UNSUPPORTED: an option that is understood and not offered
 * @CNI_ENV: a variable of the environment is missing or wrong
 * @CNI_IO: reading, writing or starting another plugin failed
 * @CNI_DECODE: what was read is no JSON
 * @CNI_CONFIG: the network configuration is wrong
 * @CNI_NOT_AVAILABLE: no container can be attached now (STATUS)
 * @CNI_KERNEL: the kernel refused; its own words are the details
 * @CNI_DIFFERS: what CHECK found is not what was made
 *
 * The numbers below 100 are the specification's.
 */
enum cni_code {
	CNI_OK = 0,
	CNI_VERSION = 1,
	CNI_UNSUPPORTED = 2,
	CNI_ENV = 4,
	CNI_IO = 5,
	CNI_DECODE = 6,
	CNI_CONFIG = 7,
	CNI_NOT_AVAILABLE = 50,
	CNI_KERNEL = 100,
	CNI_DIFFERS = 101,
};

/**
 * struct cni_rate - how much may pass in one direction
 * @name: what its options begin with
 * @rate: bytes a second, 0 if there is no limit
 * @burst: bytes that may pass at once
 */
struct cni_rate {
	const char *name;
	uint64_t rate;
	uint32_t burst;
};

/**
 * struct cni_conf - the options of the network configuration
 * @bridge: name of the bridge
 * @ipam: the plugin that gives addresses, NULL for none
 * @mtu: of both ends, 0 for that of the bridge
 * @vlan: the container's VLAN, 0 for none
 * @isolated: it reaches only ports that are not isolated, and the host
 * @hairpin: frames may leave by the port they came in by
 * @gateway: the bridge gets the gateway's addresses
 * @default_gateway: and the container a default route to them
 * @has_mac: @mac was given
 * @mac: the container's MAC address
 * @ingress: how much the container receives
 * @egress: and sends
 */
struct cni_conf {
	const char *bridge;
	const char *ipam;
	uint32_t mtu;
	uint16_t vlan;
	bool isolated;
	bool hairpin;
	bool gateway;
	bool default_gateway;
	bool has_mac;
	uint8_t mac[CNI_ETH_ALEN];
	struct cni_rate ingress;
	struct cni_rate egress;
};

/**
 * struct cni - one call
 * @command: CNI_COMMAND
 * @container: CNI_CONTAINERID
 * @netns: CNI_NETNS, "" if not given
 * @ifname: CNI_IFNAME
 * @json: the network configuration
 * @version: its cniVersion; once it is known, one that is spoken here
 * @network: its name
 * @conf: its options
 * @given: addresses and routes that came with the call, as a result of the
 *	   plugin for addresses has them; NULL if that one is asked
 * @result: what ADD has made
 * @code: how the call failed first
 * @msg: a sentence on that
 * @details: the words of who refused, "" if none
 */
struct cni {
	const char *command;
	const char *container;
	const char *netns;
	const char *ifname;
	struct json_object *json;
	const char *version;
	const char *network;
	struct cni_conf conf;
	struct json_object *given;
	struct json_object *result;
	enum cni_code code;
	char msg[512];
	char details[512];
};

/**
 * cni_begin() - a call with nothing known of it yet
 * @cni: where it is set up
 */
void cni_begin(struct cni *cni);

/**
 * cni_end() - free what a call has gathered
 * @cni: the call
 */
void cni_end(struct cni *cni);

/**
 * cni_fail() - the call fails; only the first failure counts
 * @cni: the call
 * @code: how
 * @fmt: as printf, a sentence on what and why
 *
 * Return: false, for the caller to return.
 */
bool cni_fail(struct cni *cni, enum cni_code code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/**
 * cni_print_error() - print the failure as the specification wants it
 * @cni: the call
 */
void cni_print_error(const struct cni *cni);

/* The commands. Return: whether it worked; if not, with cni_fail(). */
bool cni_add(struct cni *cni);
bool cni_del(struct cni *cni);
bool cni_check(struct cni *cni);
bool cni_gc(struct cni *cni);
bool cni_status(struct cni *cni);

#endif
