// SPDX-License-Identifier: GPL-2.0
/* A container's own table of nft: masquerading, and published ports. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../cni/conf.h"
#include "../cni/host.h"
#include "netavark.h"

#define PORTS_MAX	65535

/* One address of the container. */
struct ports_address {
	const char *family;
	const char *net;
	char addr[64];
	bool is_v6;
};

static bool ports_end(struct cni *cni, FILE *nft)
{
	/* Even an nft that is content may have ended before it had all. */
	bool sent = fflush(nft) == 0 && !ferror(nft);
	int status = pclose(nft);

	return (sent && status == 0) ||
	       cni_fail(cni, CNI_IO, "nft does not take the container's rules (status %d)",
			status);
}

static FILE *ports_begin(struct cni *cni, char name[IFNAMSIZ])
{
	FILE *nft = popen("exec nft -f -", "w");

	host_pair_name(cni, name);
	if (!nft)
		cni_fail(cni, CNI_IO, "cannot start nft");
	else
		/* Once made, it can be deleted without asking. */
		fprintf(nft, "table inet %s\ndelete table inet %s\n", name,
			name);
	return nft;
}

static void ports_read(struct ports_address *a, const char *net)
{
	a->net = net;
	a->is_v6 = strchr(net, ':');
	a->family = a->is_v6 ? "ip6" : "ip";
	snprintf(a->addr, sizeof(a->addr), "%.*s", (int)strcspn(net, "/"), net);
}

static bool ports_is_v6(const char *host)
{
	return strchr(host, ':');
}

/* The rules for the ports of one mapping, and one address. */
static void ports_rules(FILE *nft, const struct ports_address *a,
			const char *protocol, const char *host, int64_t from,
			int64_t to, int64_t count)
{
	for (int64_t i = 0; i < count; i++) {
		fprintf(nft, "\t\t");
		if (*host)
			fprintf(nft, "%s daddr %s ", a->family, host);
		fprintf(nft, "meta nfproto ipv%c %s dport %" PRId64 " dnat %s to ",
			a->is_v6 ? '6' : '4', protocol, from + i, a->family);
		fprintf(nft, a->is_v6 ? "[%s]" : "%s", a->addr);
		fprintf(nft, ":%" PRId64 "\n", to + i);
	}
}

static int64_t ports_number(struct json_object *mapping, const char *name)
{
	return json_object_get_int64(conf_get(mapping, name));
}

/* A mapping may be for several protocols, with commas between them. */
static bool ports_mapping(struct cni *cni, FILE *nft,
			  const struct ports_address *a,
			  struct json_object *mapping)
{
	const char *protocols = conf_string(mapping, "protocol");
	const char *host = conf_string(mapping, "host_ip");
	int64_t from = ports_number(mapping, "host_port");
	int64_t to = ports_number(mapping, "container_port");
	int64_t count = ports_number(mapping, "range");
	char words[32], *word, *rest = words;

	count = count ? count : 1;
	host = host ? host : "";
	snprintf(words, sizeof(words), "%s", protocols ? protocols : "tcp");
	if (from < 1 || to < 1 || count < 1 || count > PORTS_MAX ||
	    from > PORTS_MAX - count + 1 || to > PORTS_MAX - count + 1 ||
	    strspn(host, "0123456789abcdefABCDEF.:") != strlen(host))
		return cni_fail(cni, CNI_CONFIG,
				"a port mapping is wrong: %s",
				json_object_to_json_string(mapping));
	/* "Any" is as if it were not there. */
	if (strcmp(host, "0.0.0.0") == 0 || strcmp(host, "::") == 0) {
		if (ports_is_v6(host) != a->is_v6)
			return true;
		host = "";
	}
	if (*host && ports_is_v6(host) != a->is_v6)
		return true;
	while ((word = strsep(&rest, ",")) != NULL) {
		if (strcmp(word, "tcp") != 0 && strcmp(word, "udp") != 0 &&
		    strcmp(word, "sctp") != 0)
			return cni_fail(cni, CNI_CONFIG,
					"the protocol of a port is tcp, udp or sctp, not \"%s\"",
					word);
		ports_rules(nft, a, word, host, from, to, count);
	}
	return true;
}

static bool ports_write_mappings(struct cni *cni, FILE *nft,
				 struct json_object *ips,
				 struct json_object *mappings)
{
	struct ports_address a;

	for (size_t i = 0; i < json_object_array_length(ips); i++) {
		ports_read(&a, conf_string(json_object_array_get_idx(ips, i),
					   "address"));
		for (size_t k = 0; k < json_object_array_length(mappings); k++) {
			if (!ports_mapping(cni, nft, &a,
					   json_object_array_get_idx(mappings, k)))
				return false;
		}
	}
	return true;
}

/*
 * To outside with the host's address; and the answer to one of the same network
 * who came by the host's address has to go back by the host.
 */
static void ports_write_masquerade(FILE *nft, struct json_object *ips,
				   bool internal)
{
	struct ports_address a;

	for (size_t i = 0; i < json_object_array_length(ips); i++) {
		ports_read(&a, conf_string(json_object_array_get_idx(ips, i),
					   "address"));
		if (!internal)
			fprintf(nft, "\t\t%s saddr %s %s daddr != %s masquerade\n",
				a.family, a.addr, a.family, a.net);
		fprintf(nft, "\t\t%s saddr %s %s daddr %s ct status dnat masquerade\n",
			a.family, a.net, a.family, a.addr);
	}
}

static bool ports_write(struct cni *cni, FILE *nft, const char *name,
			struct json_object *request, struct json_object *ips)
{
	struct json_object *mappings = conf_get(request, "port_mappings");
	bool internal = json_object_get_boolean(conf_get(request, "network/internal"));

	fprintf(nft, "table inet %s {\n", name);
	if (json_object_is_type(mappings, json_type_array) &&
	    json_object_array_length(mappings)) {
		fputs("\tchain ports {\n", nft);
		if (!ports_write_mappings(cni, nft, ips, mappings))
			return false;
		fputs("\t}\n"
		      "\tchain pre {\n"
		      "\t\ttype nat hook prerouting priority -100\n"
		      "\t\tfib daddr type local jump ports\n"
		      "\t}\n"
		      "\tchain out {\n"
		      "\t\ttype nat hook output priority -100\n"
		      "\t\tip daddr 127.0.0.0/8 return\n"
		      "\t\tip6 daddr ::1 return\n"
		      "\t\tfib daddr type local jump ports\n"
		      "\t}\n", nft);
	}
	fputs("\tchain post {\n"
	      "\t\ttype nat hook postrouting priority 100\n", nft);
	ports_write_masquerade(nft, ips, internal);
	fputs("\t}\n}\n", nft);
	return true;
}

/* A container without an address has no rules, and needs no nft. */
static bool ports_has_rules(struct json_object *ips)
{
	return json_object_is_type(ips, json_type_array) &&
	       json_object_array_length(ips);
}

bool ports_publish(struct cni *cni, struct json_object *request)
{
	struct json_object *ips = conf_get(cni->result, "ips");
	char name[IFNAMSIZ];
	FILE *nft;
	bool ok;

	if (!ports_has_rules(ips))
		return true;
	nft = ports_begin(cni, name);
	if (!nft)
		return false;
	ok = ports_write(cni, nft, name, request, ips);
	if (!ok)
		/* What has no end is refused as a whole. */
		fputs("{\n", nft);
	return ports_end(cni, nft) && ok;
}

bool ports_withdraw(struct cni *cni)
{
	struct cni quiet = *cni;
	char name[IFNAMSIZ];
	FILE *nft;

	/*
	 * Who takes it down may not know its addresses any more: then there may
	 * be rules, and need not be an nft.
	 */
	if (!ports_has_rules(conf_get(cni->given, "ips")))
		cni = &quiet;
	nft = ports_begin(cni, name);
	return (nft && ports_end(cni, nft)) || cni == &quiet;
}
