// SPDX-License-Identifier: GPL-2.0
/*
 * How much a container receives and sends: a bucket at each end of its pair.
 *
 * What it receives is limited where the outer end sends, what it sends where
 * the inner one does. So nothing is dropped that could wait, and no third
 * device is needed; a container that may configure its network can lift the
 * second limit.
 */
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <stdio.h>
#include <string.h>

#include "shape.h"

#define SHAPE_KIND	"tbf"
#define SHAPE_HANDLE	TC_H_MAKE(1u << 16, 0)
/* How long a frame may wait beside what the bucket takes at once. */
#define SHAPE_WAIT_MS	25

static uint32_t shape_u32(uint64_t val)
{
	return val < UINT32_MAX ? val : UINT32_MAX;
}

static struct nl_msg *shape_msg(int type, int flags, int ifindex)
{
	struct tcmsg tcm = {
		.tcm_family = AF_UNSPEC,
		.tcm_ifindex = ifindex,
		.tcm_handle = SHAPE_HANDLE,
		.tcm_parent = TC_H_ROOT,
	};

	return vnl_msg(type, flags, &tcm, sizeof(tcm));
}

bool shape_set(struct cni *cni, struct vnl *nl, const struct host_link *link,
	       const struct cni_rate *rate)
{
	struct tc_tbf_qopt opt = {
		.rate.linklayer = TC_LINKLAYER_ETHERNET,
		.rate.rate = shape_u32(rate->rate),
		.limit = shape_u32(rate->rate / 1000 * SHAPE_WAIT_MS +
				   rate->burst),
	};
	struct nlattr *options;
	struct nl_msg *msg;
	char what[64];
	int err;

	if (!rate->rate)
		return true;
	/* What is longer than the bucket is deep would never leave. */
	if (rate->burst < link->mtu + ETH_HLEN)
		return cni_fail(cni, CNI_CONFIG,
				"\"%sBurst\" is less than the %u bits of the longest frame: the MTU is %u",
				rate->name, 8 * (link->mtu + ETH_HLEN),
				link->mtu);
	msg = shape_msg(RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, link->ifindex);
	vnl_put_str(msg, TCA_KIND, SHAPE_KIND);
	options = vnl_nest(msg, TCA_OPTIONS);
	vnl_put(msg, TCA_TBF_PARMS, &opt, sizeof(opt));
	vnl_put_u32(msg, TCA_TBF_BURST, rate->burst);
	if (rate->rate > UINT32_MAX)
		vnl_put(msg, TCA_TBF_RATE64, &rate->rate, sizeof(rate->rate));
	nla_nest_end(msg, options);
	err = vnl_do(nl, msg);
	if (!err)
		return true;
	snprintf(what, sizeof(what), "limit what %s sends", link->name);
	return host_failed(cni, nl, err, what);
}

/* What a dump of qdiscs is searched for. */
struct shape_search {
	int ifindex;
	uint64_t rate;
	bool found;
};

static uint64_t shape_rate(struct nlattr *options)
{
	struct nlattr *tb[TCA_TBF_MAX + 1];
	struct tc_tbf_qopt opt;
	uint64_t rate;

	if (nla_parse_nested(tb, TCA_TBF_MAX, options, NULL) < 0 ||
	    !tb[TCA_TBF_PARMS] || nla_len(tb[TCA_TBF_PARMS]) < (int)sizeof(opt))
		return 0;
	if (tb[TCA_TBF_RATE64] && vnl_attr_u64(tb[TCA_TBF_RATE64], &rate))
		return rate;
	memcpy(&opt, nla_data(tb[TCA_TBF_PARMS]), sizeof(opt));
	return opt.rate.rate;
}

static int shape_find(struct nlmsghdr *hdr, void *arg)
{
	const struct tcmsg *tcm = nlmsg_data(hdr);
	struct shape_search *search = arg;
	struct nlattr *tb[TCA_MAX + 1];

	if (nlmsg_parse(hdr, sizeof(*tcm), tb, TCA_MAX, NULL) < 0)
		return -EBADMSG;
	if (tcm->tcm_ifindex == search->ifindex &&
	    tcm->tcm_parent == TC_H_ROOT && tb[TCA_KIND] && tb[TCA_OPTIONS] &&
	    nla_strcmp(tb[TCA_KIND], SHAPE_KIND) == 0 &&
	    shape_rate(tb[TCA_OPTIONS]) == search->rate)
		search->found = true;
	return 0;
}

bool shape_check(struct cni *cni, struct vnl *nl, const struct host_link *link,
		 const struct cni_rate *rate)
{
	struct shape_search search = {
		.ifindex = link->ifindex,
		.rate = rate->rate,
	};
	int err;

	if (!rate->rate)
		return true;
	err = vnl_dump(nl, shape_msg(RTM_GETQDISC, NLM_F_DUMP, link->ifindex),
		       shape_find, &search);
	if (err < 0)
		return host_failed(cni, nl, err, "read the limits");
	return search.found ||
	       cni_fail(cni, CNI_DIFFERS, "%s has lost its limit, \"%sRate\"",
			link->name, rate->name);
}
