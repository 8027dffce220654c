// SPDX-License-Identifier: GPL-2.0
/* `vnet monitor`: what happens to the suite's devices, as it happens. */
#include <errno.h>
#include <linux/if_bridge.h>
#include <linux/neighbour.h>
#include <linux/rtnetlink.h>
#include <netlink/errno.h>
#include <netlink/socket.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "cmd.h"
#include "fdb.h"
#include "kinds.h"
#include "linkfmt.h"
#include "links.h"
#include "watch.h"

/* Room for what comes in bursts, as when a bridge with 4,096 ports goes. */
#define MONITOR_BUFFER	(8 * 1024 * 1024)

/* What stays from event to event. */
struct monitor {
	struct out *out;
	struct links links;
	uint32_t wanted;	/* events until the end, 0 for no end */
	uint32_t seen;
	bool broken;		/* nobody takes the answer any more */
	bool lost;		/* events, so the devices have to be read again */
};

/* Each event is an answer of its own. */
static void monitor_begin(struct monitor *mon, const char *event)
{
	struct timespec now;
	char text[32];
	struct tm tm;
	size_t n;

	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	n = strftime(text, sizeof(text), mon->out->json ? "%FT%T" : "%T", &tm);
	snprintf(text + n, sizeof(text) - n, ".%06ld", now.tv_nsec / 1000);
	out_line(mon->out, 0);
	out_object(mon->out, NULL);
	out_str(mon->out, "time", NULL, text);
	out_str(mon->out, "event", NULL, event);
}

static void monitor_end(struct monitor *mon)
{
	out_object_end(mon->out);
	mon->broken = !out_flush(mon->out);
	mon->seen++;
}

static bool monitor_enough(const struct monitor *mon)
{
	return mon->broken || (mon->wanted && mon->seen >= mon->wanted);
}

/* One of ours, or a port of one of ours. */
static bool monitor_is_ours(const struct monitor *mon,
			    const struct link_row *row)
{
	const struct link_row *master = NULL;

	if (row->master)
		master = links_by_index(&mon->links, row->master);
	return kind_is_ours(row->kind) || (master && kind_is_ours(master->kind));
}

static void monitor_link(struct monitor *mon, struct nlmsghdr *hdr)
{
	static const char *const names[] = {
		[LINKS_ADDED] = "link-add",
		[LINKS_CHANGED] = "link-change",
		[LINKS_DELETED] = "link-del",
	};
	const struct ifinfomsg *ifi = nlmsg_data(hdr);
	const struct link_row *known, *master = NULL;
	struct out *o = mon->out;
	struct link_row row;
	bool was_ours;
	int event;

	/* Those of bridges tell of ports, whose devices have told it. */
	if (nlmsg_datalen(hdr) < (int)sizeof(*ifi) ||
	    ifi->ifi_family != AF_UNSPEC)
		return;
	known = links_by_index(&mon->links, ifi->ifi_index);
	was_ours = known && monitor_is_ours(mon, known);
	event = links_update(&mon->links, hdr, &row);
	if (event <= LINKS_NOTHING || !(was_ours || monitor_is_ours(mon, &row)))
		return;
	monitor_begin(mon, names[event]);
	out_u64(o, "ifindex", NULL, row.ifindex);
	out_color(o, OUT_IFNAME, "ifname", NULL, row.name);
	if (row.kind[0])
		out_str(o, "kind", "kind", row.kind);
	if (row.master)
		master = links_by_index(&mon->links, row.master);
	if (master)
		out_color(o, OUT_IFNAME, "master", "master", master->name);
	if (event != LINKS_DELETED)
		linkfmt_common(o, &row);
	monitor_end(mon);
}

static void monitor_fdb(struct monitor *mon, struct nlmsghdr *hdr)
{
	const struct link_row *dev, *master = NULL;
	struct nlattr *tb[NDA_MAX + 1];
	struct out *o = mon->out;
	const struct ndmsg *ndm;

	if (nlmsg_parse(hdr, sizeof(*ndm), tb, NDA_MAX, NULL) < 0)
		return;
	ndm = nlmsg_data(hdr);
	if (ndm->ndm_family != AF_BRIDGE || !tb[NDA_LLADDR])
		return;
	dev = links_by_index(&mon->links, ndm->ndm_ifindex);
	if (tb[NDA_MASTER])
		master = links_by_index(&mon->links,
					vnl_attr_u32(tb[NDA_MASTER], 0));
	if (!dev || strcmp(master ? master->kind : dev->kind, KIND_BRIDGE))
		return;
	monitor_begin(mon, hdr->nlmsg_type == RTM_NEWNEIGH ? "fdb-add" :
							     "fdb-del");
	out_mac(o, "mac", NULL, nla_data(tb[NDA_LLADDR]),
		nla_len(tb[NDA_LLADDR]));
	out_color(o, OUT_IFNAME, "ifname", "dev", dev->name);
	if (tb[NDA_VLAN] && nla_len(tb[NDA_VLAN]) >= (int)sizeof(uint16_t))
		out_u64(o, "vlan", "vlan", nla_get_u16(tb[NDA_VLAN]));
	if (master)
		out_color(o, OUT_IFNAME, "master", "master", master->name);
	out_str(o, "state", NULL, fdb_state(ndm->ndm_state));
	monitor_end(mon);
}

static int monitor_read(struct nl_msg *msg, void *arg)
{
	struct nlmsghdr *hdr = nlmsg_hdr(msg);
	struct monitor *mon = arg;

	if (monitor_enough(mon))
		return NL_STOP;
	switch (hdr->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		monitor_link(mon, hdr);
		break;
	case RTM_NEWNEIGH:
	case RTM_DELNEIGH:
		monitor_fdb(mon, hdr);
		break;
	}
	return NL_OK;
}

static bool monitor_listen(struct vnl *nl, struct monitor *mon)
{
	if (!vnl_open(nl))
		return false;
	nl_socket_disable_seq_check(nl->sk);
	nl_socket_set_buffer_size(nl->sk, MONITOR_BUFFER, 0);
	nl_socket_modify_cb(nl->sk, NL_CB_VALID, NL_CB_CUSTOM, monitor_read,
			    mon);
	if (nl_socket_add_memberships(nl->sk, RTNLGRP_LINK, RTNLGRP_NEIGH, 0)) {
		complain("cannot listen to the kernel's messages");
		vnl_close(nl);
		return false;
	}
	return true;
}

/*
 * The kernel drops what comes until all that it kept has been taken, so this is
 * done with nothing left to take.
 */
static bool monitor_look_again(struct cmd_env *env, struct monitor *mon)
{
	mon->lost = false;
	return links_read(&mon->links, env->nl, false);
}

static int monitor_go_on(struct cmd_env *env, struct vnl *nl,
			 struct monitor *mon)
{
	struct pollfd fd = {
		.fd = nl_socket_get_fd(nl->sk),
		.events = POLLIN,
	};
	int ready, err;

	while (!watch_ended() && !monitor_enough(mon)) {
		ready = poll(&fd, 1, mon->lost ? 0 : -1);
		if (ready < 0)
			continue;
		if (!ready) {
			if (!monitor_look_again(env, mon))
				return CMD_REFUSED;
			continue;
		}
		err = nl_recvmsgs_default(nl->sk);
		if (err == -NLE_NOMEM) {
			mon->lost = true;
			complain("note: events came faster than they could be read, some are lost");
		} else if (err < 0 && err != -NLE_INTR && err != -NLE_AGAIN) {
			complain("netlink: %s", nl_geterror(err));
			return CMD_REFUSED;
		}
	}
	return mon->broken ? CMD_REFUSED : CMD_DONE;
}

static int monitor_run(struct cmd_env *env, struct args *args)
{
	struct monitor mon = { .out = env->out };
	struct watch watch = { 0 };
	int status = CMD_REFUSED;
	bool bad = false;
	struct vnl nl;

	if (args->left && watch_take(&watch, args, &bad) &&
	    !bad && watch.interval > 0) {
		complain("\"interval\" is not for monitor: it shows things as they happen");
		return CMD_USAGE;
	}
	if (bad || !args_end(args))
		return CMD_USAGE;
	mon.wanted = watch.count;
	watch_begin();
	/* First listen, then look: what happens between is told twice. */
	if (!monitor_listen(&nl, &mon))
		return CMD_REFUSED;
	if (links_read(&mon.links, env->nl, false)) {
		kind_hint(NULL);
		if (!env->out->json) {
			out_word(env->out, "listening");
			out_flush(env->out);
		}
		status = monitor_go_on(env, &nl, &mon);
	}
	links_free(&mon.links);
	vnl_close(&nl);
	return status;
}

const struct cmd monitor_cmd = {
	.name = "monitor",
	.brief = "tell what happens to devices and forwarding tables",
	.help =
"Usage: vnet monitor [ count N ]\n"
"\n"
"A line for each device of the suite, or port of its bridges, that comes, changes or\n"
"goes, and for each entry of a forwarding table that comes, moves or goes; JSON has\n"
"an object a line. It ends with an interruption, or after N events.\n",
	.run = monitor_run,
};
