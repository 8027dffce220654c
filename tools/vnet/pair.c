// SPDX-License-Identifier: GPL-2.0
/* `vnet pair`: make and remove pairs of vveth devices. */
#include <errno.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <linux/veth.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <vnet/vveth.h>

#include "cmd.h"
#include "kinds.h"
#include "links.h"
#include "netns.h"
#include "series.h"

/* What the command line says about one end. */
struct pair_end {
	const char *name;
	const char *master;
	int netns_fd;
	uint32_t netns_pid;
	uint32_t mtu;
	uint32_t txqueuelen;
	uint32_t numtxqueues;
	uint32_t numrxqueues;
	uint32_t mode;
	uint8_t addr[ARGS_MAC_LEN];
	bool has_mtu;
	bool has_txqueuelen;
	bool has_addr;
	bool has_mode;
	bool up;
};

static const char *const pair_keywords[] = {
	"peer", "name", "netns", "address", "mtu", "txqueuelen", "numtxqueues",
	"numrxqueues", "master", "mode", "up",
};

static bool pair_is_keyword(const char *word)
{
	for (size_t i = 0; i < ARRAY_SIZE(pair_keywords); i++) {
		if (strcmp(pair_keywords[i], word) == 0)
			return true;
	}
	return false;
}

/* A namespace by name or path; else a number is a process in it. */
static bool pair_parse_netns(struct args *args, struct pair_end *end)
{
	const char *word = args_value(args, "netns");
	char *rest;
	long pid;

	if (!word)
		return false;
	end->netns_fd = netns_open(word);
	if (end->netns_fd >= 0)
		return true;
	pid = strtol(word, &rest, 10);
	if (pid > 0 && pid <= INT32_MAX && !*rest) {
		end->netns_pid = pid;
		return true;
	}
	complain("cannot open network namespace \"%s\": %s", word,
		 strerror(errno));
	return false;
}

static bool pair_parse_name(struct args *args, struct pair_end *end,
			    bool keyword)
{
	const char *name = keyword ? args_value(args, "name") : args_next(args);

	if (!name || !args_devname(name))
		return false;
	if (end->name) {
		complain("\"%s\" is not understood here: this end is named \"%s\" already",
			 name, end->name);
		return false;
	}
	end->name = name;
	return true;
}

static bool pair_parse_mode(struct args *args, struct pair_end *end)
{
	const char *word = args_value(args, "mode");

	if (!word)
		return false;
	end->has_mode = true;
	if (strcmp(word, "l2") == 0) {
		end->mode = VVETH_MODE_L2;
	} else if (strcmp(word, "l3") == 0) {
		end->mode = VVETH_MODE_L3;
	} else {
		complain("\"mode %s\": must be l2 or l3", word);
		return false;
	}
	return true;
}

/* One keyword with its value, or a bare name. */
static bool pair_parse_word(struct args *args, struct pair_end *end)
{
	if (args_take(args, "name"))
		return pair_parse_name(args, end, true);
	if (args_take(args, "netns"))
		return pair_parse_netns(args, end);
	if (args_take(args, "address")) {
		end->has_addr = true;
		return args_mac(args, "address", end->addr);
	}
	if (args_take(args, "mtu")) {
		end->has_mtu = true;
		return args_u32(args, "mtu", 0, INT32_MAX, &end->mtu);
	}
	if (args_take(args, "txqueuelen")) {
		end->has_txqueuelen = true;
		return args_u32(args, "txqueuelen", 0, INT32_MAX,
				&end->txqueuelen);
	}
	if (args_take(args, "numtxqueues"))
		return args_u32(args, "numtxqueues", 1, INT32_MAX,
				&end->numtxqueues);
	if (args_take(args, "numrxqueues"))
		return args_u32(args, "numrxqueues", 1, INT32_MAX,
				&end->numrxqueues);
	if (args_take(args, "mode"))
		return pair_parse_mode(args, end);
	if (args_take(args, "up")) {
		end->up = true;
		return true;
	}
	if (args_take(args, "master")) {
		end->master = args_name(args, "master");
		return end->master;
	}
	return pair_parse_name(args, end, false);
}

static bool pair_parse_end(struct args *args, struct pair_end *end)
{
	/* A first word that is also a keyword is meant as the keyword. */
	if (args->left && !pair_is_keyword(*args->word) &&
	    !pair_parse_name(args, end, false))
		return false;
	while (args->left && strcmp(*args->word, "peer") != 0) {
		if (!pair_parse_word(args, end))
			return false;
	}
	return true;
}

static void pair_put_end(struct nl_msg *msg, const struct pair_end *end)
{
	if (end->name)
		vnl_put_str(msg, IFLA_IFNAME, end->name);
	if (end->netns_fd >= 0)
		vnl_put_u32(msg, IFLA_NET_NS_FD, end->netns_fd);
	else if (end->netns_pid)
		vnl_put_u32(msg, IFLA_NET_NS_PID, end->netns_pid);
	if (end->has_addr)
		vnl_put(msg, IFLA_ADDRESS, end->addr, sizeof(end->addr));
	if (end->has_mtu)
		vnl_put_u32(msg, IFLA_MTU, end->mtu);
	if (end->has_txqueuelen)
		vnl_put_u32(msg, IFLA_TXQLEN, end->txqueuelen);
	if (end->numtxqueues)
		vnl_put_u32(msg, IFLA_NUM_TX_QUEUES, end->numtxqueues);
	if (end->numrxqueues)
		vnl_put_u32(msg, IFLA_NUM_RX_QUEUES, end->numrxqueues);
}

static struct ifinfomsg pair_header(const struct pair_end *end)
{
	unsigned int flags = end->up ? IFF_UP : 0;

	return (struct ifinfomsg) {
		.ifi_family = AF_UNSPEC,
		.ifi_flags = flags,
		.ifi_change = flags,
	};
}

static struct nl_msg *pair_request(const struct pair_end *near,
				   const struct pair_end *far, int master)
{
	struct ifinfomsg ifi = pair_header(near);
	struct ifinfomsg far_ifi = pair_header(far);
	struct nlattr *info, *data, *peer;
	struct nl_msg *msg;

	msg = vnl_msg(RTM_NEWLINK, NLM_F_CREATE | NLM_F_EXCL, &ifi,
		      sizeof(ifi));
	pair_put_end(msg, near);
	if (master)
		vnl_put_u32(msg, IFLA_MASTER, master);
	info = vnl_nest(msg, IFLA_LINKINFO);
	vnl_put_str(msg, IFLA_INFO_KIND, KIND_PAIR);
	data = vnl_nest(msg, IFLA_INFO_DATA);
	if (near->has_mode)
		vnl_put_u32(msg, VVETH_INFO_MODE, near->mode);
	peer = vnl_nest(msg, VETH_INFO_PEER);
	vnl_append(msg, &far_ifi, sizeof(far_ifi));
	pair_put_end(msg, far);
	nla_nest_end(msg, peer);
	nla_nest_end(msg, data);
	nla_nest_end(msg, info);
	return msg;
}

/* The master's ifindex, 0 after a complaint. */
static int pair_master(struct cmd_env *env, const char *name)
{
	struct link_row row;
	int err;

	if (!args_devname(name))
		return 0;
	err = link_ask(env->nl, &row, name, 0, -1);
	if (err) {
		complain("there is no device \"%s\" to be the master", name);
		return 0;
	}
	return row.ifindex;
}

static int pair_create(struct cmd_env *env, const struct pair_end *near,
		       const struct pair_end *far)
{
	int master = 0;
	char what[64];
	int err;

	if (near->master) {
		master = pair_master(env, near->master);
		if (!master)
			return CMD_USAGE;
	}
	err = vnl_do(env->nl, pair_request(near, far, master));
	if (!err)
		return CMD_DONE;
	if (kind_complain(env->nl, err, KIND_PAIR))
		return CMD_REFUSED;
	snprintf(what, sizeof(what), "make the pair %s",
		 near->name ? near->name : "");
	vnl_complain(env->nl, err, what);
	return CMD_REFUSED;
}

static void pair_close(struct pair_end *end)
{
	if (end->netns_fd >= 0)
		close(end->netns_fd);
}

static bool pair_parse(struct args *args, struct pair_end *near,
		       struct pair_end *far)
{
	if (!pair_parse_end(args, near))
		return false;
	if (args_take(args, "peer") && !pair_parse_end(args, far))
		return false;
	if (!args_end(args))
		return false;
	if (far->master) {
		complain("\"master\" is for the first end: make the peer a port with \"ip link set\"");
		return false;
	}
	if (far->has_mode) {
		complain("\"mode\" is said before \"peer\": it is that of both ends");
		return false;
	}
	return true;
}

static int pair_add_one(struct cmd_env *env, struct args *args)
{
	struct pair_end near = { .netns_fd = -1 };
	struct pair_end far = { .netns_fd = -1 };
	int status = CMD_USAGE;

	if (pair_parse(args, &near, &far))
		status = pair_create(env, &near, &far);
	pair_close(&near);
	pair_close(&far);
	return status;
}

/* Those that were made before one was refused stay. */
static int pair_add(struct cmd_env *env, struct args *args)
{
	int status = CMD_DONE;
	struct series series;
	struct args words;

	if (!args->left) {
		complain("\"pair add\" needs a name; try \"vnet pair help\"");
		return CMD_USAGE;
	}
	if (!series_take(&series, args))
		return CMD_USAGE;
	for (uint32_t i = 0; i < series.count && status == CMD_DONE; i++) {
		struct args one;

		if (!series_make(&series, i, &words))
			return CMD_REFUSED;
		/* What is parsed is used up; what was made is to be freed. */
		one = words;
		status = pair_add_one(env, &one);
		series_free(&series, &words);
		if (status != CMD_DONE && series.many)
			complain("this was the pair with the number %u; %u of %u were made",
				 series.from + i, i, series.count);
	}
	return status;
}

/* One end to be deleted. */
struct pair_victim {
	const char *name;
	int ifindex;
	int peer;
};

static bool pair_find_victim(struct cmd_env *env, const char *name,
			     struct pair_victim *victim)
{
	struct link_row row;
	int err;

	if (!args_devname(name))
		return false;
	err = link_ask(env->nl, &row, name, 0, -1);
	if (err == -ENODEV) {
		complain("there is no device \"%s\"", name);
		return false;
	}
	if (err) {
		vnl_complain(env->nl, err, "look up the device");
		return false;
	}
	if (strcmp(row.kind, KIND_PAIR) != 0) {
		complain("\"%s\" is not a " KIND_PAIR " device%s%s", name,
			 row.kind[0] ? " but of type " : "", row.kind);
		return false;
	}
	victim->name = name;
	victim->ifindex = row.ifindex;
	victim->peer = row.lower_nsid < 0 ? row.lower : 0;
	return true;
}

static int pair_compare(const void *a, const void *b)
{
	const int *x = a;
	const int *y = b;

	return (*x > *y) - (*x < *y);
}

static int pair_delete(struct cmd_env *env, const struct pair_victim *victim,
		       const int *gone, size_t gone_count)
{
	struct ifinfomsg ifi = {
		.ifi_family = AF_UNSPEC,
		.ifi_index = victim->ifindex,
	};
	char what[64];
	int err;

	err = vnl_do(env->nl, vnl_msg(RTM_DELLINK, 0, &ifi, sizeof(ifi)));
	if (!err)
		return CMD_DONE;
	/* Both ends were named, and the first took the second with it. */
	if (err == -ENODEV && gone_count &&
	    bsearch(&victim->ifindex, gone, gone_count, sizeof(*gone),
		    pair_compare))
		return CMD_DONE;
	snprintf(what, sizeof(what), "delete %s", victim->name);
	vnl_complain(env->nl, err, what);
	return CMD_REFUSED;
}

/* Nothing is deleted unless everything named can be. */
static int pair_delete_all(struct cmd_env *env, struct args *args,
			   struct pair_victim *victims, int *peers)
{
	int status = CMD_DONE;
	size_t count = 0;

	while (args->left) {
		if (!pair_find_victim(env, args_next(args), &victims[count]))
			return CMD_USAGE;
		peers[count] = victims[count].peer;
		count++;
	}
	qsort(peers, count, sizeof(*peers), pair_compare);
	for (size_t i = 0; i < count; i++) {
		if (pair_delete(env, &victims[i], peers, count) != CMD_DONE)
			status = CMD_REFUSED;
	}
	return status;
}

static int pair_del_words(struct cmd_env *env, struct args *args)
{
	struct pair_victim *victims;
	int status = CMD_REFUSED;
	int *peers;

	victims = calloc(args->left, sizeof(*victims));
	peers = calloc(args->left, sizeof(*peers));
	if (victims && peers)
		status = pair_delete_all(env, args, victims, peers);
	else
		complain("out of memory");
	free(victims);
	free(peers);
	return status;
}

/* All names of all numbers, in one. */
static int pair_del_series(struct cmd_env *env, const struct series *series)
{
	size_t room = (size_t)series->count * series->args.left;
	struct args all = { 0 }, one;
	int status = CMD_REFUSED;
	char **words;

	words = calloc(room + 1, sizeof(*words));
	if (!words) {
		complain("out of memory");
		return CMD_REFUSED;
	}
	for (uint32_t i = 0; i < series->count; i++) {
		if (!series_make(series, i, &one))
			break;
		for (int w = 0; w < series->args.left; w++)
			words[all.left++] = one.word[w];
		/* The words themselves are the list's now. */
		if (series->many)
			free(one.word);
	}
	if ((size_t)all.left == room) {
		all.word = words;
		status = pair_del_words(env, &all);
	}
	for (size_t i = 0; series->many && i < room; i++)
		free(words[i]);
	free(words);
	return status;
}

static int pair_del(struct cmd_env *env, struct args *args)
{
	struct series series;

	if (!args->left) {
		complain("\"pair del\" needs a name; try \"vnet pair help\"");
		return CMD_USAGE;
	}
	if (!series_take(&series, args))
		return CMD_USAGE;
	return pair_del_series(env, &series);
}

static int pair_run(struct cmd_env *env, struct args *args)
{
	if (args_take(args, "add"))
		return pair_add(env, args);
	if (args_take(args, "del") || args_take(args, "delete"))
		return pair_del(env, args);
	if (args->left)
		complain("\"pair %s\" is no command; try \"vnet pair help\"",
			 *args->word);
	else
		complain("\"pair\" needs add or del; try \"vnet pair help\"");
	return CMD_USAGE;
}

const struct cmd pair_cmd = {
	.name = "pair",
	.brief = "make and remove pairs",
	.help =
"Usage: vnet pair add [ name ] NAME [ OPTIONS ] [ peer [ name ] PEER [ OPTIONS ] ]\n"
"                     [ SERIES ]\n"
"       vnet pair del NAME... [ SERIES ]\n"
"\n"
"OPTIONS := [ netns { NAME | PATH | PID } ] [ address MAC ] [ mtu MTU ] [ up ]\n"
"           [ txqueuelen PACKETS ] [ numtxqueues N ] [ numrxqueues N ]\n"
"           [ master BRIDGE ] [ mode { l2 | l3 } ]    (of the first end only)\n"
"\n"
"SERIES := count N [ from M ]    N times, with the numbers from M (0) on wherever the\n"
"                                words before have %d\n"
"\n"
"Each end is made in its namespace at once. Deleting one end deletes the other.\n"
"\n"
"    vnet pair add c1 master vbr0 up peer eth0 netns blue up\n"
"    vnet pair add ct%d master vbr0 up peer eth0 netns ct%d up count 100 from 1\n",
	.run = pair_run,
};
