// SPDX-License-Identifier: GPL-2.0
/* `ip link ... type vtun`: options of its own to make a device, tun's to show it. */
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <linux/if_link.h>
#include <linux/if_tun.h>
#include <linux/rtnetlink.h>
#include <vnet/vtun.h>

#include "delegate.h"

/*
 * Of the running `ip`; iproute2 has no header for them. Weak, so that a program
 * that lacks one can load the plugin all the same.
 */
int addattr8(struct nlmsghdr *n, int maxlen, int type, uint8_t data)
	__attribute__((weak));
int addattr32(struct nlmsghdr *n, int maxlen, int type, uint32_t data)
	__attribute__((weak));
int print_color_int(int type, int color, const char *key, const char *fmt,
		    int value) __attribute__((weak));

/* Numbers of iproute2's own: text or JSON, no colour, room of a request. */
#define VTUN_PRINT_ANY		4
#define VTUN_COLOR_NONE		6
#define VTUN_REQUEST_SIZE	1024

extern struct delegate vtun_link_util;

DELEGATE_EXPORT struct delegate vtun_link_util = {
	.util.id = "vtun",
	.stock_id = "tun",
	.help =
"Usage: ip link add [ NAME ] [ OPTIONS ] type vtun [ mode { tun | tap } ]\n"
"                [ user USER ] [ group GROUP ] [ persist { on | off } ]\n"
"                [ multi_queue { on | off } ] [ pi { on | off } ]\n"
"                [ vnet_hdr { on | off } ] [ vnet_hdr_sz BYTES ]\n"
"\n"
"Makes a device whose other side is a program that opens /dev/net/vtun and names\n"
"the device (TUNSETIFF); until then it has no carrier.\n"
"    mode tap      Ethernet frames; if nothing is said\n"
"    mode tun      IP packets\n"
"    user, group   who may attach without CAP_NET_ADMIN; where both are set, both\n"
"                  must match\n"
"    persist off   the device goes with the last program that had attached\n"
"    multi_queue   several programs, or threads, may attach, one queue each; room\n"
"                  for more than 16 is made by \"numtxqueues N numrxqueues N\"\n"
"    pi            each packet has four bytes in front that say what it is\n"
"    vnet_hdr      each has a struct virtio_net_hdr in front, of vnet_hdr_sz bytes\n"
"\"on\" may be left out. What passes with the packets is said again by the program\n"
"that attaches first. \"ip link set NAME type vtun\" takes user, group and persist.\n"
"\n"
"Examples:\n"
"    ip link add vpn0 type vtun mode tun user nobody\n"
"    ip link add vm1 type vtun mode tap multi_queue vnet_hdr user alice\n"
"See vtun(8).\n",
};

/* The words of one request, as they are taken. */
struct vtun_words {
	int argc;
	char **argv;
	struct nlmsghdr *n;
};

static const char *vtun_next(struct vtun_words *words)
{
	if (words->argc < 2)
		return NULL;
	words->argc--;
	words->argv++;
	return words->argv[0];
}

static int vtun_refuse(const char *what, const char *word)
{
	fprintf(stderr, "Error: %s, not \"%s\".\n", what, word ? word : "");
	return -1;
}

static int vtun_put8(struct vtun_words *words, int type, uint8_t value)
{
	return addattr8(words->n, VTUN_REQUEST_SIZE, type, value);
}

static int vtun_put32(struct vtun_words *words, int type, uint32_t value)
{
	return addattr32(words->n, VTUN_REQUEST_SIZE, type, value);
}

/* "on", "off", or another option's word, which means on. */
static int vtun_parse_flag(struct vtun_words *words, int type, bool inverse)
{
	const char *word = words->argc > 1 ? words->argv[1] : "";
	bool on = true;

	if (strcmp(word, "on") == 0 || strcmp(word, "off") == 0)
		on = strcmp(vtun_next(words), "on") == 0;
	return vtun_put8(words, type, on != inverse);
}

static int vtun_parse_mode(struct vtun_words *words)
{
	const char *word = vtun_next(words);

	if (word && strcmp(word, "tun") == 0)
		return vtun_put8(words, IFLA_TUN_TYPE, IFF_TUN);
	if (word && strcmp(word, "tap") == 0)
		return vtun_put8(words, IFLA_TUN_TYPE, IFF_TAP);
	return vtun_refuse("the mode of type vtun is tun or tap", word);
}

static bool vtun_number(const char *word, uint32_t *value)
{
	unsigned long long number;
	char *end;

	errno = 0;
	if (!word || *word < '0' || *word > '9')
		return false;
	number = strtoull(word, &end, 10);
	*value = number;
	return !errno && !*end && number <= UINT32_MAX;
}

static int vtun_parse_user(struct vtun_words *words)
{
	const char *word = vtun_next(words);
	const struct passwd *entry = word ? getpwnam(word) : NULL;
	uint32_t id;

	if (entry)
		id = entry->pw_uid;
	else if (!vtun_number(word, &id))
		return vtun_refuse("the user of type vtun is a name or a number of this system", word);
	return vtun_put32(words, IFLA_TUN_OWNER, id);
}

static int vtun_parse_group(struct vtun_words *words)
{
	const char *word = vtun_next(words);
	const struct group *entry = word ? getgrnam(word) : NULL;
	uint32_t id;

	if (entry)
		id = entry->gr_gid;
	else if (!vtun_number(word, &id))
		return vtun_refuse("the group of type vtun is a name or a number of this system", word);
	return vtun_put32(words, IFLA_TUN_GROUP, id);
}

static int vtun_parse_size(struct vtun_words *words)
{
	const char *word = vtun_next(words);
	uint32_t size;

	if (!vtun_number(word, &size))
		return vtun_refuse("vnet_hdr_sz is a number of bytes", word);
	return vtun_put32(words, VTUN_INFO_VNET_HDR_SZ, size);
}

static int vtun_parse_word(struct vtun_words *words)
{
	const char *word = words->argv[0];

	if (strcmp(word, "mode") == 0)
		return vtun_parse_mode(words);
	if (strcmp(word, "user") == 0)
		return vtun_parse_user(words);
	if (strcmp(word, "group") == 0)
		return vtun_parse_group(words);
	if (strcmp(word, "vnet_hdr_sz") == 0)
		return vtun_parse_size(words);
	if (strcmp(word, "multi_queue") == 0)
		return vtun_parse_flag(words, IFLA_TUN_MULTI_QUEUE, false);
	if (strcmp(word, "vnet_hdr") == 0)
		return vtun_parse_flag(words, IFLA_TUN_VNET_HDR, false);
	if (strcmp(word, "persist") == 0)
		return vtun_parse_flag(words, IFLA_TUN_PERSIST, false);
	if (strcmp(word, "pi") == 0)
		return vtun_parse_flag(words, IFLA_TUN_PI, false);
	if (strcmp(word, "no_pi") == 0)
		return vtun_parse_flag(words, IFLA_TUN_PI, true);
	fprintf(stderr,
		"Error: type vtun does not know \"%s\". Try \"ip link help vtun\".\n",
		word);
	return -1;
}

static int vtun_parse(struct link_util *lu, int argc, char **argv,
		      struct nlmsghdr *n)
{
	struct vtun_words words = { .argc = argc, .argv = argv, .n = n };

	if (strcmp(argv[0], "help") == 0)
		return delegate_parse(lu, argc, argv, n);
	if (!addattr8 || !addattr32) {
		fprintf(stderr, "link_vtun.so: this \"ip\" exports no addattr8, so it takes no options.\n");
		return -1;
	}
	for (; words.argc; words.argc--, words.argv++)
		if (vtun_parse_word(&words))
			return -1;
	return 0;
}

/* tun's own, by ip's own; then the rest. */
static void vtun_print(struct link_util *lu, FILE *f, struct rtattr *tb[])
{
	struct delegate *d = (struct delegate *)lu;
	int size;

	if (!tb)
		return;
	if (d->stock && d->stock->print_opt)
		d->stock->print_opt(d->stock, f, tb);
	if (!print_color_int || !tb[VTUN_INFO_VNET_HDR_SZ] ||
	    RTA_PAYLOAD(tb[VTUN_INFO_VNET_HDR_SZ]) < sizeof(size))
		return;
	memcpy(&size, RTA_DATA(tb[VTUN_INFO_VNET_HDR_SZ]), sizeof(size));
	print_color_int(VTUN_PRINT_ANY, VTUN_COLOR_NONE, "vnet_hdr_sz",
			"vnet_hdr_sz %d ", size);
}

__attribute__((constructor)) static void vtun_load(void)
{
	delegate_init(&vtun_link_util);
	vtun_link_util.util.parse_opt = vtun_parse;
	vtun_link_util.util.maxattr = VTUN_INFO_MAX;
	vtun_link_util.util.print_opt = vtun_print;
}
