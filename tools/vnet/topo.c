// SPDX-License-Identifier: GPL-2.0
/* `vnet topo`: the picture. Collects what is there; other files draw it. */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cmd.h"
#include "kinds.h"
#include "netns.h"
#include "topo.h"

const char *topo_ns_label(const struct topo_ns *ns)
{
	return ns->name[0] ? ns->name : "this namespace";
}

bool topo_is_bridge(const struct topo_dev *dev)
{
	return strcmp(dev->row->kind, KIND_BRIDGE) == 0 ||
	       strcmp(dev->row->kind, "bridge") == 0;
}

bool topo_is_port(const struct topo_dev *dev)
{
	return dev->master && topo_is_bridge(dev->master);
}

void topo_clean(char *text, size_t size, const char *name)
{
	size_t n = 0, len;
	bool harmless;

	for (; *name && n + 4 < size; name += len) {
		len = out_char(name, &harmless);
		if (harmless) {
			memcpy(text + n, name, len);
			n += len;
		} else {
			text[n++] = '?';
		}
	}
	text[n] = '\0';
}

void topo_describe(const struct topo_dev *dev, char *text, size_t size,
		   bool addrs)
{
	size_t n;

	topo_clean(text, size, dev->row->name);
	n = strlen(text);
	if (strcmp(dev->row->kind, KIND_PAIR) != 0)
		n += snprintf(text + n, size - n, " %s",
			      dev->row->kind[0] ? dev->row->kind : "device");
	if (n < size && !(dev->row->flags & IFF_UP))
		n += snprintf(text + n, size - n, " DOWN");
	else if (n < size && dev->row->operstate == IF_OPER_DOWN)
		n += snprintf(text + n, size - n, " NO-CARRIER");
	for (size_t i = 0; addrs && i < dev->addr_count && n < size; i++)
		n += snprintf(text + n, size - n, "  %s", dev->addr[i]);
}

static struct topo_dev *topo_dev_by_index(const struct topo_ns *ns, int ifindex)
{
	size_t low = 0, high = ns->dev_count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (ns->dev[mid].row->ifindex < ifindex)
			low = mid + 1;
		else
			high = mid;
	}
	if (low < ns->dev_count && ns->dev[low].row->ifindex == ifindex)
		return &ns->dev[low];
	return NULL;
}

static int topo_add_addr(struct nlmsghdr *hdr, void *arg)
{
	struct nlattr *tb[IFA_MAX + 1];
	char text[INET6_ADDRSTRLEN + 4];
	const struct ifaddrmsg *ifa;
	const struct nlattr *addr;
	struct topo_ns *ns = arg;
	struct topo_dev *dev;
	char **more;
	size_t len;

	if (nlmsg_parse(hdr, sizeof(*ifa), tb, IFA_MAX, NULL) < 0)
		return -EBADMSG;
	ifa = nlmsg_data(hdr);
	addr = tb[IFA_LOCAL] ? tb[IFA_LOCAL] : tb[IFA_ADDRESS];
	dev = topo_dev_by_index(ns, ifa->ifa_index);
	if (!dev || !addr || ifa->ifa_scope >= RT_SCOPE_LINK ||
	    nla_len(addr) != (ifa->ifa_family == AF_INET ? 4 : 16) ||
	    !inet_ntop(ifa->ifa_family, nla_data(addr), text, sizeof(text)))
		return 0;
	len = strlen(text);
	snprintf(text + len, sizeof(text) - len, "/%u", ifa->ifa_prefixlen);
	more = realloc(dev->addr, (dev->addr_count + 1) * sizeof(*more));
	if (!more)
		return -ENOMEM;
	dev->addr = more;
	more[dev->addr_count] = strdup(text);
	if (!more[dev->addr_count])
		return -ENOMEM;
	dev->addr_count++;
	return 0;
}

/* The suite's devices, the ports of its bridges, and the bridges of its ports. */
static bool topo_is_wanted(const struct links *links, const struct link_row *row,
			   const bool *is_master)
{
	const struct link_row *master = NULL;

	if (row->master)
		master = links_by_index(links, row->master);
	return kind_is_ours(row->kind) || is_master[row - links->row] ||
	       (master && kind_is_ours(master->kind));
}

static bool topo_pick(struct topo_ns *ns)
{
	const struct links *links = &ns->links;
	bool *is_master;

	is_master = calloc(links->count + 1, sizeof(*is_master));
	ns->dev = calloc(links->count + 1, sizeof(*ns->dev));
	if (!is_master || !ns->dev) {
		free(is_master);
		complain("out of memory");
		return false;
	}
	for (size_t i = 0; i < links->count; i++) {
		const struct link_row *row = &links->row[i], *master = NULL;

		if (row->master && kind_is_ours(row->kind))
			master = links_by_index(links, row->master);
		if (master)
			is_master[master - links->row] = true;
	}
	for (size_t i = 0; i < links->count; i++) {
		if (topo_is_wanted(links, &links->row[i], is_master))
			ns->dev[ns->dev_count++] = (struct topo_dev){
				.row = &links->row[i],
				.ns = ns,
			};
	}
	free(is_master);
	return true;
}

static bool topo_read(struct topo_ns *ns)
{
	struct ifaddrmsg ifa = { .ifa_family = AF_UNSPEC };
	int err;

	if (!links_read(&ns->links, &ns->nl, false) || !topo_pick(ns))
		return false;
	if (!ns->dev_count)
		return true;
	err = vnl_dump(&ns->nl, vnl_msg(RTM_GETADDR, NLM_F_DUMP, &ifa,
					sizeof(ifa)), topo_add_addr, ns);
	if (err < 0)
		vnl_complain(&ns->nl, err, "read the addresses");
	return err >= 0;
}

/* What goes on while namespaces are gone through. */
struct topo_reading {
	struct topo *topo;
	bool ok;
};

static struct topo_ns *topo_ns_add(struct topo *topo, const char *name)
{
	struct topo_ns **more, *ns;

	more = realloc(topo->ns, (topo->ns_count + 1) * sizeof(*more));
	if (!more)
		return NULL;
	topo->ns = more;
	ns = calloc(1, sizeof(*ns));
	if (!ns)
		return NULL;
	ns->name = strdup(name ? name : "");
	if (!ns->name) {
		free(ns);
		return NULL;
	}
	ns->index = topo->ns_count;
	topo->ns[topo->ns_count++] = ns;
	return ns;
}

static void topo_read_in(const char *name, void *arg)
{
	struct topo_reading *reading = arg;
	struct topo_ns *ns;

	if (!reading->ok)
		return;
	ns = topo_ns_add(reading->topo, name);
	if (!ns) {
		complain("out of memory");
		reading->ok = false;
		return;
	}
	ns->has_nl = vnl_open(&ns->nl);
	reading->ok = ns->has_nl && topo_read(ns);
	/* The socket is asked again only where there is something to ask. */
	if (ns->has_nl && !ns->dev_count) {
		vnl_close(&ns->nl);
		ns->has_nl = false;
	}
}

/* Ends of pairs that lead out of their namespace, to be found by both numbers. */
struct topo_ends {
	struct topo_dev **dev;
	size_t count;
};

static int topo_end_compare(int ifindex, int lower, const struct topo_dev *dev)
{
	if (ifindex != dev->row->ifindex)
		return ifindex < dev->row->ifindex ? -1 : 1;
	return (lower > dev->row->lower) - (lower < dev->row->lower);
}

static int topo_ends_compare(const void *a, const void *b)
{
	const struct topo_dev *const *x = a;
	const struct topo_dev *const *y = b;

	return topo_end_compare((*x)->row->ifindex, (*x)->row->lower, *y);
}

static size_t topo_ends_find(const struct topo_ends *ends, int ifindex,
			     int lower)
{
	size_t low = 0, high = ends->count;

	while (low < high) {
		size_t mid = low + (high - low) / 2;

		if (topo_end_compare(ifindex, lower, ends->dev[mid]) > 0)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Is the namespace @far the one that @near has this number for? */
static bool topo_is_nsid(struct topo_ns *near, const struct topo_ns *far,
			 int nsid)
{
	bool same;
	int fd;

	fd = far->name[0] ? netns_open(far->name) :
			    open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	same = netns_id(&near->nl, fd) == nsid;
	close(fd);
	return same;
}

static void topo_find_peer(const struct topo_ends *ends, struct topo_dev *dev)
{
	const struct link_row *row = dev->row;
	size_t i = topo_ends_find(ends, row->lower, row->ifindex);

	for (; i < ends->count; i++) {
		struct topo_dev *far = ends->dev[i];

		if (topo_end_compare(row->lower, row->ifindex, far))
			return;
		if (far->ns == dev->ns || far->peer ||
		    !topo_is_nsid(dev->ns, far->ns, row->lower_nsid))
			continue;
		dev->peer = far;
		far->peer = dev;
		return;
	}
}

static bool topo_is_end(const struct topo_dev *dev)
{
	return kind_is_pair(dev->row->kind) && dev->row->lower;
}

static void topo_join_near(struct topo_ns *ns, struct topo_ends *ends)
{
	for (size_t i = 0; i < ns->dev_count; i++) {
		struct topo_dev *dev = &ns->dev[i];

		if (dev->row->master)
			dev->master = topo_dev_by_index(ns, dev->row->master);
		if (!topo_is_end(dev))
			continue;
		if (dev->row->lower_nsid < 0)
			dev->peer = topo_dev_by_index(ns, dev->row->lower);
		else
			ends->dev[ends->count++] = dev;
	}
}

static bool topo_join(struct topo *topo)
{
	struct topo_ends ends = { 0 };
	size_t count = 0;

	for (size_t i = 0; i < topo->ns_count; i++)
		count += topo->ns[i]->dev_count;
	ends.dev = calloc(count + 1, sizeof(*ends.dev));
	if (!ends.dev) {
		complain("out of memory");
		return false;
	}
	for (size_t i = 0; i < topo->ns_count; i++)
		topo_join_near(topo->ns[i], &ends);
	qsort(ends.dev, ends.count, sizeof(*ends.dev), topo_ends_compare);
	for (size_t i = 0; i < ends.count; i++) {
		if (!ends.dev[i]->peer)
			topo_find_peer(&ends, ends.dev[i]);
	}
	free(ends.dev);
	return true;
}

/* All that it has is shown at the other ends, in a namespace drawn before. */
static bool topo_is_leaf(const struct topo_ns *ns)
{
	for (size_t i = 0; i < ns->dev_count; i++) {
		const struct topo_dev *dev = &ns->dev[i];

		if (!dev->peer || dev->master || dev->peer->ns == ns ||
		    dev->peer->ns->leaf ||
		    (dev->peer->ns->index > ns->index && !dev->peer->master))
			return false;
	}
	return true;
}

/* More open files than usual: a socket a namespace. */
static void topo_allow_files(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
		limit.rlim_cur = limit.rlim_max;
		setrlimit(RLIMIT_NOFILE, &limit);
	}
}

static bool topo_collect(struct topo *topo)
{
	struct topo_reading reading = { .topo = topo, .ok = true };

	topo_allow_files();
	if (!netns_each(topo_read_in, &reading) || !reading.ok ||
	    !topo_join(topo))
		return false;
	for (size_t i = 0; i < topo->ns_count; i++)
		topo->ns[i]->leaf = topo_is_leaf(topo->ns[i]);
	return true;
}

static void topo_free(struct topo *topo)
{
	for (size_t i = 0; i < topo->ns_count; i++) {
		struct topo_ns *ns = topo->ns[i];

		for (size_t j = 0; j < ns->dev_count; j++) {
			for (size_t k = 0; k < ns->dev[j].addr_count; k++)
				free(ns->dev[j].addr[k]);
			free(ns->dev[j].addr);
		}
		if (ns->has_nl)
			vnl_close(&ns->nl);
		links_free(&ns->links);
		free(ns->dev);
		free(ns->name);
		free(ns);
	}
	free(topo->ns);
}

static size_t topo_devices(const struct topo *topo)
{
	size_t count = 0;

	for (size_t i = 0; i < topo->ns_count; i++)
		count += topo->ns[i]->dev_count;
	return count;
}

/* The pictures there are. */
enum topo_form {
	TOPO_TEXT,
	TOPO_JSON,
	TOPO_DOT,
	TOPO_SVG,
};

static bool topo_parse(struct args *args, enum topo_form *form)
{
	args_take(args, "show");
	if (args_take(args, "--dot") || args_take(args, "dot"))
		*form = TOPO_DOT;
	else if (args_take(args, "--svg") || args_take(args, "svg"))
		*form = TOPO_SVG;
	else if (args_take(args, "--json") || args_take(args, "json"))
		*form = TOPO_JSON;
	return args_end(args);
}

static void topo_show(const struct topo *topo, struct out *o,
		      enum topo_form form)
{
	if (!topo_devices(topo))
		kind_hint(NULL);
	switch (form) {
	case TOPO_TEXT:
		topo_draw_text(topo, o);
		break;
	case TOPO_JSON:
		o->json = true;
		topo_show_json(topo, o);
		break;
	case TOPO_DOT:
		topo_draw_dot(topo, o->f);
		break;
	case TOPO_SVG:
		topo_draw_svg(topo, o->f);
		break;
	}
}

static int topo_run(struct cmd_env *env, struct args *args)
{
	enum topo_form form = env->out->json ? TOPO_JSON : TOPO_TEXT;
	struct topo topo = { 0 };
	int status = CMD_REFUSED;

	if (!topo_parse(args, &form))
		return CMD_USAGE;
	if (topo_collect(&topo)) {
		topo_show(&topo, env->out, form);
		status = CMD_DONE;
	}
	topo_free(&topo);
	return status;
}

const struct cmd topo_cmd = {
	.name = "topo",
	.brief = "draw what is joined to what, through all namespaces",
	.help =
"Usage: vnet topo [ --dot | --svg | --json ]\n"
"\n"
"Bridges with their ports, pairs with both ends, tun devices, and the addresses of\n"
"each, in this namespace and in those that may be entered: the ones that \"ip netns\"\n"
"knows, and the ones that processes are in. --dot is for graphviz.\n",
	.run = topo_run,
};
